"""
The layers and optimiser rules of "deep learning from scratch" in plain Julia: forward and backward written by hand.

`y, back = pullback(f, xs...)`; `back(dy)` gives the gradient of `f` (a NamedTuple with its field names, or nothing)
and of every x. `layer(x)` is the call outside a gradient, `pullback(layer, x)` the one inside; `active` overrides both.
The batch is the last axis; x is converted to the element type of the layer's parameters.
"""
module Textbook

using Optimisers: Optimisers, AbstractRule
using Random: default_rng
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
mutable struct Dropout <: Layer
    ratio::Float64
    rng::Any
    active::Union{Bool,Nothing}
    function Dropout(ratio, rng, active)
        0 <= ratio <= 1 || throw(ArgumentError("Dropout expects 0 <= ratio <= 1, got $ratio"))
        return new(ratio, rng, active)
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

# Layers on images (width, height, channels, batch). Sizes are (width, height) too.

pair(size::Integer) = (Int(size), Int(size))
pair(sizes) = (Int(sizes[1]), Int(sizes[2]))

function windows_along(size, kernel, stride, pad)
    size + 2pad >= kernel || throw(DimensionMismatch("a kernel of size $kernel does not fit into $size padded by $pad"))
    return fld(size + 2pad - kernel, stride) + 1
end

"""
    im2col(x, kernel, stride, pad)

Every window of x as a row: (out_w, out_h, kernel_w, kernel_h, channels, batch), with zeros beyond the edge.
"""
function im2col(x::AbstractArray{T,4}, kernel, stride, pad) where {T}
    width, height, channels, batch = size(x)
    out_w, out_h = windows_along.((width, height), kernel, stride, pad)
    columns = zeros(T, out_w, out_h, kernel..., channels, batch)
    @inbounds for n in 1:batch, c in 1:channels, l in 1:kernel[2], k in 1:kernel[1], j in 1:out_h, i in 1:out_w
        u, v = (i - 1) * stride[1] + k - pad[1], (j - 1) * stride[2] + l - pad[2]
        if 1 <= u <= width && 1 <= v <= height
            columns[i, j, k, l, c, n] = x[u, v, c, n]
        end
    end
    return columns
end

"""
    col2im(dcolumns, space, stride, pad)

The transpose of `im2col`: every entry is added to the place it was read from. `space` is the (width, height) of x.
"""
function col2im(dcolumns::AbstractArray{T,6}, space, stride, pad) where {T}
    out_w, out_h, kernel_w, kernel_h, channels, batch = size(dcolumns)
    dx = zeros(T, space..., channels, batch)
    @inbounds for n in 1:batch, c in 1:channels, l in 1:kernel_h, k in 1:kernel_w, j in 1:out_h, i in 1:out_w
        u, v = (i - 1) * stride[1] + k - pad[1], (j - 1) * stride[2] + l - pad[2]
        if 1 <= u <= space[1] && 1 <= v <= space[2]
            dx[u, v, c, n] += dcolumns[i, j, k, l, c, n]
        end
    end
    return dx
end

"""
    Convolution(weight, bias; stride=1, pad=0)

`y[i, j, o, n] = bias[o] + sum over k, l, c of x[i * stride + k - pad, j * stride + l - pad, c, n] * weight[k, l, c, o]`, counted
from 0: a cross-correlation, the kernel is not flipped.
"""
struct Convolution{W<:AbstractArray{<:Any,4},B<:AbstractVector} <: Layer
    weight::W                # (kernel_w, kernel_h, in, out)
    bias::B                  # (out,)
    stride::NTuple{2,Int}    # (w, h)
    pad::NTuple{2,Int}       # (w, h)
    function Convolution(weight::AbstractArray{<:Any,4}, bias::AbstractVector, stride, pad)
        check_bias("Convolution", bias, size(weight, 4))
        weight = floating(weight)
        bias = converted(eltype(weight), bias)
        return new{typeof(weight),typeof(bias)}(weight, bias, pair(stride), pair(pad))
    end
end

Convolution(weight, bias; stride=1, pad=0) = Convolution(weight, bias, stride, pad)

