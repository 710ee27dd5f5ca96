# A model taken apart: every call of an innermost layer, with what went in and out of it, forward and backward.
#
# Layers are replaced by ones that do the same and note it. What the code of a struct does itself between its layers cannot be
# seen: a value that comes out of that has a number of its own, and no call that made it. Included by `UserPair`.

"One call. `inside` is the position of the call that makes it, 0 where none is noted."
mutable struct Call
    path::String
    kind::String
    act::String
    inside::Int
    inputs::Vector{Int}
    outputs::Vector{Int}
end

"What was noted of a run: its calls in the order in which they began, and the arrays that the outcome will have."
mutable struct Log
    calls::Vector{Call}
    ended::Vector{Int}
    open::Vector{Int}
    numbers::IdDict{Any,Int}
    kept::Vector{Any}  # an identity is one as long as the array lives
    found::Dict{String,Any}
end
Log() = Log(Call[], Int[], Int[], IdDict{Any,Int}(), Any[], Dict{String,Any}())

"The number of a value; where it has none, or ought to have a new one, the next. Numbers without axes have no identity."
function number!(log::Log, x; new=false)
    x isa AbstractArray && !new && haskey(log.numbers, x) && return log.numbers[x]
    push!(log.kept, x)
    number = length(log.kept)
    x isa AbstractArray && (log.numbers[x] = number)
    log.found["y.v$number"] = counted_from_zero(x)
    return number
end

counted_from_zero(x::Number) = fill(x)
counted_from_zero(x::AbstractArray{Bool}) = Array(x)
counted_from_zero(x::AbstractArray{<:Integer}) = Array(x) .- one(eltype(x))
counted_from_zero(x::AbstractArray) = copy(Array(x))

"All arrays and numbers of a value, in order."
parts(x::Union{Number,AbstractArray{<:Number}}) = Any[x]
parts(x::Union{Tuple,NamedTuple}) = Any[part for inner in values(x) for part in parts(inner)]
parts(x::AbstractArray) = Any[part for inner in vec(collect(Any, x)) for part in parts(inner)]
parts(x) = Any[]

"The cotangents of these arrays and numbers in the same order, `nothing` where none flows."
cotangents(x::Union{Number,AbstractArray{<:Number}}, dx) = Any[dx isa Union{Number,AbstractArray{<:Number}} ? dx : nothing]
cotangents(x::Union{Tuple,NamedTuple}, dx) =
    Any[part for (i, inner) in enumerate(values(x)) for part in cotangents(inner, dx isa Union{Tuple,NamedTuple} ? dx[i] : nothing)]
cotangents(x::AbstractArray, dx) =
    Any[part for (i, inner) in enumerate(x) for part in cotangents(inner, dx isa AbstractArray ? dx[i] : nothing)]
cotangents(x, dx) = Any[]

"""
    Traced(layer, plain, path, log, whole)

A layer in its place that notes its calls. `plain` is the layer as it was; `whole` says that it is an innermost one, and does not
call others.
"""
struct Traced{L,P}
    layer::L
    plain::P
    path::String
    log::Log
    whole::Bool
end

inner(t::Traced) = getfield(t, :layer)
plain_layer(t::Traced) = getfield(t, :plain)
Base.getproperty(t::Traced, name::Symbol) = getproperty(inner(t), name)
Base.propertynames(t::Traced) = propertynames(inner(t))
Base.getindex(t::Traced, i...) = getindex(inner(t), i...)
Base.length(t::Traced) = length(inner(t))
Base.iterate(t::Traced, state...) = iterate(inner(t), state...)
Base.keys(t::Traced) = keys(inner(t))
Base.lastindex(t::Traced) = lastindex(inner(t))

(t::Traced)(xs...; kw...) = first(noted(t, xs, () -> (inner(t)(xs...; kw...), nothing)))

Zygote.@adjoint function (t::Traced)(xs...; kw...)
    y, back = noted(t, xs, () -> pulled(inner(t), xs, kw))
    return y, dy -> (nothing, back(dy)...)
end

# `pulled(f, xs, kw)` is `y, back`, where `back(dy)` gives the gradients of f and of every x, or nothing. What joins layers is
# written out, so that nothing has to be compiled for the structure of a model, only for its layers.

pulled(f, xs, kw=(;)) = Zygote.pullback((f, xs...) -> f(xs...; kw...), f, xs...)

function pulled(t::Traced, xs, kw=(;))
    y, back = noted(t, xs, () -> pulled(inner(t), xs, kw))
    return y, dy -> (nothing, back(dy)...)
end

function pulled(chain::Chain, xs, kw=(;))
    backs = Any[]
    for layer in values(chain.layers)
        y, back = pulled(layer, xs)
        push!(backs, back)
        xs = (y,)
    end
    function chain_back(dy)
        dxs = (dy,)
        for back in reverse(backs)
            gradients = back(only(dxs))
            gradients === nothing && return nothing
            dxs = Base.tail(gradients)
        end
        return (nothing, dxs...)
    end
    return only(xs), chain_back
end

