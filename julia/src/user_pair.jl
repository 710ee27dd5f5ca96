"""
The Julia side of a user's own pair: what an expression stands for after a file has been read, evaluated on cases.
"""
module UserPair

using Flux, Zygote, LinearAlgebra, Statistics, Random
using ..JuliaParity: CaseError, arrays_of, arrays_of!, evaluate_layer!, evaluate_steps!, join_path, numbered, place!, plain_array, record!,
    starting_with, to_julia_index, word
using ..JuliaParity: versions

const LARGEST = 2^28  # bytes of one array in an outcome

"File => the module in which it was read; (file, expression) => what the expression stands for there."
const MODULES = Dict{String,Module}()
const SUBJECTS = Dict{Tuple{String,String},Any}()

"What the user's code can name without loading it."
const NAMED = (Flux, Zygote, LinearAlgebra, Statistics, Random)

"The user's code stands in a module of its own: nothing that it defines meets another file's, or ours."
function read_file(file)
    user = Module(:UserCode)
    for package in NAMED
        name = nameof(package)
        Core.eval(user, :(const $name = $package; using .$name))
    end
    Core.eval(user, :(include(path) = Base.include($user, path)))
    Core.eval(user, :(eval(x) = Core.eval($user, x)))
    isempty(file) && return user
    isfile(file) || throw(CaseError("there is no file $file"))
    try
        Base.include(user, file)
    catch error
        error isa InterruptException && rethrow()
        throw(CaseError("$file cannot be read: $(rstrip(sprint(showerror, error)))"))
    end
    return user
end

function read_subject(file, expression)
    user = get!(() -> read_file(file), MODULES, file)
    try
        return Core.eval(user, Meta.parse(expression))
    catch error
        throw(CaseError("`$expression` cannot be evaluated$(isempty(file) ? "" : " after $file"): $(rstrip(sprint(showerror, error)))"))
    end
end

subject_of(config) = get!(() -> read_subject(config["file"], config["expression"]), SUBJECTS, (config["file"], config["expression"]))

"Every array of floating-point numbers inside the model, by path."
parameters(file, expression) = Dict{String,Any}(arrays_of(subject_of(Dict("file" => file, "expression" => expression))))

"Takes the place of a dictionary of arrays, and keeps their paths in order."
struct Paths
    found::Vector{String}
end
Base.setindex!(paths::Paths, array, path) = push!(paths.found, path)

"The paths of these arrays in the order of the model's fields, one a line."
parameter_names(file, expression) =
    join(arrays_of!(Paths(String[]), "", subject_of(Dict("file" => file, "expression" => expression))).found, '\n')

"What the subject is, in a word: a function, or a model of so many arrays."
function describe(file, expression)
    subject = subject_of(Dict("file" => file, "expression" => expression))
    return subject isa Function && isempty(arrays_of(subject)) ? "function" : "model"
end

# The user's code is newer than the caller.
evaluate(row, config, mode, arrays) = Base.invokelatest(evaluate_subject, subject_of(config), config, mode, arrays)

function evaluate_subject(subject, config, mode, arrays)
    mode == "function" && return evaluate_function(subject, config, arrays)
    mode == "trace" && return trace_subject(subject, config, arrays)
    T = eltype(first(x for x in values(arrays) if eltype(x) <: AbstractFloat))
    construct() = (T === Float32 ? f32 : f64)(deepcopy(subject))
    found = Dict{String,Any}()
    if mode == "steps"
        evaluate_steps!(found, deepcopy(subject), arrays["x"], numbered("g", arrays))
    elseif mode == "training"
        train!(found, construct(), config, arrays)
    else
        evaluate_layer!(found, construct, mode, arrays)
    end
    return found
end

