"""Why no case of a row reaches some of what its public name can be asked for.

By the row (a pattern) and what is asked (a pattern, too): the name of an option stands for its
values and its pairs. A test holds that nothing is here that a case does reach.
"""

STREAMS = "random numbers are no part of a case: the generators of two languages differ"
PARAMETERS = "the parameters of a case are drawn; what layers begin with: row initial_values"
ONE_OR_OTHER = "both at once are refused"
ONE_INPUT = "a call has an input"
SHUFFLED = (
    "what is shuffled is random on both sides: its entries are compared, in one way of loading"
)
ALONE = "shuffling is random on both sides, and there is a row for what is shuffled: DataLoader"

REASONS: dict[tuple[str, str], str] = {
    ("*", "rng"): STREAMS,
    ("*", "init"): PARAMETERS,
    ("*", "init_kernel"): PARAMETERS,
    ("*", "init_recurrent_kernel"): PARAMETERS,
    ("*", "xs left out"): ONE_INPUT,
    ("outputsize", "shapes left out"): ONE_INPUT,
    ("joinobs", "datas left out"): "there are data to be joined",
    ("Maxout", "layers left out"): "a Maxout has layers",
    ("PairwiseFusion", "layers with named"): ONE_OR_OTHER,
    ("Parallel", "layers with named"): ONE_OR_OTHER,
    ("Chain", "layers with named"): ONE_OR_OTHER,
    ("Scale", "size left out"): "a Scale has a size",
    ("Scale", "act with size"): "the activation stands behind the sizes, as one of them",
    ("LayerNorm", "size_and_act left out"): "a LayerNorm has a size",
    (
        "LayerNorm",
        "act with size_and_act",
    ): "the activation stands behind the sizes, as one of them",
    ("[uU]psample*", "scale with size"): ONE_OR_OTHER,
    ("chunk", "n with size"): ONE_OR_OTHER,
    ("chunk", "size with npartitions"): ONE_OR_OTHER,
    ("outputsize", "dtype"): "Flux asks with a number that has no value, where the twin has a type",
    ("trainables", "path"): "a beginning of the names, which Flux does not have",
    ("DataLoader", "shuffle"): SHUFFLED,
    ("eachobs", "shuffle"): SHUFFLED,
    ("kfolds", "shuffle"): ALONE,
    ("splitobs", "shuffle"): ALONE,
    ("oversample", "shuffle"): ALONE,
    ("undersample", "shuffle"): ALONE,
}
