@testset "integers are indices, counted from 0 outside" begin
    @test call("onehotbatch", ("classes" => 3,), [0, 2])["y"] == Bool[1 0; 0 0; 0 1]
    @test call("onecold", (), [0.0 1; 5 0; 1 1])["y"] == [1, 0]
end

@testset "training: the loss before every step, the parameters after it; what is frozen stays" begin
    config = Config("n_in" => 1, "optimiser" => Dict("rule" => "Descent", "eta" => 0.5), "freeze_at" => 1)
    given = arrays(; x1=[1.0 2], t1=[0.0 0], param_layers_0_weight=zeros(5, 1), param_layers_2_weight=zeros(1, 5), param_layers_2_bias=[2.0])
    outcome = evaluate("train", config, TrainingRun(), given)
    @test only(outcome["loss@1"]) == 4
    @test outcome["layers.0.weight@1"] == zeros(5, 1)
    @test outcome["layers.2.bias@1"] ≈ [2 - 0.5 * 4]
end
