# E1. Batch normalisation in Flux: a regression, as published with Flux 0.12.6.

using Flux, Printf
using Flux: Optimisers

const SHARED = (hidden=10, every=100)
const RUNS = ["float64" => "Adam", "float32" => "Adam", "float32, 0.12.6" => "OldAdam"]


# 1. What is random - initial weights and batches - comes in `arrays`, once for both sides


# 2. The Adam of Flux 0.12.6: its settings are Float64, and so is everything computed for an entry before it is stored

struct OldAdam <: Optimisers.AbstractRule
    eta::Float64
    beta::Tuple{Float64,Float64}
    eps::Float64
end
OldAdam() = OldAdam(0.001, (0.9, 0.999), 1e-8)

Optimisers.init(rule::OldAdam, x::AbstractArray) = (zero(x), zero(x), rule.beta)

function Optimisers.apply!(rule::OldAdam, (m, v, powers), x, g)
    beta1, beta2 = rule.beta
    @. m = beta1 * m + (1 - beta1) * g
    @. v = beta2 * v + (1 - beta2) * (Float64(g) * g)
    dx = @. m / (1 - powers[1]) / (sqrt(v / (1 - powers[2])) + rule.eps) * rule.eta
    return (m, v, powers .* rule.beta), convert(typeof(x), dx)
end


# 3. The model and its training

function build(dtype, arrays)
    T = dtype == "float64" ? Float64 : Float32
    first = Dense(copy(arrays["$dtype.weight1"]), zeros(T, SHARED.hidden), sigmoid)
    norm = BatchNorm(SHARED.hidden)
    last = Dense(copy(arrays["$dtype.weight2"]), zeros(T, 1))
    model = Chain(first, norm, last)
    return T == Float64 ? f64(model) : model
end

function train(name, dtype, rule, arrays, watch)
    features, target = arrays["$dtype.features"], arrays["$dtype.target"]
    model = build(dtype, arrays)
    state = Flux.setup(rule, model)
    batch_losses, losses = eltype(target)[], eltype(target)[]
    watch.say(name)
    for (step, batch) in enumerate(eachcol(arrays["batches"] .+ 1))
        x, t = features[:, batch], target[:, batch]
        value, gradients = Flux.withgradient(m -> Flux.mse(m(x), t), model)
        Flux.update!(state, model, gradients[1])
        push!(batch_losses, value)
        if step % SHARED.every == 0
            testmode!(model)
            push!(losses, Flux.mse(model(features), target))
            trainmode!(model)
            watch.say(@sprintf("step %5d  loss %.6f", step, losses[end]))
        end
    end
    testmode!(model)
    return model, batch_losses, losses
end


# 4. All runs, and what is left at the end

function run(size, arrays, watch)
    found = Dict{String,Any}()
    for (number, (name, rule)) in enumerate(RUNS)
        dtype = first(split(name, ","))
        model, batch_losses, losses = train(name, dtype, rule == "Adam" ? Adam() : OldAdam(), arrays, watch)
        found["batch loss, $name"], found["loss, $name"] = batch_losses, losses
        found["final.estimate, $name"] = model(arrays["$dtype.features"])[1, :]
        left = Dict(pythonic(path) => array for (path, array) in Flux.trainables(model; path=true))
        left["layers.1.mean"], left["layers.1.var"] = model.layers[2].μ, model.layers[2].σ²
        for (path, array) in sort!(collect(left); by=first)
            found["final.$path, $name"] = array
            watch.say("$path: " * join((@sprintf("%.4f", entry) for entry in array), " "))
        end
        watch.step(number, length(RUNS))
    end
    return found
end

"The path of a parameter as Python writes it: indices from 0, Greek letters as words."
function pythonic(path)
    words = Dict(:β => "shift", :γ => "scale")
    return join((key isa Integer ? key - 1 : get(words, key, key) for key in path.keys), ".")
end
