using JuliaParity.UserPair: Log, Traced, act_of, kind_of, pulled
using Zygote: Zygote

@testset "what joins layers is written out, and gives Zygote's gradients" begin
    inner = f64(Dense(3 => 3, tanh))
    x, dy = rand(3, 2), rand(3, 2)
    for model in (Chain(inner, inner), SkipConnection(inner, (y, x) -> y .* x), Parallel(+, inner, identity))
        y, back = pulled(model, (x,))
        expected, expected_back = Zygote.pullback(model, x)
        @test y ≈ expected
        @test last(back(dy)) ≈ only(expected_back(dy))
    end
    y, back = pulled(Parallel(vcat, identity, identity), ([1.0], [2.0]))
    @test y == [1, 2] && back([3.0, 4.0]) == (nothing, [3.0], [4.0])
end

@testset "a layer in its place does the same, and notes it" begin
    log, dense = Log(), Dense([2.0;;], [1.0], tanh)
    traced = Traced(dense, dense, "layers.0", log, true)
    @test traced.weight === dense.weight
    y, back = pulled(traced, ([0.5;;],))
    @test y == dense([0.5;;])
    back([1.0;;])
    call = only(log.calls)
    @test (call.path, call.kind, call.act, call.inside, call.inputs, call.outputs) == ("layers.0", "Dense", "tanh", 0, [1], [2])
    @test log.outcome["y.v2"] == y && log.outcome["y.grad1.layers.0.bias"] ≈ vec(1 .- y .^ 2)
end

@testset "what a layer is called" begin
    @test kind_of(Dense(1 => 1)) == "Dense" && kind_of(relu) == "relu" && kind_of(x -> x) == "function"
    @test act_of(BatchNorm(1, relu)) == "relu" && act_of(Dropout(0.5)) == "" && act_of(sin) == ""
end
