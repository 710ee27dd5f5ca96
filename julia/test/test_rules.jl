@testset "rules: parameter and state after every step" begin
    steps(config...) =
        evaluate(last(first(config)), Config(config...), OptimiserSteps(), arrays(; x=[1.0], g1=[1.0], g2=[1.0]))
    momentum = steps("rule" => "Momentum", "eta" => 0.5, "rho" => 0.5)
    @test (momentum["x@1"], momentum["state@1"]) == ([0.5], [0.5])
    @test (momentum["x@2"], momentum["state@2"]) == ([-0.25], [0.75])
    chained = steps("rule" => "OptimiserChain", "rules" => [Dict("rule" => "ClipGrad", "delta" => 0.25), Dict("rule" => "Descent", "eta" => 1.0)])
    @test chained["x@2"] == [0.5]
    @test JuliaParity.rule(Dict("rule" => "MixedPrecision", "precision" => "float64", "inner" => Dict("rule" => "Descent"))) isa MixedPrecision{Float64}
    @test issubset(keys(JuliaParity.RULES), keys(JuliaParity.CONSTRUCTORS))
end
