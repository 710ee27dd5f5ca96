using JuliaParity.UserPair: Leaves, arguments, built, evaluate_function, takes_keyword, type_of_place
using Dates: Date, DateTime

struct Decay
    steps::Int
    rate::Float64
end

form(kind; more...) = Dict{String,Any}("kind" => kind, (string(k) => v for (k, v) in more)...)
argument(form; keyword="") = Dict{String,Any}("keyword" => keyword, "form" => form)
leaves(arrays...) = Leaves(Any[arrays...], @__MODULE__, true, 0)
const RATE = form("record"; names=["rate", "steps"], parts=[form("array"), form("array")])

@testset "values that are made of arrays" begin
    text = form("text"; choices=["sum", "mean"])
    @test built(leaves(fill(1)), text) == "mean"
    @test built(leaves([0, 1]), text) == ["sum", "mean"]
    @test built(leaves(fill(0)), form("symbol"; choices=["sum"])) === :sum
    @test built(leaves(fill(59)), form("date")) == Date(1970, 3, 1)
    @test built(leaves(fill(-2)), form("datetime")) == DateTime(1969, 12, 31, 23, 59, 58)
    @test built(leaves([1.0, 2.0]), form("tuple")) == (1.0, 2.0)
    @test built(leaves([1 2; 3 4]), form("list")) == [[1, 2], [3, 4]]
    @test built(leaves(fill(0.5)), form("narrow"; called="float16")) === Float16(0.5)
    @test built(leaves(fill(0.5 + 2.0^-30)), form("narrow"; called="float16")) isa Float64
    maybe = form("maybe"; parts=[form("array")])
    @test built(leaves(fill(false), fill(2.0)), maybe) === nothing
    @test built(leaves(fill(true), fill(2.0)), maybe) === 2.0
    items = form("items"; called="list", parts=[form("array"), form("none")])
    @test isequal(built(leaves(fill(2.0)), items), [2.0, nothing])
end

@testset "a record is what the function asks for" begin
    ask(T; more...) = built(leaves(fill(0.5), fill(3)), merge(RATE, Dict(string(k) => v for (k, v) in more)), T)
    @test ask(Any) === (rate=0.5, steps=3)
    @test ask(Decay) === Decay(3, 0.5) === ask(Any; called="Decay")
    @test ask(Dict) == Dict("rate" => 0.5, "steps" => 3)
    @test ask(AbstractDict{Symbol}) == Dict(:rate => 0.5, :steps => 3)
    @test_throws "no type Nothere" ask(Any; called="Nothere")
end

@testset "by keyword goes what a method takes so" begin
    gain(x; factor=2.0) = factor .* x
    any_word(x; words...) = words[:factor] .* x
    by_place(x, factor) = factor .* x
    @test takes_keyword(gain, :factor) && takes_keyword(any_word, :factor) && !takes_keyword(by_place, :factor)
    config = Config("arguments" => [argument(form("array")), argument(form("array"); keyword="factor")])
    for f in (gain, any_word, by_place)
        outcome = evaluate_function(f, config, arrays(; x1=[1.0, 2.0], x2=fill(3.0), dy1=[1.0, 10.0]))
        @test outcome["y"] == [3, 6]
        f === any_word || @test outcome["grad.x1"] == [3, 30] && outcome["grad.x2"] == fill(21.0)
    end
    typed(x, config::Decay) = x
    @test type_of_place(typed, 2) === Decay && type_of_place(typed, 1) === Any
end

@testset "a record has gradients, and what is changed is seen" begin
    config = Config("arguments" => [argument(RATE), argument(form("list"))])
    function scale!(options, x)
        y = options.rate * sum(x)
        return y
    end
    outcome = evaluate_function(scale!, config, arrays(; x1=fill(2.0), x2=fill(1), x3=[1.0, 4.0], dy1=fill(1.0)))
    @test outcome["grad.x1"] == fill(5.0) && outcome["grad.x3"] == [2, 2] && !haskey(outcome, "grad.x2")
    grows(options, x) = (push!(x, 0.0); length(x))
    @test evaluate_function(grows, config, arrays(; x1=fill(2.0), x2=fill(1), x3=[1.0]))["after.x3"] == [1, 0]
end
