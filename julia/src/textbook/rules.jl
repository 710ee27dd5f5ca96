# Optimiser rules: `x .-= dx`. What is made of hyper-parameters alone is computed in Float64 and then converted.

abstract type Rule <: AbstractRule end

Optimisers.adjust(rule::Rule, eta::Real) = Optimisers.adjust(rule; lr=eta)

learning_rate(lr) = lr < 0 ? throw(DomainError(lr, "the learning rate cannot be negative")) : lr

"`x -= lr * g`."
Base.@kwdef struct SGD <: Rule
    lr::Float64 = 0.01
    SGD(lr) = new(learning_rate(lr))
end

Optimisers.init(::SGD, x::AbstractArray) = nothing
Optimisers.apply!(rule::SGD, state, x::AbstractArray{T}, g) where {T} = state, T(rule.lr) .* g

"`v = rho * v - lr * g; x += v`."
Base.@kwdef struct Momentum <: Rule
    lr::Float64 = 0.01
    rho::Float64 = 0.9
    Momentum(lr, rho) = new(learning_rate(lr), rho)
end

Optimisers.init(::Momentum, x::AbstractArray) = zero(x)
function Optimisers.apply!(rule::Momentum, v, x::AbstractArray{T}, g) where {T}
    lr, rho = T(rule.lr), T(rule.rho)
    @. v = rho * v - lr * g
    return v, -v
end

"`h += g^2; x -= lr * g / (sqrt(h) + 1e-7)`; h starts at 0."
Base.@kwdef struct AdaGrad <: Rule
    lr::Float64 = 0.01
    AdaGrad(lr) = new(learning_rate(lr))
end

Optimisers.init(::AdaGrad, x::AbstractArray) = zero(x)
function Optimisers.apply!(rule::AdaGrad, h, x::AbstractArray{T}, g) where {T}
    lr, tiny = T(rule.lr), T(TINY)
    @. h += g * g
    return h, @. lr * g / (sqrt(h) + tiny)
end

"`h += g^2; x -= lr * g / sqrt(h)`; h starts at 1e-8, and no epsilon is added. Experiment E5."
Base.@kwdef struct AdaGradNoEps <: Rule
    lr::Float64 = 0.01
    AdaGradNoEps(lr) = new(learning_rate(lr))
end

Optimisers.init(::AdaGradNoEps, x::AbstractArray{T}) where {T} = fill!(similar(x), T(1e-8))
function Optimisers.apply!(rule::AdaGradNoEps, h, x::AbstractArray{T}, g) where {T}
    lr = T(rule.lr)
    @. h += g * g
    return h, @. lr * g / sqrt(h)
end

"""
    Adam(; lr=0.001, beta1=0.9, beta2=0.999)

`m += (1 - beta1) * (g - m); v += (1 - beta2) * (g^2 - v); x -= lr_t * m / (sqrt(v) + 1e-7)` with
`lr_t = lr * sqrt(1 - beta2^t) / (1 - beta1^t)`, t counted from 1. The state is (m, v, t).
"""
Base.@kwdef struct Adam <: Rule
    lr::Float64 = 0.001
    beta1::Float64 = 0.9
    beta2::Float64 = 0.999
    Adam(lr, beta1, beta2) = new(learning_rate(lr), beta1, beta2)
end

Optimisers.init(::Adam, x::AbstractArray) = zero(x), zero(x), 0
function Optimisers.apply!(rule::Adam, (m, v, t), x::AbstractArray{T}, g) where {T}
    t += 1
    lr_t = T(rule.lr * sqrt(1 - rule.beta2^t) / (1 - rule.beta1^t))
    new1, new2, tiny = T(1 - rule.beta1), T(1 - rule.beta2), T(TINY)
    @. m += new1 * (g - m)
    @. v += new2 * (g * g - v)
    return (m, v, t), @. lr_t * m / (sqrt(v) + tiny)
end
