@testset "rows of the textbook family" begin
    y = layer("textbook.Affine", ("n_in" => 1, "n_out" => 1); param_weight=[2.0;;], param_bias=[1.0], x1=[3.0;;], dy1=[1.0;;])
    @test y["y"] == [7;;] && y["grad.param.weight"] == [3;;] && y["grad.x1"] == [2;;]
    loss = evaluate("textbook.softmax_with_loss", Config(), FunctionCall(), arrays(; x1=[0.0; 0.0;;], x2=[1], dy1=fill(1.0)))
    @test loss["grad.x1"] == [0.5; -0.5;;]
    steps = evaluate("textbook.SGD", Config("lr" => 0.5), OptimiserSteps(), arrays(; x=[1.0], g1=[1.0]))
    @test steps["x@1"] == [0.5]
    @test JuliaParity.textbook_features(Config("rank" => 4, "channels" => 2, "pixels" => 3)) == 18
end
