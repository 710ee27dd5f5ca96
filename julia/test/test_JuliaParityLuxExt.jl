if Base.find_package("Lux") === nothing
    @info "Lux is not installed here: its tests are left out"
else
    using Lux: Lux
    using Optimisers: Optimisers

    "A subject of a file that loads Lux, whose `Dense` is Lux's."
    function lux_subject(expression)
        file = tempname() * ".jl"
        write(file, "using Lux\nsubject = $expression\n")
        return UserPair.subject_of(file, "subject")
    end

    parameters(model) = (("param." * path) => Float64.(array) for (path, array) in JuliaParity.arrays_of(model))

    @testset "Lux: arrays by path, parameters as in Lux, statistics as everywhere" begin
        model = lux_subject("Chain(Dense(2 => 1), BatchNorm(1))")
        @test UserPair.kind_of_subject(model) == "model"
        @test Set(keys(JuliaParity.arrays_of(model))) ==
              Set(["layer_1.weight", "layer_1.bias", "layer_2.scale", "layer_2.bias", "layer_2.mean", "layer_2.var"])
        double = JuliaParity.in_precision(Float64, model)
        @test all(array -> eltype(array) === Float64, values(JuliaParity.arrays_of(double)))
        given = lux_subject("(Dense(1 => 1), (weight=[2.0f0;;], bias=[1.0f0]), (;))")
        @test given(Float32[3;;]) == [7;;]
    end

    @testset "Lux: modes, statistics and gradients" begin
        model = lux_subject("BatchNorm(1; epsilon=0.0f0, momentum=0.5f0)")
        given = Dict{String,Any}("x1" => [1.0 3], "dy1" => [1.0 0], parameters(model)...)
        outcome(mode) = UserPair.evaluate_subject(model, mode, Config(), given)
        auto, train, test = map(outcome, (AutoMode(), TrainMode(), TestMode()))
        @test auto["y"] ≈ train["y"] ≈ [-1 1] && test["y"] ≈ [1 3]
        @test auto["plain"] ≈ [1 3] && train["plain"] ≈ test["plain"]
        @test train["state.mean"] ≈ [1] && train["state.var"] ≈ [(1 + 2) / 2]  # of two numbers, corrected
        @test test["state.mean"] == [0] && JuliaParity.arrays_of(model)["mean"] == [0]
        @test train["grad.param.bias"] ≈ [1] && train["grad.param.scale"] ≈ [-1]
        @test test["grad.x1"] ≈ [1 0]
    end

    @testset "Lux: a step of training" begin
        model = JuliaParity.adopted((Lux.Dense(1 => 1), (weight=[1.0;;], bias=[0.0]), (;)))
        tree = JuliaParity.set_up(Optimisers.Descent(0.5), model)
        value = JuliaParity.train_step!(tree, model, Lux.MSELoss(), [1.0;;], [0.0;;])
        @test value == 1
        @test model.parameters == (weight=[0.0;;], bias=[-1.0])
    end

    @testset "Lux: a run taken apart, in which nothing is dropped" begin
        model = lux_subject("Chain(Dense(2 => 2, tanh), Dropout(0.5), Parallel(+, Dense(2 => 1), Dense(2 => 1)), x -> 2x)")
        x, dy = rand(2, 3), rand(1, 3)
        given = Dict{String,Any}("x1" => x, "dy1" => dy, parameters(model)...)
        outcome = UserPair.trace_subject(model, Config("dtype" => "float64"), given)
        lines = [split(line, '\t') for line in split(String(copy(outcome["y.calls"])), '\n')]
        calls = [line[3:5] for line in lines if line[1] == "call"]
        @test calls == [
            ["layer_1", "Dense", "tanh"], ["layer_2", "Dropout", ""], ["layer_3.layer_1", "Dense", "identity"],
            ["layer_3.layer_2", "Dense", "identity"], ["layer_3", "Parallel", ""], ["layer_4", "function", ""], ["", "Chain", ""],
        ]
        whole = UserPair.evaluate_subject(model, TestMode(), Config(), given)
        ends = only(line[2] for line in lines if line[1] == "outputs")
        @test outcome["y.v$ends"] ≈ whole["y"]
        place = only(line[2] for line in lines if line[1] == "call" && line[3] == "layer_1")
        @test outcome["y.dx$place.0"] ≈ whole["grad.x1"]
        @test outcome["y.grad$place.layer_1.weight"] ≈ whole["grad.param.layer_1.weight"]
    end

    @testset "Lux: no two methods fit one call" begin
        extension = Base.get_extension(JuliaParity, :JuliaParityLuxExt)
        @test isempty(Test.detect_ambiguities(extension, JuliaParity, UserPair))
    end
end
