# The rest of Flux's layers: joining, looking up, transposed convolutions, resizing, norms within a sample.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "vcat" => (c, _) -> vcat,
    "add" => (c, _) -> +,
    "Bilinear" => (c, _) -> Flux.Bilinear((c["n_in"], c["inputs"] == 1 ? c["n_in"] : c["n_other"]) => c["n_out"], act(c); settings(c, "bias" => identity)...),
    "Maxout" => (c, _) -> Maxout((Dense(c["n_in"] => c["n_out"]) for _ in 1:c["pieces"])...),
    "SkipConnection" => (c, _) -> SkipConnection(Dense(c["n_in"] => c["connection"] == "add" ? c["n_in"] : c["n_out"], act(c)), connection(c)),
    "Parallel" => (c, _) -> parallel(c),
    "PairwiseFusion" => (c, _) -> PairwiseFusion(+, (Dense(c["n_in"] => c["n_in"], act(c)) for _ in 1:3)...),
    "Embedding" => (c, _) -> Embedding(c["n_in"] => c["n_out"]),
    "EmbeddingBag" => (c, _) -> EmbeddingBag(c["n_in"] => c["n_out"], REDUCTIONS[c["reduction"]]),
    "ConvTranspose" => (c, _) -> ConvTranspose(spatial(c), channels(c), act(c); conv_settings(c)..., settings(c, "outpad" => axes_tuple)...),
    "DepthwiseConv" => (c, _) -> DepthwiseConv(spatial(c), c["n_in"] => c["n_in"] * c["each"], act(c); conv_settings(c)...),
    "AdaptiveMaxPool" => (c, _) -> AdaptiveMaxPool(axes_tuple(c["out"][1:c["rank"]])),
    "AdaptiveMeanPool" => (c, _) -> AdaptiveMeanPool(axes_tuple(c["out"][1:c["rank"]])),
    "Upsample" => (c, _) -> upsample(c),
    "PixelShuffle" => (c, _) -> PixelShuffle(c["r"]),
    "InstanceNorm" => (c, _) -> InstanceNorm(c["chs"], act(c); settings(c, NORM...)...),
    "GroupNorm" => (c, _) -> GroupNorm(c["groups"] * c["each"], c["groups"], act(c); settings(c, "affine" => identity, "eps" => Float32)...),
    "WeightNorm" => (c, _) -> WeightNorm(c["layer"] == "conv" ? Conv((2,), c["n_in"] => c["n_out"]) : Dense(c["n_in"] => c["n_out"], act(c))),
    "remove_weight_norms" => (c, _) -> (x, v, g) -> Flux.remove_weight_norms(Chain(WeightNorm(Dense(v, false), g, :weight, 2), relu))(x),
    "AlphaDropout" => (c, rng) -> AlphaDropout(c["p"]; rng),
))

const REDUCTIONS = Dict{String,Function}("mean" => mean, "sum" => sum, "maximum" => maximum)

connection(c) = c["connection"] == "add" ? (+) : vcat

channels(c) = get(c, "groups", 1) * c["n_in"] => get(c, "groups", 1) * c["n_out"]

function parallel(c)
    first, second = Dense(c["n_in"] => c["n_out"], act(c)), Dense(c["n_in"] => c["n_out"])
    c["layers"] == "named" && return Parallel(connection(c); first, second)
    return c["layers"] == "one" ? Parallel(connection(c), first) : Parallel(connection(c), first, second)
end

function upsample(c)
    c["by"] == "scale" && return Upsample(Symbol(c["mode"]); scale=Tuple(reverse(c["scale"][1:c["rank"]])))
    return Upsample(Symbol(c["mode"]); size=axes_tuple(c["size"][1:c["rank"]]))
end
