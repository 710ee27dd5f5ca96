@testset "recurrent layers: bare, with a state, and of a cell that is not Flux's" begin
    sizes = ("n_in" => 1, "n_out" => 1)
    weights = (param_cell_Wi=[0.0;;], param_cell_Wh=[1.0;;], param_cell_bias=[0.5])
    x = zeros(1, 2, 1)
    y = layer("RNN", sizes; weights..., x1=x)["y"]
    @test vec(y) ≈ [tanh(0.5), tanh(0.5 + tanh(0.5))]
    inside = NamedTuple(Symbol("param_layer", chopprefix(String(name), "param")) => array for (name, array) in pairs(weights))
    given = layer("RNN", (sizes..., "given" => true); inside..., x1=x, x2=[0.25;;])
    @test given["y.0"][1] ≈ tanh(0.75) && given["y.1"][1] ≈ given["y.0"][end]
    fading = layer("Recurrence", (sizes..., "cell" => "own"); param_cell_weight=[2.0;;], x1=ones(1, 3, 1))["y"]
    @test vec(fading) == [2, 3, 3.5]
    m = JuliaParity.Returning(GRUCell(1 => 1))
    @test f64(m)(zeros(1, 2), [0.5]) isa Tuple  # which a Recurrence forgets when it is mapped
end
