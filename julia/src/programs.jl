# Programs: what has a state of its own, driven command by command, and looked at after each.

"An optimiser's state: commands for it, as plain data, and the model whose arrays are looked at."
struct OptimiserProgram{M,R}
    model::M
    rule::R
    tied::Bool
    commands::Vector{Any}
end

"Batches of arrays: commands for the loader, as plain data."
struct LoaderProgram{O<:NamedTuple}
    options::O
    commands::Vector{Any}
end

run_program!(found, program::OptimiserProgram, arrays) = optimise!(found, prepared(program, arrays), program, arrays)

function prepared(program::OptimiserProgram, arrays)
    model = place!(with_eltype(eltype(arrays["x1"]), program.model), starting_with("param.", arrays))
    program.tied || return model
    first, second, rest... = model.layers
    return Chain(first, Dense(first.weight, second.bias, second.σ), rest...)
end

function optimise!(found, model, program::OptimiserProgram, arrays)
    opt_state = Flux.setup(program.rule, model)
    for (step, (verb, given...)) in enumerate(program.commands)
        if verb == "setup"
            opt_state = Flux.setup(program.rule, model)
        elseif verb == "freeze"
            Flux.freeze!(part_at(opt_state, given...))
        elseif verb == "thaw"
            Flux.thaw!(part_at(opt_state, given...))
        elseif verb == "adjust"
            place, changes = given
            Flux.adjust!(part_at(opt_state, place); (Symbol(name) => value for (name, value) in changes)...)
        else
            gradient = only(Flux.gradient(m -> Flux.mse(m(arrays["x1"]), arrays["t1"]), model))
            Flux.update!(opt_state, model, part_of(gradient, given...))
        end
        for (i, layer) in enumerate(model.layers), name in (:weight, :bias)
            found["layers.$(word(i)).$name@$step"] = copy(getfield(layer, name))
        end
    end
    return found
end

"The part of a tree at a path such as `layers.0.weight`; all of it at the empty path."
part_at(tree, place) = foldl(at_key, eachsplit(place, '.'; keepempty=false); init=tree)
at_key(tree, key) = all(isdigit, key) ? tree[parse(Int, key)+1] : getproperty(tree, Symbol(key))

"The gradient, of the other layers none where one is asked for."
part_of(gradient) = gradient
part_of(gradient, only) = (; layers=ntuple(i -> i == only + 1 ? gradient.layers[i] : nothing, length(gradient.layers)))

function run_program!(found, program::LoaderProgram, arrays)
    loader = Flux.DataLoader((arrays["x1"], arrays["x2"]); program.options...)
    for (step, (verb, given...)) in enumerate(program.commands)
        for (i, array) in enumerate(loaded(loader, verb, given...))
            found["y.$(word(i))@$step"] = array
        end
    end
    return found
end

"The arrays that a command brings, copied before the next batch: it may be the same memory."
function loaded(loader, verb, count=typemax(Int))
    T = eltype(first(loader.data))
    verb == "count" && return [fill(T(length(loader)))]
    verb == "both" && return [Array(part) for pair in zip(loader, loader) for batch in pair for part in batch]
    return [Array(part) for batch in Iterators.take(loader, count) for part in batch]
end

three_layers() = Chain(Dense(3 => 3, tanh), Dense(3 => 3, tanh), Dense(3 => 2, tanh))

merge!(CONSTRUCTORS, Dict{String,Function}(
    "optimiser_program" => (c, _) -> OptimiserProgram(three_layers(), rule(c["rule"]), get(c, "tied", false), Vector{Any}(c["program"])),
    "loader_program" => (c, _) -> LoaderProgram(
        settings(c, "batchsize" => Int, "partial" => identity, "buffer" => identity), Vector{Any}(c["program"])),
))
