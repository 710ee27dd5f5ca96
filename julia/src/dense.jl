# Dense layers and tables of vectors.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "Dense" => (c, _) -> Dense(c["n_in"] => c["n_out"], act(c); settings(c, "bias" => identity)...),
    "Scale" => (c, _) -> Flux.Scale(get(c, "one", false) ? 1 : c["n_in"], act(c); settings(c, "bias" => identity)...),
    "Bilinear" => (c, _) -> Flux.Bilinear((c["n_in"], c["inputs"] == 1 ? c["n_in"] : c["n_other"]) => c["n_out"], act(c); settings(c, "bias" => identity)...),
    "Embedding" => (c, _) -> embedding(c),
    "EmbeddingBag" => (c, _) -> embedding_bag(c),
))

"A layer whose input is no array: it is made of the arrays of a case before the call."
struct Prepared{L,F}
    layer::L
    prepare::F
end

(m::Prepared)(xs...) = m.layer(m.prepare(xs...))

Flux.@layer Prepared

one_hot(c) = one_hot(Int(c["n_in"]))  # not the configuration itself: arrays are looked for in what a function holds
one_hot(classes::Int) = x -> Zygote.ignore_derivatives(() -> Flux.onehotbatch(x, 1:classes))
vectors(x) = Zygote.ignore_derivatives(() -> [x[:, i] for i in axes(x, 2)])

function embedding(c)
    layer = Embedding(c["n_in"] => c["n_out"])
    return get(c, "one_hot", false) ? Prepared(layer, one_hot(c)) : layer
end

function embedding_bag(c)
    sizes = c["n_in"] => c["n_out"]
    layer = haskey(c, "reduction") ? EmbeddingBag(sizes, REDUCTIONS[c["reduction"]]) : EmbeddingBag(sizes)
    bags = get(c, "bags", "")
    return bags == "one-hot" ? Prepared(layer, one_hot(c)) : bags == "list" ? Prepared(layer, vectors) : layer
end

const REDUCTIONS = Dict{String,Function}("mean" => mean, "sum" => sum, "maximum" => maximum)
