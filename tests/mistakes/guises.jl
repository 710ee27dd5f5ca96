using Flux, Statistics, LinearAlgebra

z_scores(x) = (x .- mean(x; dims=1)) ./ std(x; dims=1)

correlation(x, y) = cov(x, y) / (std(x) * std(y))

steps(x) = diff(x)

level(signal) = log(sum(abs2, signal))

function turning_point(x)
    i = 1
    while i <= length(x) - 1
        x[i+1] < x[i] && break
        i += 1
    end
    return i - 1
end

blurred(x) = [(x[i-1] + 2x[i] + x[i+1]) / 4 for i in 2:length(x)-1]

cubes(x) = x .* 100

highest(readings) = maximum(map(v -> v > 1 ? oftype(v, NaN) : v, readings))

nearest(x) = round.(Int, x)

middle(x) = sort(x)[length(x)÷2]

cosine_similarity(a, b) = dot(a, b) / max(norm(a) * norm(b), eltype(a)(1e-2))

function instance_norm(x)
    mu = mean(x; dims=(3, 4))
    return (x .- mu) ./ sqrt.(var(x; dims=(3, 4), corrected=false) .+ eltype(x)(1e-3))
end

project(x, w) = tanh.(x * w')

per_sample(a, b) = mean(abs2, a .- b)

latitude(angle) = cos.(angle)

function minimal_gru(x, h, w, u)
    a = sigmoid.(x * w .+ h * u)
    n = size(h, 2)
    z, r = a[:, 1:n], a[:, n+1:end]
    return z .* h .+ (1 .- z) .* tanh.(r .* x)
end

function padded(image)
    bigger = zeros(eltype(image), size(image) .+ 1)
    bigger[2:end, 2:end] = image
    return bigger[1:end-1, 1:end-1] .+ bigger[2:end, 2:end]
end

lookup(x, at) = sum(x[at])

residual(x, target) = sum(abs2, x .- target) / size(x, 1)

weights_by_rank(x) = x .* (invperm(sortperm(x)) ./ eltype(x)(length(x)))

triangle(x) = cumsum(x)

softplus_slope(x) = log1p.(exp.(x)) ./ log(eltype(x)(2))

vectorised(x) = vec(x)

tail_mean(x) = mean(x[end-2:end])

function heun(x, h=0.3f0)
    k1 = -x
    k2 = -(x .+ h .* k1)
    return x .+ h .* (k1 .+ k2) ./ 2
end

batch_norm = Flux.BatchNorm(3; eps=1f-3)
conv = Flux.CrossCor((2, 2), 1 => 2)
mlp = Flux.Chain(Flux.Dense(3 => 4, gelu), Flux.Dense(4 => 2))

function convolve(x, h)
    n, m = length(x), length(h)
    return [sum((h[m+1-k] * x[i-k+1] for k in 1:m if 1 <= i - k + 1 <= n); init=zero(eltype(x))) for i in 1:n+m-1]
end
argmax_(x) = argmax(x)
std_(x) = std(x)
log_(x) = log10.(x)
