using JuliaParity.UserPair: Log, Traced, has_layers, traced

struct Twice{L}
    layer::L
end
Flux.@layer Twice
(m::Twice)(x) = m.layer(m.layer(x))

struct OfOneType
    layer::Dense{typeof(tanh),Matrix{Float64},Vector{Float64}}
end
(m::OfOneType)(x) = m.layer(x)

@testset "the innermost layers are replaced" begin
    replaced = traced(Chain(Dense(2 => 2), relu), "", Log())
    @test replaced isa Traced && !getfield(replaced, :whole)
    @test [getfield(part, :path) for part in replaced.layers] == ["layers.0", "layers.1"]
    @test all(part -> getfield(part, :whole), replaced.layers)
    struct_with_layers = traced(Twice(Dense(2 => 2)), "", Log())
    @test struct_with_layers isa Twice && struct_with_layers.layer isa Traced
    @test getfield(traced(OfOneType(f64(Dense(2 => 2, tanh))), "", Log()), :whole)  # its field takes no other layer
end

@testset "what has layers" begin
    @test has_layers((a=[Dense(1 => 1)],)) && has_layers(Twice(Dense(1 => 1)))
    @test !has_layers([1.0]) && !has_layers(sin) && !has_layers((1, "text"))
end
