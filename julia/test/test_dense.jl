@testset "dense layers and tables of vectors" begin
    y = layer("Bilinear", ("inputs" => 2, "n_in" => 1, "n_other" => 1, "n_out" => 1); param_weight=[2.0;;;], param_bias=[1.0], x1=[3.0;;], x2=[5.0;;])["y"]
    @test y == [31;;]
    table = Float32[1 2 3; 4 5 6]
    @test layer("Embedding", ("n_in" => 3, "n_out" => 2); param_weight=table, x1=[2, 0])["y"] == [3 1; 6 4]
    bag(reduction) = layer("EmbeddingBag", ("n_in" => 3, "n_out" => 2, "reduction" => reduction); param_weight=table, x1=[0 2; 1 2])["y"]
    @test bag("sum") == [3 6; 9 12] && bag("mean") == [1.5 3; 4.5 6] && bag("maximum") == [2 3; 5 6]
end

@testset "layers made of arrays of the case" begin
    outcome = evaluate("Dense", Config("made" => "arrays"), AutoMode(), arrays(; x1=[1.0; 2;;], x2=[3.0 4], x3=[5.0], dy1=[1.0;;]))
    @test outcome["y"] == outcome["plain"] == [16;;] && outcome["grad.x1"] == [3; 4;;]
    @test outcome["grad.x2"] == [1 2] && outcome["grad.x3"] == [1]
    two = JuliaParity.MadeOf(weight -> (x, y) -> weight * (x + y), Val(2))
    @test two(1, 2, 10) == 30
end
