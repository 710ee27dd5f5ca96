# Speed of whole training steps, measured beside the other contenders of `julia-parity benchmarks`.

using Flux

"Seconds per training step of the batch-normalised regression (batch 20, Float32, Adam): the best of `rounds` rounds of `steps` steps."
function seconds_per_step(steps::Integer, rounds::Integer)
    x, target = randn(Float32, 6, 20), randn(Float32, 1, 20)
    model = Chain(Dense(6 => 10, sigmoid), BatchNorm(10), Dense(10 => 1))
    state = Flux.setup(Adam(), model)
    return minimum(seconds_of(model, state, x, target, steps) for _ in 1:rounds)
end

function seconds_of(model, state, x, target, steps)
    step!() = (gradients = Flux.gradient(m -> Flux.mse(m(x), target), model); Flux.update!(state, model, gradients[1]))
    step!()
    return @elapsed(foreach(_ -> step!(), 1:steps)) / steps
end
