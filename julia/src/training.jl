# Training, and the labels for it.

function trained_net(c)
    n = c["n_in"]
    net = get(c, "net", "")
    first = Dense(n => n, sigmoid)
    net == "tied" && return Chain(first, first, Dense(n => 1))
    net == "one weight" && return Chain(first, Dense(first.weight, true, tanh), Dense(n => 1))
    return regression(n, 1)
end

merge!(CONSTRUCTORS, Dict{String,Function}(
    "train" => (c, _) -> (model=trained_net(c), loss=Flux.mse, rule=rule(c["optimiser"])),
    "onehotbatch" => (c, _) -> hot(c),
    "onecold" => (c, _) -> get(c, "listed", false) ? (y -> Flux.onecold(y, 1.5 .* (0:size(y, 1)-1))) : (y -> Flux.onecold(y)),
))

function hot(c)
    classes = haskey(c, "listed") ? Int.(c["listed"]) .+ 1 : 1:c["classes"]
    default = haskey(c, "default") ? (Int(c["default"]) + 1,) : ()
    return labels -> Flux.onehotbatch(labels, classes, default...)
end
