# Dropout.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "Dropout" => (c, rng) -> Dropout(c["p"]; mask_dims(c)..., settings(c, "active" => identity)..., rng),
    "AlphaDropout" => (c, rng) -> AlphaDropout(c["p"]; settings(c, "active" => identity)..., rng),
))

function mask_dims(c)
    haskey(c, "dims") || return (;)
    axes = map(axis -> c["rank"] - mod(axis, c["rank"]), c["dims"])
    return (; dims=axes isa Integer ? axes : Tuple(axes))
end
