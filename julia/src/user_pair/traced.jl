# Layers that do the same as those in whose place they are, and note it: what went in and out, forward and backward.

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
        foreach(((name, array),) -> (log.outcome["y.after$place.$name"] = copy(Array(array))), float_arrays(plain, path))
    end
    function traced_back(dy)
        gradients = back(dy)
        gradients === nothing && return map(x -> nothing, xs)
        record_all!(log.outcome, "y.dy$place", cotangents(y, dy))
        record_all!(log.outcome, "y.dx$place", cotangents(xs, Base.tail(gradients)))
        whole && record_own!(log.outcome, "y.grad$place", path, first(gradients))
        return Base.tail(gradients)
    end
    return y, traced_back
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
