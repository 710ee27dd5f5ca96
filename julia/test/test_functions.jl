@testset "low and high belong to the axes in the order in which these are given" begin
    given = ("rank" => 2, "pad" => [1, 0, 0, 2], "dims" => [1, 0])  # one row before, two columns after, in Julia's words
    @test call("pad_zeros", given, ones(2, 3))["y"] == [zeros(1, 5); ones(2, 3) zeros(2, 2)]
end

@testset "arrays cut and joined" begin
    @test call("stack", (), [1.0], [2.0])["y"] == [1 2]
    @test call("unstack", ("dims" => -1,), [1.0 2; 3 4])["y.1"] == [3, 4]
    @test call("unsqueeze", ("dims" => -1,), [1.0, 2])["y"] == [1 2]
end

@testset "a model as one vector, and its sizes" begin
    tied = JuliaParity.rebuilt(Config("net" => "tied", "n" => 1))
    @test tied([0.0, 0.0], [1.0;;]) == [0.5;;]  # one array that is there twice
    sizes = JuliaParity.output_size(Config("net" => "images", "n" => 4, "channels" => 2, "batch" => 3))
    @test sizes == Float32[3, 4 * 3 * 4]  # (8, 11) becomes (8, 6), then (4, 3), with 4 channels
end

@testset "stopping" begin
    @test call("patience", ("wait" => 2,), [1.0, 1, -1, 1])["y"] == [false, true, false, false]
end
