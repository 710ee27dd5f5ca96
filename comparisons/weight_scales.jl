# E2. Batch normalisation from scratch: sixteen scales of the initial weights.

include(joinpath(@__DIR__, "network.jl"))

using Flux: Optimisers
using Printf
using Statistics: mean
using .Textbook:
    SGD, Affine, BatchNormalization, Dropout, Relu, Sigmoid, initial_std, numerical_gradient, softmax_with_loss

const SHARED = (steps=10,)  # of an epoch
const NETS = ("BatchNorm", "plain")
const CHECK = (h=1e-4,)
const CHECKED = [  # initial weights, and what else the network has
    "ReLU, he" => ("he", (;)),
    "ReLU, std 0.5, weight decay 0.1" => (0.5, (decay=0.1,)),
    "ReLU, he, BatchNorm" => ("he", (batchnorm=true,)),
    "ReLU, he, Dropout 0.5" => ("he", (dropout=0.5,)),
    "sigmoid, xavier" => ("xavier", (activation="sigmoid",)),
    "sigmoid, xavier, all of these" => ("xavier", (activation="sigmoid", batchnorm=true, dropout=0.5, decay=0.1)),
]


# 1. What is random - initial weights and batches - comes in `arrays`, once for both sides. Every scale and both networks have the same ones

"The arrays called prefix1, prefix2, ..."
numbered(prefix, arrays) = [arrays["$prefix$i"] for i in 1:count(startswith(prefix), keys(arrays))]


# 2. The network

"""
    Network(weights, init; biases=nothing, activation="relu", batchnorm=false, dropout=nothing, decay=0.0, uniform=())

Affine layers; between them an activation, perhaps with BatchNorm before it and Dropout behind it. Softmax, cross entropy.
`weights` are standard normal numbers, `init` is their standard deviation or the name of one; biases start at 0 if not given.
`decay / 2` times the sum of all squared weights belongs to the loss. Dropout takes its uniform numbers from `uniform`, the same ones
each time.
"""
struct Network{L<:Tuple}
    layers::L
    decay::Float64
end

function Network(
    weights, init; biases=nothing, activation="relu", batchnorm=false, dropout=nothing, decay=0.0, uniform=()
)
    layers = []
    for (i, weight) in enumerate(weights)
        n_out, n_in = size(weight)
        push!(layers, Affine(initial_std(init, n_in) .* weight, biases === nothing ? zeros(n_out) : copy(biases[i])))
        i == length(weights) && break
        batchnorm && push!(layers, BatchNormalization(ones(n_out), zeros(n_out)))
        push!(layers, Dict("relu" => Relu, "sigmoid" => Sigmoid)[activation]())
        dropout === nothing || push!(layers, Dropout(dropout; rng=Fixed(uniform[i])))
    end
    return Network(Tuple(layers), decay)
end

"Stands in for Dropout's random generator: always the same numbers."
struct Fixed
    numbers::Matrix{Float64}
end

Base.rand(fixed::Fixed, ::Type{T}, dims::Integer...) where {T} = reshape(T.(fixed.numbers), dims)

"In test mode: running statistics, no Dropout."
function accuracy(network, x, labels)
    return mean(argmax.(eachcol(predict(network.layers, x))) .== labels)
end

"As in training."
function loss(network, x, labels)
    scores = foldl((x, layer) -> first(pullback(layer, x)), network.layers; init=x)
    return softmax_with_loss(scores, labels) + penalty(network)
end

"The loss and its gradient for every layer, from the backward pass."
function withgradient(network::Network, x, labels)
    value, gradients = withgradient(softmax_with_loss, network.layers, x, labels)
    if network.decay > 0
        for (layer, gradient) in zip(network.layers, gradients)
            if layer isa Affine
                gradient.weight .+= network.decay .* layer.weight
            end
        end
    end
    return value + penalty(network), gradients
end

"By central differences: one array for every trainable one."
central_differences(network, x, labels) =
    [numerical_gradient(_ -> loss(network, x, labels), array; h=CHECK.h) for (_, array) in parameters(network)]

