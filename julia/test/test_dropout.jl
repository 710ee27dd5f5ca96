@testset "dropout: with the mask of the case, whose axes are Python's" begin
    config = ("p" => 0.5, "rank" => 2)
    dropped = layer("Dropout", config; mode=TrainMode(), x1=ones(2, 1), noise=[0.25 0.75]', dy1=ones(2, 1))
    @test dropped["y"] == dropped["grad.x1"] == [0.0; 2.0;;]
    @test layer("Dropout", config; mode=TestMode(), x1=ones(2, 1), noise=[0.25 0.75]', dy1=ones(2, 1))["y"] == ones(2, 1)
    @test JuliaParity.mask_dims(Config(config..., "dims" => [0])) == (; dims=(2,))
    @test JuliaParity.mask_dims(Config(config...)) === (;)
end
