# Dense layers and tables of vectors.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "Dense" => (c, _) -> Dense(c["n_in"] => c["n_out"], act(c); settings(c, "bias" => identity)...),
    "Scale" => (c, _) -> Flux.Scale(c["n_in"], act(c)),
    "Bilinear" => (c, _) -> Flux.Bilinear((c["n_in"], c["inputs"] == 1 ? c["n_in"] : c["n_other"]) => c["n_out"], act(c); settings(c, "bias" => identity)...),
    "Embedding" => (c, _) -> Embedding(c["n_in"] => c["n_out"]),
    "EmbeddingBag" => (c, _) -> EmbeddingBag(c["n_in"] => c["n_out"], REDUCTIONS[c["reduction"]]),
))

const REDUCTIONS = Dict{String,Function}("mean" => mean, "sum" => sum, "maximum" => maximum)
