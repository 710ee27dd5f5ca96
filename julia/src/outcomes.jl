# How values become named arrays. Parts of a value are named by their path in it.

"""
    record!(outcome, path, value) -> outcome

Every array and number in a value, settings such as booleans and functions left out.
"""
record!(outcome, path, x::AbstractArray{<:Number}) = (outcome[path] = plain_array(x); outcome)
record!(outcome, path, x::AbstractArray) = record!(outcome, path, Tuple(x))
record!(outcome, path, x::Bool) = outcome
record!(outcome, path, x::Number) = (outcome[path] = fill(x); outcome)
record!(outcome, path, ::Nothing) = (outcome[path] = nothing; outcome)
record!(outcome, path, x::Tuple) = record_parts!(record!, outcome, path, x)
record!(outcome, path, x::NamedTuple) = record_parts!(record!, outcome, path, x)
record!(outcome, path, x::Base.RefValue) = record!(outcome, path, x[])
record!(outcome, path, x) = outcome

plain_array(x::Array) = copy(x)
plain_array(x::AbstractArray) = Array(x)

"""
    record_output!(outcome, path, value) -> outcome

As `record!`, but integers are indices, which are counted from 0 outside, and booleans stand for themselves.
"""
record_output!(outcome, path, x::AbstractArray{<:Integer}) = (outcome[path] = eltype(x) === Bool ? Array(x) : Array(x) .- 1; outcome)
record_output!(outcome, path, x::Tuple) = record_parts!(record_output!, outcome, path, x)
record_output!(outcome, path, x) = record!(outcome, path, x)

function record_parts!(record_part!, outcome, path, parts)
    foreach(name -> record_part!(outcome, join_path(path, word(name)), parts[name]), keys(parts))
    return outcome
end

"The gradient of a model: arrays only, for Zygote differentiates settings such as epsilon as well."
function record_gradient!(outcome, dmodel)
    gradients = record!(Outcome(), "grad.param", dmodel)
    foreach(((name, x),) -> (x isa Array{<:Number,0} || (outcome[name] = x)), gradients)
    return outcome
end
