# Cases and outcomes as the Python process hands them over: text that says what there is, and one block of memory with all numbers.
#
# Every value that crosses by itself costs a call between the languages, some milliseconds where Julia interprets; so one case crosses as
# one text and one address. A block holds arrays one after the other, each at a multiple of 16 bytes, in the order of the text.

const ELEMENTS = Dict{String,DataType}(
    string(T) => T for T in (
        Float64, Float32, Float16, Int64, Int32, Int16, Int8, UInt64, UInt32, UInt16, UInt8, Bool, ComplexF64, ComplexF32,
    )
)

aligned(bytes) = (bytes + 15) ÷ 16 * 16

"""
    unpack(arrays, address) -> Dict

Copies of the arrays in a block: `arrays` says of each its `name`, `type` and `size`, in Julia's order.
"""
function unpack(arrays, address)
    unpacked, offset = Dict{String,Any}(), 0
    for about in arrays
        T, dims = ELEMENTS[about["type"]], Tuple(Int.(about["size"]))
        array = Array{T}(undef, dims)
        bytes = sizeof(T) * length(array)
        GC.@preserve array unsafe_copyto!(Ptr{UInt8}(pointer(array)), Ptr{UInt8}(address) + offset, bytes)
        unpacked[about["name"]] = array
        offset += aligned(bytes)
    end
    return unpacked
end

"The last outcome: its memory has to stay until it was copied."
const BLOCK = Ref(UInt8[])

"""
    pack(outcome) -> text

The address of the block; then name, type and size of every array, all separated by zero characters; `nothing` is a type, too. The block
is kept until the next call.
"""
function pack(outcome)
    words, arrays = String[], Pair{Int,Array}[]
    offset = 0
    for (name, value) in outcome
        if value === nothing
            append!(words, (plain(name), "nothing", ""))
            continue
        end
        array = value isa Array ? value : Array(value)
        T = string(eltype(array))
        haskey(ELEMENTS, T) || error("$name is an array of $T, expected one of $(join(sort(collect(keys(ELEMENTS))), ", "))")
        append!(words, (plain(name), T, join(size(array), ',')))
        push!(arrays, offset => array)
        offset += aligned(sizeof(eltype(array)) * length(array))
    end
    BLOCK[] = Vector{UInt8}(undef, offset)
    for (start, array) in arrays
        bytes = sizeof(eltype(array)) * length(array)
        GC.@preserve array unsafe_copyto!(pointer(BLOCK[]) + start, Ptr{UInt8}(pointer(array)), bytes)
    end
    return join([string(Int(pointer(BLOCK[]))); words], '\0')
end

plain(name) = replace(name, '\0' => '?')

"""
    evaluate_block(evaluate, text, address) -> text

`evaluate(row, config, mode, arrays)` of a case that is handed over as TOML and a block of memory; its outcome in the same way.
"""
function evaluate_block(evaluate, text, address)
    about = TOML.parse(text)
    return pack(evaluate(about["row"], Config(about["config"]), Mode(about["mode"]), unpack(about["arrays"], address)))
end
