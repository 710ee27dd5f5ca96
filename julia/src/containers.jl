# Layers made of layers.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "vcat" => (c, _) -> vcat,
    "add" => (c, _) -> +,
    "Chain" => (c, _) -> chain(c),
    "Maxout" => (c, _) -> maxout(c),
    "SkipConnection" => (c, _) -> SkipConnection(Dense(c["n_in"] => c["connection"] == "vcat" ? c["n_out"] : c["n_in"], act(c)), connection(c)),
    "Parallel" => (c, _) -> parallel(c),
    "PairwiseFusion" => (c, _) -> fusion(c),
))

leaning(x, y) = x .- y ./ 2  # a connection of one's own that tells its arguments apart
const CONNECTIONS = Dict{String,Function}("add" => +, "vcat" => vcat, "leaning" => leaning)
connection(c) = CONNECTIONS[get(c, "connection", "add")]

function fusion(c)
    layers = Tuple(Dense(c["n_in"] => c["n_in"], acts(c)...) for _ in 1:3)
    get(c, "named", false) && return PairwiseFusion(connection(c); NamedTuple{(:a, :b, :c)}(layers)...)
    return PairwiseFusion(connection(c), layers...)
end

regression(n_in, n_out) = Chain(Dense(n_in => 5, sigmoid), BatchNorm(5), Dense(5 => n_out))

"What every layer of a chain makes, outside a gradient."
struct Activations{C}
    chain::C
end

(m::Activations)(x) = Zygote.ignore_derivatives(() -> Flux.activations(m.chain, x))

Flux.@layer Activations

function chain(c)
    c["net"] == "regression" && return regression(c["n_in"], c["n_out"])
    c["net"] == "named" && return Chain(first=Dense(c["n_in"] => 4, relu), second=Dense(4 => c["n_out"]))
    c["net"] == "single" && return Chain(Dense(c["n_in"] => c["n_out"], tanh))
    c["net"] == "nested" && return Chain(Chain(Dense(c["n_in"] => 3), x -> tanh.(x)), Chain(last=Dense(3 => c["n_out"]; bias=false)))
    if c["net"] == "part"
        n = c["n_in"]
        return Chain((Dense(n => n, act) for act in (tanh, relu, sigmoid))..., Dense(n => c["n_out"]))[2:3]
    elseif c["net"] == "modes inside"
        inside = Chain(BatchNorm(3), x -> tanh.(x))
        return Chain(Dense(c["n_in"] => 3), inside, SkipConnection(BatchNorm(3), +))
    elseif c["net"] == "activations"
        return Activations(regression(c["n_in"], c["n_out"]))
    end
    return Chain(Conv((2, 3), 1 => 2, relu), MaxPool((2, 2)), Flux.flatten, Dense(4 * c["n_in"] => c["n_out"]), softmax)
end

function maxout(c)
    piece() = Dense(c["n_in"] => c["n_out"])
    return get(c, "made", false) ? Maxout(piece, c["pieces"]) : Maxout((piece() for _ in 1:c["pieces"])...)
end

function parallel(c)
    first, second = Dense(c["n_in"] => c["n_out"], act(c)), Dense(c["n_in"] => c["n_out"])
    c["layers"] == "named" && return Parallel(connection(c); first, second)
    get(c, "tuple", false) && return Prepared(Parallel(connection(c), first, second), tuple)
    return c["layers"] == "one" ? Parallel(connection(c), first) : Parallel(connection(c), first, second)
end
