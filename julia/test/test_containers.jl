@testset "layers made of layers" begin
    sizes = ("n_in" => 2, "n_out" => 3)
    @test JuliaParity.chain(Config(sizes..., "net" => "named")).layers isa NamedTuple{(:first, :second)}
    @test length(JuliaParity.regression(2, 1)) == 3
    branches(layers) = JuliaParity.parallel(Config(sizes..., "layers" => layers, "connection" => "vcat"))
    @test length(branches("one").layers) == 1 && length(branches("two").layers) == 2
    @test keys(branches("named").layers) == (:first, :second)
    skipped = layer("SkipConnection", ("n_in" => 1, "n_out" => 1, "connection" => "add"); param_layers_weight=[2.0;;], param_layers_bias=[0.0], x1=[3.0;;])
    @test skipped["y"] == [9;;]
end