function pulled(skip::SkipConnection, xs, kw=(;))
    z, layers_back = pulled(skip.layers, xs)
    y, connection_back = pulled(skip.connection, (z, only(xs)))
    function skip_back(dy)
        gradients = connection_back(dy)
        gradients === nothing && return nothing
        _, dz, through = gradients
        inner = layers_back(dz)
        return (nothing, Zygote.accum(through, inner === nothing ? nothing : last(inner)))
    end
    return y, skip_back
end

function pulled(parallel::Parallel, xs, kw=(;))
    layers = collect(Any, values(parallel.layers))
    given = length(xs) == 1 && only(xs) isa Tuple && length(layers) > 1 ? only(xs) : xs
    (length(given) == 1 || length(given) == length(layers)) || return Zygote.pullback((f, xs...) -> f(xs...), parallel, xs...)
    runs = [pulled(layer, (length(given) == 1 ? only(given) : given[i],)) for (i, layer) in enumerate(layers)]
    y, connection_back = pulled(parallel.connection, Tuple(first.(runs)))
    function parallel_back(dy)
        gradients = connection_back(dy)
        gradients === nothing && return nothing
        dxs = Any[(inner = back(dz); inner === nothing ? nothing : last(inner)) for ((_, back), dz) in zip(runs, Base.tail(gradients))]
        length(given) == 1 && return (nothing, foldl(Zygote.accum, dxs))
        return given === xs ? (nothing, dxs...) : (nothing, Tuple(dxs))
    end
    return y, parallel_back
end

function noted(t::Traced, xs, run)
    log, path, whole = getfield(t, :log), getfield(t, :path), getfield(t, :whole)
    plain = plain_layer(t)
    inputs = Int[number!(log, x) for x in parts(xs)]
    call = Call(path, kind_of(plain), whole ? act_of(plain) : "", isempty(log.open) ? 0 : last(log.open), inputs, Int[])
    push!(log.calls, call)
    place = length(log.calls)
    push!(log.open, place)
    y, back = run()
    pop!(log.open)
    push!(log.ended, place)
    append!(call.outputs, Int[number!(log, part; new=whole) for part in parts(y)])
    if whole
        foreach(((name, array),) -> (log.found["y.after$place.$name"] = copy(Array(array))), float_arrays(plain, path))
    end
    function traced_back(dy)
        gradients = back(dy)
        gradients === nothing && return map(x -> nothing, xs)
        record_all!(log.found, "y.dy$place", cotangents(y, dy))
        record_all!(log.found, "y.dx$place", cotangents(xs, Base.tail(gradients)))
        whole && record_own!(log.found, "y.grad$place", path, first(gradients))
        return Base.tail(gradients)
    end
    return y, traced_back
end

function record_all!(found, prefix, dxs)
    for (i, dx) in enumerate(dxs)
        dx === nothing || (found["$prefix.$(i - 1)"] = dx isa Number ? fill(dx) : copy(Array(dx)))
    end
end

function record_own!(found, prefix, path, dlayer)
    for (name, dx) in record!(Dict{String,Any}(), "", dlayer)
        dx isa AbstractArray && ndims(dx) > 0 && (found["$prefix.$(join_path(path, lstrip(name, '.')))"] = dx)
    end
end

function kind_of(layer)
    name = string(nameof(layer isa Function ? layer : typeof(layer)))
    return startswith(name, '#') ? "function" : name
end

"The activation that a layer applies itself: the one function among its fields that is called so."
function act_of(layer)
    layer isa Function && return ""
    for name in (:σ, :λ, :act, :activation)
        hasfield(typeof(layer), name) && getfield(layer, name) isa Function && return kind_of(getfield(layer, name))
    end
    return ""
end

# Which parts of a model are replaced.

"Layers of Flux that call others, which are noted as well."
const COMPOSED = Union{Chain,Parallel,SkipConnection,Maxout,PairwiseFusion,MultiHeadAttention}
const PLAIN = Union{Number,Symbol,AbstractString,Nothing,AbstractRNG,AbstractDict,Type}

of_flux(x) = Base.moduleroot(parentmodule(typeof(x))) === Flux
is_called(x) = !(x isa PLAIN) && !(x isa AbstractArray) && !isempty(methods(x))
is_layer(x) = !(x isa Function) && is_called(x)

function has_layers(x)
    x isa PLAIN && return false
    x isa Union{Tuple,NamedTuple} && return any(part -> is_layer(part) || has_layers(part), values(x))
    x isa AbstractArray && return !(eltype(x) <: Number) && any(part -> is_layer(part) || has_layers(part), x)
    x isa Function && return false
    return any(name -> (part = getfield(x, name); is_layer(part) || has_layers(part)), fieldnames(typeof(x)))
end

