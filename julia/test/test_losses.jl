@testset "losses: settings from plain data, in the type of the data" begin
    loss(row, config, ŷ, y) = only(call(row, config, ŷ, y)["y"])
    @test loss("mse", (), [1.0, 3], [0.0, 0]) == 5
    @test loss("mse", ("agg" => "sum",), [1.0, 3], [0.0, 0]) == 10
    @test call("mae", ("agg" => "identity",), [1.0, 3], [0.0, 0])["y"] == [1, 3]
    @test loss("huber_loss", ("delta" => 1.0,), [3.0], [0.0]) == 2.5
    single = call("crossentropy", ("eps" => 0.25,), Float32[0.5, 0.5], Float32[1, 0])["y"]
    @test eltype(single) === Float32 && only(single) ≈ -log(0.75f0)
    @test call("label_smoothing", ("alpha" => 0.5,), [1.0; 0.0;;])["y"] == [0.75; 0.25;;]
end
