using JuliaParity: Outcome, record!, record_gradient!, record_output!

@testset "outcomes: parts are named by their paths, counted from 0" begin
    recorded = record!(Outcome(), "grad", (weight=[1.0 2.0]', rest=(nothing, 3.0, true), γ=Ref([4.0])))
    @test recorded == Dict("grad.weight" => [1.0; 2.0;;], "grad.rest.0" => nothing, "grad.rest.1" => fill(3.0), "grad.scale" => [4.0])
    @test recorded["grad.weight"] isa Matrix
    @test record!(Outcome(), "y", [[1.0], [2.0]]) == Dict("y.0" => [1.0], "y.1" => [2.0])
    original = [1.0]
    @test record!(Outcome(), "x", original)["x"] !== original
end

@testset "integers of an output are indices, booleans are not" begin
    @test record_output!(Outcome(), "y", ([1, 3], Bool[1, 0])) == Dict("y.0" => [0, 2], "y.1" => Bool[1, 0])
end

@testset "settings have no gradient" begin
    @test record_gradient!(Outcome(), (weight=[1.0], eps=2.0)) == Dict("grad.param.weight" => [1.0])
    @test record_gradient!(Outcome(), nothing) == Dict("grad.param" => nothing)
end
