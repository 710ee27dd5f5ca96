"""
The Julia side of a user's own pair: what an expression stands for after a file has been read, evaluated on cases.
"""
module UserPair

using Flux, Zygote, LinearAlgebra, Statistics, Random
using Dates: Dates, Date, DateTime, Day, Second
using ..JuliaParity: CaseError, Outcome, PRECISIONS
using ..JuliaParity: FunctionCall, LayerMode, Mode, OptimiserSteps, TestMode, TracedRun, TrainMode, TrainingRun
using ..JuliaParity: adopted, arrays_of, arrays_of!, in_precision, place!, set_mode!, set_up, train_step!
using ..JuliaParity: evaluate_layer!, evaluate_steps!, float_type, join_path, numbered, record!, starting_with, to_julia_index, word
using ..JuliaParity: versions

"File => the module in which it was read; (file, expression) => what the expression stands for there."
const MODULES = Dict{String,Module}()
const SUBJECTS = Dict{Tuple{String,String},Any}()

"What the user's code can name without loading it."
const NAMED = (Flux, Zygote, LinearAlgebra, Statistics, Random)

"Packages that export names of Flux's: in a file that loads one of them these names mean its own."
const RIVALS = (:Lux,)

loads_rival(::Any) = false
loads_rival(code::Expr) =
    code.head in (:using, :import) ? any(path -> first(path.args) in RIVALS, paths_of(code)) : any(loads_rival, code.args)

"The paths that `using A, B: c` names: A and B."
paths_of(code) = (path.head === :(:) ? first(path.args) : path for path in code.args)

"What the user's code can name: nothing of Flux's without saying so where it would be ambiguous."
function named_in(file)
    isfile(file) && loads_rival(Meta.parseall(read(file, String))) || return NAMED
    return filter(!=(Flux), NAMED)
end

"The user's code stands in a module of its own: nothing that it defines meets another file's, or ours."
function read_file(file)
    user = Module(:UserCode)
    for package in named_in(file)
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
        # What the file has loaded may bring methods, which are newer than the caller.
        return Base.invokelatest(adopted, Core.eval(user, Meta.parse(expression)))
    catch error
        throw(CaseError("`$expression` cannot be evaluated$(isempty(file) ? "" : " after $file"): $(rstrip(sprint(showerror, error)))"))
    end
end

"What an expression stands for after a file; it is evaluated once."
subject_of(file, expression) = get!(() -> read_subject(file, expression), SUBJECTS, (file, expression))

"Every array of floating-point numbers inside the model, by path."
parameters(file, expression) = Dict{String,Any}(Base.invokelatest(arrays_of, subject_of(file, expression)))

"Takes the place of a dictionary of arrays, and keeps their paths in order."
struct Paths
    paths::Vector{String}
end
Base.setindex!(paths::Paths, _, path) = push!(paths.paths, path)

"The paths of these arrays in the order of the model's fields, one a line."
parameter_names(file, expression) =
    join(Base.invokelatest(arrays_of!, Paths(String[]), "", subject_of(file, expression)).paths, '\n')

"What the subject is, in a word: a function, or a model of so many arrays."
describe(file, expression) = Base.invokelatest(kind_of_subject, subject_of(file, expression))

kind_of_subject(f::Function) = isempty(arrays_of(f)) ? "function" : "model"
kind_of_subject(_) = "model"

# The user's code is newer than the caller.
evaluate(_, config, mode::Mode, arrays) =
    Base.invokelatest(evaluate_subject, subject_of(config["file"], config["expression"]), mode, config, arrays)

"""
    evaluate_subject(subject, mode, config, arrays) -> Outcome

What a mode asks of a subject of the user's.
"""
function evaluate_subject(subject, ::FunctionCall, config, arrays)
    get(config, "watched", false) || return evaluate_function(subject, config, arrays)
    changed = changed_globals(() -> evaluate_function(subject, config, arrays), MODULES[config["file"]])
    return output!(Outcome(), "y", changed)
end
evaluate_subject(subject, ::TracedRun, config, arrays) = trace_subject(subject, config, arrays)
evaluate_subject(rule, ::OptimiserSteps, _, arrays) =
    evaluate_steps!(Outcome(), deepcopy(rule), arrays["x"], numbered("g", arrays))
evaluate_subject(subject, mode::LayerMode, _, arrays) =
    evaluate_layer!(Outcome(), () -> in_precision(float_type(arrays), deepcopy(subject)), mode, arrays)

function evaluate_subject(subject, ::TrainingRun, config, arrays)
    loss, rule = (subject_of(config["file"], config[name]) for name in ("loss", "rule"))
    model = place!(in_precision(float_type(arrays), deepcopy(subject)), starting_with("param.", arrays))
    set_mode!(model, LayerMode(get(config, "mode", "auto")))
    return Base.invokelatest(train!, Outcome(), model, loss, rule, arrays)
end

"Every batch once: the loss before each step, and every array of the model after it."
function train!(outcome, model, loss, rule, arrays)
    tree = set_up(rule, model)
    for (step, (x, target)) in enumerate(zip(map(to_julia_index, numbered("x", arrays)), numbered("t", arrays)))
        outcome["loss@$step"] = fill(train_step!(tree, model, loss, x, target))
        foreach(((path, array),) -> (outcome["param.$path@$step"] = copy(array)), arrays_of(model))
    end
    return outcome
end

include("user_pair/arguments.jl")
include("user_pair/handed_numbers.jl")
include("user_pair/functions.jl")
include("user_pair/keeping.jl")
include("user_pair/calls.jl")
include("user_pair/traced.jl")
include("user_pair/replacing.jl")
include("user_pair/shared_memory.jl")
include("user_pair/tracing.jl")

end
