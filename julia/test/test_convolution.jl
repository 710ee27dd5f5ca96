@testset "convolutions: kernels are flipped, correlations are not" begin
    given = (param_weight=reshape([1.0, 2], 2, 1, 1), param_bias=[0.0], x1=reshape([1.0, 10, 100], 3, 1, 1))
    config = ("rank" => 1, "kernel" => [2], "n_in" => 1, "n_out" => 1)
    @test vec(layer("Conv", config; given...)["y"]) == [12, 120]
    @test vec(layer("CrossCor", config; given...)["y"]) == [21, 210]
    @test vec(layer("ConvTranspose", config; given...)["y"]) == [2, 21, 210, 100]  # the transpose of the first
    @test JuliaParity.channels(Config("groups" => 2, "n_in" => 3, "n_out" => 1)) == (6 => 2)
end
