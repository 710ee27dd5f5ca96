using Statistics

scaled(x) = tanh.(x)
wave(x) = sin.(x) .+ 0.5f0 .* cos.(2 .* x)
energy(x, v) = sum(abs2, v) + sum(x .^ 3)
other_function(x) = tanh.(x) .+ sinh.(x)
distance(a, b) = vec(sqrt.(sum(abs2, a .- b; dims=2)))
polynomial(x) = 5 .* x .^ 2 .+ 7 .* x .- 1
volume(r, h) = π .* r .^ 2 .* h ./ 3
forgotten(x, y) = x .* y .- y .+ x .^ 2
middle(x) = mean(x) + median(x) / 3
swish(x) = x ./ (1 .+ exp.(-1.25f0 .* x))
line(x) = 2 .* x .+ 1
checksum(x) = sum(abs2, x) % 13
blend(a, b) = eltype(a)(0.35) .* a .+ eltype(a)(0.65) .* b
lowest(x) = minimum(abs.(x)) - minimum(x)
hyperbola(a, b) = sqrt.(a .* a .+ b .* b)
norms(x) = vec(sqrt.(sum(abs2, x; dims=2)))
cosine(a, b) = sum(a .* b) / sqrt(sum(abs2, a) * sum(abs2, b) + 2)
sequence(x) = (y = copy(x); foreach(i -> y[i] += y[i-1] / 4, 2:length(x)); y)
gate(x, h) = (z = 1 ./ (1 .+ exp.(-x)); z .* h .+ (1 .- z) .* tanh.(x))
score(x, y) = mean(abs2, x .- y) + mean(y) / 8
recount(x) = count(>(2.5), x) + 2
scheduled(p, g) = p .- 0.125f0 .* g .^ 3
rooted(x) = sqrt(mean(abs2, x)) + eltype(x)(0.03)
lagged(x) = x[2:end] .- x[1:end-1]
