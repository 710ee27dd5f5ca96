@testset "what Flux exports" begin
    exported = split(JuliaParity.public_names())
    @test issubset(("Dense", "relu", "Adam", "@autosize"), exported)
    @test "Flux" ∉ exported
end
