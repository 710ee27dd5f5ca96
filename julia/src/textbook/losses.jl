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
