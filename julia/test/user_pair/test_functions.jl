using JuliaParity.UserPair: cotangent_of!, evaluate_function, output!

@testset "a user's function: numbers for numbers, arguments afterwards, gradients" begin
    ask(f; config=Config(), given...) = evaluate_function(f, config, arrays(; given...))
    clear!(x, n) = (x .= 0; n isa Number)
    cleared = ask(clear!; x1=[1.0, 2.0], x2=fill(1.0))
    @test cleared["y"] == fill(true) && cleared["after.x1"] == [0, 0] && !haskey(cleared, "after.x2")
    outcome = ask((x, n) -> x .* n; x1=[1.0, 2.0], x2=fill(3.0), dy1=[1.0, 10.0])
    @test outcome["grad.x1"] == [3, 30] && outcome["grad.x2"] == fill(21.0)
    @test !haskey(ask((x, i) -> x[i]; x1=[1.0, 2.0], x2=fill(2), dy1=fill(1.0)), "grad.x2")
    counter = let calls = 0
        _ -> calls += 1
    end
    twice = ask(counter; config=Config("calls" => 2), x1=[0.0])
    @test (twice["y"], twice["y@2"]) == (fill(1), fill(2))
end

@testset "whatever it returns" begin
    named(value) = output!(JuliaParity.Outcome(), "y", value)
    @test named((a=1, b=(2.0, nothing))) == Dict("y.a" => fill(1), "y.b.0" => fill(2.0))
    @test named([1.0 + 2im]) == Dict("y.real" => [1], "y.imag" => [2])
    @test isequal(named([1, missing]), Dict("y" => [1, NaN], "y.missing" => [false, true]))
    @test named(Dict("k" => 1)) == Dict("y.k" => fill(1))
    @test named([[1.0], [2.0]])["y.1"] == [2]
    @test named("αb") == Dict("y.text" => [945, 98]) == named(:αb)
    @test named(3 => 'x') == Dict("y.first" => fill(3), "y.second.text" => [120])
    @test named(2 // 6) == Dict("y.num" => fill(1), "y.den" => fill(3))
    @test named(Set([3, 1])) == Dict("y" => [1, 3]) == named(x for x in (1, 3)) == named(Iterators.filter(isodd, 1:3))
    @test named(keys(Dict("b" => 1, "a" => 2)))["y.0.text"] == [97]
    @test named(Iterators.map(x -> 2x, [1.0])) == Dict("y" => [2.0])
    @test named(big(3)) == Dict("y" => fill(3)) && named([big"0.5"]) == Dict("y" => [0.5]) && named(π)["y"][] === Float64(π)
    @test_throws "no machine integer holds" named(big(2)^70)
    @test_throws "iterator of more than" named(Iterators.countfrom(1))
    @test_throws "y is a" named(sin)
    @test_throws "more than the" named(view(zeros(Int8), fill(1, 2^14), fill(1, 2^14 + 1)))
end

@testset "cotangents of an output, in order" begin
    given = arrays(; dy1=fill(1.0), dy3=[3.0, 4.0])
    @test cotangent_of!(Ref(0), (5.0, [1.0], (a=[1.0; 2.0;;],)), given) == (1.0, nothing, (a=[3.0; 4.0;;],))
end
