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

pool_settings(c) = (; pad=padding(c), settings(c, "stride" => axes_tuple)...)

function upsample(c)
    c["by"] == "scale" && return Upsample(Symbol(c["mode"]); scale=Tuple(reverse(c["scale"][1:c["rank"]])))
    return Upsample(Symbol(c["mode"]); size=axes_tuple(c["size"][1:c["rank"]]))
end
