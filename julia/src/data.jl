# What MLUtils makes of data. The outputs are the data that comes of it: indices are seen by what they pick.

element_type(c, x) = haskey(c, "dtype") ? Bool : eltype(x)
new_size(c) = c["shape"] isa Integer ? Int(c["shape"]) : axes_tuple(c["shape"])

other_size(c) = haskey(c, "shape") ? (new_size(c),) : ()

function filled(f, c)
    haskey(c, "dtype") && haskey(c, "shape") && return x -> f(x, Bool, new_size(c))
    haskey(c, "dtype") && return x -> f(x, Bool)
    haskey(c, "shape") && return (size = new_size(c); x -> f(x, size))
    return x -> f(x)
end

for f in (MLUtils.zeros_like, MLUtils.ones_like, MLUtils.trues_like, MLUtils.falses_like)
    CONSTRUCTORS[string(nameof(f))] = (c, _) -> filled(f, c)
end

"Indices counted from 0 here and from 1 there."
from_zero(index::Integer) = Int(index) + 1
from_zero(indices) = Int.(indices) .+ 1

arrays_in(x::AbstractArray{<:Number}) = (Array(x),)
arrays_in(x::Number) = (fill(x),)
arrays_in(parts) = Tuple(array for part in parts for array in arrays_in(part))

sorted(groups) = Tuple(groups[label] for label in sort!(collect(keys(groups))))

at_of(c) = c["at"] isa AbstractVector ? Tuple(c["at"]) : c["at"]

function split_up(c)
    at = at_of(c)
    get(c, "stratified", false) && return (x, labels) -> Tuple(sort(Array(part)) for part in MLUtils.splitobs(x; at, stratified=labels))
    return (x, labels) -> arrays_in(MLUtils.splitobs((x, labels); at))
end

function folded(c)
    k = settings(c, "k" => Int)
    get(c, "stratified", false) && return (x, labels) -> arrays_in(collect(MLUtils.kfolds(x; k..., stratified=labels)))
    return (x, labels) -> arrays_in(collect(MLUtils.kfolds(x; k...)))
end

function balanced(sample, c)
    options = settings(c, "fraction" => identity)
    get(c, "tuple", false) && return (x, labels) -> arrays_in(sample((x, labels); options..., shuffle=false))
    return (x, labels) -> arrays_in(sample(x, labels; options..., shuffle=false))
end

function viewed(c)
    haskey(c, "index") || return x -> Array(MLUtils.obsview(x))
    indices = from_zero(c["index"])
    haskey(c, "dims") && return x -> MLUtils.getobs(MLUtils.obsview(x, indices, MLUtils.ObsDim(ndims(x) - Int(c["dims"]))))
    return x -> Array(MLUtils.obsview(x, indices))
end

function picked(c)
    haskey(c, "index") || return (x, y) -> arrays_in(MLUtils.getobs((x, (y,))))
    index = from_zero(c["index"])
    get(c, "form", "") == "dict" && return (x, y) -> (picked = MLUtils.getobs(Dict("x" => x, "y" => (y,)), index); arrays_in((picked["x"], picked["y"])))
    get(c, "buffer", false) && return (x, y) -> begin
        buffer = (zero(x[:, index]), (zero(y[index]),))
        MLUtils.getobs!(buffer, (x, (y,)), index)
        arrays_in(buffer)
    end
    return (x, y) -> arrays_in(MLUtils.getobs((x, (y,)), index))
end

all_viewed(x) = arrays_in((MLUtils.getobs(MLUtils.ObsView(x)), collect(MLUtils.ObsView(x))...))

function view_of_view(x)
    view = MLUtils.ObsView(MLUtils.ObsView(x, [4, 2, 3, 1]), [3, 1, 2])
    return arrays_in((MLUtils.getobs(view), MLUtils.getobs(view[[2, 3]]), collect(view)...))
end

double(x) = 2 .* x

function mapped(c)
    batched = Symbol(c["batched"])
    get(c, "named", false) && return x -> (named = MLUtils.mapobs((; double, sum), x); arrays_in((MLUtils.getobs(named, 2), MLUtils.getobs(named.sum, 3))))
    return x -> (data = MLUtils.mapobs(double, x; batched); arrays_in((MLUtils.getobs(data, 2), MLUtils.getobs(data, [3, 1]))))
