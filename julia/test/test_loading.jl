@testset "a loader's batches" begin
    outcome = evaluate("DataLoader", Config("batchsize" => 2, "partial" => true), FunctionCall(), arrays(; x1=[1.0 2 3], x2=[4.0, 5, 6]))
    @test [outcome["y.$i"] for i in 0:3] == [[1 2], [4, 5], [3;;], [6]]
    shuffled = evaluate("DataLoader", Config("shuffle" => true), FunctionCall(), arrays(; x1=[3.0 1 2], x2=[6.0, 4, 5]))
    @test (shuffled["y.0"], shuffled["y.1"]) == ([1, 2, 3], [4, 5, 6])
end
