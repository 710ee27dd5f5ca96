# NNlib's functions under the layers, MLUtils' joining and cutting of arrays, and what surrounds models in Flux.

const MLUtils = Flux.MLUtils

joined(xs) = (xs...,)  # a tuple of arrays is several outputs
spatially(c) = merge(c, Config("rank" => c["rank"] - 2))  # the rank that a layer is told is that of space
axes_of(c) = Tuple(c["rank"] - axis for axis in c["dims"])

merge!(CONSTRUCTORS, Dict{String,Function}(
    "rrelu" => (c, _) -> leaky(c),
    "conv" => (c, _) -> convolution(c),
    "maxpool" => (c, _) -> (options = pool_settings(spatially(c)); k = axes_tuple(c["k"]); x -> maxpool(x, k; options...)),
    "meanpool" => (c, _) -> (options = pool_settings(spatially(c)); k = axes_tuple(c["k"]); x -> meanpool(x, k; options...)),
    "pixel_shuffle" => (c, _) -> (r = c["r"]; x -> pixel_shuffle(x, r)),
    "upsample_nearest" => (c, _) -> nearest(c),
    "batched_mul" => (c, _) -> batched_mul,
    "batched_vec" => (c, _) -> batched_vec,
    "pad_constant" => (c, _) -> padded(pad_constant, c, (haskey(c, "value") ? (c["value"],) : ())...),
    "stack" => (c, _) -> (dims = dimension(get(c, "dims", 0)); dims == 0 ? (xs...) -> stack([xs...]) : (xs...) -> stack([xs...]; dims)),
    "unstack" => (c, _) -> (dims = dimension(c["dims"]); x -> joined(MLUtils.unstack(x; dims))),
    "batch" => (c, _) -> (xs...) -> MLUtils.batch([xs...]),
    "unbatch" => (c, _) -> x -> joined(MLUtils.unbatch(x)),
    "unsqueeze" => (c, _) -> (dims = dimension(c["dims"]); x -> MLUtils.unsqueeze(x; dims)),
    "chunk" => (c, _) -> chunks(c),
))

function leaky(c)
    limits = Tuple(get(c, "parameters", ()))
    get(c, "many", false) && return x -> Zygote.ignore_derivatives(() -> sure_slopes(x, limits))
    return x -> rrelu.(x, eltype(x).(limits)...)
end

"What is sure of many slopes: least, largest, how many are small, and the gradient's."
function sure_slopes(x, limits)
    x = -repeat(1 .+ abs.(x); inner=4096)
    y, back = Zygote.pullback(x -> rrelu.(x, eltype(x).(limits)...), x)
    a, da = y ./ x, only(back(one.(x)))
    facts = [minimum(a), maximum(a), mean(a .< (minimum(a) + maximum(a)) / 2), 1 + maximum(abs, da .- a)]
    return eltype(x).(round.(16 .* facts) ./ 16)
end

for (name, f) in ("upsample_linear" => upsample_linear, "upsample_bilinear" => upsample_bilinear, "upsample_trilinear" => upsample_trilinear)
    CONSTRUCTORS[name] = (c, _) -> begin
        corners = settings(c, "align_corners" => identity)
        haskey(c, "scale") && return (scale = whole(c["scale"]); x -> f(x, scale; corners...))
        size = axes_tuple(c["size"])
        return x -> f(x; size, corners...)
    end
end

for f in (pad_zeros, pad_repeat, pad_reflect, pad_symmetric, pad_circular)
    CONSTRUCTORS[string(nameof(f))] = (c, _) -> padded(f, c)
end

function nearest(c)
    haskey(c, "size") && return (size = axes_tuple(c["size"]); x -> upsample_nearest(x; size))
    scale = axes_tuple(c["scale"])
    return x -> upsample_nearest(x, scale)
end

"Low and high follow the axes in `dims`, whichever they are; a single axis is a number. Without `dims` they begin at the first axis."
function padded(f, c, value...)
    c["pad"] isa Integer && return (pad = Int(c["pad"]); x -> f(x, pad, value...))
    haskey(c, "dims") || return (pad = padding(Config("pad" => c["pad"], "rank" => 0)); x -> f(x, pad, value...))
    pad, dims = Tuple(Int.(c["pad"])), axes_of(c)
    length(dims) == 1 && return x -> f(x, pad, value...; dims=only(dims))
    return x -> f(x, pad, value...; dims)
end

function convolution(c)
    axes = settings(c, "stride" => axes_tuple, "dilation" => axes_tuple, "groups" => Int, "flipped" => identity)
    pad = pad_settings(spatially(c))
    return (x, w) -> conv(x, w; pad..., axes...)
end

