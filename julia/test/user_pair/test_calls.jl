using JuliaParity.UserPair: Log, cotangents, number!, parts, record_all!, record_own!

@testset "values have numbers: an array the same one wherever it is met" begin
    log, x = Log(), [1.0]
    @test number!(log, x) == number!(log, x) == 1
    @test number!(log, copy(x)) == 2
    @test number!(log, x; new=true) == 3
    @test number!(log, 5.0) == 4 && number!(log, 5.0) == 5  # numbers have no identity
    @test number!(log, [1, 3]) == 6 && log.outcome["y.v6"] == [0, 2]  # indices
end

@testset "arrays and numbers of a value, and their cotangents, in order" begin
    value = ([1.0], (a=2.0, b="text"), [[3.0], [4.0]])
    @test parts(value) == [[1.0], 2.0, [3.0], [4.0]]
    @test cotangents(value, ([5.0], nothing, [[6.0], nothing])) == [[5.0], nothing, [6.0], nothing]
    outcome = JuliaParity.Outcome()
    record_all!(outcome, "y.dy1", [nothing, 2.0, [3.0]])
    record_own!(outcome, "y.grad1", "layers.0", (weight=[1.0], rate=0.5, σ=nothing))
    @test outcome == Dict("y.dy1.1" => fill(2.0), "y.dy1.2" => [3.0], "y.grad1.layers.0.weight" => [1.0])
end
