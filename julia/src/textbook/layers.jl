# Layers on features.

"""
    Affine(weight, bias)

`weight * x .+ bias`, with every axis of x but the last flattened; dx has x's size again.
"""
struct Affine{W<:AbstractMatrix,B<:AbstractVector} <: Layer
    weight::W  # (n_out, n_in)
    bias::B    # (n_out,)
    function Affine(weight::AbstractMatrix, bias::AbstractVector)
        check_bias("Affine", bias, size(weight, 1))
        weight = floating(weight)
        bias = converted(eltype(weight), bias)
        return new{typeof(weight),typeof(bias)}(weight, bias)
    end
end

function pullback(layer::Affine, x::AbstractArray)
    (; weight, bias) = layer
    n_out, n_in = size(weight)
    columns = samples_as_columns("Affine($n_in => $n_out)", converted(eltype(weight), x), n_in)
    affine_back(dy) = (weight=dy * columns', bias=vec(sum(dy; dims=2))), reshape(weight' * dy, size(x))
    return weight * columns .+ bias, affine_back
end

"""
    Sigmoid()

`1 / (1 + exp(-x))`, in the form that cannot overflow.
"""
struct Sigmoid <: Layer end

function pullback(::Sigmoid, x::AbstractArray)
    y = map(floating(x)) do z
        t = exp(-abs(z))
        (z < 0 ? t : one(t)) / (1 + t)
    end
    sigmoid_back(dy) = nothing, @. dy * (y * (1 - y))
    return y, sigmoid_back
end

"""
    Relu()

`max(0, x)`; x <= 0 blocks the gradient. NaN stays NaN and lets the gradient pass.
"""
struct Relu <: Layer end

function pullback(::Relu, x::AbstractArray)
    x = floating(x)
    blocked = x .<= 0
    relu_back(dy) = nothing, ifelse.(blocked, zero(eltype(dy)), dy)
    return ifelse.(blocked, zero(eltype(x)), x), relu_back
end
