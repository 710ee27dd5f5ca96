# Layers that do one thing in training and another one afterwards.

"""
    BatchNormalization(gamma, beta; momentum=0.9, eps=10e-7, running_mean, running_var, active=nothing)

`gamma * (x - mean) / sqrt(var + eps) + beta`, one mean and biased variance per feature; images are flattened, which makes one
statistic per pixel. Active, which is inside `pullback` unless `active` says otherwise: the statistics are those of the
batch, and the running ones become `momentum * old + (1 - momentum) * new`. Inactive: the running statistics, no gradient flows to them.
"""
mutable struct BatchNormalization{V<:AbstractVector} <: Layer
    gamma::V              # (features,)
    beta::V               # (features,)
    momentum::Float64     # of the old value; Flux's is of the new
    eps::Float64          # 1e-6, not a slip for 1e-7
    running_mean::V       # (features,)  from zeros
    running_var::V        # (features,)  from zeros, not Flux's ones; biased
    active::Union{Bool,Nothing}
    function BatchNormalization(gamma::AbstractVector, beta, momentum, eps, running_mean, running_var, active)
        for (name, v) in (("beta", beta), ("running_mean", running_mean), ("running_var", running_var))
            size(v) == size(gamma) ||
                throw(DimensionMismatch("BatchNormalization expects gamma and $name of one size, got $(size(gamma)) and $(size(v))"))
        end
        gamma = floating(gamma)
        as_gamma(v) = convert(typeof(gamma), v)
        return new{typeof(gamma)}(gamma, as_gamma(beta), momentum, eps, as_gamma(running_mean), as_gamma(running_var), active)
    end
end

function BatchNormalization(
    gamma, beta; momentum=0.9, eps=10e-7, running_mean=zero(gamma), running_var=zero(gamma), active=nothing
)
    return BatchNormalization(gamma, beta, momentum, eps, running_mean, running_var, active)
end

Optimisers.trainable(layer::BatchNormalization) = (gamma=layer.gamma, beta=layer.beta)

(layer::BatchNormalization)(x) = first(batch_normalise(layer, x, layer.active === true))
pullback(layer::BatchNormalization, x::AbstractArray) = batch_normalise(layer, x, layer.active !== false)

function batch_normalise(layer::BatchNormalization, x, active)
    (; gamma, beta) = layer
    T = eltype(gamma)
    columns = samples_as_columns("BatchNormalization($(length(gamma)))", converted(T, x), length(gamma))
    count = size(columns, 2)
    average = active ? vec(mean(columns; dims=2)) : layer.running_mean
    deviation = columns .- average
    var = active ? vec(mean(abs2, deviation; dims=2)) : layer.running_var
    if active
        keep, new = T(layer.momentum), T(1 - layer.momentum)
        @. layer.running_mean = keep * layer.running_mean + new * average
        @. layer.running_var = keep * layer.running_var + new * var
    end
    root = sqrt.(var .+ T(layer.eps))
    normal = deviation ./ root

    function batchnormalization_back(dy)
        dy = reshape(dy, size(columns))
        dgamma, dbeta = vec(sum(normal .* dy; dims=2)), vec(sum(dy; dims=2))
        if active
            dy = @. dy - (dbeta + normal * dgamma) / count
        end
        dlayer = (
            gamma=dgamma, beta=dbeta, momentum=nothing, eps=nothing, running_mean=nothing, running_var=nothing, active=nothing
        )
        return dlayer, reshape(dy .* (gamma ./ root), size(x))
    end

    return reshape(gamma .* normal .+ beta, size(x)), batchnormalization_back
end

"""
    Dropout(ratio=0.5; rng=default_rng(), active=nothing)

`x` where u > ratio, 0 elsewhere, with u uniform on [0, 1), inside a gradient; `(1 - ratio) * x` outside. Not inverted, unlike Flux's.
"""
mutable struct Dropout{R<:AbstractRNG} <: Layer
    ratio::Float64
    rng::R
    active::Union{Bool,Nothing}
    function Dropout(ratio, rng::AbstractRNG, active)
        0 <= ratio <= 1 || throw(ArgumentError("Dropout expects 0 <= ratio <= 1, got $ratio"))
        return new{typeof(rng)}(ratio, rng, active)
    end
end

Dropout(ratio=0.5; rng=default_rng(), active=nothing) = Dropout(ratio, rng, active)

Optimisers.trainable(::Dropout) = (;)

(layer::Dropout)(x) = first(drop(layer, x, layer.active === true))
pullback(layer::Dropout, x::AbstractArray) = drop(layer, x, layer.active !== false)

function drop(layer::Dropout, x, active)
    x = floating(x)
    T = eltype(x)
    if !active
        share = T(1 - layer.ratio)
        return share .* x, dy -> (nothing, share .* dy)
    end
    kept = rand(layer.rng, T, size(x)...) .> T(layer.ratio)
    dropout_back(dy) = nothing, ifelse.(kept, dy, zero(eltype(dy)))
    return ifelse.(kept, x, zero(T)), dropout_back
end
