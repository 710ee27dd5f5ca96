# Dropout.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "Dropout" => (c, rng) -> Dropout(c["p"]; dims=mask_dims(c), rng),
    "AlphaDropout" => (c, rng) -> AlphaDropout(c["p"]; rng),
))

mask_dims(c) = haskey(c, "dims") ? Tuple(c["rank"] - axis for axis in c["dims"]) : (:)
