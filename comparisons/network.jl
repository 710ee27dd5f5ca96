# What the scripts with textbook layers share: a network is a tuple of layers. The Python side has Chain and `withgradient` of pyimpl for it.

include(joinpath(@__DIR__, "..", "julia", "src", "textbook.jl"))

using .Textbook: pullback

"The outputs of the last layer, outside training."
predict(layers, x) = foldl((x, layer) -> layer(x), layers; init=x)

"`loss(layers(x), labels)` as in training, and its gradient for every layer."
function withgradient(loss, layers, x, labels)
    backs = Any[]
    for layer in layers
        x, back = pullback(layer, x)
        push!(backs, back)
    end
    value, loss_back = pullback(loss, x, labels)
    _, dy, _ = loss_back(1.0)
    gradients = ()
    for back in reverse(backs)
        gradient, dy = back(dy)
        gradients = (gradient, gradients...)
    end
    return value, gradients
end

"""
    Masks(rows)

Stands in for Dropout's random generator: for every mask the next row of bits (here a column), 1 for a number above the ratio.
"""
mutable struct Masks
    rows::Matrix{UInt8}  # (bytes of a mask, masks)
    taken::Int
    Masks(rows) = new(rows, 0)
end

function Base.rand(masks::Masks, ::Type{T}, dims::Integer...) where {T}
    masks.taken += 1
    bits = [T((byte >> bit) & 1) for bit in 0:7, byte in view(masks.rows, :, masks.taken)]
    return reshape(bits[1:prod(dims)], dims)
end
