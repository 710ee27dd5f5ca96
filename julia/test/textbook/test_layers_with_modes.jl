include("asking.jl")

@testset "the textbook's batch normalisation: running statistics of the old value's share" begin
    norm = Textbook.BatchNormalization([2.0], [1.0]; momentum=0.75)
    y, _ = Textbook.pullback(norm, [1.0 3.0])
    @test y ≈ [-1 3] rtol = 1e-5
    @test norm.running_mean == [0.25 * 2] && norm.running_var == [0.25 * 1]  # biased
    @test norm([0.5 0.5]) ≈ [1 1]  # outside a gradient, with these statistics
    @test norm.running_mean == [0.5]
    @test gradient_error(Textbook.BatchNormalization([0.5, 2.0], [0.0, 1.0]), randn(Xoshiro(1), 2, 5)) < 1e-6
    @test_throws DimensionMismatch Textbook.BatchNormalization([1.0], [1.0, 2.0])
end

@testset "the textbook's dropout is not inverted" begin
    dropout = Textbook.Dropout(0.25; rng=JuliaParity.HandedIn([0.25, 0.5]))
    y, back = Textbook.pullback(dropout, [2.0, 4.0])
    @test y == [0, 4] && back([1.0, 1.0])[2] == [0, 1]
    @test dropout([4.0]) == [3]
    @test isconcretetype(fieldtype(typeof(dropout), :rng))
    @test_throws ArgumentError Textbook.Dropout(1.5)
end
