# A case in, an outcome out. Knows no layer, loss or rule by name: what a row is made of comes from CONSTRUCTORS.
#
# Names are those of the Python side: indices count from 0, Greek fields are words. Arrays are Julia's own; whoever calls
# reverses their axes.

"Row of the catalogue => function of (configuration, random generator) that makes its subject."
const CONSTRUCTORS = Dict{String,Function}()

const Config = Dict{String,Any}

const WORDS = Dict(:β => "shift", :γ => "scale", :μ => "mean", :σ² => "var", :λ => "act", :σ => "act", :ϵ => "eps")

word(name::Symbol) = get(WORDS, name, String(name))
word(index::Integer) = string(index - 1)

join_path(path, name) = isempty(path) ? name : string(path, '.', name)

"""
    HandedIn(numbers)

A random generator that gives out the numbers of the case, in order, whichever distribution is asked for.
"""
mutable struct HandedIn <: AbstractRNG
    numbers::Vector{Float64}
    taken::Int
    HandedIn(numbers) = new(vec(numbers), 0)
end

function next!(rng::HandedIn)
    rng.taken += 1
    return rng.numbers[rng.taken]
end

Random.rand(rng::HandedIn, ::Random.SamplerTrivial{<:Random.FloatInterval{T}}) where {T<:AbstractFloat} = T(next!(rng))
Random.randn(rng::HandedIn) = next!(rng)

for fill_all! in (:rand!, :randn!), T in (Float32, Float64)
    @eval function Random.$fill_all!(rng::HandedIn, A::Array{$T})
        for i in eachindex(A)
            A[i] = next!(rng)
        end
        return A
    end
end
Random.rand!(rng::HandedIn, A::Array{T}, ::Random.SamplerTrivial{<:Random.FloatInterval{T}}) where {T<:Union{Float32,Float64}} =
    rand!(rng, A)

"""
    pullback(f, xs...) -> y, back

`back(dy)` gives the gradient of `f` and of every `x`. By Zygote, unless `f` brings a method of its own.
"""
pullback(f, xs...) = Zygote.pullback((f, xs...) -> f(xs...), f, xs...)

# Outcomes: names => arrays, or nothing where no gradient flows.

record!(found, path, x::AbstractArray{<:Number}) = (found[path] = plain_array(x); found)
record!(found, path, x::AbstractArray) = record!(found, path, Tuple(x))
record!(found, path, x::Bool) = found
record!(found, path, x::Number) = (found[path] = fill(x); found)
record!(found, path, ::Nothing) = (found[path] = nothing; found)
record!(found, path, x::Tuple) = (foreach(((i, part),) -> record!(found, join_path(path, word(i)), part), enumerate(x)); found)
record!(found, path, x::NamedTuple) = (foreach(name -> record!(found, join_path(path, word(name)), x[name]), keys(x)); found)
record!(found, path, x::Base.RefValue) = record!(found, path, x[])
record!(found, path, x) = found

plain_array(x::Array) = copy(x)
plain_array(x::AbstractArray) = Array(x)

# Booleans that stand for themselves in an output, not for a setting.
record_output!(found, path, x::AbstractArray{<:Integer}) = (found[path] = eltype(x) === Bool ? Array(x) : Array(x) .- 1; found)
record_output!(found, path, x) = record!(found, path, x)
record_output!(found, path, x::Tuple) = (foreach(((i, part),) -> record_output!(found, join_path(path, word(i)), part), enumerate(x)); found)

"Every array of floating-point numbers inside a model, by path."
arrays_of(model) = arrays_of!(Dict{String,Array}(), "", model)
arrays_of!(found, path, x::Array{<:AbstractFloat}) = (found[path] = x; found)
arrays_of!(found, path, ::Union{Number,Nothing,Symbol,AbstractString,AbstractRNG,AbstractArray{<:Number}}) = found
arrays_of!(found, path, x::AbstractArray) =
    (foreach(((i, part),) -> arrays_of!(found, join_path(path, word(i)), part), enumerate(x)); found)
arrays_of!(found, path, x::Union{Tuple,NamedTuple}) = (foreach(name -> arrays_of!(found, join_path(path, word(name)), x[name]), keys(x)); found)
function arrays_of!(found, path, x)
    foreach(name -> arrays_of!(found, join_path(path, word(name)), getfield(x, name)), fieldnames(typeof(x)))
    return found
end

"The case does not fit this side's subject: a mistake of the catalogue, never an outcome."
struct CaseError <: Exception
    message::String
end
Base.showerror(io::IO, e::CaseError) = print(io, e.message)

"Copy the arrays of the case to their places in the model."
function place!(model, arrays)
    own = arrays_of(model)
    for (path, array) in arrays
        haskey(own, path) || throw(CaseError("the Julia model has no array $path, only $(join(sort(collect(keys(own))), ", "))"))
        size(own[path]) == size(array) ||
            throw(CaseError("the Julia model's $path has size $(size(own[path])), the case gives $(size(array))"))
        copyto!(own[path], array)
    end
    return model
end

with_eltype(::Type{Float64}, model) = Flux.f64(model)
with_eltype(::Type{Float32}, model) = model

