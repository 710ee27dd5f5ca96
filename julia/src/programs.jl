# Programs: what has a state of its own, driven command by command, and looked at after each. A command is plain data, a verb with
# its arguments, and becomes a type when the program is made.

abstract type Command end

# Commands for an optimiser's state. A place is the path of a part of it, such as `layers.0.weight`; all of it is the empty path.

"A step with the gradient of all layers, or of one of them, counted from 0."
struct Update <: Command
    only::Union{Int,Nothing}
end
Update() = Update(nothing)

"The state is set up anew."
struct SetUp <: Command end

struct Freeze <: Command
    place::String
end

struct Thaw <: Command
    place::String
end

"Other hyper-parameters."
struct Adjust{C<:NamedTuple} <: Command
    place::String
    changes::C
end
Adjust(place, changes::AbstractDict) = Adjust(place, (; (Symbol(name) => value for (name, value) in changes)...))

# Commands for a loader.

"How many batches there are."
struct CountBatches <: Command end

"Two passes side by side: every batch comes twice."
struct InterleavedPasses <: Command end

"A pass that ends after so many batches."
struct Pass <: Command
    batches::Int
end
Pass() = Pass(typemax(Int))

const COMMANDS = Dict{String,Type{<:Command}}(
    "update" => Update,
    "update_part" => Update,
    "setup" => SetUp,
    "freeze" => Freeze,
    "thaw" => Thaw,
    "adjust" => Adjust,
    "count" => CountBatches,
    "both" => InterleavedPasses,
    "epoch" => Pass,
    "begin" => Pass,
)

command((verb, arguments...)) = COMMANDS[verb](arguments...)
commands(program) = Command[command(words) for words in program]

"An optimiser's state: commands for it, and the model whose arrays are looked at."
struct OptimiserProgram{M,R}
    model::M
    rule::R
    tied::String  # "", "same" or "transpose": what the second weight is of the first
    commands::Vector{Command}
end

"Batches of arrays: commands for the loader."
struct LoaderProgram{O<:NamedTuple}
    options::O
    commands::Vector{Command}
end

function run_program!(outcome, program::OptimiserProgram, arrays)
    model = prepared(program, arrays)
    objective(model) = Flux.mse(model(arrays["x1"]), arrays["t1"])
    tree = Flux.setup(program.rule, model)
    for (step, command) in enumerate(program.commands)
        tree = run_command!(command, tree, program.rule, model, objective)
        for (i, layer) in enumerate(model.layers), name in (:weight, :bias)
            outcome["layers.$(word(i)).$name@$step"] = copy(getfield(layer, name))
        end
    end
    return outcome
end

function prepared(program::OptimiserProgram, arrays)
    model = place!(with_eltype(eltype(arrays["x1"]), program.model), starting_with("param.", arrays))
    isempty(program.tied) && return model
    first, second, rest... = model.layers
    weight = program.tied == "transpose" ? transpose(first.weight) : first.weight
    return Chain(first, Dense(weight, second.bias, second.σ), rest...)
end

"Run a command on the tree of an optimiser's state; the tree that there is afterwards."
run_command!(::SetUp, _, rule, model, _) = Flux.setup(rule, model)
run_command!(command::Freeze, tree, _, _, _) = (Flux.freeze!(part_at(tree, command.place)); tree)
run_command!(command::Thaw, tree, _, _, _) = (Flux.thaw!(part_at(tree, command.place)); tree)
run_command!(command::Adjust, tree, _, _, _) = (Flux.adjust!(part_at(tree, command.place); command.changes...); tree)
function run_command!(command::Update, tree, _, model, objective)
    gradient = only(Flux.gradient(objective, model))
    Flux.update!(tree, model, part_of(gradient, command.only))
    return tree
end

"The part of a tree at a place."
part_at(tree, place) = foldl(at_key, eachsplit(place, '.'; keepempty=false); init=tree)
at_key(tree, key) = all(isdigit, key) ? tree[parse(Int, key)+1] : getproperty(tree, Symbol(key))

"The gradient, of the other layers none where one is asked for."
part_of(gradient, ::Nothing) = gradient
part_of(gradient, only::Int) = (; layers=ntuple(i -> i == only + 1 ? gradient.layers[i] : nothing, length(gradient.layers)))

function run_program!(outcome, program::LoaderProgram, arrays)
    loader = Flux.DataLoader((arrays["x1"], arrays["x2"]); program.options...)
    for (step, command) in enumerate(program.commands), (i, array) in enumerate(loaded(command, loader))
        outcome["y.$(word(i))@$step"] = array
    end
    return outcome
end

"The arrays that a command brings, copied before the next batch: it may be the same memory."
loaded(::CountBatches, loader) = [fill(eltype(first(loader.data))(length(loader)))]
loaded(::InterleavedPasses, loader) = [Array(part) for pair in zip(loader, loader) for batch in pair for part in batch]
loaded(pass::Pass, loader) = [Array(part) for batch in Iterators.take(loader, pass.batches) for part in batch]

tie(how::String) = how
tie(is_tied::Bool) = is_tied ? "same" : ""

three_layers() = Chain(Dense(3 => 3, tanh), Dense(3 => 3, tanh), Dense(3 => 2, tanh))

merge!(CONSTRUCTORS, Dict{String,Function}(
    "optimiser_program" =>
        (c, _) -> OptimiserProgram(three_layers(), rule(c["rule"]), tie(get(c, "tied", "")), commands(c["program"])),
    "loader_program" => (c, _) -> LoaderProgram(
        settings(c, "batchsize" => Int, "partial" => identity, "buffer" => identity), commands(c["program"])),
))
