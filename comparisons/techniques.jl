# E4. Learning techniques from scratch: optimisers, first weights, overfitting, the search.

include(joinpath(@__DIR__, "network.jl"))

using Flux: Optimisers
using Printf
using Statistics: mean, std
using .Textbook: SGD, Momentum, AdaGrad, Adam, Affine, Dropout, Relu, Sigmoid, initial_std, softmax_with_loss

const PATH_STEPS = 30
const ON_VALLEY = ["SGD" => SGD(0.95), "Momentum" => Momentum(; lr=0.1), "AdaGrad" => AdaGrad(1.5), "Adam" => Adam(; lr=0.3)]
const ON_DIGITS = ["SGD" => SGD(0.01), "Momentum" => Momentum(0.01, 0.9), "AdaGrad" => AdaGrad(0.01), "Adam" => Adam()]
const ACTIVATIONS = [
    "sigmoid" => (Sigmoid(), ["std 1" => 1.0, "std 0.01" => 0.01, "std 1/sqrt(n)" => "xavier"]),
    "ReLU" => (Relu(), ["std 0.01" => 0.01, "Xavier" => "xavier", "He" => "he"]),
]
const HISTOGRAM = (bins=30,)
const OVERFITTING = (images=300,)
# weight decay, ratio of Dropout
const REMEDIES = ["plain" => (0.0, nothing), "weight decay 0.1" => (0.1, nothing), "Dropout 0.2" => (0.0, 0.2)]
const SEARCH = (images=500, validation=100, shown=20)


# 1. What is random - images, initial weights, batches, Dropout's masks, the rates to try - comes in `arrays`, once for both sides


# 2. The network: affine layers with ReLU, and perhaps Dropout, between them; its training; its accuracy

"`weights` are standard normal numbers, `init` is a standard deviation or the name of one. Biases start at 0."
function build(weights, init, between=(Relu(),))
    layers = ()
    for weight in weights
        n_out, n_in = size(weight)
        layers = (layers..., (isempty(layers) ? () : between)..., Affine(initial_std(init, n_in) .* weight, zeros(n_out)))
    end
    return layers
end

weights_of(part, arrays) = [arrays["$part.weight$i"] for i in 1:count(startswith("$part.weight"), keys(arrays))]
weights_of(part, arrays, trial) = [weight[:, :, trial] for weight in weights_of(part, arrays)]

"A step for every batch. Gives their losses, without the part `decay / 2 * sum(weight^2)` that decay adds."
function learn(model, state, x, labels, batches, decay=0.0)
    losses = Float64[]
    for batch in eachcol(batches .+ 1)
        loss, gradients = withgradient(softmax_with_loss, model, x[:, batch], labels[batch])
        if decay > 0
            for (layer, of_layer) in zip(model, gradients)
                if layer isa Affine
                    of_layer.weight .+= decay .* layer.weight
                end
            end
        end
        Optimisers.update!(state, model, gradients)
        push!(losses, loss)
    end
    return losses
end

accuracy(model, x, labels) = mean(argmax.(eachcol(predict(model, x))) .== labels)


# 3. Optimisers on the valley x^2/20 + y^2, from (-7, 2)

slope(place) = [place[1] / 10, 2 * place[2]]

function walk(rule, start)
    place = copy(start)
    state, path = Optimisers.setup(rule, place), [copy(place)]
    for _ in 1:PATH_STEPS
        state, place = Optimisers.update!(state, place, slope(place))
        push!(path, copy(place))
    end
    return stack(path)
end

function run_valley!(found, arrays, watch)
    for (name, rule) in ON_VALLEY
        path = walk(rule, arrays["valley.start"])
        found["x, $name"], found["y, $name"] = path[1, :], path[2, :]
        watch.say(@sprintf("%-8s on the valley: after %d steps at (%.4f, %.4f)", name, PATH_STEPS, path[1, end], path[2, end]))
    end
end


# 4. Optimisers on digits

function run_optimisers!(found, arrays, watch)
    for (number, (name, rule)) in enumerate(ON_DIGITS)
        model = build(weights_of("optimisers", arrays), "he")
        state = Optimisers.setup(rule, model)
        losses = learn(model, state, arrays["training.x"], arrays["training.labels"] .+ 1, arrays["optimisers.batches"])
        found["loss, $name"] = losses
        found["final.last weight, $name"] = last(model).weight
        watch.say(@sprintf("%-8s on digits: loss %.4f at first, %.4f after %d steps", name, losses[1], losses[end], length(losses)))
        watch.step(number, length(ON_DIGITS))
    end
end


# 5. Activations behind five layers