"((number of the layer, name), array) of every trainable array."
parameters(network) = [
    ((i, name), array) for (i, layer) in enumerate(network.layers) for (name, array) in pairs(Optimisers.trainable(layer)) if
    array isa AbstractArray
]

function penalty(network)
    network.decay == 0 && return 0.0
    return network.decay / 2 * sum(sum(abs2, layer.weight) for layer in network.layers if layer isa Affine)
end


# 3. The backward pass against central differences, with everything that a network can have
# It leaves out the 1e-7 inside the logarithm of the loss, which makes up to 1e-7 / (probability of
# the label) of an entry. Biases of 0 would not do: a sample whose units are all dropped would stand
# on the kink of the next ReLU.

function run_check!(found, arrays, watch)
    x, labels = arrays["check.x"], arrays["check.labels"] .+ 1
    for (name, (init, options)) in CHECKED
        weights, biases, uniform = (numbered("check.$part", arrays) for part in ("weight", "bias", "uniform"))
        network = Network(weights, init; biases, uniform, options...)
        _, gradients = withgradient(network, x, labels)
        analytic = flat(gradients[i][field] for ((i, field), _) in parameters(network))
        numerical = flat(central_differences(network, x, labels))
        found["final.gradient, $name"], found["final.numerical gradient, $name"] = analytic, numerical
        largest, off = maximum(abs, analytic), maximum(abs, analytic .- numerical)
        sizes = @sprintf("entries up to %.4f, central differences off by up to %.1e", largest, off)
        watch.say("gradient of a small network, $name: $sizes")
    end
end

flat(arrays) = reduce(vcat, map(vec, arrays))


# 4. Training. A network whose loss is not finite any more has diverged: it stays as it is, and what it would give is recorded as NaN

function train(network, size, arrays)
    x, labels, steps = arrays["x"], arrays["labels"] .+ 1, SHARED.steps
    state = Optimisers.setup(SGD(0.01), network.layers)
    accuracies, losses = fill(NaN, size["epochs"] + 1), fill(NaN, size["epochs"] * steps)
    for (step, batch) in enumerate(eachcol(arrays["batches"] .+ 1))
        if step % steps == 1
            accuracies[cld(step, steps)] = accuracy(network, x, labels)
        end
        loss, gradients = withgradient(network, x[:, batch], labels[batch])
        isfinite(loss) || return accuracies, losses, step
        losses[step] = loss
        Optimisers.update!(state, network.layers, gradients)
    end
    accuracies[end] = accuracy(network, x, labels)
    return accuracies, losses, 0
end

function run(size, arrays, watch)
    found = Dict{String,Any}()
    run_check!(found, arrays, watch)
    scales, above = arrays["scales"], 0
    diverged = zeros(Int, length(NETS), length(scales))  # at which step; 0: never
    for (i, scale) in enumerate(scales)
        std, ends, said = @sprintf("%.4g", scale), Float64[], String[]
        for (j, net) in enumerate(NETS)
            network = Network(numbered("network.weight", arrays), scale; batchnorm=net == "BatchNorm")
            accuracies, losses, diverged[j, i] = train(network, size, arrays)
            found["accuracy, $net, std $std"], found["loss, $net, std $std"] = accuracies, losses
            push!(ends, accuracies[end])
            ending = diverged[j, i] == 0 ? @sprintf("to %.3f", accuracies[end]) : "and diverges at step $(diverged[j, i])"
            push!(said, @sprintf("%s %.3f %s", net, accuracies[1], ending))
        end
        above += ends[1] > ends[2] || (diverged[1, i] == 0 && diverged[2, i] > 0)
        watch.say(@sprintf("std %-9s ", std) * join(said, ", "))
        watch.step(i, length(scales))
    end
    found["final.step of divergence"] = diverged
    watch.say("with BatchNorm the accuracy ends above the plain network's for $above of $(length(scales)) scales")
    return found
end
