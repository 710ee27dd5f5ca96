@testset "the textbook: standard deviations by name, and what cannot be" begin
    @test Textbook.initial_std("he", 8) == Textbook.initial_std("ReLU", 8) == 0.5
    @test Textbook.initial_std("xavier", 4) == 0.5 && Textbook.initial_std(0.01f0, 4) === Float64(0.01f0)
    @test_throws ArgumentError Textbook.initial_std("glorot", 4)
    @test Textbook.samples_as_columns("here", ones(2, 3, 4), 6) == ones(6, 4)
    @test_throws DimensionMismatch Textbook.samples_as_columns("here", ones(2, 3, 4), 5)
    @test Textbook.converted(Float32, [1.0]) == Float32[1] && Textbook.floating([1]) isa Vector{Float64}
end
