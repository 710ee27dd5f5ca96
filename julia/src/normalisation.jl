# Normalisation of activations and of weights.

const NORM = ("affine" => identity, "track_stats" => identity, "eps" => identity, "momentum" => identity, "active" => identity)

merge!(CONSTRUCTORS, Dict{String,Function}(
    "BatchNorm" => (c, _) -> BatchNorm(c["chs"], acts(c)...; settings(c, NORM...)...),
    "LayerNorm" => (c, _) -> LayerNorm(layer_size(c)..., acts(c)...; settings(c, "affine" => identity, "eps" => identity)...),
    "InstanceNorm" => (c, _) -> InstanceNorm(c["chs"], acts(c)...; settings(c, NORM...)...),
    "GroupNorm" => (c, _) -> GroupNorm(Int(c["groups"] * c["each"]), c["groups"], acts(c)...; settings(c, "affine" => identity, "eps" => Float32, "active" => identity)...),
    "normalise" => (c, _) -> (options = settings(c, "dims" => dimensions, "eps" => identity); x -> Flux.normalise(x; options...)),
    "WeightNorm" => (c, _) -> weight_norm(c),
    "remove_weight_norms" => (c, _) -> (x, v, g) -> Flux.remove_weight_norms(Chain(WeightNorm(Dense(v, false), g, :weight, 2), relu))(x),
))

function layer_size(c)
    size = axes_tuple(c["sizes"][end-c["over"]+1:end])
    return get(c, "one_by_one", false) ? size : (size,)
end

function weight_norm(c)
    layer = c["layer"] == "conv" ? Conv((2,), c["n_in"] => c["n_out"]) : Dense(ones(Float32, c["n_out"], c["n_in"]), ones(Float32, c["n_out"]), act(c))
    count = c["layer"] == "conv" ? 3 : get(c, "which", "weight") == "bias" ? 1 : 2
    axes = haskey(c, "dims") ? Tuple(count - mod(axis, count) for axis in c["dims"]) : ()
    return WeightNorm(layer, Symbol(get(c, "which", "weight")); (isempty(axes) ? (;) : (; dims=length(axes) == 1 ? only(axes) : axes))...)
end
