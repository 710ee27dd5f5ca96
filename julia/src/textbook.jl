"""
The layers and optimiser rules of "deep learning from scratch" in plain Julia: forward and backward written by hand.

`y, back = pullback(f, xs...)`; `back(dy)` gives the gradient of `f` (a NamedTuple with its field names, or nothing)
and of every x. `layer(x)` is the call outside a gradient, `pullback(layer, x)` the one inside; `active` overrides both.
The batch is the last axis; x is converted to the element type of the layer's parameters.
"""
module Textbook

using Optimisers: Optimisers, AbstractRule
using Random: AbstractRNG, default_rng
using Statistics: mean

abstract type Layer end

(layer::Layer)(x) = first(pullback(layer, x))

converted(::Type{T}, x::AbstractArray{T}) where {T} = x
converted(::Type{T}, x::AbstractArray) where {T} = T.(x)

floating(x::AbstractArray{<:AbstractFloat}) = x
floating(x::AbstractArray) = float(x)

# Every axis but the last is flattened.
function samples_as_columns(who, x, features)
    ndims(x) >= 2 && length(x) == features * size(x, ndims(x)) ||
        throw(DimensionMismatch("$who expects (..., batch) with $features features a sample, got x of size $(size(x))"))
    return reshape(x, features, size(x, ndims(x)))
end

function check_bias(who, bias, n_out)
    length(bias) == n_out || throw(DimensionMismatch("$who expects a bias of size ($n_out,), got $(size(bias))"))
end

"""
    initial_std(init, n_in)

`sqrt(2 / n_in)` for "he" or "relu", `sqrt(1 / n_in)` for "xavier" or "sigmoid"; a number is itself.
"""
initial_std(init::Real, n_in) = Float64(init)
function initial_std(init::AbstractString, n_in)
    lowercase(init) in ("he", "relu") && return sqrt(2 / n_in)
    lowercase(init) in ("xavier", "sigmoid") && return sqrt(1 / n_in)
    throw(ArgumentError("initial_std expects a number, \"he\", \"relu\", \"xavier\" or \"sigmoid\", got \"$init\""))
end

include("textbook/layers.jl")
include("textbook/layers_with_modes.jl")
include("textbook/convolution.jl")
include("textbook/pooling.jl")
include("textbook/losses.jl")
include("textbook/numerical_gradient.jl")
include("textbook/rules.jl")

end
