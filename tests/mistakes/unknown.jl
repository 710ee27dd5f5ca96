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
