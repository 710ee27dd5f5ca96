# Pooling, and what else changes the size of an image.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "MaxPool" => (c, _) -> MaxPool(spatial(c); pool_settings(c)...),
    "MeanPool" => (c, _) -> MeanPool(spatial(c); pool_settings(c)...),
    "AdaptiveMaxPool" => (c, _) -> AdaptiveMaxPool(axes_tuple(c["out"][1:c["rank"]])),
    "AdaptiveMeanPool" => (c, _) -> AdaptiveMeanPool(axes_tuple(c["out"][1:c["rank"]])),
    "GlobalMaxPool" => (c, _) -> GlobalMaxPool(),
    "GlobalMeanPool" => (c, _) -> GlobalMeanPool(),
    "Upsample" => (c, _) -> upsample(c),
    "PixelShuffle" => (c, _) -> PixelShuffle(c["r"]),
    "flatten" => (c, _) -> Flux.flatten,
))

pool_settings(c) = (; pad_settings(c)..., settings(c, "stride" => axes_tuple)...)

function upsample(c)
    mode = haskey(c, "mode") ? (Symbol(c["mode"]),) : ()
    axes = 1:get(c, "axes", c["rank"])
    number = haskey(c, "number") ? c["number"] : c["by"] == "scale" ? whole(c["scale"][axes]) : axes_tuple(c["size"][axes])
    get(c, "first", false) && return Upsample(number, mode...)
    return Upsample(mode...; (Symbol(c["by"]) => number,)...)
end
