using JuliaParity, Test
using JuliaParity: Config, HandedIn, Textbook, evaluate
using Flux, Random

arrays(; named...) = Dict{String,Any}(replace(string(name), "_" => ".") => x for (name, x) in pairs(named))
dense(; x=ones(Float32, 2, 4)) = arrays(; param_weight=Float32[1 2; 3 4; 5 6], param_bias=zeros(Float32, 3), x1=x, dy1=ones(Float32, 3, 4))

@testset "JuliaParity" begin
    @testset "a layer: output, gradients, arrays afterwards, under the names of the Python side" begin
        found = evaluate("Dense", Config("n_in" => 2, "n_out" => 3), "auto", dense())
        @test found["y"] == found["plain"] == repeat(Float32[3, 7, 11], 1, 4)
        @test found["grad.param.weight"] == fill(4.0f0, 3, 2)
        @test found["grad.param.bias"] == fill(4.0f0, 3)
        @test found["grad.x1"] == repeat(Float32[9, 12], 1, 4)
        @test found["state.weight"] == Float32[1 2; 3 4; 5 6]
        @test found["grad.param.act"] === nothing
    end

    @testset "modes and running statistics" begin
        given = arrays(; param_shift=zeros(2), param_scale=ones(2), param_mean=zeros(2), param_var=ones(2), x1=[1.0 3 5; 2 4 6], dy1=ones(2, 3))
        train = evaluate("BatchNorm", Config("chs" => 2), "train", given)
        @test train["state.mean"] ≈ [0.3, 0.4]
        @test train["state.var"] ≈ [1.3, 1.3]
        test = evaluate("BatchNorm", Config("chs" => 2), "test", given)
        @test test["state.mean"] == zeros(2)
        @test train["plain"] == test["y"]
        @test all(x -> x === nothing || eltype(x) === Float64, values(train))
    end

    @testset "rules: parameter and state after every step" begin
        found = evaluate("Momentum", Config("rule" => "Momentum", "eta" => 0.5, "rho" => 0.5), "steps", arrays(; x=[1.0], g1=[1.0], g2=[1.0]))
        @test (found["x@1"], found["state@1"]) == ([0.5], [0.5])
        @test (found["x@2"], found["state@2"]) == ([-0.25], [0.75])
    end

    @testset "integers are indices, counted from 0 outside" begin
        found = evaluate("onehotbatch", Config("classes" => 3), "function", arrays(; x1=[0, 2]))
        @test found["y"] == Bool[1 0; 0 0; 0 1]
        @test evaluate("onecold", Config(), "function", arrays(; x1=[0.0 1; 5 0; 1 1]))["y"] == [1, 0]
    end

    @testset "random numbers are those of the case" begin
        rng = HandedIn([0.25, 0.5, 0.75, 1.0])
        @test rand(rng, Float32, 2) == Float32[0.25, 0.5]
        @test randn(rng, 2) == [0.75, 1.0]
        @test evaluate("zeros32", Config("rank" => 2, "sizes" => [3, 2]), "draw", arrays(; noise=zeros(3, 2)))["y"] == zeros(Float32, 2, 3)
        dropped = evaluate("Dropout", Config("p" => 0.5, "rank" => 2), "train", arrays(; x1=ones(2, 1), noise=[0.25 0.75]', dy1=ones(2, 1)))
        @test dropped["y"] == [0.0; 2.0;;]
    end

    @testset "errors of the subject pass through, mistakes of the case are told apart" begin
        @test_throws DimensionMismatch evaluate("Dense", Config("n_in" => 2, "n_out" => 3), "auto", dense(; x=ones(Float32, 5, 4)))
        @test_throws JuliaParity.CaseError evaluate("no such row", Config(), "function", arrays())
        misplaced = merge(dense(), arrays(; param_nothing=ones(2)))
        @test_throws JuliaParity.CaseError evaluate("Dense", Config("n_in" => 2, "n_out" => 3), "auto", misplaced)
        @test_throws JuliaParity.CaseError evaluate("Dense", Config("n_in" => 3, "n_out" => 3), "auto", dense())
    end

    @testset "padding: axes are reversed, low and high are not" begin
        @test JuliaParity.padding(Config("rank" => 2, "pad" => [1, 2, 0, 3])) == (0, 3, 1, 2)
        @test JuliaParity.padding(Config("rank" => 2, "pad" => [1, 2])) == (2, 1)
        @test JuliaParity.padding(Config("rank" => 2)) == 0
    end

    @testset "several arrays for output, each with its cotangent" begin
        found = evaluate("chunk", Config("rank" => 1, "n" => 2), "function", arrays(; x1=[1.0, 2, 3], dy1=[1.0, 1], dy2=[2.0]))
        @test (found["y.0"], found["y.1"], found["grad.x1"]) == ([1, 2], [3], [1, 1, 2])
    end

    @testset "low and high belong to the axes in the order in which these are given" begin
        given = Config("rank" => 2, "pad" => [1, 0, 0, 2], "dims" => [1, 0])  # one row before, two columns after, in Julia's words
        @test evaluate("pad_zeros", given, "function", arrays(; x1=ones(2, 3)))["y"] == [zeros(1, 5); ones(2, 3) zeros(2, 2)]
    end

    @testset "cases and outcomes cross as a text and a block of memory" begin
        given = ["x1" => rand(2, 3), "n" => fill(7), "flags" => [true false], "none" => Float32[], "z" => ComplexF32[1 + 2im]]
        address, words... = split(JuliaParity.pack(given), '\0')
        about = [Dict{String,Any}("name" => n, "type" => T, "size" => parse.(Int, split(s, ','; keepempty=false))) for (n, T, s) in Iterators.partition(words, 3)]
        again = JuliaParity.unpack(about, parse(Int, address))
        @test all(again[name] == array && typeof(again[name]) == typeof(array) for (name, array) in given)
        @test endswith(JuliaParity.pack(["grad.x1" => nothing]), "\0grad.x1\0nothing\0")
        @test_throws "y is an array of BigInt" JuliaParity.pack(["y" => [big(1)]])
    end

    @testset "what Flux exports" begin
        exported = split(JuliaParity.public_names())
        @test issubset(("Dense", "relu", "Adam", "@autosize"), exported) && "Flux" ∉ exported
    end

    @testset "the textbook's backward passes against central differences" begin
        rng = Xoshiro(1)
        for layer in (Textbook.Affine(randn(rng, 3, 4), randn(rng, 3)), Textbook.BatchNormalization(rand(rng, 4), rand(rng, 4)), Textbook.Sigmoid())
            x = randn(rng, 4, 5)
            y, back = JuliaParity.pullback(layer, x)
            dy = randn(rng, size(y)...)
            measured = Textbook.numerical_gradient(z -> sum(dy .* first(JuliaParity.pullback(layer, z))), x)
            @test back(dy)[2] ≈ measured rtol = 1e-6
        end
    end

    @testset "the cases of a workload run in both precisions, those of a newer Flux are left out" begin
        file = tempname()
        write(file, """
            [[case]]
            row = "relu"
            mode = "function"
            config = {"rank" = 1}
            arrays = {"x1" = {"size" = [2], "kind" = "real"}, "dy1" = {"size" = [2], "kind" = "real"}}

            [[case]]
            row = "relu"
            mode = "function"
            config = {}
            arrays = {}
            since = "99"
            """)
        cases = JuliaParity.workload(file)
        @test length(cases) == 1
        @test JuliaParity.run_workload(only(cases), Float32)["y"] == Float32[0.5, 0.5]
        @test JuliaParity.run_workload(only(cases), Float64)["grad.x1"] == [0.5, 0.5]
    end
end

include("tracing.jl")
