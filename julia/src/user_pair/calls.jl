# What is noted of a run that is taken apart: its calls, and the values between them, each with a number.

"One call. `inside` is the position of the call that makes it, 0 where none is noted."
struct Call
    path::String
    kind::String
    act::String
    inside::Int
    inputs::Vector{Int}
    outputs::Vector{Int}
end

"What was noted of a run: its calls in the order in which they began, and the arrays that the outcome will have."
struct Log
    calls::Vector{Call}
    ended::Vector{Int}
    open::Vector{Int}
    numbers::IdDict{Any,Int}
    kept::Vector{Any}  # an identity is one as long as the array lives
    outcome::Outcome
end
Log() = Log(Call[], Int[], Int[], IdDict{Any,Int}(), Any[], Outcome())

"The number of a value; where it has none, or ought to have a new one, the next. Numbers without axes have no identity."
function number!(log::Log, x; new=false)
    x isa AbstractArray && !new && haskey(log.numbers, x) && return log.numbers[x]
    push!(log.kept, x)
    number = length(log.kept)
    x isa AbstractArray && (log.numbers[x] = number)
    log.outcome["y.v$number"] = counted_from_zero(x)
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

"The arrays and numbers of a list, each with its place in it; of those that are not there nothing."
function record_all!(outcome, prefix, dxs)
    for (i, dx) in enumerate(dxs)
        dx === nothing || (outcome["$prefix.$(i - 1)"] = dx isa Number ? fill(dx) : copy(Array(dx)))
    end
end

"The gradients of the arrays below a path of the model."
function record_own!(outcome, prefix, path, dlayer)
    for (name, dx) in record!(Outcome(), "", dlayer)
        dx isa AbstractArray && ndims(dx) > 0 && (outcome["$prefix.$(join_path(path, lstrip(name, '.')))"] = dx)
    end
end
