# What a case is made of, and the names of what comes of it.
#
# Names are those of the Python side: indices count from 0, Greek fields are words. Arrays are Julia's own; whoever calls
# reverses their axes.

"Plain data that configures a row."
const Config = Dict{String,Any}

"Named arrays, or nothing where no gradient flows."
const Outcome = Dict{String,Any}

"The case does not fit this side's subject: a mistake of the catalogue, never an outcome."
struct CaseError <: Exception
    message::String
end
Base.showerror(io::IO, e::CaseError) = print(io, e.message)

const WORDS = Dict(:β => "shift", :γ => "scale", :μ => "mean", :σ² => "var", :λ => "act", :σ => "act", :ϵ => "eps")

word(name::Symbol) = get(WORDS, name, String(name))
word(index::Integer) = string(index - 1)

join_path(path, name) = isempty(path) ? name : string(path, '.', name)

"The arrays whose names begin so, by the rest of their names."
starting_with(prefix, arrays) = Dict(chopprefix(name, prefix) => array for (name, array) in arrays if startswith(name, prefix))

"The arrays `x1`, `x2`, ... of a letter, in order."
function numbered(letter, arrays)
    count = 0
    while haskey(arrays, string(letter, count + 1))
        count += 1
    end
    return Any[arrays[string(letter, i)] for i in 1:count]
end

"Integer arrays are indices, which the case counts from 0."
to_julia_index(x::AbstractArray{<:Integer}) = x .+ 1
to_julia_index(x) = x

const PRECISIONS = Dict{String,DataType}("float32" => Float32, "float64" => Float64)

"The type of the floating-point numbers among these arrays."
float_type(arrays) = eltype(first(x for x in values(arrays) if eltype(x) <: AbstractFloat))
