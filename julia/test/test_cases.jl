@testset "cases: names as in Python, arrays by their letters" begin
    @test JuliaParity.word(:γ) == "scale" && JuliaParity.word(:weight) == "weight" && JuliaParity.word(1) == "0"
    @test JuliaParity.join_path("", "a") == "a" && JuliaParity.join_path("layers.0", "bias") == "layers.0.bias"
    given = arrays(; x1=[1.0], x2=[2.0], x4=[4.0], param_a_b=[5.0f0])
    @test JuliaParity.numbered("x", given) == [[1.0], [2.0]]  # up to the first that is not there
    @test JuliaParity.starting_with("param.", given) == Dict("a.b" => [5.0f0])
    @test JuliaParity.to_julia_index([0, 2]) == [1, 3] && JuliaParity.to_julia_index([0.5]) == [0.5]
    @test JuliaParity.float_type(arrays(; x1=[1], x2=[1.0f0])) === Float32
    @test sprint(showerror, JuliaParity.CaseError("no such array")) == "no such array"
end
