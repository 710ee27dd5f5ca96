@testset "data: indices are seen by what they pick" begin
    picked = evaluate("getobs", Config("index" => [2, 0]), FunctionCall(), arrays(; x1=[1.0 2 3], x2=[4.0, 5, 6]))
    @test (picked["y.0"], picked["y.1"]) == ([3 1], [6, 4])
    @test call("fill_like", ("shape" => [2, 1],), [1.0], fill(7.0))["y"] == [7 7]
    @test call("group_counts", (), [0, 1, 0])["y"] == [2, 1]
    parts = evaluate("splitobs", Config("at" => 0.5), FunctionCall(), arrays(; x1=[1.0 2 3 4], x2=[1.0, 2, 3, 4]))
    @test (parts["y.0"], parts["y.3"]) == ([1 2], [3, 4])
    @test call("slidingwindow", ("size" => 2,), [1.0, 2, 3])["y.1"] == [2, 3]
    @test JuliaParity.from_zero(0) == 1 && JuliaParity.from_zero([0, 2]) == [1, 3]
end
