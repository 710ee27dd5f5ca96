# The arrays of a model as they lie in its fields, transposed ones and views among them, and which of them are one.

"Every array of floating-point numbers in it by path, in the order of the fields; transposed ones and views, too."
float_arrays(x, path="") = float_arrays!(Pair{String,Any}[], path, x)
float_arrays!(arrays, path, x::AbstractArray{<:AbstractFloat}) = push!(arrays, path => x)
float_arrays!(arrays, path, x::AbstractArray{<:Number}) = arrays
float_arrays!(arrays, path, x::Union{Tuple,NamedTuple}) =
    (foreach(name -> float_arrays!(arrays, join_path(path, word(name)), x[name]), keys(x)); arrays)
float_arrays!(arrays, path, x::AbstractArray) =
    (foreach(((i, part),) -> float_arrays!(arrays, join_path(path, word(i)), part), enumerate(x)); arrays)
float_arrays!(arrays, path, ::Union{PLAIN,Function}) = arrays
function float_arrays!(arrays, path, x)
    foreach(name -> float_arrays!(arrays, join_path(path, word(name)), getfield(x, name)), fieldnames(typeof(x)))
    return arrays
end

"(path, path of the first that has the same memory, whether it is turned) of arrays that are in a model more than once."
function tied(model)
    first_of, ties = IdDict{Any,Tuple{String,Bool}}(), Tuple{String,String,Bool}[]
    for (path, array) in float_arrays(model)
        turned = array isa Union{Transpose,Adjoint}
        memory = turned ? parent(array) : array
        if haskey(first_of, memory)
            other, was_turned = first_of[memory]
            push!(ties, (path, other, turned != was_turned))
        else
            first_of[memory] = (path, turned)
        end
    end
    return ties
end

"The arrays below a path of the model."
own_of(model, path) = [name => array for (name, array) in float_arrays(model) if isempty(path) || name == path || startswith(name, "$path.")]
