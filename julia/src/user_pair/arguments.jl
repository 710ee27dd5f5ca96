# What a user's function is called with, made of the arrays of a case: texts, dates, lists, records, by place or by keyword.

"How the arrays of a case make the arguments, from its configuration; `nothing` where each is one by itself."
forms_of(config) = get(config, "arguments", nothing)

"The arrays of a case as they make arguments, and which of them the function may change."
mutable struct Leaves
    const arrays::Vector{Any}
    const user::Module
    const across::Bool  # whether A[i, j] stands where it does in Python, and is not the same memory
    taken::Int
end

Leaves(arrays, config) =
    Leaves(arrays, get(MODULES, get(config, "file", ""), Main), get(config, "across", true), 0)

take!(leaves::Leaves) = leaves.arrays[leaves.taken += 1]

"""
    arguments(f, forms, leaves) -> places, keywords

By keyword goes what a method of `f` takes so; what it does not, goes by place.
"""
function arguments(f, forms, leaves)
    places, keywords = Any[], Pair{Symbol,Any}[]
    for about in forms
        keyword = Symbol(about["keyword"])
        named = keyword !== Symbol("") && takes_keyword(f, keyword)
        value = built(leaves, about["form"], named ? Any : type_of_place(f, length(places) + 1))
        named ? push!(keywords, keyword => value) : push!(places, value)
    end
    return places, keywords
end

"Whether a method takes an argument of this name by keyword, or any."
takes_keyword(f, name) =
    any(method -> any(word -> word === name || endswith(string(word), "..."), Base.kwarg_decl(method)), methods(f))

"What the first method with a word on it asks for at a place."
function type_of_place(f, place)
    for method in methods(f)
        types = Base.unwrap_unionall(method.sig).parameters
        place + 1 <= length(types) || continue
        T = types[place + 1]
        T isa TypeVar && (T = T.ub)
        T isa Type && T !== Any && !(T isa Core.TypeofVararg) && return T
    end
    return Any
end

"A value of this form, of the next arrays."
function built(leaves, form, T=Any)
    kind, parts = form["kind"], get(form, "parts", [])
    kind == "none" && return nothing
    if kind == "maybe"
        is_there = take!(leaves)[]
        value = built(leaves, only(parts), T)
        return is_there ? value : nothing
    end
    if kind in ("items", "record")
        values = Any[built(leaves, part) for part in parts]
        kind == "record" && return record(leaves.user, form, values, T)
        return form["called"] == "tuple" ? Tuple(values) : isempty(values) ? values : [values...]
    end
    return simple(kind, form, take!(leaves), leaves)
end

function simple(kind, form, x, leaves)
    kind in ("array", "scalar") && return own(x)
    kind == "list" && return in_lists(x)
    kind == "tuple" && return in_tuples(x)
    kind == "narrow" && return narrow(x, form["called"] == "float16" ? Float16 : Float32)
    kind == "text" && return each(number -> form["choices"][number + 1], x)
    kind == "symbol" && return each(number -> Symbol(form["choices"][number + 1]), x)
    kind == "date" && return each(days -> Date(1970) + Day(days), x)
    kind == "datetime" && return each(seconds -> DateTime(1970) + Second(seconds), x)
    kind == "random" && return HandedNumbers(x, leaves.across)
    throw(CaseError("nothing is known of an argument that is $kind"))
end

each(make, x::AbstractArray{<:Any,0}) = make(x[])
each(make, x) = map(make, x)

"A matrix is a vector of its rows, as a list of lists is."
in_lists(x::AbstractVector) = x
in_lists(x) = [in_lists(row) for row in eachslice(x; dims=1)]
in_tuples(x::AbstractVector) = Tuple(x)
in_tuples(x) = Tuple(in_tuples(row) for row in eachslice(x; dims=1))

"What was nudged, to see how much that matters, must not be rounded away."
narrow(x, T) = (rounded = map(T, x); own(isequal(rounded, x) ? rounded : x))

"A NamedTuple, or what the function asks for: a dict, a struct; or the struct that is called so where the user's code stands."
function record(user, form, values, T)
    names = Symbol.(form["names"])
    named = NamedTuple{Tuple(names)}(Tuple(values))
    called = Symbol(get(form, "called", ""))
    if isdefined(user, called)
        T = Core.eval(user, called)
    elseif called !== Symbol("")
        throw(CaseError("there is no type $called in Julia"))
    end
    T <: AbstractDict && return dict(T, named)
    plain = Base.unwrap_unionall(T)
    (plain isa DataType && isstructtype(plain) && !(plain <: NamedTuple) && Set(fieldnames(plain)) == Set(names)) || return named
    return plain.name.wrapper((named[field] for field in fieldnames(plain))...)
end

dict(T, named) = T <: AbstractDict{Symbol} ? Dict{Symbol,Any}(pairs(named)) : Dict{String,Any}(string(k) => v for (k, v) in pairs(named))

"What each array of the arguments becomes, in order."
leaf_kinds(forms) = String[kind for about in forms for kind in kinds_in(about["form"])]
function kinds_in(form)
    below = String[kind for part in get(form, "parts", []) for kind in kinds_in(part)]
    form["kind"] in ("items", "record", "none") && return below
    return [form["kind"]; below]
end

"A part of a gradient, by name or number; `nothing` where it has none."
part(d, key) = d isa Union{Tuple,NamedTuple} && key in keys(d) ? d[key] : nothing
part(d::AbstractDict, key) = get(() -> get(d, string(key), nothing), d, key)
part(d::AbstractVector, key::Int) = checkbounds(Bool, d, key) ? d[key] : nothing

"The gradients of the arrays that a value is made of; `number` counts the arrays before them."
function leaf_gradients!(outcome, number, form, d, xs)
    kind, parts = form["kind"], get(form, "parts", [])
    if kind in ("record", "items")
        keys = kind == "record" ? Symbol.(form["names"]) : eachindex(parts)
        foreach((key, inner) -> leaf_gradients!(outcome, number, inner, part(d, key), xs), keys, parts)
    elseif kind == "maybe"
        number[] += 1
        leaf_gradients!(outcome, number, only(parts), d, xs)
    elseif kind != "none"
        i = number[] += 1
        gradient = d isa Tuple && kind == "tuple" ? Any[something(x, 0) for x in d] : d
        eltype(xs[i]) <: AbstractFloat && record!(outcome, "grad.x$i", gradient isa Vector{Any} ? [gradient...] : gradient)
    end
end