function pullback(layer::Convolution, x::AbstractArray)
    (; weight, bias, stride, pad) = layer
    kernel_w, kernel_h, n_in, n_out = size(weight)
    ndims(x) == 4 && size(x, 3) == n_in ||
        throw(DimensionMismatch("Convolution($n_in => $n_out) expects (width, height, $n_in, batch), got x of size $(size(x))"))
    images = im2col(converted(eltype(weight), x), (kernel_w, kernel_h), stride, pad)
    out_w, out_h, batch = size(images, 1), size(images, 2), size(images, 6)
    columns = reshape(images, out_w * out_h, :, batch)
    kernels = reshape(weight, :, n_out)
    y = similar(columns, out_w * out_h, n_out, batch)
    for n in 1:batch
        y[:, :, n] = view(columns, :, :, n) * kernels .+ bias'
    end

    function convolution_back(dy)
        dy = reshape(dy, out_w * out_h, n_out, batch)
        dkernels = zero(kernels)
        dcolumns = similar(columns)
        for n in 1:batch
            dyn = view(dy, :, :, n)
            dkernels .+= view(columns, :, :, n)' * dyn
            dcolumns[:, :, n] = dyn * kernels'
        end
        dx = col2im(reshape(dcolumns, size(images)), size(x)[1:2], stride, pad)
        dbias = vec(sum(dy; dims=(1, 3)))
        return (weight=reshape(dkernels, size(weight)), bias=dbias, stride=nothing, pad=nothing), dx
    end

    return reshape(y, out_w, out_h, n_out, batch), convolution_back
end

"""
    Pooling(pool_h, pool_w; stride=1, pad=0, ceil=false)

The maximum of every window; the gradient goes to its first maximum, row by row. `pad` adds zeros, and such a zero can win: it then
takes the gradient with it. With `ceil` the output size is rounded up, and the part of a window beyond the edge is left out. NaN wins.
"""
struct Pooling <: Layer
    pool_h::Int
    pool_w::Int
    stride::NTuple{2,Int}    # (w, h)
    pad::NTuple{2,Int}       # (w, h)
    ceil::Bool
    Pooling(pool_h, pool_w, stride, pad, ceil) = new(pool_h, pool_w, pair(stride), pair(pad), ceil)
end

Pooling(pool_h, pool_w; stride=1, pad=0, ceil=false) = Pooling(pool_h, pool_w, stride, pad, ceil)

function pools_along(size, pool, stride, pad, ceil)
    ceil || return windows_along(size, pool, stride, pad)
    last = min(cld(size + 2pad - pool, stride), fld(size + 2pad - 1, stride))  # a window that would begin beyond the edge is not made
    last >= 0 || throw(DimensionMismatch("a pool of size $pool does not fit into $size padded by $pad"))
    return last + 1
end

function pullback(layer::Pooling, x::AbstractArray)
    ndims(x) == 4 || throw(DimensionMismatch("Pooling expects (width, height, channels, batch), got x of size $(size(x))"))
    x = floating(x)
    width, height, channels, batch = size(x)
    out_w, out_h = pools_along.((width, height), (layer.pool_w, layer.pool_h), layer.stride, layer.pad, layer.ceil)
    y = similar(x, out_w, out_h, channels, batch)
    winner = zeros(Int, size(y))  # linear index into x; 0: a zero of the padding
    for place in CartesianIndices(y)
        y[place], winner[place] = first_maximum(layer, x, Tuple(place)...)
    end

    function pooling_back(dy)
        dx = zeros(eltype(dy), size(x))
        for place in eachindex(winner)
            winner[place] == 0 || (dx[winner[place]] += dy[place])
        end
        return nothing, dx
    end

    return y, pooling_back
end

function first_maximum(layer::Pooling, x::AbstractArray{T,4}, i, j, c, n) where {T}
    width, height = size(x)
    (stride_w, stride_h), (pad_w, pad_h) = layer.stride, layer.pad
    left, top = (i - 1) * stride_w - pad_w + 1, (j - 1) * stride_h - pad_h + 1
    right, bottom = min(left + layer.pool_w - 1, width + pad_w), min(top + layer.pool_h - 1, height + pad_h)
    best, place, found = zero(T), 0, false
    @inbounds for v in top:bottom, u in left:right
        inside = 1 <= u <= width && 1 <= v <= height
        value = inside ? x[u, v, c, n] : zero(T)
        if !found || value > best || (isnan(value) && !isnan(best))
            best, found = value, true
            place = inside ? LinearIndices(x)[u, v, c, n] : 0
        end
    end
    return best, place
end