starting_with(prefix, arrays) = Dict(chopprefix(name, prefix) => array for (name, array) in arrays if startswith(name, prefix))

function numbered(letter, arrays)
    count = 0
    while haskey(arrays, string(letter, count + 1))
        count += 1
    end
    return Any[arrays[string(letter, i)] for i in 1:count]
end

to_julia_index(x::AbstractArray{<:Integer}) = x .+ 1
to_julia_index(x) = x

"""
    evaluate(row, config, mode, arrays) -> Dict

The outcome of one case: name => array or nothing. `arrays` are Julia's; integer arrays among them are indices counted from 0.
Errors of the subject pass through: it is the caller who makes an outcome of them.
"""
function evaluate(row::AbstractString, config::Config, mode::AbstractString, arrays::Dict{String,Any})
    haskey(CONSTRUCTORS, row) || throw(CaseError("the Julia side has no constructor for $row"))
    construct() = CONSTRUCTORS[row](config, HandedIn(get(arrays, "noise", Float64[])))
    found = Dict{String,Any}()
    if mode == "draw"
        record_output!(found, "y", construct())
    elseif mode == "steps"
        evaluate_steps!(found, construct(), arrays["x"], numbered("g", arrays))
    elseif mode == "training"
        evaluate_training!(found, construct(), config, arrays)
    elseif mode == "program"
        run_program!(found, construct(), arrays)
    elseif mode == "function"
        pull!(found, construct(), arrays)
    else
        evaluate_layer!(found, construct, mode, arrays)
    end
    return found
end

function pull!(found, f, arrays)
    xs = map(to_julia_index, numbered("x", arrays))
    cotangents = numbered("dy", arrays)
    if isempty(cotangents)
        record_output!(found, "y", f(xs...))
        return found
    end
    y, back = pullback(f, xs...)
    record_output!(found, "y", y)
    df, dxs... = back(cotangent(y, cotangents))
    foreach(((i, dx),) -> record!(found, "grad.x$i", dx), enumerate(dxs))
    return df
end

cotangent(::Number, dys) = only(dys)[]
cotangent(::AbstractArray, dys) = only(dys)
cotangent(::Tuple, dys) = Tuple(dys)

function evaluate_layer!(found, construct, mode, arrays)
    parameters = starting_with("param.", arrays)
    T = eltype(first(x for x in values(arrays) if eltype(x) <: AbstractFloat))
    prepare() = place!(with_eltype(T, construct()), parameters)
    layer = prepare()
    mode == "train" && trainmode!(layer)
    mode == "test" && testmode!(layer)
    dlayer = pull!(found, layer, arrays)
    record_gradient!(found, dlayer)
    record_output!(found, "plain", prepare()(map(to_julia_index, numbered("x", arrays))...))
    foreach(((path, x),) -> record!(found, "state.$path", x), arrays_of(layer))
    return found
end

"The layer's own gradient: arrays only, for Zygote differentiates settings such as epsilon as well."
function record_gradient!(found, dlayer)
    gradients = record!(Dict{String,Any}(), "grad.param", dlayer)
    foreach(((name, x),) -> (x isa Array{<:Number,0} || (found[name] = x)), gradients)
    return found
end

function evaluate_steps!(found, rule, x, gradients)
    x = copy(x)
    state = Optimisers.init(rule, x)
    for (step, g) in enumerate(gradients)
        state, dx = Optimisers.apply!(rule, state, x, g)
        dx === nothing || (x .-= dx)
        named = record!(record!(Dict{String,Any}(), "x", x), "state", state)
        foreach(((name, value),) -> (found["$name@$step"] = value), named)
    end
    return found
end

function evaluate_training!(found, run, config, arrays)
    (; model, loss, rule) = run
    T = eltype(arrays["x1"])
    model = place!(with_eltype(T, model), starting_with("param.", arrays))
    state = Flux.setup(rule, model)
    batches = collect(zip(numbered("x", arrays), numbered("t", arrays)))
    if get(config, "loop", false)
        Flux.train!((m, x, target) -> loss(m(x), target), model, batches, state)
        return trained!(found, model, length(batches))
    end
    for (step, (x, target)) in enumerate(batches)
        get(config, "freeze_at", 0) == step && Flux.freeze!(state.layers[1])
        get(config, "thaw_at", 0) == step && Flux.thaw!(state.layers[1])
        get(config, "adjust_at", 0) == step && adjust_rule!(state, config)
        value, gradients = Flux.withgradient(m -> loss(m(x), target), model)
        Flux.update!(state, model, gradients[1])
        found["loss@$step"] = fill(value)
        trained!(found, model, step)
    end
    return found
end

function adjust_rule!(state, config)
    haskey(config, "adjust_to") && return Flux.adjust!(state, config["adjust_to"])
    return Flux.adjust!(state; (Symbol(name) => value isa AbstractVector ? Tuple(value) : value for (name, value) in config["adjust"])...)
end

"The parameters that are trained, after a step."
function trained!(found, model, step)
    for (path, array) in Flux.trainables(model; path=true)
        found[join(map(word, path.keys), '.') * "@$step"] = copy(array)
    end
    return found
end
