# Writes the files beside it: values of every kind that people have in files, and whole models.
#
#     julia write_values.jl DIRECTORY
#
# The files here were written with Julia 1.10, Flux 0.16.9, JLD2 0.6 and BSON 0.3; those called old_*.jld2 with JLD2 0.4.30, which
# writes format 0.1.1: `julia write_values.jl DIRECTORY old`, in an environment that has it.

using JLD2, LinearAlgebra, SparseArrays, Dates

module Users
@enum Colour red = 1 green = 2
struct Inner
    W::Matrix{Float32}
    σ::Function
end
mutable struct Model
    name::String
    inner::Inner
    rates::NTuple{3,Float64}
    extra::Any
    cycle::Any
    Model(name, inner, rates, extra) = new(name, inner, rates, extra)
end
struct Empty end
end

numbers() = Dict{String,Any}(
    "f16" => Float16[1 2 3; 4 5 6], "f32" => reshape(Float32.(1:24), 2, 3, 4), "complex" => [1.0+2im 3; 4 5im], "int128" => Int128(2)^100,
    "int128s" => Int128[1, -2], "bool" => [true false; false true], "big" => big(2)^200, "negative_big" => -big(3)^50, "bigfloat" => big"1.5",
    "rational" => 2 // 3, "char" => 'σ', "chars" => ['a', 'é'], "enum" => Users.green, "enums" => [Users.red, Users.green], "symbol" => :weight,
    "symbols" => [:a, :b], "string" => "text, σ²", "strings" => ["a" "b"; "c" "d"], "missing" => missing, "nothing" => nothing,
    "missings" => [1.5, missing, 3.0], "nothings" => Union{Nothing,Int}[1, nothing], "date" => Date(2026, 11, 26),
    "dates" => [Date(1999, 12, 31), Date(2000, 1, 1)], "moment" => DateTime(2026, 11, 26, 8, 30), "moments" => [DateTime(1970), DateTime(1969, 12, 31, 23)],
    "time" => Time(1, 2, 3), "day" => Day(3), "days" => [Day(1), Day(2)], "version" => v"1.2.3",
)

arrays() = Dict{String,Any}(
    "range" => 2:5, "steps" => 10:-3:1, "floats" => 0.1:0.1:0.5, "linear" => LinRange(0.0, 1.0, 5), "adjoint" => [1.0+im 2; 3 4; 5 6]',
    "transpose" => transpose([1.0 2 3; 4 5 6]), "row" => [1.0, 2, 3]', "permuted" => PermutedDimsArray(reshape(1.0:24, 2, 3, 4) |> collect, (3, 1, 2)),
    "view" => view(collect(reshape(1.0:20, 4, 5)), 2:3, [1, 3, 5]), "column" => view(collect(reshape(1.0:20, 4, 5)), :, 2),
    "row_view" => view(collect(reshape(1.0:20, 4, 5)), 3, :), "reshaped" => reshape(view(collect(1.0:12), 1:12), 3, 4), "bits" => BitArray([true false true; false false true]),
    "bit_vector" => BitVector(isodd.(1:70)), "sparse" => sparse([1, 3], [2, 1], [1.5, 2.5], 3, 2), "diagonal" => Diagonal([1.0, 2.0]),
    "symmetric" => Symmetric([1.0 2; 9 3]), "lower" => LowerTriangular([1.0 2; 3 4]), "nested" => [[1.0, 2.0], [3.0]], "matrix_of_any" => Any[1 "a"; :b nothing],
    "empty" => zeros(Float32, 0, 3), "zero_dimensional" => fill(3.5), "none" => [],
)

containers() = Dict{String,Any}(
    "dict" => Dict("a" => [1.0f0], "b" => [2.0f0]), "symbol_dict" => Dict(:x => 1), "int_dict" => Dict(1 => "one", 2 => "two"),
    "tuple_dict" => Dict((1, 2) => [1.0]), "array_dict" => IdDict([1.0] => 2), "set" => Set([3]), "named" => (a=1, b=(c=[1.0],)), "tuple" => (1, "a", [2.0]),
    "long_tuple" => ntuple(Float64, 12), "empty_tuple" => (), "empty_named" => NamedTuple(), "pair" => "a" => 1, "pairs" => [1 => 2.5, 3 => 4.5], "ref" => Ref([1.0]),
    "type" => Float32, "parametric" => Vector{Float32}, "types" => [Int, String], "function" => sin, "functions" => (sin, cos), "module" => LinearAlgebra,
    "empty_struct" => Users.Empty(), "tuples" => [(1, 2.0f0), (3, 4.0f0)], "named_tuples" => [(a=1, b=2.0), (a=3, b=4.0)],
)

