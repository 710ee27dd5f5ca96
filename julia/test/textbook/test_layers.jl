include("asking.jl")

@testset "the textbook's layers" begin
    rng = Xoshiro(1)
    affine = Textbook.Affine([1.0 2; 3 4; 5 6], [0.0, 0, 1])
    @test affine([1.0; 1.0;;]) == [3; 7; 12;;]
    @test size(affine(ones(1, 2, 5))) == (3, 5)  # every axis but the last is flattened
    @test Textbook.pullback(affine, [1.0; 2.0;;])[2](ones(3, 1))[1] == (weight=[1 2; 1 2; 1 2], bias=[1, 1, 1])
    @test_throws DimensionMismatch Textbook.Affine(ones(2, 3), ones(3))
    @test Textbook.Sigmoid()([-1000.0, 0, 1000]) == [0, 0.5, 1]
    @test Textbook.Relu()([-1.0, 0, NaN])[1:2] == [0, 0] && isnan(Textbook.Relu()([NaN])[1])
    for layer in (affine, Textbook.Sigmoid(), Textbook.Relu())
        @test gradient_error(layer, randn(rng, 2, 5)) < 1e-7
    end
end
