using Random

@testset "random numbers are those of the case, in order" begin
    rng = JuliaParity.HandedIn([0.25, 0.5, 0.75, 1.0, 2.0, 3.0])
    @test rand(rng, Float32, 2) == Float32[0.25, 0.5]
    @test randn(rng, 2) == [0.75, 1.0]
    @test randn(rng) === 2.0
    @test rand(rng) === 3.0
    @test_throws BoundsError rand(rng)
end
