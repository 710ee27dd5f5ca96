@testset "cases and outcomes cross as a text and a block of memory" begin
    given = ["x1" => rand(2, 3), "n" => fill(7), "flags" => [true false], "none" => Float32[], "z" => ComplexF32[1 + 2im]]
    address, words... = split(JuliaParity.pack(given), '\0')
    about = map(Iterators.partition(words, 3)) do (name, type, dims)
        Dict{String,Any}("name" => name, "type" => type, "size" => parse.(Int, split(dims, ','; keepempty=false)))
    end
    again = JuliaParity.unpack(about, parse(Int, address))
    @test all(again[name] == array && typeof(again[name]) == typeof(array) for (name, array) in given)
    @test endswith(JuliaParity.pack(["grad.x1" => nothing]), "\0grad.x1\0nothing\0")
    @test_throws "y is an array of BigInt" JuliaParity.pack(["y" => [big(1)]])
end

@testset "a case in words: its mode is a type afterwards, its arrays are there" begin
    text = """
        row = "a row"
        mode = "train"
        config = {"n" = 3}
        arrays = [{"name" = "x1", "type" = "Float64", "size" = [2]}]
        """
    block = [1.5, 2.5]
    asked = []
    answer(given...) = (append!(asked, given); ["y" => last(given)["x1"]])
    crossed = GC.@preserve block JuliaParity.evaluate_block(answer, text, Int(pointer(block)))
    @test asked == ["a row", Config("n" => 3), TrainMode(), Dict("x1" => [1.5, 2.5])]
    @test endswith(crossed, "\0y\0Float64\0002")
end
