# Dropout.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "Dropout" => (c, rng) -> Dropout(c["p"]; dims=mask_dims(c), rng),
    "AlphaDropout" => (c, rng) -> AlphaDropout(c["p"]; rng),
))

function mask_dims(c)
    haskey(c, "dims") || return (:)
    axes = map(axis -> c["rank"] - mod(axis, c["rank"]), c["dims"])
    return axes isa Integer ? axes : Tuple(axes)
end
