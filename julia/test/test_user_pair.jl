@testset "what an expression stands for after a file, which is read once" begin
    file = tempname() * ".jl"
    write(file, """
        const READ = Ref(0)
        READ[] += 1
        double(x) = 2 .* x
        model = Chain(Dense(2 => 1), BatchNorm(1))
        times(a) = x -> a .* x
        include(x) = error("another one")
        """)
    @test UserPair.describe(file, "double") == "function"
    @test UserPair.describe(file, "model") == "model"
    @test UserPair.subject_of(file, "READ")[] == 1
    @test split(UserPair.parameter_names(file, "model"), '\n') ==
          ["layers.0.weight", "layers.0.bias", "layers.1.shift", "layers.1.scale", "layers.1.mean", "layers.1.var"]
    @test size(UserPair.parameters(file, "model")["layers.0.weight"]) == (1, 2)
    @test UserPair.describe("", "relu") == "function"
    @test_throws "there is no file" UserPair.describe(file * "x", "double")
    @test_throws "`nothing_of_the_kind` cannot be evaluated after" UserPair.describe(file, "nothing_of_the_kind")
end

@testset "in a file that loads Lux, names of Flux's are not there without saying so" begin
    code(text) = UserPair.loads_rival(Meta.parseall(text))
    @test code("using Lux") && code("import A, Lux.B") && code("begin using Lux: Dense end")
    @test !code("using Flux") && !code("Lux = 1; f(x) = Lux") && !code("# using Lux")
    file = tempname() * ".jl"
    write(file, "using Lux\n")
    @test Flux ∉ UserPair.named_in(file) && Flux ∈ UserPair.named_in("")
end

@testset "modes of a user's subject" begin
    asked(expression; more...) = Config("file" => "", "expression" => expression, (string(k) => v for (k, v) in more)...)
    ask(config, mode, given) = UserPair.evaluate("pair", config, mode, given)
    @test ask(asked("x -> 2x"), FunctionCall(), arrays(; x1=fill(3.0)))["y"] == fill(6.0)
    dense = ask(asked("Dense(1 => 1)"), AutoMode(), arrays(; param_weight=[2.0;;], param_bias=[0.0], x1=[3.0;;], dy1=[1.0;;]))
    @test dense["y"] == [6;;] && dense["grad.param.weight"] == [3;;]
    @test ask(asked("Descent(0.5)"), OptimiserSteps(), arrays(; x=[1.0], g1=[1.0]))["x@1"] == [0.5]
    training = asked("Dense(1 => 1)"; loss="(y, t) -> sum(abs2, y .- t)", rule="Descent(0.5)")
    trained = ask(training, TrainingRun(), arrays(; param_weight=[1.0;;], param_bias=[0.0], x1=[1.0;;], t1=[0.0;;]))
    @test only(trained["loss@1"]) == 1 && trained["param.weight@1"] == [0;;] && trained["param.bias@1"] == [-1]
    @test haskey(ask(asked("Dense(1 => 1)"), JuliaParity.TracedRun(), arrays(; x1=[1.0;;])), "y.calls")
end
