# Functions as a user calls them: numbers for numbers, and whatever they return.

const LARGEST = 2^28  # bytes of one array in an outcome

scalar(x::Array{<:Any,0}) = x[]
scalar(x) = copy(x)

"A number, or the array itself: what becomes of it is seen afterwards."
own(x::Array{<:Any,0}) = x[]
own(x) = x

function evaluate_function(subject, config, arrays)
    f, forms = deepcopy(subject), forms_of(config)
    outcome = Outcome()
    xs = Any[]
    for call in 1:get(config, "calls", 1)
        xs = map(copy, numbered("x", arrays))
        output!(outcome, call == 1 ? "y" : "y@$call", called(f, forms, xs, config))
    end
    kinds = forms === nothing ? fill("array", length(xs)) : leaf_kinds(forms)
    for (i, (kind, x)) in enumerate(zip(kinds, xs))
        ndims(x) > 0 && (kind == "array" || kind == "list" && x isa Vector) && (outcome["after.x$i"] = x)
    end
    any(startswith("dy"), keys(arrays)) && differentiated!(outcome, f, forms, config, arrays)
    return outcome
end

"What a function gives of the arrays, as a user would pass them."
called(f, ::Nothing, xs, config) = f(map(own, xs)...)
function called(f, forms, xs, config)
    places, keywords = arguments(f, forms, Leaves(xs, config))
    return f(places...; keywords...)
end

function differentiated!(outcome, f, ::Nothing, config, arrays)
    xs = map(scalar, numbered("x", arrays))
    y, back = Zygote.pullback(f, xs...)
    for (i, (x, dx)) in enumerate(zip(xs, back(cotangent_of!(Ref(0), y, arrays))))
        eltype(x) <: Integer || record!(outcome, "grad.x$i", dx)
    end
    return outcome
end

function differentiated!(outcome, f, forms, config, arrays)
    xs = numbered("x", arrays)
    places, keywords = arguments(f, forms, Leaves(xs, config))
    y, back = Zygote.pullback((places, keywords) -> f(places...; keywords...), Tuple(places), NamedTuple(keywords))
    dplaces, dkeywords = back(cotangent_of!(Ref(0), y, arrays))
    number, place = Ref(0), 0
    for about in forms
        keyword = Symbol(about["keyword"])
        by_name = haskey(NamedTuple(keywords), keyword)
        by_name || (place += 1)
        d = by_name ? part(dkeywords, keyword) : part(dplaces, place)
        leaf_gradients!(outcome, number, about["form"], d, xs)
    end
    return outcome
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

output!(outcome, path, x::Number) = (outcome[path] = fill(x); outcome)
output!(outcome, path, x::Union{BigFloat,AbstractIrrational}) = output!(outcome, path, Float64(x))
output!(outcome, path, x::Rational) = output!(outcome, path, (num=numerator(x), den=denominator(x)))
output!(outcome, path, x::BigInt) =
    typemin(Int) <= x <= typemax(Int) ? output!(outcome, path, Int(x)) :
    error("$path is a whole number of $(ndigits(x; base=2)) bits, which no machine integer holds")
output!(outcome, path, x::Complex) = output!(output!(outcome, "$path.real", real(x)), "$path.imag", imag(x))
output!(outcome, path, ::Nothing) = outcome
output!(outcome, path, ::Missing) = output!(output!(outcome, path, NaN), "$path.missing", true)
output!(outcome, path, x::Union{Tuple,NamedTuple}) =
    (foreach(key -> output!(outcome, "$path.$(key isa Int ? key - 1 : key)", x[key]), keys(x)); outcome)
output!(outcome, path, x::AbstractDict) = (foreach(key -> output!(outcome, "$path.$key", x[key]), keys(x)); outcome)
output!(outcome, path, x::AbstractArray{<:Complex}) = output!(output!(outcome, "$path.real", real(x)), "$path.imag", imag(x))
function output!(outcome, path, x::AbstractArray{<:Real})
    sizeof(eltype(x)) * length(x) <= LARGEST ||
        error("$path has size $(size(x)), $(sizeof(eltype(x)) * length(x)) bytes: more than the $LARGEST that are compared")
    outcome[path] = Array(x)
    return outcome
end
function output!(outcome, path, x::AbstractArray)
    T = Base.nonmissingtype(eltype(x))
    T <: Real || return output!(outcome, path, Tuple(x))
    output!(outcome, path, map(entry -> ismissing(entry) ? convert(float(T), NaN) : convert(float(T), entry), x))
    return output!(outcome, "$path.missing", map(ismissing, x))
end
# Dates are days, and moments seconds, since 1970.
output!(outcome, path, x::Date) = output!(outcome, "$path.date", Dates.value(x - Date(1970)))
output!(outcome, path, x::DateTime) = output!(outcome, "$path.datetime", round(Int, Dates.value(x - DateTime(1970)) / 1000))
output!(outcome, path, x::AbstractArray{Date}) = output!(outcome, "$path.date", map(day -> Dates.value(day - Date(1970)), x))
output!(outcome, path, x::AbstractArray{DateTime}) =
    output!(outcome, "$path.datetime", map(moment -> round(Int, Dates.value(moment - DateTime(1970)) / 1000), x))
output!(outcome, path, x::AbstractArray{<:Rational}) = output!(outcome, path, Tuple(x))
output!(outcome, path, x::AbstractArray{T}) where {T<:Union{BigFloat,BigInt}} =
    output!(outcome, path, T === BigInt ? Array{Int}(x) : Array{Float64}(x))
# Sets come in order, iterators as what they give.
const MOST = 2^20
function output!(outcome, path, x::AbstractSet)
    entries = collect(x)
    return output!(outcome, path, hasmethod(isless, Tuple{eltype(entries),eltype(entries)}) ? sort!(entries) : entries)
end
function output!(outcome, path, x::Union{Base.Generator,Base.ValueIterator,Channel})
    entries = collect(Iterators.take(x, MOST + 1))
    length(entries) <= MOST || error("an iterator of more than $MOST values is not compared")
    return output!(outcome, path, entries)
end
output!(outcome, path, x::Enum) = output!(outcome, path, string(x))
# Texts are arrays of code points, structs what their fields are.
output!(outcome, path, x::Union{AbstractString,Symbol,AbstractChar}) =
    (outcome["$path.text"] = Int64[codepoint(letter) for letter in string(x)]; outcome)
function output!(outcome, path, x)
    parentmodule(typeof(x)) === Base.Iterators && return output!(outcome, path, (entry for entry in x))
    isstructtype(typeof(x)) && fieldcount(typeof(x)) > 0 && !(x isa Union{Function,Type,Module}) || return refused(path, x)
    foreach(name -> output!(outcome, "$path.$name", getfield(x, name)), fieldnames(typeof(x)))
    return outcome
end
refused(path, x) = error("$path is a $(typeof(x)), expected numbers, arrays of them, or tuples of these")
