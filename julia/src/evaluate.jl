# A case in, an outcome out. Knows no layer, loss or rule by name: what a row is made of comes from CONSTRUCTORS.

"Row of the catalogue => function of (configuration, random generator) that makes its subject."
const CONSTRUCTORS = Dict{String,Function}()

"""
    evaluate(row, config, mode, arrays) -> Outcome

The outcome of one case: name => array or nothing. `arrays` are Julia's; integer arrays among them are indices counted from 0.
Errors of the subject pass through: it is the caller who makes an outcome of them.
"""
function evaluate(row::AbstractString, config::Config, mode::Mode, arrays::Dict{String,Any})
    haskey(CONSTRUCTORS, row) || throw(CaseError("the Julia side has no constructor for $row"))
    construct() = CONSTRUCTORS[row](config, HandedIn(get(arrays, "noise", Float64[])))
    return evaluate!(Outcome(), mode, construct, config, arrays)
end

"""
    evaluate!(outcome, mode, construct, config, arrays) -> outcome

What a mode asks of a row's subject, which `construct()` makes anew.
"""
evaluate!(_, mode::Mode, _, _, _) = throw(CaseError("no row of the catalogue is asked for a $(nameof(typeof(mode)))"))
evaluate!(outcome, ::Drawing, construct, _, _) = record_output!(outcome, "y", construct())
evaluate!(outcome, ::ProgramRun, construct, _, arrays) = run_program!(outcome, construct(), arrays)
evaluate!(outcome, ::TrainingRun, construct, config, arrays) = evaluate_training!(outcome, construct(), config, arrays)
evaluate!(outcome, ::OptimiserSteps, construct, _, arrays) =
    evaluate_steps!(outcome, construct(), arrays["x"], numbered("g", arrays))
evaluate!(outcome, ::FunctionCall, construct, _, arrays) = (pull!(outcome, construct(), arrays); outcome)
evaluate!(outcome, mode::LayerMode, construct, _, arrays) =
    evaluate_layer!(outcome, () -> with_eltype(float_type(arrays), construct()), mode, arrays)

"Constructors make models in Float32, which stay as they are: a model that is mapped may lose a setting on the way."
with_eltype(::Type{Float64}, model) = in_precision(Float64, model)
with_eltype(::Type{Float32}, model) = model

"Output and gradients of a call. The result is the gradient of `f` itself, without any part where no gradient is asked for."
function pull!(outcome, f, arrays)
    xs = map(to_julia_index, numbered("x", arrays))
    cotangents = numbered("dy", arrays)
    if isempty(cotangents)
        record_output!(outcome, "y", f(xs...))
        return (;)
    end
    y, back = pullback(f, xs...)
    record_output!(outcome, "y", y)
    df, dxs... = back(cotangent(y, cotangents))
    foreach(((i, dx),) -> record!(outcome, "grad.x$i", dx), enumerate(dxs))
    return df
end

cotangent(::Number, dys) = only(dys)[]
cotangent(::AbstractArray, dys) = only(dys)
cotangent(::Tuple, dys) = Tuple(dys)

"A model, which `construct()` makes anew, inside a gradient, and as `plain` outside; its arrays afterwards are its state."
function evaluate_layer!(outcome, construct, mode::LayerMode, arrays)
    parameters = starting_with("param.", arrays)
    prepare() = place!(construct(), parameters)
    layer = set_mode!(prepare(), mode)
    record_gradient!(outcome, pull!(outcome, layer, arrays))
    record_output!(outcome, "plain", prepare()(map(to_julia_index, numbered("x", arrays))...))
    foreach(((path, x),) -> record!(outcome, "state.$path", x), arrays_of(layer))
    return outcome
end

function evaluate_steps!(outcome, rule, x, gradients)
    x = copy(x)
    rule_state = Optimisers.init(rule, x)
    for (step, g) in enumerate(gradients)
        rule_state, dx = Optimisers.apply!(rule, rule_state, x, g)
        dx === nothing || (x .-= dx)
        named = record!(record!(Outcome(), "x", x), "state", rule_state)
        foreach(((name, value),) -> (outcome["$name@$step"] = value), named)
    end
    return outcome
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
