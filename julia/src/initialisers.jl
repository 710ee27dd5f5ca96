# Initialisers, given the random numbers.

for f in (Flux.glorot_uniform, Flux.glorot_normal, Flux.kaiming_uniform, Flux.kaiming_normal)
    CONSTRUCTORS[string(nameof(f))] = (c, rng) -> f(rng, axes_tuple(c["sizes"][1:c["rank"]])...; settings(c, "gain" => identity)...)
end
for f in (Flux.zeros32, Flux.ones32)
    CONSTRUCTORS[string(nameof(f))] = (c, _) -> f(axes_tuple(c["sizes"][1:c["rank"]])...)
end

# What layers begin with, from the same random numbers.

const BEGUN = Dict{String,Function}(
    "Dense" => init -> Dense(3 => 2; init),
    "Scale" => _ -> Flux.Scale(3),
    "Bilinear" => init -> Flux.Bilinear((3, 2) => 4; init),
    "Conv" => init -> Conv((2, 3), 2 => 4; groups=2, init),
    "CrossCor" => init -> CrossCor((2,), 3 => 2; init),
    "ConvTranspose" => init -> ConvTranspose((2, 3), 2 => 3; init),
    "DepthwiseConv" => init -> DepthwiseConv((2,), 2 => 4; init),
    "MultiHeadAttention" => init -> MultiHeadAttention(4; nheads=2, bias=true, init),
    "BatchNorm" => _ -> BatchNorm(3),
    "InstanceNorm" => _ -> InstanceNorm(3; affine=true, track_stats=true),
    "GroupNorm" => _ -> GroupNorm(4, 2),
    "LayerNorm" => _ -> LayerNorm(3),
)

function begun(layer, rng)
    layer == "Embedding" && return Embedding(4 => 3; init=Flux.randn32(rng))
    layer == "EmbeddingBag" && return Flux.EmbeddingBag(4 => 3; init=Flux.randn32(rng))
    init = Flux.glorot_uniform(rng)
    haskey(BEGUN, layer) && return BEGUN[layer](init)
    both = isdefined(Flux, :Recurrence) ? (; init_kernel=init, init_recurrent_kernel=init) : (; init)  # since Flux 0.15
    return getfield(Flux, Symbol(layer))(3 => 2; both...)  # a cell
end

CONSTRUCTORS["initial_values"] = (c, rng) -> begin
    arrays = sort!(collect(arrays_of(begun(c["layer"], rng))); by=first)
    Tuple(copy(x) for (path, x) in arrays if path != "state0")  # which cells had before Flux 0.15
end
