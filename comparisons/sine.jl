# E3. A two-layer network fits a noisy sine, by define-by-run automatic differentiation.

include(joinpath(@__DIR__, "..", "julia", "src", "textbook.jl"))

using Printf
using Statistics: mean, var
using .Textbook: Textbook, Relu, Sigmoid, pullback

const SHARED = (hidden=10, lr=0.2, said=500, every=50)
const PARAMETERS = ("W1", "b1", "W2", "b2")


# 1. What is random - the points and the initial weights - comes in `arrays`, once for both sides


# 2. The tape: Variables that remember how they were made, over the pullbacks of Textbook

"An array or number `.data` with a gradient `.grad`, or nothing; gradients add up until `cleargrad!`."
mutable struct Variable
    data::Any
    grad::Any
    inputs::Vector{Variable}  # what it was made of
    back::Any                 # nothing where it was not made of anything
end

Variable(data) = Variable(data, nothing, Variable[], nothing)
as_variable(x) = Variable(x)
as_variable(x::Variable) = x

cleargrad!(x::Variable) = x.grad = nothing

"`f(xs...)` of Variables or arrays, recorded."
function apply(f, xs...)
    inputs = Variable[as_variable(x) for x in xs]
    y, back = pullback(f, (x.data for x in inputs)...)
    return Variable(y, nothing, inputs, back)
end

"Add the gradient of `last` to `.grad` of every Variable that it was made of; `dy` is the cotangent to start from, for a number 1."
function backward!(last::Variable, dy=one(last.data))
    cotangents = IdDict{Variable,Any}(last => dy)
    for variable in Iterators.reverse(history!(Variable[], Base.IdSet{Variable}(), last))
        haskey(cotangents, variable) || continue
        dy = cotangents[variable]
        variable.grad = added(variable.grad, dy)
        variable.back === nothing && continue
        _, dxs... = variable.back(dy)
        for (input, dx) in zip(variable.inputs, dxs)
            if dx !== nothing
                cotangents[input] = added(get(cotangents, input, nothing), dx)
            end
        end
    end
end

added(a, b) = a === nothing ? b : a .+ b

"All Variables that `last` was made of, and itself, each behind those that it was made of."
function history!(found, seen, last)
    if !(last in seen)
        push!(seen, last)
        foreach(input -> history!(found, seen, input), last.inputs)
        push!(found, last)
    end
    return found
end

affine(x, W, b) = W * x .+ b
function Textbook.pullback(::typeof(affine), x, W, b)
    affine_back(dy) = nothing, W' * dy, dy * x', vec(sum(dy; dims=2))
    return affine(x, W, b), affine_back
end

mse(a, b) = mean(abs2, a .- b)
function Textbook.pullback(::typeof(mse), a, b)
    difference, count = a .- b, length(a)
    function mse_back(dl)
        da = @. dl / count * 2 * difference
        return nothing, da, -da
    end
    return mean(abs2, difference), mse_back
end

hyperbolic(x) = tanh.(x)
function Textbook.pullback(::typeof(hyperbolic), x)
    y = hyperbolic(x)
    hyperbolic_back(dy) = nothing, @. dy * (1 - y * y)
    return y, hyperbolic_back
end

linear(x, W, b) = apply(affine, x, W, b)
sigmoid(x) = apply(Sigmoid(), x)
relu(x) = apply(Relu(), x)
Base.tanh(x::Variable) = apply(hyperbolic, x)
mean_squared_error(a, b) = apply(mse, a, b)


# 3. Its functions along a line, and their slopes

const FUNCTIONS = ["sigmoid" => sigmoid, "ReLU" => relu, "tanh" => tanh]

function run_functions!(found, arrays, watch)
    line = arrays["line"]
    found["final.identity"] = vec(linear(line, [1.0;;], [0.0]).data)
    found["final.linear map"] = vec(linear(line, [-6.0;;], [10.0]).data)
    for (name, f) in FUNCTIONS
        x = Variable(line)
        y = f(x)
        backward!(y, one.(line))
        slope = vec(x.grad)
        found["final.$name"], found["final.slope of $name"] = vec(y.data), slope
        backward!(y, one.(line))
        times = sum(x.grad) / sum(slope)
        cleargrad!(x)
        watch.say(@sprintf("%s: backward twice gives %.1f times the slope, cleargrad leaves %s", name, times, x.grad))
    end
end


# 4. The network and its training

predict(x, W1, b1, W2, b2) = linear(sigmoid(linear(x, W1, b1)), W2, b2)

function train(size, arrays, watch)
    x, target, hidden = arrays["x"], arrays["target"], SHARED.hidden
    initial = (copy(arrays["W1"]), zeros(hidden), copy(arrays["W2"]), zeros(1))
    parameters = [Variable(array) for array in initial]
    losses, moves = Float64[], [[vec(copy(p.data))] for p in parameters]
    for iteration in 1:size["iterations"]
        loss = mean_squared_error(target, predict(x, parameters...))
        foreach(cleargrad!, parameters)
        backward!(loss)
        for p in parameters
            p.data .-= SHARED.lr .* p.grad
        end
        push!(losses, loss.data)
        if iteration % SHARED.every == 0
            foreach((move, p) -> push!(move, vec(copy(p.data))), moves, parameters)
        end
        if iteration % SHARED.said == 0
            watch.say(@sprintf("iteration %5d  loss %.4f", iteration, loss.data))
            watch.step(iteration, size["iterations"])
        end
    end
    return parameters, losses, stack.(moves)
end


# 5. The plateau, the fall, and what is left

"The iteration at which the loss first is half-way between the plateau, where iteration 500 is, and its lowest value."
function half_way(losses)
    said = SHARED.said
    return findnext(<((losses[said] + minimum(losses)) / 2), losses, said)
end

"What sin(2 pi x) leaves of the points."
noise(arrays) = arrays["target"] .- sin.(2π .* arrays["x"])

function run(size, arrays, watch)
    found = Dict{String,Any}()
    run_functions!(found, arrays, watch)
    parameters, losses, moves = train(size, arrays, watch)
    found["loss"] = losses
    for (name, move) in zip(PARAMETERS, moves)
        found["parameter $name"] = move
    end
    found["final.estimate"] = vec(predict(arrays["grid"], parameters...).data)
    found["final.estimate at the points"] = vec(predict(arrays["x"], parameters...).data)
    watch.say("half-way down from the plateau at iteration $(half_way(losses))")
    watch.say(@sprintf("the noise of the points has variance %.4f", var(noise(arrays); corrected=false)))
    return found
end