function structs()
    shared = Float32[1 2; 3 4]
    model = Users.Model("one", Users.Inner(shared, tanh), (1.0, 2.0, 3.0), Any[shared, :x])
    circle = Users.Model("circle", Users.Inner(shared, x -> x + 1), (0.0, 0.0, 0.0), nothing)
    circle.cycle = circle
    return Dict{String,Any}("model" => model, "circle" => circle, "all" => [model, model], "closure" => let k = [2.0]; x -> k .* x; end)
end

save_jld2(path, values, compress=false) = jldsave(path, compress; (Symbol(name) => value for (name, value) in values)...)

function old(directory)
    save_jld2(joinpath(directory, "old_numbers.jld2"), numbers())
    save_jld2(joinpath(directory, "old_arrays.jld2"), arrays())
    save_jld2(joinpath(directory, "old_containers.jld2"), delete!(containers(), "module"))
    return save_jld2(joinpath(directory, "old_structs.jld2"), structs())
end

if ARGS[2:end] == ["old"]
    old(ARGS[1])
    exit()
end

using BSON, Flux, Optimisers, Random, StaticArrays
using Lux: Lux

fill_all!(x::AbstractArray{<:AbstractFloat}, count) = (x .= reshape(count .+ 0.5f0 .* (0:(length(x) - 1)), size(x)); count + 1)
function filled(model)
    count = 0
    for array in Flux.trainables(model)
        count = fill_all!(array, count)
    end
    return model
end

models() = Dict{String,Any}(
    "chain" => filled(Chain(Dense(2 => 3, tanh), BatchNorm(3), Dense(3 => 1; bias=false))),
    "convolution" => filled(Chain(Conv((2, 3), 1 => 2, relu; pad=(1, 2), stride=(1, 2)), MaxPool((2, 2)), Flux.flatten, Dense(4 => 1))),
    "dense" => filled(Dense(2 => 3)), "named" => filled(Chain(; first=Dense(1 => 2), skip=SkipConnection(Dense(2 => 2), +))),
    "recurrent" => filled(Chain(LSTM(2 => 3), GRU(3 => 2))), "layers" => [filled(Dense(1 => 2)), filled(Dense(2 => 1))],
)

function optimisers()
    model = filled(Chain(Dense(2 => 3, tanh), Dense(3 => 1)))
    flat, re = Flux.destructure(model)
    tree = Flux.setup(Optimisers.Adam(0.01), model)
    grads = Flux.gradient(m -> sum(abs2, m(ones(Float32, 2, 4))), model)[1]
    tree, model = Optimisers.update(tree, model, grads)
    return Dict{String,Any}("tree" => tree, "flat" => flat, "re" => re, "rule" => Optimisers.OptimiserChain(Optimisers.ClipGrad(1.0), Optimisers.Adam(0.01)))
end

function lux()
    model = Lux.Chain(Lux.Dense(2 => 3, tanh), Lux.BatchNorm(3), Lux.Dense(3 => 1))
    ps, st = Lux.setup(Xoshiro(1), model)
    return Dict{String,Any}("model" => model, "ps" => ps, "st" => st)
end

static() = Dict{String,Any}("vector" => SVector(1.0, 2.0), "matrix" => SMatrix{2,3}(1.0f0:6.0f0...), "long" => SVector{20}(1.0:20.0...))

function bson_takes(name, value)
    try
        BSON.bson(IOBuffer(), Dict(:value => value))
        return true
    catch error
        println("BSON.jl does not write $name: ", first(sprint(showerror, error), 100))
        return false
    end
end

function write_all(directory)
    at(name) = joinpath(directory, name)
    for (name, values) in
        ("numbers" => numbers(), "arrays" => arrays(), "containers" => containers(), "structs" => structs(), "models" => models(), "optimisers" => optimisers(), "lux" => lux(), "static" => static())
        save_jld2(at("$name.jld2"), values)
        kept = name == "lux" ? Dict(k => v for (k, v) in values if k != "model") : values
        name == "structs" && delete!(kept, "closure") # BSON writes the syntax tree of a function along
        BSON.bson(at("$name.bson"), Dict(Symbol(k) => v for (k, v) in kept if bson_takes(k, v)))
    end
    BSON.bson(at("closure.bson"), Dict(:closure => structs()["closure"]))
    save_jld2(at("compressed.jld2"), Dict("a" => repeat(Float32[1 2 3], 400), "b" => collect(1:1000), "c" => fill((1, 2.0), 500)), true)
    save_jld2(at("shuffled.jld2"), Dict("a" => repeat(Float32[1 2 3], 400)), [JLD2.Shuffle(), JLD2.Deflate()])
    save_jld2(at("zstd.jld2"), Dict("a" => repeat(Float32[1 2 3], 400)), JLD2.ZstdFilter())
    return jldopen(at("groups.jld2"), "w") do file
        file["run/first/x"] = [1.0]
        file["run/second"] = (y=2,)
        file["run/first/z"] = 3
    end
end

write_all(ARGS[1])
