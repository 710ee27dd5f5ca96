using JuliaParity.UserPair: float_arrays, own_of, tied

@testset "arrays of a model in the order of its fields, and which of them are one" begin
    W = rand(2, 3)
    model = f64(Chain(Dense(W), Dense(W')))
    @test first.(float_arrays(model)) == ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]
    @test tied(model) == [("layers.1.weight", "layers.0.weight", true)]
    @test tied(Chain(Dense(W), Dense(W))) == [("layers.1.weight", "layers.0.weight", false)]
    @test isempty(tied(Chain(Dense(W), Dense(copy(W)))))
    @test first.(own_of(model, "layers.1")) == ["layers.1.weight", "layers.1.bias"]
end
