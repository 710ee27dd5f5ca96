# Training, and the data for it.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "train" => (c, _) -> (model=regression(c["n_in"], 1), loss=Flux.mse, rule=rule(c["optimiser"])),
    "onehotbatch" => (c, _) -> (labels -> Flux.onehotbatch(labels, 1:c["classes"])),
    "onecold" => (c, _) -> (y -> Flux.onecold(y)),
    "DataLoader" => (c, _) -> (x, y) -> begin
        loader = Flux.DataLoader((x, y); batchsize=c["batchsize"], partial=c["partial"])
        Tuple(Array(part) for batch in loader for part in batch)
    end,
))
