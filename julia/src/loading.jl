# Data in batches.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "BatchView" => (c, _) -> batches_by(MLUtils.BatchView, loading(c)),
    "DataLoader" => (c, _) -> batches_by(Flux.DataLoader, get(c, "told", true) ? loading(c) : (;)),
    "eachobs" => (c, _) -> batches_by(MLUtils.eachobs, loading(c)),
))

function batches_by(load, options)
    get(options, :shuffle, false) && return (x, y) -> entries_of(load((x, y); options...))
    return (x, y) -> batches_of(load((x, y); options...))
end

"What a configuration says of how data are loaded."
loading(c) = settings(c, "batchsize" => Int, "shuffle" => identity, "partial" => identity, "collate" => collated, "buffer" => identity)
collated(way) = way == "reversed" ? (observations -> MLUtils.batch(reverse(observations))) : way

"Of batches that are shuffled, the entries of all of them, in order of size."
function entries_of(loader)
    batches = collect(loader)
    return Tuple(sort(reduce(vcat, (vec(collect(batch[i])) for batch in batches))) for i in 1:2)
end

"The arrays of all batches, copied before the next one: it may be the same memory."
batches_of(loader) = Tuple(copy(array) for batch in loader for array in arrays_in(batch))
