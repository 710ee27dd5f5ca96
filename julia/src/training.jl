# Training, and the data for it.

function trained_net(c)
    n = c["n_in"]
    get(c, "net", "") == "tied" || return regression(n, 1)
    tied = Dense(n => n, sigmoid)
    return Chain(tied, tied, Dense(n => 1))
end

merge!(CONSTRUCTORS, Dict{String,Function}(
    "train" => (c, _) -> (model=trained_net(c), loss=Flux.mse, rule=rule(c["optimiser"])),
    "onehotbatch" => (c, _) -> (labels -> Flux.onehotbatch(labels, 1:c["classes"])),
    "onecold" => (c, _) -> (y -> Flux.onecold(y)),
    "DataLoader" => (c, _) -> (x, y) -> begin
        loader = Flux.DataLoader((x, y); batchsize=c["batchsize"], partial=c["partial"])
        Tuple(Array(part) for batch in loader for part in batch)
    end,
))
