include("asking.jl")

@testset "the textbook's convolution is a correlation" begin
    x = reshape([1.0, 10, 100], 3, 1, 1, 1)
    layer = Textbook.Convolution(reshape([1.0, 2], 2, 1, 1, 1), [0.5])
    @test vec(layer(x)) == [21.5, 210.5]
    @test vec(Textbook.Convolution(layer.weight, [0.0]; stride=2, pad=(1, 0))(x)) == [2, 210]
    @test_throws DimensionMismatch Textbook.windows_along(2, 5, 1, 0)
    rng = Xoshiro(1)
    padded = Textbook.Convolution(randn(rng, 2, 3, 2, 3), randn(rng, 3); stride=(2, 1), pad=(1, 2))
    @test gradient_error(padded, randn(rng, 5, 4, 2, 2)) < 1e-6
end

@testset "col2im is the transpose of im2col" begin
    rng = Xoshiro(3)
    x, kernel, stride, pad = randn(rng, 4, 5, 2, 2), (2, 3), (2, 1), (1, 0)
    columns = Textbook.im2col(x, kernel, stride, pad)
    other = randn(rng, size(columns)...)
    @test sum(columns .* other) ≈ sum(x .* Textbook.col2im(other, (4, 5), stride, pad))
end
