# Flux's layers, activations and initialisers, each made from plain data. Sizes arrive in Python's axis order.

const ACTIVATIONS = Dict{String,Function}(
    string(act) => act for act in (
        identity, sigmoid, sigmoid_fast, hardsigmoid, logsigmoid, tanh, tanh_fast, hardtanh, tanhshrink, lisht, relu, relu6, leakyrelu,
        trelu, softshrink, elu, selu, celu, gelu_tanh, gelu_sigmoid, gelu_erf, swish, hardswish, mish, softplus, softsign, logcosh,
    )
)
merge!(ACTIVATIONS, Dict("sigmoid" => sigmoid, "hardsigmoid" => hardsigmoid, "logsigmoid" => logsigmoid, "gelu" => gelu))

act(c) = ACTIVATIONS[get(c, "act", "identity")]

"A tuple of sizes for the spatial axes, in Julia's order."
axes_tuple(sizes) = Tuple(reverse(Int.(sizes)))
spatial(c) = axes_tuple(c["kernel"][1:c["rank"]])

"Padding: a tuple of one size per axis, or of low and high per axis; the axes are reversed, low and high are not."
function padding(c)
    pad = get(c, "pad", 0)
    pad == "same" && return SamePad()
    pad isa Integer && return Int(pad)
    length(pad) == c["rank"] && return axes_tuple(pad)
    pairs = [pad[i:i+1] for i in 1:2:length(pad)]
    return Tuple(Int(size) for pair in reverse(pairs) for size in pair)
end

"Keyword arguments for those settings that the configuration has, each through its own conversion."
settings(c, conversions...) = (; (Symbol(name) => convert_setting(c[name]) for (name, convert_setting) in conversions if haskey(c, name))...)

"An axis counted from the end in Python is counted from 1 in Julia."
dimension(axis) = -axis

const NORM = ("affine" => identity, "track_stats" => identity, "eps" => identity, "momentum" => identity)

for (name, f) in ACTIVATIONS
    name == "identity" && continue
    CONSTRUCTORS[name] = (c, _) -> begin
        parameters = get(c, "parameters", ())
        isempty(parameters) ? (x -> f.(x)) : (x -> f.(x, eltype(x)(only(parameters))))
    end
end

for f in (softmax, logsoftmax, logsumexp)
    CONSTRUCTORS[string(f)] = (c, _) -> (options = settings(c, "dims" => dimension); x -> f(x; options...))
end

CONSTRUCTORS["glu"] = (c, _) -> (x -> NNlib.glu(x, dimension(get(c, "dims", -1))))

# Layers.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "Dense" => (c, _) -> Dense(c["n_in"] => c["n_out"], act(c); settings(c, "bias" => identity)...),
    "Scale" => (c, _) -> Flux.Scale(c["n_in"], act(c)),
    "MaxPool" => (c, _) -> MaxPool(spatial(c); pool_settings(c)...),
    "MeanPool" => (c, _) -> MeanPool(spatial(c); pool_settings(c)...),
    "GlobalMaxPool" => (c, _) -> GlobalMaxPool(),
    "GlobalMeanPool" => (c, _) -> GlobalMeanPool(),
    "flatten" => (c, _) -> Flux.flatten,
    "BatchNorm" => (c, _) -> BatchNorm(c["chs"], act(c); settings(c, NORM...)...),
    "LayerNorm" => (c, _) -> LayerNorm(axes_tuple(c["sizes"][end-c["over"]+1:end]), act(c); settings(c, "affine" => identity, "eps" => identity)...),
    "normalise" => (c, _) -> (options = settings(c, "dims" => dimension, "eps" => identity); x -> Flux.normalise(x; options...)),
    "Dropout" => (c, rng) -> Dropout(c["p"]; dims=mask_dims(c), rng),
    "Chain" => (c, _) -> chain(c),
    "train" => (c, _) -> (model=regression(c["n_in"], 1), loss=Flux.mse, rule=rule(c["optimiser"])),
))

conv_settings(c) = (; pad=padding(c), settings(c, "stride" => axes_tuple, "dilation" => axes_tuple, "groups" => Int, "bias" => identity)...)
pool_settings(c) = (; pad=padding(c), settings(c, "stride" => axes_tuple)...)

for layer in (Conv, CrossCor)
    CONSTRUCTORS[string(nameof(layer))] = (c, _) -> begin
        groups = get(c, "groups", 1)
        layer(spatial(c), groups * c["n_in"] => groups * c["n_out"], act(c); conv_settings(c)...)
    end
end

mask_dims(c) = haskey(c, "dims") ? Tuple(c["rank"] - axis for axis in c["dims"]) : (:)

regression(n_in, n_out) = Chain(Dense(n_in => 5, sigmoid), BatchNorm(5), Dense(5 => n_out))

function chain(c)
    c["net"] == "regression" && return regression(c["n_in"], c["n_out"])
    c["net"] == "named" && return Chain(first=Dense(c["n_in"] => 4, relu), second=Dense(4 => c["n_out"]))
    return Chain(Conv((2, 3), 1 => 2, relu), MaxPool((2, 2)), Flux.flatten, Dense(4 * c["n_in"] => c["n_out"]), softmax)
end

# Initialisers, given the random numbers.

for f in (Flux.glorot_uniform, Flux.glorot_normal, Flux.kaiming_uniform, Flux.kaiming_normal)
    CONSTRUCTORS[string(nameof(f))] = (c, rng) -> f(rng, axes_tuple(c["sizes"][1:c["rank"]])...; settings(c, "gain" => identity)...)
end
for f in (Flux.zeros32, Flux.ones32)
    CONSTRUCTORS[string(nameof(f))] = (c, _) -> f(axes_tuple(c["sizes"][1:c["rank"]])...)
end

# Data.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "onehotbatch" => (c, _) -> (labels -> Flux.onehotbatch(labels, 1:c["classes"])),
    "onecold" => (c, _) -> (y -> Flux.onecold(y)),
    "DataLoader" => (c, _) -> (x, y) -> begin
        loader = Flux.DataLoader((x, y); batchsize=c["batchsize"], partial=c["partial"])
        Tuple(Array(part) for batch in loader for part in batch)
    end,
))
