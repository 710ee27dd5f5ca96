using Optimisers

"The array after one step from 1 with gradient 2."
stepped(rule) = (x = [1.0]; x .- last(Optimisers.apply!(rule, Optimisers.init(rule, x), x, [2.0])))

@testset "the textbook's rules after a step" begin
    @test stepped(Textbook.SGD(; lr=0.25)) == [0.5]
    @test stepped(Textbook.Momentum(; lr=0.25)) == [0.5]
    @test stepped(Textbook.AdaGrad(; lr=0.5)) ≈ [1 - 0.5 * 2 / (2 + 1e-7)]
    @test stepped(Textbook.AdaGradNoEps(; lr=0.5)) ≈ [1 - 0.5 * 2 / sqrt(4 + 1e-8)] rtol = 1e-14
    @test stepped(Textbook.Adam(; lr=0.5)) ≈ [0.5] rtol = 1e-5
    @test_throws DomainError Textbook.SGD(; lr=-1)
    @test Optimisers.adjust(Textbook.Momentum(), 0.5) == Textbook.Momentum(0.5, 0.9)
end
