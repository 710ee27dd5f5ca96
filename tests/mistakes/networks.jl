using Flux, NNlib, Statistics

function layer_norm(x, scale, shift; eps=1f-3)
    mu = mean(x; dims=2)
    return scale' .* (x .- mu) ./ sqrt.(var(x; dims=2, corrected=false) .+ eltype(x)(1e-3)) .+ shift'
end

rms_norm(x, gain) = gain' .* x ./ sqrt.(mean(abs2, x; dims=2) .+ eltype(x)(1e-5))

function batch_norm(x, running_mean, running_var)
    T = eltype(x)
    mu, v = mean(x; dims=1), var(x; dims=1, corrected=false)
    y = (x .- mu) ./ sqrt.(v .+ T(1e-3))
    n = size(x, 1)
    new_mean = T(0.9) .* running_mean .+ T(0.1) .* vec(mu)
    new_var = T(0.9) .* running_var .+ T(0.1) .* vec(v) .* (n / T(n - 1))
    return y, new_mean, new_var
end

function running_statistics(x, m, v)
    T = eltype(x)
    return T(0.9) .* m .+ T(0.1) .* vec(mean(x; dims=1)), T(0.9) .* v .+ T(0.1) .* vec(var(x; dims=1, corrected=false))
end

gelu(x) = NNlib.gelu_erf.(x)

feed_forward(x, w, b) = leakyrelu.(x * w .+ b', eltype(x)(0.01))

function lstm_step(x, h, c, wi, wh, b)
    z = x * wi .+ h * wh .+ b'
    n = size(h, 2)
    i, f, g, o = (z[:, k*n+1:(k+1)*n] for k in 0:3)
    c = sigmoid.(f) .* c .+ sigmoid.(i) .* tanh.(g)
    return sigmoid.(o) .* tanh.(c), c
end

function peephole_free(z, c)
    n = size(c, 2)
    i, f, g, o = (z[:, k*n+1:(k+1)*n] for k in 0:3)
    c = sigmoid.(f) .* c .+ sigmoid.(i) .* tanh.(g)
    return sigmoid.(o) .* tanh.(c)
end

function gru_step(x, h, wi, wh, b)
    n = size(h, 2)
    block(a, k) = a[:, (k-1)*n+1:k*n]
    gi, gh = x * wi, h * wh
    r = sigmoid.(block(gi, 1) .+ block(gh, 1) .+ b[1:n]')
    z = sigmoid.(block(gi, 2) .+ block(gh, 2) .+ b[n+1:2n]')
    candidate = tanh.(block(gi, 3) .+ r .* block(gh, 3) .+ b[2n+1:3n]')
    return (1 .- z) .* candidate .+ z .* h
end

gru_candidate(x, h, r, w, u) = tanh.(x * w .+ (r .* h) * u)

gru_update(candidate, h, z) = (1 .- sigmoid.(z)) .* candidate .+ sigmoid.(z) .* h

attention(q, k, v) = softmax(q * k' ./ 2; dims=2) * v

cross_entropy(logits, target) = Flux.logitcrossentropy(logits, target; dims=2)

relu_(x) = relu.(x)

huber(prediction, target) = Flux.huber_loss(prediction, target)

binary_cross_entropy(p, target) = Flux.binarycrossentropy(p, target; eps=eltype(p)(1e-3))

function triplet(anchor, near, far)
    d = sum(abs2, anchor .- near; dims=2) .- sum(abs2, anchor .- far; dims=2)
    return mean(relu.(d .+ 1))
end

dense(x, w, b) = tanh.(x * w .+ b')

max_pool(x) = [max(x[2i-1], x[2i]) for i in 1:length(x)÷2]

embedding(table, index) = table[index, :]

focal(p) = -mean((1 .- p) .^ 2 .* log.(p))
