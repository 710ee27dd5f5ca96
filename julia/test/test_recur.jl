@testset "recurrent layers of Flux 0.14 in the form that they have since" begin
    cell = JuliaParity.RNNCell([0.0;;], [1.0;;], [0.5], [0.0;;])
    y, h = cell([0.0;;], [0.25;;])
    @test only(y) ≈ tanh(0.75) && h == y
    whole = JuliaParity.Stepwise(cell, true)
    ys, last = whole(zeros(1, 2, 1))
    @test vec(ys) ≈ [tanh(0.5), tanh(0.5 + tanh(0.5))] && vec(last) == vec(ys)[2:2]
    @test size(JuliaParity.GRUv3Cell(2 => 3).Wh) == (9, 3)
end
