@testset "sizes and axes: Python's order outside, Julia's here" begin
    @test JuliaParity.axes_tuple([1, 2, 3]) == (3, 2, 1)
    @test JuliaParity.spatial(Config("kernel" => [2, 3, 4], "rank" => 2)) == (3, 2)
    @test JuliaParity.dimension(-1) == 1
end

@testset "padding: axes are reversed, low and high are not" begin
    @test JuliaParity.padding(Config("rank" => 2, "pad" => [1, 2, 0, 3])) == (0, 3, 1, 2)
    @test JuliaParity.padding(Config("rank" => 2, "pad" => [1, 2])) == (2, 1)
    @test isempty(JuliaParity.pad_settings(Config("rank" => 2)))
    @test JuliaParity.padding(Config("rank" => 2, "pad" => "same")) === SamePad()
end

@testset "settings that are there, each converted" begin
    @test JuliaParity.settings(Config("eps" => 1, "dims" => -2), "eps" => Float32, "dims" => JuliaParity.dimension, "agg" => identity) ==
          (eps=1.0f0, dims=2)
    @test JuliaParity.act(Config("act" => "relu")) === relu && JuliaParity.act(Config()) === identity
end
