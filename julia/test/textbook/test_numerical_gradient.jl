@testset "central differences, with the argument as it was afterwards" begin
    x = [1.0, 2.0]
    @test Textbook.numerical_gradient(z -> z[1]^2 + 3z[2], x) ≈ [2, 3] rtol = 1e-9
    @test x == [1, 2]
    @test_throws ErrorException Textbook.numerical_gradient(_ -> error("no value"), x)
    @test x == [1, 2]
end
