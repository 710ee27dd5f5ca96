dense(; x=ones(Float32, 2, 4)) =
    (param_weight=Float32[1 2; 3 4; 5 6], param_bias=zeros(Float32, 3), x1=x, dy1=ones(Float32, 3, 4))

@testset "a layer: output, gradients, arrays afterwards, under the names of the Python side" begin
    outcome = layer("Dense", ("n_in" => 2, "n_out" => 3); dense()...)
    @test outcome["y"] == outcome["plain"] == repeat(Float32[3, 7, 11], 1, 4)
    @test outcome["grad.param.weight"] == fill(4.0f0, 3, 2)
    @test outcome["grad.param.bias"] == fill(4.0f0, 3)
    @test outcome["grad.x1"] == repeat(Float32[9, 12], 1, 4)
    @test outcome["state.weight"] == Float32[1 2; 3 4; 5 6]
    @test outcome["grad.param.act"] === nothing
end

@testset "without a cotangent there is no gradient" begin
    given = Base.structdiff(dense(), (; dy1=0))
    @test sort!(collect(keys(layer("Dense", ("n_in" => 2, "n_out" => 3); given...)))) == ["plain", "state.bias", "state.weight", "y"]
end

@testset "modes and running statistics, in the precision of the case" begin
    given = (param_shift=zeros(2), param_scale=ones(2), param_mean=zeros(2), param_var=ones(2), x1=[1.0 3 5; 2 4 6], dy1=ones(2, 3))
    train = layer("BatchNorm", ("chs" => 2,); mode=TrainMode(), given...)
    @test train["state.mean"] ≈ [0.3, 0.4]
    @test train["state.var"] ≈ [1.3, 1.3]
    test = layer("BatchNorm", ("chs" => 2,); mode=TestMode(), given...)
    @test test["state.mean"] == zeros(2)
    @test train["plain"] == test["y"]
    @test all(x -> x === nothing || eltype(x) === Float64, values(train))
end

@testset "several arrays for output, each with its cotangent" begin
    given = arrays(; x1=[1.0, 2, 3], dy1=[1.0, 1], dy2=[2.0])
    outcome = evaluate("chunk", Config("rank" => 1, "n" => 2), FunctionCall(), given)
    @test (outcome["y.0"], outcome["y.1"], outcome["grad.x1"]) == ([1, 2], [3], [1, 1, 2])
end

@testset "errors of the subject pass through, mistakes of the case are told apart" begin
    sizes = ("n_in" => 2, "n_out" => 3)
    @test_throws DimensionMismatch layer("Dense", sizes; dense(; x=ones(Float32, 5, 4))...)
    @test_throws "no constructor for no such row" call("no such row", ())
    @test_throws JuliaParity.CaseError call("no such row", ())
    @test_throws JuliaParity.CaseError layer("Dense", sizes; dense()..., param_nothing=ones(2))
    @test_throws JuliaParity.CaseError layer("Dense", ("n_in" => 3, "n_out" => 3); dense()...)
    @test_throws JuliaParity.CaseError layer("Dense", sizes; mode=JuliaParity.TracedRun(), dense()...)
end
