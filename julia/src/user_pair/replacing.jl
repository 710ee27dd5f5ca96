# Which parts of a model are replaced by layers that note their calls.

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
