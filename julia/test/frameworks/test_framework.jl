@testset "frameworks: arrays are copied to their places, which must be there and fit" begin
    model = Chain(Dense(2 => 3), BatchNorm(3))
    weight = Float32[1 2; 3 4; 5 6]
    @test JuliaParity.place!(model, Dict("layers.0.weight" => weight)) === model
    @test model[1].weight == weight && model[1].weight !== weight
    @test_throws "has no array layers.7.weight, only layers.0.bias" JuliaParity.place!(model, Dict("layers.7.weight" => weight))
    @test_throws "layers.0.weight has size (3, 2), the case gives (2, 3)" JuliaParity.place!(model, Dict("layers.0.weight" => weight'))
    @test sort!(collect(keys(JuliaParity.arrays_of(model)))) ==
          ["layers.0.bias", "layers.0.weight", "layers.1.mean", "layers.1.scale", "layers.1.shift", "layers.1.var"]
    @test JuliaParity.adopted(model) === model
end
