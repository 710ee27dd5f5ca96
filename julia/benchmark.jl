# One training step of every experiment with Flux, measured beside the other contenders of `julia-parity benchmarks`.

using Flux

labels(count) = Flux.onehotbatch(rand(0:9, count), 0:9)
hidden(layer, sizes) = [layer(n_in => n_out) for (n_in, n_out) in zip(sizes, sizes[2:end])]

function weight_scales(inputs)
    normalised((n_in, n_out)) = Chain(Dense(n_in => n_out), BatchNorm(n_out, relu))
    model = Chain(hidden(normalised, (inputs, 100, 100, 100, 100, 100))..., Dense(100 => 10))
    return model, Flux.logitcrossentropy, Descent(0.01), randn(Float32, inputs, 100), labels(100)
end

"Experiment => model, loss, rule, input, target: random data of the published sizes, in Float32."
const EXPERIMENTS = Dict(
    "regression" => () -> begin
        model = Chain(Dense(6 => 10, sigmoid), BatchNorm(10), Dense(10 => 1))
        (model, Flux.mse, Adam(), randn(Float32, 6, 20), randn(Float32, 1, 20))
    end,
    "weight_scales" => () -> weight_scales(64),
    "weight_scales_mnist" => () -> weight_scales(784),
    "sine" => () -> begin
        model = Chain(Dense(1 => 10, sigmoid), Dense(10 => 1))
        (model, Flux.mse, Descent(0.2), randn(Float32, 1, 100), randn(Float32, 1, 100))
    end,
    "techniques" => () -> begin
        model = Chain(hidden(sizes -> Dense(sizes, relu), (64, 100, 100, 100, 100))..., Dense(100 => 10))
        (model, Flux.logitcrossentropy, Adam(), randn(Float32, 64, 100), labels(100))
    end,
    "convolution" => () -> begin
        features = (Conv((3, 3), 1 => 10, relu; pad=1), Conv((3, 3), 10 => 10, relu; pad=1), MaxPool((2, 2)), Flux.flatten)
        dense = (Dense(160 => 200, relu), Dropout(0.5), Dense(200 => 200, relu), Dropout(0.5), Dense(200 => 10))
        (Chain(features..., dense...), Flux.logitcrossentropy, AdaGrad(0.01), randn(Float32, 8, 8, 1, 8), labels(8))
    end,
)

const PREPARED = Dict{String,Tuple}()

"Seconds per training step of an experiment, over `steps` steps; its model is kept for the next round."
function seconds_per_step(experiment, steps)
    model, loss, rule, x, target = get!(EXPERIMENTS[experiment], PREPARED, experiment)
    return seconds_of(model, loss, Flux.setup(rule, model), x, target, steps)
end

function seconds_of(model, loss, state, x, target, steps)
    step!() = (gradients = Flux.gradient(m -> loss(m(x), target), model); Flux.update!(state, model, gradients[1]))
    step!()
    return @elapsed(foreach(_ -> step!(), 1:steps)) / steps
end
