flatten_images(x) = reshape(x, size(x, 1), :)

serialise(a) = [sum(a); vec(a)]

blocks(x) = reshape(x, 3, 4)

interior(x) = 2 .* x[2:end-1]

delayed(x) = [zero(eltype(x)); x[1:end-1]]

function echo(x, gain=0.5)
    before = zero(x)
    before[2:end] = x[1:end-1]
    return x .+ eltype(x)(gain) .* before
end

"A filter: y[i] = sum over k of h[k] x[i - k], where all of x is there."
filtered(x, h) = [sum(h[k] * x[i-k+1] for k in eachindex(h)) for i in length(h):length(x)]

function conv2d(image, kernel)
    kh, kw = size(kernel)
    flipped = reverse(kernel)
    return [sum(view(image, i:i+kh-1, j:j+kw-1) .* flipped) for i in 1:size(image, 1)-kh+1, j in 1:size(image, 2)-kw+1]
end

gram(x) = x' * x

argmax_of_all(x) = LinearIndices(x)[argmax(x)] - 1

positives(x) = x[x .> 0]

running_sum(x) = cumsum(vec(x))

patches(x, size=2) = [sum(x[i:i+size-1]) for i in 1:size:length(x)-1]

outer_difference(a, b) = a' .- b

trace_of_shifted(x) = sum(x[i, i+1] for i in 1:size(x, 1)-1; init=zero(eltype(x)))

causal(scores) = [j <= i ? scores[i, j] : eltype(scores)(-100) for i in axes(scores, 1), j in axes(scores, 2)]

"The filtered sequence, as long as the given one: what is too long is cut off at the end."
function same_length(x, h)
    full = [sum(h[k] * x[n-k+1] for k in eachindex(h) if 1 <= n - k + 1 <= length(x)) for n in 1:length(x)+length(h)-1]
    return full[1:length(x)]
end
