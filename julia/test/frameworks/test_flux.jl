using JuliaParity: in_precision, pullback, set_mode!, set_up, train_step!

@testset "Flux models: precision, modes, gradients and training" begin
    @test in_precision(Float64, Dense(2 => 3)).weight isa Matrix{Float64}
    @test in_precision(Float32, f64(Dense(2 => 3))).weight isa Matrix{Float32}
    norm = BatchNorm(2)
    @test set_mode!(norm, AutoMode()).active === nothing
    @test set_mode!(norm, TrainMode()).active === true
    @test set_mode!(norm, TestMode()).active === false
    y, back = pullback((x, z) -> x .* z, [1.0, 2.0], [3.0, 4.0])
    @test y == [3, 8] && back([1.0, 10.0]) == (nothing, [3, 40], [1, 20])
    model = Dense([1.0;;], false)  # loss (w x - t)^2 = 4, its gradient 2 (w x - t) x = 12
    @test train_step!(set_up(Descent(0.5), model), model, Flux.mse, [3.0;;], [1.0;;]) == 4
    @test model.weight == [1 - 0.5 * 12;;]
end

@testset "Flux models: arrays by path, whatever holds them" begin
    nested = (layers=[Dense([1.0;;]), (a=[2.0], b="no array", c=[1, 2])], count=3, kind=Dense)
    @test JuliaParity.arrays_of(nested) == Dict("layers.0.weight" => [1.0;;], "layers.0.bias" => [0.0], "layers.1.a" => [2.0])
end
