@testset "the textbook's layers have modes and gradients of their own" begin
    norm = Textbook.BatchNormalization([1.0], [0.0])
    @test JuliaParity.set_mode!(norm, TestMode()).active === false
    @test JuliaParity.set_mode!(norm, TrainMode()).active === true
    @test testmode!(norm, :auto).active === nothing
    y, back = JuliaParity.pullback(Textbook.Relu(), [-1.0 2.0])
    @test y == [0 2] && back([1.0 1.0]) == (nothing, [0.0 1.0])
    l, back = JuliaParity.pullback(Textbook.softmax_with_summed_loss, [0.0; 0.0;;], [1.0; 0.0;;])
    @test l ≈ log(2) atol = 1e-6
    @test back(2.0)[2] == [-1.0; 1.0;;]
end
