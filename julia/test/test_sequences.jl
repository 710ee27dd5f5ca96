@testset "states as inputs and outputs of their own" begin
    @test JuliaParity.side_by_side(1, (2, 3)) == (1, 2, 3) && JuliaParity.side_by_side(1, 2) == (1, 2)
    @test JuliaParity.joined_state((1, 2)) == ((1, 2),) && JuliaParity.joined_state((1,)) == (1,)
    flat = JuliaParity.Flat((x, (h, c)) -> (x, (h + 1, c + 2)))
    @test flat(1, 10, 20) == (1, 11, 22)
end
