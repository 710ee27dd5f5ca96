# A model taken apart: every call of an innermost layer, with what went in and out of it, forward and backward.
#
# What the code of a struct does itself between its layers cannot be seen: a value that comes out of that has a number of
# its own, and no call that made it.

"Have dropout let everything pass, in training as well."
without_dropping!(layer::Union{Dropout,AlphaDropout}) = (testmode!(layer); nothing)
without_dropping!(::Union{PLAIN,AbstractArray{<:Number}}) = nothing
without_dropping!(parts::Union{Tuple,NamedTuple,AbstractArray}) = foreach(without_dropping!, values(parts))
without_dropping!(x) = foreach(name -> without_dropping!(getfield(x, name)), fieldnames(typeof(x)))

"A list of stages is a chain of them."
as_model(subject) = subject
as_model(stages::Union{Tuple,AbstractVector}) = Chain(stages...)
as_model(stages::NamedTuple) = Chain(; stages...)

"""
    trace_subject(subject, config, arrays)

The outcome of a run that is taken apart: `y.calls`, text with a line for every call in the order in which they ended, and the
arrays: values `y.v1`, ...; of the call at a place what came back, `y.dy1.0` and `y.dx1.0`, the gradients `y.grad1.weight` of its
arrays and these afterwards, `y.after1.weight`.
"""
function trace_subject(subject, config, arrays)
    T, mode = PRECISIONS[get(config, "dtype", "float64")], traced_mode(LayerMode(get(config, "mode", "train")))
    prepared() = place!(in_precision(T, deepcopy(as_model(subject))), starting_with("param.", arrays))
    xs = map(to_julia_index, numbered("x", arrays))
    model, log = prepared(), Log()
    inputs, outputs, problem = run_noted!(log, model, traced(model, "", log), mode, xs, arrays)
    if !isempty(problem) && isempty(outputs) && runs(prepared(), xs)  # its code does not take other layers for its own
        model, log = prepared(), Log()
        inputs, outputs, problem = run_noted!(log, model, Traced(model, model, "", log, true), mode, xs, arrays)
    end
    lines = [call_line(log, place, model) for place in log.ended]
    push!(lines, "inputs\t$(join(inputs, ','))", "outputs\t$(join(outputs, ','))", "error\t$(replace(problem, r"\s+" => ' '))")
    append!(lines, ["tied\t$path\t$other\t$(Int(turned))" for (path, other, turned) in tied(model)])
    append!(lines, ["array\t$path\t$(join(size(array), ','))" for (path, array) in float_arrays(model)])
    log.outcome["y.calls"] = Vector{UInt8}(join(lines, '\n'))
    return log.outcome
end

"Inside a gradient, where a run is taken apart, what is left to Flux trains."
traced_mode(mode::TestMode) = mode
traced_mode(::LayerMode) = TrainMode()

function call_line(log, place, model)
    call = log.calls[place]
    sizes = ["$name=$(join(size(array), ','))" for (name, array) in own_of(model, call.path)]
    words = (place, call.path, call.kind, call.act, call.inside, join(call.inputs, ','), join(call.outputs, ','), join(sizes, ';'))
    return join(("call", words...), '\t')
end

"The numbers of a run's inputs and outputs, and what it raised in a line."
function run_noted!(log, model, replaced, mode, xs, arrays)
    without_dropping!(set_mode!(model, mode))
    inputs, outputs = Int[number!(log, x) for x in xs], Int[]
    try
        y, back = pulled(replaced, Tuple(xs))
        append!(outputs, Int[number!(log, part) for part in parts(y)])
        any(startswith("dy"), keys(arrays)) && back(cotangent_of!(Ref(0), y, arrays))
    catch error  # going forward there are no outputs; going back there are
        error isa InterruptException && rethrow()
        return inputs, outputs, first(split(sprint(showerror, error), '\n'))
    end
    return inputs, outputs, ""
end

function runs(model, xs)
    try
        model(xs...)
        return true
    catch error
        error isa InterruptException && rethrow()
        return false
    end
end
