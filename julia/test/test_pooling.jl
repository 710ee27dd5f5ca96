@testset "pooling, and what else changes the size of an image" begin
    image = reshape(collect(1.0:6), 3, 2, 1, 1)
    config = ("rank" => 2, "kernel" => [2, 1])  # in Python's order: two rows, one column
    @test vec(layer("MaxPool", config; x1=image)["y"]) == [4, 5, 6]
    @test vec(layer("MeanPool", config; x1=image)["y"]) == [2.5, 3.5, 4.5]
    @test vec(layer("GlobalMeanPool", (); x1=image)["y"]) == [3.5]
    @test size(layer("Upsample", ("by" => "scale", "mode" => "nearest", "rank" => 2, "scale" => [2, 3]); x1=image)["y"]) == (9, 4, 1, 1)
    @test size(call("flatten", (), image)["y"]) == (6, 1)
end
