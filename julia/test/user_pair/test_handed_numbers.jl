using JuliaParity.UserPair: HandedNumbers
using Random: randn!, randperm, shuffle

@testset "a generator that gives out numbers of the case, as Python's does" begin
    numbers = [0.1 0.9 0.5 0.3 0.7 0.2; -1.0 1.5 0.0 -0.5 0.25 -2.0]
    fresh(across=true) = HandedNumbers(numbers, across)
    rng = fresh()
    @test (rand(rng), randn(rng), rand(rng, Float32)) == (0.1, 1.5, 0.5f0)
    @test rand(fresh(), 2, 3) == [0.1 0.9 0.5; 0.3 0.7 0.2]
    @test rand(fresh(false), 3, 2) == [0.1 0.3; 0.9 0.7; 0.5 0.2]
    @test randn!(fresh(), zeros(1, 2)) == [-1.0 1.5] == randn(fresh(), 1, 2)
    rng = fresh()
    @test (rand(rng, 1:6), rand(rng, 0:9), rand(rng, 1:6, 2), rand(rng, [10, 20])) == (1, 9, [4, 2], 20)
    @test randperm(fresh(), 3) == [1, 3, 2]
    @test shuffle(fresh(), ["a", "b", "c"]) == ["a", "c", "b"]
    @test_throws "random:14" rand(fresh(), 7)
end
