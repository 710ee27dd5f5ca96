include("asking.jl")

@testset "the textbook's pooling: the first maximum takes the gradient, row by row" begin
    x = reshape([1.0 2; 3 3], 2, 2, 1, 1)
    y, back = Textbook.pullback(Textbook.Pooling(2, 2), x)
    @test vec(y) == [3] && vec(back(fill(5.0, 1, 1, 1, 1))[2]) == [0, 5, 0, 0]
    @test vec(Textbook.Pooling(1, 2; stride=2, ceil=true)(reshape([1.0, 2, 3], 3, 1, 1, 1))) == [2, 3]
    @test size(Textbook.Pooling(1, 2; stride=2)(reshape([1.0, 2, 3], 3, 1, 1, 1)), 1) == 1
    below = reshape([-1.0], 1, 1, 1, 1)  # a zero of the padding wins, and takes the gradient with it
    y, back = Textbook.pullback(Textbook.Pooling(2, 2; pad=1), below)
    @test all(iszero, y) && all(iszero, back(ones(size(y)))[2])
    @test gradient_error(Textbook.Pooling(2, 2; stride=(2, 1)), randn(Xoshiro(1), 4, 3, 2, 2)) < 1e-7
end
