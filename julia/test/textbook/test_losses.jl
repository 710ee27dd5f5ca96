include("asking.jl")

@testset "the textbook's softmax and cross entropy" begin
    scores, hot = [1.0 0; 2 0; 3 0], [0.0 1; 1 0; 0 0]
    y = Textbook.softmax(scores)
    @test sum(y; dims=1) ≈ [1 1] && y[1, 2] ≈ 1 / 3
    @test gradient_error(Textbook.softmax, copy(scores)) < 1e-8
    @test gradient_error(Textbook.cross_entropy_error, copy(y), hot) < 1e-5
    l, back = Textbook.pullback(Textbook.softmax_with_loss, scores, [2, 1])
    @test l ≈ Textbook.cross_entropy_error(y, hot)
    @test back(1.0)[2] == (y .- hot) ./ 2
    @test Textbook.pullback(Textbook.softmax_with_summed_loss, scores, hot)[2](1.0)[2] == y .- hot
    @test_throws ArgumentError Textbook.softmax_with_loss(scores, [4, 1])
    @test_throws DimensionMismatch Textbook.softmax_with_loss(scores, [1.0, 2.0])
end
