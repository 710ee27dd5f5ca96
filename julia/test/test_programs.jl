@testset "an optimiser's state, command by command" begin
    program = Any[["freeze", "layers.2"], ["update"], ["thaw", ""], ["adjust", "layers.2", Dict("eta" => 0.25)], ["update_part", 2], ["setup"], ["update"]]
    config = Config("rule" => Dict("rule" => "Descent", "eta" => 0.5), "program" => program)
    given = arrays(; x1=zeros(3, 1), t1=zeros(2, 1), param_layers_2_weight=zeros(2, 3), param_layers_2_bias=[1.0, -1.0])
    outcome = evaluate("optimiser_program", config, ProgramRun(), given)
    bias(step) = outcome["layers.2.bias@$step"]
    slope(b) = @. tanh(b) * (1 - tanh(b)^2)  # of mse over two numbers
    @test bias(1) == bias(2) == bias(4) == [1, -1]  # frozen, thawed, adjusted
    @test bias(5) ≈ bias(4) .- 0.25 .* slope(bias(4))
    @test bias(7) ≈ bias(6) .- 0.5 .* slope(bias(6))  # set up anew with the first rate
    @test outcome["layers.0.bias@1"] == outcome["layers.0.bias@7"] == zeros(3)  # no weight behind it, no gradient
end

@testset "a loader, command by command" begin
    config = Config("batchsize" => 2, "program" => Any[["count"], ["begin", 1], ["epoch"], ["both"]])
    outcome = evaluate("loader_program", config, ProgramRun(), arrays(; x1=[1.0 2 3], x2=[4.0, 5, 6]))
    @test outcome["y.0@1"] == fill(2.0)
    @test (outcome["y.0@2"], outcome["y.1@2"]) == ([1 2], [4, 5]) && !haskey(outcome, "y.2@2")
    @test outcome["y.3@3"] == [6]
    @test outcome["y.2@4"] == outcome["y.0@4"] == [1 2]
end

@testset "commands are types, made of a verb and its arguments" begin
    @test JuliaParity.command(Any["update"]) === JuliaParity.Update(nothing)
    @test JuliaParity.command(Any["adjust", "", Dict("eta" => 0.25)]).changes === (eta=0.25,)
    @test JuliaParity.commands([["update"], ["update"]]) isa Vector{JuliaParity.Command}
    @test_throws KeyError JuliaParity.command(Any["fly"])
end