"""
    traced(x, path, log; called)

The model with its innermost layers replaced. `called`: whether a function at this place is called with whole arrays, as the
layers of a Chain are; one that is a field of somebody's struct may be called entry by entry.
"""
function traced(x, path, log; called=false)
    x isa Function && return called ? Traced(x, x, path, log, true) : x
    (x isa PLAIN || (x isa AbstractArray && eltype(x) <: Number)) && return x
    x isa Union{Tuple,NamedTuple} && return map_named((name, part) -> traced(part, join_path(path, word(name)), log; called), x)
    x isa AbstractArray && return [traced(part, join_path(path, word(i)), log; called) for (i, part) in enumerate(x)]
    if !(x isa COMPOSED) && (of_flux(x) || !has_layers(x))
        return is_called(x) ? Traced(x, x, path, log, true) : x
    end
    children, rebuilt = Flux.Functors.functor(x)
    replaced = map_named((name, part) -> traced(part, join_path(path, word(name)), log; called=x isa COMPOSED), children)
    try
        layer = rebuilt(replaced)
        return x isa COMPOSED ? Traced(layer, x, path, log, false) : layer
    catch error
        error isa InterruptException && rethrow()
        return Traced(x, x, path, log, true)  # its fields take no other layers
    end
end

map_named(f, x::Tuple) = ntuple(i -> f(i, x[i]), length(x))
map_named(f, x::NamedTuple) = NamedTuple{keys(x)}(map(name -> f(name, x[name]), keys(x)))

"Every array of floating-point numbers in it by path, in the order of the fields; transposed ones and views, too."
float_arrays(x, path="") = float_arrays!(Pair{String,Any}[], path, x)
float_arrays!(found, path, x::AbstractArray{<:AbstractFloat}) = push!(found, path => x)
float_arrays!(found, path, x::AbstractArray{<:Number}) = found
float_arrays!(found, path, x::Union{Tuple,NamedTuple}) =
    (foreach(name -> float_arrays!(found, join_path(path, word(name)), x[name]), keys(x)); found)
float_arrays!(found, path, x::AbstractArray) =
    (foreach(((i, part),) -> float_arrays!(found, join_path(path, word(i)), part), enumerate(x)); found)
float_arrays!(found, path, ::Union{PLAIN,Function}) = found
function float_arrays!(found, path, x)
    foreach(name -> float_arrays!(found, join_path(path, word(name)), getfield(x, name)), fieldnames(typeof(x)))
    return found
end

"(path, path of the first that has the same memory, whether it is turned) of arrays that are in a model more than once."
function tied(model)
    first_of, found = IdDict{Any,Tuple{String,Bool}}(), Tuple{String,String,Bool}[]
    for (path, array) in float_arrays(model)
        turned = array isa Union{Transpose,Adjoint}
        memory = turned ? parent(array) : array
        if haskey(first_of, memory)
            other, was_turned = first_of[memory]
            push!(found, (path, other, turned != was_turned))
        else
            first_of[memory] = (path, turned)
        end
    end
    return found
end

without_dropping!(layer::Union{Dropout,AlphaDropout}) = (testmode!(layer); nothing)
without_dropping!(::Union{PLAIN,AbstractArray{<:Number}}) = nothing
without_dropping!(parts::Union{Tuple,NamedTuple,AbstractArray}) = foreach(without_dropping!, values(parts))
without_dropping!(x) = foreach(name -> without_dropping!(getfield(x, name)), fieldnames(typeof(x)))

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
    T = get(config, "dtype", "float64") == "float32" ? Float32 : Float64
    prepared() = place!((T === Float32 ? f32 : f64)(deepcopy(as_model(subject))), starting_with("param.", arrays))
    xs = map(to_julia_index, numbered("x", arrays))
    model = prepared()
    log, lines = Log(), String[]
    inputs, outputs, problem = run_noted!(log, model, traced(model, "", log), config, xs, arrays)
    if !isempty(problem) && isempty(outputs) && runs(prepared(), xs)  # its code does not take other layers for its own
        model, log = prepared(), Log()
        inputs, outputs, problem = run_noted!(log, model, Traced(model, model, "", log, true), config, xs, arrays)
    end
    for place in log.ended
        call = log.calls[place]
        sizes = ["$name=$(join(size(array), ','))" for (name, array) in own_of(model, call.path)]
        fields = (place, call.path, call.kind, call.act, call.inside, join(call.inputs, ','), join(call.outputs, ','), join(sizes, ';'))
        push!(lines, join(("call", fields...), '\t'))
    end
    push!(lines, "inputs\t$(join(inputs, ','))", "outputs\t$(join(outputs, ','))", "error\t$(replace(problem, r"\s+" => ' '))")
    append!(lines, ["tied\t$path\t$other\t$(Int(turned))" for (path, other, turned) in tied(model)])
    append!(lines, ["array\t$path\t$(join(size(array), ','))" for (path, array) in float_arrays(model)])
    log.found["y.calls"] = Vector{UInt8}(join(lines, '\n'))
    return log.found
end

function run_noted!(log, model, replaced, config, xs, arrays)
    get(config, "mode", "train") == "test" ? testmode!(model) : trainmode!(model)
    without_dropping!(model)
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

"The arrays below a path of the model."
own_of(model, path) = [name => array for (name, array) in float_arrays(model) if isempty(path) || name == path || startswith(name, "$path.")]