function chunks(c)
    options = settings(c, "dims" => dimension)
    if get(c, "n", nothing) isa AbstractVector
        numbers, npartitions = Int.(c["n"]) .+ 1, Int(c["npartitions"])
        return x -> joined(MLUtils.chunk(x, numbers; npartitions, options...))
    end
    haskey(c, "n") && return (n = c["n"]; x -> joined(MLUtils.chunk(x, n; options...)))
    size = c["size"] isa Integer ? Int(c["size"]) : Int.(c["size"])
    return x -> joined(MLUtils.chunk(x; size, options...))
end

# Initialisers beyond those of two fans.

shape(c) = axes_tuple(c["sizes"][1:c["rank"]])

const DISTRIBUTION = ("gain" => identity, "mean" => identity, "std" => identity, "lo" => identity, "hi" => identity)

for f in (Flux.truncated_normal, Flux.lecun_normal, Flux.orthogonal)
    CONSTRUCTORS[string(nameof(f))] = (c, rng) -> f(rng, shape(c)...; settings(c, DISTRIBUTION...)...)
end

merge!(CONSTRUCTORS, Dict{String,Function}(
    "rand32" => (c, rng) -> Flux.rand32(rng, shape(c)...),
    "randn32" => (c, rng) -> Flux.randn32(rng, shape(c)...),
    "identity_init" => (c, _) -> Flux.identity_init(shape(c)...; settings(c, "gain" => identity, "shift" => rolled)...),
    # Sorted: `sparse_init` shuffles with the global generator, whichever it is given.
    "sparse_init" => (c, rng) -> sort(Flux.sparse_init(rng, shape(c)...; settings(c, "sparsity" => identity, "std" => identity)...); dims=1),
))

rolled(shift) = shift isa Integer ? Int(shift) : axes_tuple(shift)

# Parameters as one vector.

function vector_net(c)
    n = c["n"]
    c["net"] == "batchnorm" && return Chain(Dense(n => 3, sigmoid), BatchNorm(3), Dense(3 => 2))
    c["net"] == "layernorm" && return Chain(LayerNorm(n), Dense(n => 2))
    c["net"] == "conv" && return Chain(Conv((2,), 1 => 2, tanh), Flux.flatten, Dense(2 * (n - 1) => 2))
    c["net"] == "gru" && return GRUv3(n => 2)
    tied = Dense(n => n, sigmoid)
    return Chain(tied, tied)
end

"Restored from a vector of either precision."
function rebuilt(c)
    net = vector_net(c)
    single, double = last(destructure(net)), last(destructure(Flux.f64(net)))
    return (parameters, x) -> (eltype(parameters) === Float64 ? double : single)(parameters)(x)
end

nested(one, two, three) = Chain(Dense(one, two), Chain(Dense(one, three)))

# Shapes.

function sized_net(c)
    n, padded = c["n"], get(c, "padbatch", false)
    side = padded ? () : (c["batch"],)
    if c["net"] == "images"
        conv = Conv((2, 3), c["channels"] => 4, relu; stride=(1, 2), pad=SamePad())
        return Chain(conv, BatchNorm(4), MaxPool((2, 2)), Dropout(0.5), Flux.flatten), ((n + 4, 2n + 3, 2, side...),)
    elseif c["net"] == "joint"
        return Chain(Parallel(vcat, Dense(n => 3), Dense(2 => 4)), softmax), ((n, side...), (2, side...))
    elseif c["net"] == "sequence"
        return Chain(LSTM(n => 3), LayerNorm(3), Dense(3 => 2)), ((n, 5, side...),)
    end
    return Chain(ConvTranspose((2, 2), 2 => 4; stride=2), PixelShuffle(2), Upsample((3, 2))), ((n + 1, n, 2, side...),)
end

function output_size(c)
    net, sizes = sized_net(c)
    return Float32[reverse(Flux.outputsize(net, sizes...; settings(c, "padbatch" => identity)...))...]
end

# Stopping.

const DISTANCES = Dict("minus" => -, "plus" => (best, score) -> score - best)

function rounds(make, c)
    options = settings(c, "init_score" => identity, "min_dist" => identity, "distance" => name -> DISTANCES[name])
    return scores -> (trigger = make(c["wait"], options); Bool[trigger(score) for score in scores])
end

merge!(CONSTRUCTORS, Dict{String,Function}(
    "destructure" => (c, _) -> rebuilt(c),
    "trainables" => (c, _) -> (arrays...) -> first(destructure(nested(arrays...))),
    "outputsize" => (c, _) -> output_size(c),
    "jacobian" => (c, _) -> c["of"] == "softmax" ? x -> only(Flux.jacobian(softmax, x)) : (x, y) -> Flux.jacobian(batched_mul, x, y),
    "patience" => (c, _) -> rounds((wait, _) -> Flux.patience(>(0), wait), c),
    "early_stopping" => (c, _) -> rounds((wait, options) -> Flux.early_stopping(identity, wait; options...), c),
    "plateau" => (c, _) -> rounds((wait, options) -> Flux.plateau(identity, wait; options...), c),
))