end

joined_data(c) = (once = get(c, "once", false); (x, y) -> joined_data(x, y, once))

function joined_data(x, y, once)
    data = once ? MLUtils.joinobs(x, y, y) : MLUtils.joinobs(MLUtils.joinobs(x, y), x)
    return arrays_in((collect(data)..., MLUtils.getobs(data, [size(x)[end] + 1, 1])...))
end

function windows(c)
    options = settings(c, "stride" => Int)
    return x -> begin
        data = haskey(c, "obsdim") ? MLUtils.slidingwindow(x; size=Int(c["size"]), obsdim=ndims(x) - Int(c["obsdim"]), options...) :
            MLUtils.slidingwindow(x; size=Int(c["size"]), options...)
        arrays_in((collect(data)..., data[[2, 1]]...))
    end
end

function padded_right(c)
    n = c["n"] isa Integer ? Int(c["n"]) : Tuple(Int.(c["n"]))
    value = haskey(c, "value") ? (c["value"],) : ()
    dims = haskey(c, "dims") ? (; dims=Tuple(c["rank"] - axis for axis in c["dims"])) : (;)
    return x -> MLUtils.rpad_constant(x, n, value...; dims...)
end

positive_sum(x) = sum(x) > 0

merge!(CONSTRUCTORS, Dict{String,Function}(
    "fill_like" => (c, _) -> haskey(c, "number") ? (number = c["number"]; like = haskey(c, "dtype") ? (Bool,) : ();
            (x, _) -> MLUtils.fill_like(x, number, like...)) : haskey(c, "shape") ? (size = new_size(c); (x, value) -> MLUtils.fill_like(x, value[], size)) :
        (x, value) -> MLUtils.fill_like(x, value[]),
    "rand_like" => (c, rng) -> MLUtils.rand_like(rng, zeros(Float32, axes_tuple(c["sizes"])), other_size(c)...),
    "randn_like" => (c, rng) -> MLUtils.randn_like(rng, zeros(Float32, axes_tuple(c["sizes"])), other_size(c)...),
    "group_counts" => (c, _) -> labels -> Float32[sorted(MLUtils.group_counts(labels))...],
    "group_indices" => (c, _) -> labels -> sorted(MLUtils.group_indices(labels)),
    "rpad_constant" => (c, _) -> padded_right(c),
    "batchseq" => (c, _) -> haskey(c, "pad") ? (xs...) -> joined(MLUtils.batchseq([xs...], c["pad"])) : (xs...) -> joined(MLUtils.batchseq([xs...])),
    "batch_sequence" => (c, _) -> haskey(c, "pad") ? (xs...) -> MLUtils.batch_sequence([xs...]; pad=c["pad"]) : (xs...) -> MLUtils.batch_sequence([xs...]),
    "splitobs" => (c, _) -> split_up(c),
    "kfolds" => (c, _) -> folded(c),
    "leavepout" => (c, _) -> x -> arrays_in(collect(haskey(c, "p") ? MLUtils.leavepout(x, Int(c["p"])) : MLUtils.leavepout(x))),
    "oversample" => (c, _) -> balanced(MLUtils.oversample, c),
    "undersample" => (c, _) -> balanced(MLUtils.undersample, c),
    "obsview" => (c, _) -> viewed(c),
    "getobs" => (c, _) -> picked(c),
    "numobs" => (c, _) -> (x, y) -> Float32[MLUtils.numobs(x), MLUtils.numobs(Dict("x" => x, "y" => y))],
    "ObsView" => (c, _) -> get(c, "all", false) ? all_viewed : view_of_view,
    "batchsize" => (c, _) -> x -> Float32[MLUtils.batchsize(MLUtils.BatchView(x; batchsize=3))],
    "mapobs" => (c, _) -> mapped(c),
    "filterobs" => (c, _) -> x -> Array(MLUtils.filterobs(positive_sum, x)),
    "groupobs" => (c, _) -> x -> arrays_in(sorted(MLUtils.groupobs(positive_sum, x))),
    "joinobs" => (c, _) -> joined_data(c),
    "slidingwindow" => (c, _) -> windows(c),
))