# Softmax and cross entropy. Labels are one-hot columns (classes, batch), or class indices (batch,) counted from 1.

const TINY = 1e-7  # keeps log(0) away; in the value only, not in softmax_with_loss's backward pass

function scores_and_hot(who, scores, labels)
    ndims(scores) == 2 || throw(DimensionMismatch("$who expects scores of size (classes, batch), got $(size(scores))"))
    scores = floating(scores)
    return scores, onehot(who, scores, labels)
end

function onehot(who, scores, labels::AbstractArray)
    size(labels) == size(scores) ||
        throw(DimensionMismatch("$who expects one-hot labels of the scores' size $(size(scores)), got $(size(labels))"))
    return converted(eltype(scores), labels)
end

function onehot(who, scores, labels::AbstractVector)
    classes, batch = size(scores)
    eltype(labels) <: Integer && eltype(labels) !== Bool && length(labels) == batch ||
        throw(DimensionMismatch("$who expects one-hot labels or $batch integers for scores of size $(size(scores)), got $(typeof(labels))"))
    all(in(1:classes), labels) || throw(ArgumentError("$who expects labels from 1 to $classes, got $(extrema(labels))"))
    return converted(eltype(scores), (1:classes) .== permutedims(labels))
end

summed_error(y::AbstractArray{T}, hot) where {T} = -sum(@. hot * log(y + T(TINY)))

"`exp(x) / sum(exp(x))` over the classes. Infinite scores give NaN."
softmax(x) = first(pullback(softmax, x))

function pullback(::typeof(softmax), x::AbstractArray)
    x = floating(x)
    e = exp.(x .- maximum(x; dims=1))
    y = e ./ sum(e; dims=1)
    function softmax_back(dy)
        weighted = dy .* y
        return nothing, weighted .- y .* sum(weighted; dims=1)
    end
    return y, softmax_back
end

"`-sum(log(y[label] + 1e-7)) / batch`; y holds probabilities. The gradient is exact."
cross_entropy_error(y, labels) = first(pullback(cross_entropy_error, y, labels))

function pullback(::typeof(cross_entropy_error), y::AbstractArray, labels)
    y, hot = scores_and_hot("cross_entropy_error", y, labels)
    batch, tiny = size(y, 2), eltype(y)(TINY)
    cross_entropy_back(dl) = nothing, (@. -dl * hot / (y + tiny) / batch), nothing
    return summed_error(y, hot) / batch, cross_entropy_back
end

"`cross_entropy_error(softmax(scores), labels)`; its gradient `(softmax - onehot) / batch` knows nothing of the 1e-7."
softmax_with_loss(scores, labels) = first(pullback(softmax_with_loss, scores, labels))

function pullback(::typeof(softmax_with_loss), scores::AbstractArray, labels)
    scores, hot = scores_and_hot("softmax_with_loss", scores, labels)
    y, batch = softmax(scores), size(scores, 2)
    softmax_with_loss_back(dl) = nothing, (@. dl * (y - hot) / batch), nothing
    return summed_error(y, hot) / batch, softmax_with_loss_back
end

"`-sum(log(softmax(scores)[label] + 1e-7))`; its gradient is `softmax - onehot`, not divided by the batch. Experiment E5."
softmax_with_summed_loss(scores, labels) = first(pullback(softmax_with_summed_loss, scores, labels))

function pullback(::typeof(softmax_with_summed_loss), scores::AbstractArray, labels)
    scores, hot = scores_and_hot("softmax_with_summed_loss", scores, labels)
    y = softmax(scores)
    softmax_with_summed_loss_back(dl) = nothing, (@. dl * (y - hot)), nothing
    return summed_error(y, hot), softmax_with_summed_loss_back
end

"""
    numerical_gradient(f, x; h=1e-4)

`(f(x + h) - f(x - h)) / (2 * h)`, one entry of x at a time; x itself is changed and restored, so f may ignore its argument where x is a
parameter of a model.
"""
function numerical_gradient(f, x::AbstractArray{T}; h=1e-4) where {T<:AbstractFloat}
    dx = zero(x)
    for i in eachindex(x)
        original = x[i]
        try
            x[i] = original + T(h)
            above = f(x)
            x[i] = original - T(h)
            dx[i] = (above - f(x)) / T(2h)
        finally
            x[i] = original
        end
    end
    return dx
end

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

end
