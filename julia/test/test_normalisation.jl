@testset "normalisation" begin
    x = [1.0 2; 3 6]
    y = call("normalise", ("dims" => -1, "eps" => 0.0), x)["y"]
    @test y ≈ [-1 -1; 1 1]
    layer_norm = layer("LayerNorm", ("sizes" => [3, 2], "over" => 1); param_diag_scale=[1.0, 10], param_diag_bias=[0.0, 1], x1=x)["y"]
    @test layer_norm ≈ [-1 -1; 11 11] rtol = 1e-4
    without = evaluate("remove_weight_norms", Config(), FunctionCall(), arrays(; x1=[1.0;;], x2=[3.0 4.0]', x3=[5.0; 5.0;;]))["y"]
    @test size(without) == (2, 1)
end