"Every batch once: the loss before each step, and every array of the model after it."
function train!(found, model, config, arrays)
    loss, rule = (subject_of(Dict("file" => config["file"], "expression" => config[name])) for name in ("loss", "rule"))
    place!(model, starting_with("param.", arrays))
    get(config, "mode", "auto") == "train" && trainmode!(model)
    get(config, "mode", "auto") == "test" && testmode!(model)
    state = Flux.setup(rule, model)
    for (step, (x, target)) in enumerate(zip(map(to_julia_index, numbered("x", arrays)), numbered("t", arrays)))
        value, gradients = Flux.withgradient(model -> loss(model(x), target), model)
        Flux.update!(state, model, gradients[1])
        found["loss@$step"] = fill(value)
        foreach(((path, array),) -> (found["param.$path@$step"] = copy(array)), arrays_of(model))
    end
    return found
end

scalar(x::Array{<:Any,0}) = x[]
scalar(x) = copy(x)

function evaluate_function(subject, config, arrays)
    f = deepcopy(subject)
    found = Dict{String,Any}()
    xs = Any[]
    for call in 1:get(config, "calls", 1)
        xs = map(scalar, numbered("x", arrays))
        output!(found, call == 1 ? "y" : "y@$call", f(xs...))
    end
    foreach(((i, x),) -> x isa Array && (found["after.x$i"] = x), enumerate(xs))
    any(startswith("dy"), keys(arrays)) || return found
    y, back = Zygote.pullback(f, map(scalar, numbered("x", arrays))...)
    dxs = back(cotangent_of!(Ref(0), y, arrays))
    for (i, (x, dx)) in enumerate(zip(xs, dxs))
        eltype(x) <: Integer || record!(found, "grad.x$i", dx)
    end
    return found
end

"The cotangent of an output: dy1, dy2, ... for its numbers and arrays, in order; nothing where the case has none. `count`: those before."
function cotangent_of!(count, y::Union{Number,AbstractArray{<:Number}}, arrays)
    count[] += 1
    dy = get(arrays, "dy$(count[])", nothing)
    return dy === nothing ? nothing : y isa Number ? dy[] : reshape(dy, size(y))
end
cotangent_of!(count, y::Tuple, arrays) = map(part -> cotangent_of!(count, part, arrays), y)
cotangent_of!(count, y::NamedTuple, arrays) = NamedTuple{keys(y)}(cotangent_of!(count, Tuple(y), arrays))
cotangent_of!(count, y, arrays) = nothing

# An output as named arrays. `missing` becomes NaN, and it is said where.

output!(found, path, x::Number) = (found[path] = fill(x); found)
output!(found, path, x::Complex) = output!(output!(found, "$path.real", real(x)), "$path.imag", imag(x))
output!(found, path, ::Nothing) = found
output!(found, path, ::Missing) = output!(output!(found, path, NaN), "$path.missing", true)
output!(found, path, x::Union{Tuple,NamedTuple}) =
    (foreach(key -> output!(found, "$path.$(key isa Int ? key - 1 : key)", x[key]), keys(x)); found)
output!(found, path, x::AbstractDict) = (foreach(key -> output!(found, "$path.$key", x[key]), keys(x)); found)
output!(found, path, x::AbstractArray{<:Complex}) = output!(output!(found, "$path.real", real(x)), "$path.imag", imag(x))
function output!(found, path, x::AbstractArray{<:Real})
    sizeof(eltype(x)) * length(x) <= LARGEST ||
        error("$path has size $(size(x)), $(sizeof(eltype(x)) * length(x)) bytes: more than the $LARGEST that are compared")
    found[path] = Array(x)
    return found
end
function output!(found, path, x::AbstractArray)
    T = Base.nonmissingtype(eltype(x))
    T <: Real || return output!(found, path, Tuple(x))
    output!(found, path, map(entry -> ismissing(entry) ? convert(float(T), NaN) : convert(float(T), entry), x))
    return output!(found, "$path.missing", map(ismissing, x))
end
output!(found, path, x) = error("$path is a $(typeof(x)), expected numbers, arrays of them, or tuples of these")

include("tracing.jl")

end
