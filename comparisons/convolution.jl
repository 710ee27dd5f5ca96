# E5. A convolutional network from scratch, on digits of 8 x 8 pixels.

include(joinpath(@__DIR__, "network.jl"))

using Flux: Optimisers
using Printf
using Statistics: mean
using .Textbook: AdaGradNoEps, Affine, Convolution, Dropout, Pooling, Relu
using .Textbook: cross_entropy_error, softmax, softmax_with_summed_loss

const SHARED = (pool=2,)
const TRAINING = (rate=0.01, dropped=0.5, every=10)
const AT_ONCE = 300  # images predicted at once: im2col makes ninety numbers of every pixel
const SETS = ["training", "test"]


# 1. What is random - initial weights and biases, batches, samples, Dropout's masks - comes in `arrays`, once for both sides


# 2. The network

function build(arrays)
    parameters(name) = copy(arrays["$name.weight"]), copy(arrays["$name.bias"])
    masks = Masks(arrays["kept"])  # the two Dropouts take turns
    return (
        Convolution(parameters("convolution1")...; stride=1, pad=1),
        Relu(),
        Convolution(parameters("convolution2")...; stride=1, pad=1),
        Relu(),
        Pooling(SHARED.pool, SHARED.pool; stride=SHARED.pool, ceil=true),
        Affine(parameters("affine1")...),
        Relu(),
        Dropout(TRAINING.dropped; rng=masks),
        Affine(parameters("affine2")...),
        Relu(),
        Dropout(TRAINING.dropped; rng=masks),
        Affine(parameters("affine3")...),
    )
end

"Outside training, so Dropout drops nothing."
function probabilities(model, x)
    parts = Iterators.partition(axes(x, 4), AT_ONCE)
    return reduce(hcat, [softmax(predict(model, x[:, :, :, part])) for part in parts])
end


# 3. Its training; before every epoch, the error on a sample of each set

function train(model, arrays, watch)
    state = Optimisers.setup(AdaGradNoEps(TRAINING.rate), model)
    x, labels, all_batches = arrays["training.x"], arrays["training.labels"] .+ 1, arrays["batches"] .+ 1
    epochs = size(all_batches, 3)
    batch_losses, errors = Float64[], Dict(name => Float64[] for name in SETS)
    for (epoch, batches) in enumerate(eachslice(all_batches; dims=3))
        for name in SETS
            sample = arrays["$name.sample"][:, epoch] .+ 1
            y = probabilities(model, arrays["$name.x"][:, :, :, sample])
            push!(errors[name], cross_entropy_error(y, arrays["$name.labels"][sample] .+ 1))
        end
        if (epoch - 1) % TRAINING.every == 0
            both = @sprintf("error on training images %.6f, on test images %.6f", errors["training"][end], errors["test"][end])
            watch.say("Epoch $(epoch - 1)/$epochs: $both")
        end
        for batch in eachcol(batches)
            loss, gradients = withgradient(softmax_with_summed_loss, model, x[:, :, :, batch], labels[batch])
            state, model = Optimisers.update!(state, model, gradients)
            push!(batch_losses, loss)
        end
        watch.step(epoch, epochs)
    end
    return batch_losses, errors
end


# 4. The run, and what is left at the end

function run(size, arrays, watch)
    model = build(arrays)
    batch_losses, errors = train(model, arrays, watch)
    found = Dict{String,Any}("batch loss" => batch_losses)
    accuracies = Float64[]
    for name in SETS
        found["error, $name"] = errors[name]
        y, labels = probabilities(model, arrays["$name.x"]), arrays["$name.labels"]
        predicted = vec(getindex.(argmax(y; dims=1), 1)) .- 1  # counted from 0, as Python does
        push!(accuracies, mean(predicted .== labels))
        watch.say(@sprintf("Accuracy on %s images: %.2f %% of %d", name, 100 * accuracies[end], length(labels)))
        found["final.predicted"], found["final.probability"] = predicted, vec(maximum(y; dims=1))  # of the test images at last
    end
    found["final.accuracy"] = accuracies
    for number in (0, 2, 5, 8, 11)
        layer, path = model[number+1], "final.layers.$number"
        found["$path.weight"], found["$path.bias"] = layer.weight, layer.bias
    end
    return found
end
