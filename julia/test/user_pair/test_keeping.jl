@testset "globals that a call changes" begin
    file = tempname() * ".jl"
    write(file, """
        const HISTORY = Float64[]
        const COUNT = Ref(0)
        const SCALE = [2.0]
        keeps(x) = (push!(HISTORY, x); COUNT[] += 1; x * SCALE[1])
        plain(x) = x * SCALE[1]
        """)
    changed(expression) = UserPair.evaluate(
        "pair", Config("file" => file, "expression" => expression, "watched" => true), FunctionCall(), arrays(; x1=fill(3.0)),
    )
    texts = changed("keeps")
    @test String(Char.(texts["y.0.text"])) == "COUNT" && String(Char.(texts["y.1.text"])) == "HISTORY"
    @test isempty(changed("plain"))
end