function run_histograms!(found, arrays, watch)
    for (kind, (act, inits)) in ACTIVATIONS, (title, init) in inits
        x, layers = arrays["histogram.x"], Matrix{Float64}[]
        for weight in eachslice(arrays["histogram.weights"]; dims=3)
            x = act((initial_std(init, size(weight, 2)) .* weight) * x)
            push!(layers, x)
        end
        row = "$kind, $title"
        found["final.counts, $row"] = stack(counts, layers)
        found["final.spread, $row"] = stack(x -> [mean(x), std(x; corrected=false)], layers)
        found["final.first sample, $row"] = stack(x -> x[:, 1], layers)
        watch.say(@sprintf("%s: the last layer has mean %.4f, standard deviation %.4f", row, mean(x), std(x; corrected=false)))
    end
end

"How many entries lie in each of the bins between 0 and 1; those above 1 are in none."
function counts(x)
    bins = HISTOGRAM.bins
    found = zeros(Int, bins)
    for value in x
        if value <= 1
            found[floor(Int, min(bins * value, bins - 1)) + 1] += 1
        end
    end
    return found
end


# 6. Overfitting, and two remedies

function run_overfitting!(found, arrays, watch)
    x, labels = arrays["training.x"][:, 1:OVERFITTING.images], arrays["training.labels"][1:OVERFITTING.images] .+ 1
    test_x, test_labels = arrays["test.x"], arrays["test.labels"] .+ 1
    for (name, (decay, ratio)) in REMEDIES
        between = ratio === nothing ? (Relu(),) : (Relu(), Dropout(ratio; rng=Masks(arrays["overfitting.kept"])))
        model = build(weights_of("overfitting", arrays), "he", between)
        state = Optimisers.setup(SGD(0.01), model)
        losses, training, test = Float64[], Float64[], Float64[]
        all_batches = arrays["overfitting.batches"]
        for (epoch, batches) in enumerate(eachslice(all_batches; dims=3))
            push!(losses, mean(learn(model, state, x, labels, batches, decay)))
            push!(training, accuracy(model, x, labels))
            push!(test, accuracy(model, test_x, test_labels))
            watch.step(epoch, size(all_batches, 3))
        end
        found["overfitting loss, $name"] = losses
        found["training accuracy, $name"], found["test accuracy, $name"] = training, test
        found["final.last weight, $name"] = last(model).weight
        reached = @sprintf("%.4f on the training images, %.4f on the test images", training[end], test[end])
        watch.say("$name: after $(length(losses)) epochs $reached")
    end
end


# 7. The search for learning rate and weight decay

function run_search!(found, size, arrays, watch)
    x, labels = arrays["training.x"][:, 1:SEARCH.images], arrays["training.labels"][1:SEARCH.images] .+ 1
    held_out, rest = 1:SEARCH.validation, SEARCH.validation+1:SEARCH.images
    x, labels, validation_x, validation_labels = x[:, rest], labels[rest], x[:, held_out], labels[held_out]
    shape = (size["trials"], size["trial_epochs"])
    validation, training, losses = zeros(shape), zeros(shape), zeros(size["trials"])
    for (trial, (rate, decay)) in enumerate(eachcol(arrays["search.rates"]))
        model = build(weights_of("search", arrays, trial), "he")
        state = Optimisers.setup(SGD(rate), model)
        for (epoch, batches) in enumerate(eachslice(arrays["search.batches"][:, :, :, trial]; dims=3))
            learn(model, state, x, labels, batches, decay)
            validation[trial, epoch] = accuracy(model, validation_x, validation_labels)
            training[trial, epoch] = accuracy(model, x, labels)
        end
        losses[trial] = softmax_with_loss(predict(model, x), labels)
        watch.step(trial, size["trials"])
    end
    found["search accuracy, validation"], found["search accuracy, training"] = validation, training
    found["final.loss of every trial"], found["final.rates"] = losses, arrays["search.rates"]
    found["final.ranking"] = sortperm(-validation[:, end]) .- 1  # counted from 0, as Python does
    for place in 1:min(SEARCH.shown, size["trials"])
        watch.say(ranked_line(place, found))
    end
end

function ranked_line(place, found)
    trial = found["final.ranking"][place] + 1
    (rate, decay), reached = found["final.rates"][:, trial], found["search accuracy, validation"][trial, end]
    return @sprintf("Best-%d (val acc: %.2f) | lr: %s, weight decay: %s", place, reached, scientific(rate), scientific(decay))
end

"As 9.26e-3."
scientific(value) = replace(@sprintf("%.2e", value), "e-0" => "e-")


# 8. All parts

function run(size, arrays, watch)
    found = Dict{String,Any}()
    run_valley!(found, arrays, watch)
    run_optimisers!(found, arrays, watch)
    run_histograms!(found, arrays, watch)
    run_overfitting!(found, arrays, watch)
    run_search!(found, size, arrays, watch)
    return found
end
