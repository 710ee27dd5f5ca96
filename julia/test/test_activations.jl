@testset "activations and what is like softmax" begin
    @test call("relu", (), [-1.0, 2.0]; dy=[1.0, 3.0]) == Dict("y" => [0, 2], "grad.x1" => [0, 3])
    leaky = call("leakyrelu", ("parameters" => [0.5],), Float32[-1, 2])["y"]
    @test leaky == Float32[-0.5, 2] && leaky isa Vector{Float32}
    @test call("softmax", ("dims" => -2,), [0.0 1.0; 0.0 1.0])["y"] ≈ softmax([0.0 1.0; 0.0 1.0]; dims=2)
    @test call("glu", (), [2.0, 0.0])["y"] == [1.0]
end
