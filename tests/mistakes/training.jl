using LinearAlgebra

momentum_step(p, v, g) = (v = 0.75f0 .* v .+ g; (p .- 0.125f0 .* v, v))

function adam_step(p, m, v, g, t)
    T = eltype(p)
    m = T(0.75) .* m .+ T(0.25) .* g
    v = T(0.875) .* v .+ T(0.125) .* g .^ 2
    mhat = m ./ (1 - T(0.75)^t)
    vhat = v ./ (1 - T(0.875)^t)
    return p .- T(0.125) .* mhat ./ (sqrt.(vhat) .+ T(1e-3)), m, v
end

adam_counted(p, m, v, g, t) = first(adam_step(p, m, v, g, t))

function adamw_step(p, m, v, g)
    T = eltype(p)
    m = T(0.75) .* m .+ T(0.25) .* g
    v = T(0.875) .* v .+ T(0.125) .* g .^ 2
    return p .- T(0.125) .* (m ./ (sqrt.(v) .+ T(1e-3)) .+ T(0.25) .* p), m, v
end

sgd_with_decay(p, g) = p .- 0.125f0 .* (g .+ 0.25f0 .* p)

function rmsprop_step(p, s, g)
    T = eltype(p)
    s = T(0.75) .* s .+ T(0.25) .* g .^ 2
    return p .- T(0.125) .* g ./ (sqrt.(s) .+ T(0.001)), s
end

clipped(g) = g .* min(1, 1 / (norm(g) + eltype(g)(1e-6)))

function averaged_weights(average, p)
    T = eltype(p)
    average .= T(0.9) .* average .+ (1 - T(0.9)) .* p
    return average
end

cosine(t, total, base) = base .* (1 .+ cospi.(t ./ total)) ./ 2

unbiased_mean(m, g, t) = 0.75f0 .* m .+ 0.25f0 .* g

clip_value(g) = g ./ (abs.(g) .+ eltype(g)(1e-6))
