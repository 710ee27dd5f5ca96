using Flux, Statistics

standardise(x) = (x .- mean(x; dims=2)) ./ (var(x; dims=2, corrected=false) .+ eltype(x)(0.5))

block(x) = (z = tanh.(x); gelu.((z .- mean(z; dims=1)) ./ sqrt.(var(z; dims=1, corrected=false) .+ eltype(x)(1e-3))))

activated(x) = tanh.(gelu.(x))
