# Functions as a user calls them: numbers for numbers, and whatever they return.

const LARGEST = 2^28  # bytes of one array in an outcome

scalar(x::Array{<:Any,0}) = x[]
scalar(x) = copy(x)

function evaluate_function(subject, config, arrays)
    f = deepcopy(subject)
    outcome = Outcome()
    xs = Any[]
    for call in 1:get(config, "calls", 1)
        xs = map(scalar, numbered("x", arrays))
        output!(outcome, call == 1 ? "y" : "y@$call", f(xs...))
    end
    foreach(((i, x),) -> x isa Array && (outcome["after.x$i"] = x), enumerate(xs))
    any(startswith("dy"), keys(arrays)) || return outcome
    y, back = Zygote.pullback(f, map(scalar, numbered("x", arrays))...)
    dxs = back(cotangent_of!(Ref(0), y, arrays))
    for (i, (x, dx)) in enumerate(zip(xs, dxs))
        eltype(x) <: Integer || record!(outcome, "grad.x$i", dx)
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
# Texts are arrays of code points, structs what their fields are.
output!(outcome, path, x::Union{AbstractString,Symbol,AbstractChar}) =
    (outcome["$path.text"] = Int64[codepoint(letter) for letter in string(x)]; outcome)
function output!(outcome, path, x)
    isstructtype(typeof(x)) && fieldcount(typeof(x)) > 0 && !(x isa Union{Function,Type,Module}) || return refused(path, x)
    foreach(name -> output!(outcome, "$path.$name", getfield(x, name)), fieldnames(typeof(x)))
    return outcome
end
refused(path, x) = error("$path is a $(typeof(x)), expected numbers, arrays of them, or tuples of these")
