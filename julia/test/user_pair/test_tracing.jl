# A model taken apart: every call, what goes in and out, and what comes back.

using JuliaParity.UserPair: as_model, trace_subject
using Zygote: Zygote

"The lines of text that tell a trace, by their first word."
function lines_of(outcome)
    lines = [split(line, '\t') for line in split(String(copy(outcome["y.calls"])), '\n')]
    return Dict(word => [line[2:end] for line in lines if line[1] == word] for word in unique(first.(lines)))
end

arrays_for(x; dy=nothing, more...) = Dict{String,Any}("x1" => x, (dy === nothing ? () : ("dy1" => dy,))..., (string(k) => v for (k, v) in more)...)
config(; mode="train") = Dict{String,Any}("mode" => mode, "dtype" => "float64")

struct Halved{A,B}
    first::A
    second::B
end
Flux.@layer Halved
(m::Halved)(x) = m.second(m.first(x) ./ 2)

struct Typed
    layer::Dense{typeof(tanh),Matrix{Float64},Vector{Float64}}
end
(m::Typed)(x) = m.layer(x)

@testset "tracing" begin
    x = rand(3, 5)
    @testset "what comes back through every call is Zygote's for the whole" begin
        model = f64(Chain(Dense(3 => 4, tanh), Parallel(vcat, BatchNorm(4), Dense(4 => 2)), SkipConnection(Dense(6 => 6), +)))
        dy = rand(6, 5)
        outcome = trace_subject(model, config(), arrays_for(x; dy))
        whole = trainmode!(deepcopy(model))
        y, back = Zygote.pullback((m, x) -> m(x), whole, x)
        dmodel, dx = back(dy)
        lines = lines_of(outcome)
        places = Dict(line[2] => line[1] for line in lines["call"])
        @test outcome["y.v$(only(lines["outputs"])[1])"] ≈ y
        @test outcome["y.dx$(places["layers.0"]).0"] ≈ dx
        @test outcome["y.grad$(places["layers.0"]).layers.0.weight"] ≈ dmodel.layers[1].weight
        @test outcome["y.grad$(places["layers.1.layers.0"]).layers.1.layers.0.scale"] ≈ dmodel.layers[2].layers[1].γ
        @test outcome["y.grad$(places["layers.2.layers"]).layers.2.layers.weight"] ≈ dmodel.layers[3].layers.weight
        @test outcome["y.after$(places["layers.1.layers.0"]).layers.1.layers.0.mean"] ≈ whole.layers[2].layers[1].μ
        @test [line[4] for line in lines["call"] if line[2] == "layers.0"] == ["tanh"]
    end

    @testset "what a struct does itself comes out of no call" begin
        outcome = trace_subject(Halved(f64(Dense(3 => 4)), f64(Dense(4 => 2))), config(), arrays_for(x; dy=rand(2, 5)))
        first, second = lines_of(outcome)["call"]
        @test first[7] != second[6]
        @test outcome["y.v$(second[6])"] ≈ outcome["y.v$(first[7])"] ./ 2
        @test haskey(outcome, "y.dy$(first[1]).0")
    end

    @testset "a struct whose fields take no other layer is one call" begin
        layer = f64(Dense(3 => 2, tanh))
        lines = lines_of(trace_subject(Typed(layer), config(), arrays_for(x)))
        @test [line[3] for line in lines["call"]] == ["Typed"]
    end

    @testset "attention with its projections, and what raises" begin
        outcome = trace_subject(MultiHeadAttention(4; nheads=2), config(), arrays_for(rand(4, 3, 2)))
        kinds = [line[3] for line in lines_of(outcome)["call"]]
        @test kinds[end] == "MultiHeadAttention" && count(==("Dense"), kinds) == 4
        lines = lines_of(trace_subject(Chain(Dense(3 => 2), Dense(5 => 2)), config(), arrays_for(x)))
        @test only(lines["outputs"])[1] == "" && occursin("DimensionMismatch", only(lines["error"])[1])
        @test length(lines["call"]) == 1
    end

    @testset "stages, lists of layers and tied arrays" begin
        @test as_model((identity, tanh)) isa Chain && as_model([Dense(2 => 2)]) isa Chain
        lines = lines_of(trace_subject(Chain([Dense(3 => 3), Dense(3 => 3)]), config(), arrays_for(x)))
        @test [line[2] for line in lines["call"]] == ["layers.0", "layers.1", ""]
        W = rand(2, 3)
        model = f64(Chain(Dense(W), Dense(W')))
        parameters = Dict("param.layers.0.weight" => 2W)
        outcome = trace_subject(model, config(), merge(arrays_for(x), parameters))
        @test outcome["y.v$(only(lines_of(outcome)["outputs"])[1])"] ≈ 4 * W' * W * x
    end

    @testset "nothing is dropped" begin
        outcome = trace_subject(Chain(Dropout(0.5), BatchNorm(3)), config(), arrays_for(x; dy=x))
        @test outcome["y.v2"] == x
    end
end
