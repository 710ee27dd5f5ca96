@testset "attention: masks and biases as inputs" begin
    x = reshape([1.0, 2, 3, 4], 1, 4, 1)
    masked = call("make_causal_mask", (), x)["y"]
    @test masked == [i <= j for i in 1:4, j in 1:4]
    y = evaluate("dot_product_attention", Config("nheads" => 1, "mask" => "causal"), FunctionCall(), arrays(; x1=x, x2=x, x3=x))["y.0"]
    @test y[1] == 1 && 1 < y[2] < 2
    @test JuliaParity.allowed([1 2; 1 2], true) == [true true; false true]
    @test JuliaParity.allowed([1 2; 1 2], false) == [false true; false true]
end
