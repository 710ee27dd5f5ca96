# Writes the files beside it, as users write theirs, and shows that Flux takes what `pyimpl.write_state` wrote.
#
#     julia write_states.jl write DIRECTORY    # every model's state, every array filled with numbers that tell its place
#     julia write_states.jl load DIRECTORY     # loads DIRECTORY/NAME.jld2 into every model and writes back-NAME.jld2
#
# The files here were written with Julia 1.10, Flux 0.16.9 and JLD2 0.6.5.

using Flux, JLD2, LinearAlgebra

models() = (
    chain=Chain(Dense(2 => 3, tanh), BatchNorm(3), Dense(3 => 1; bias=false)),
    named=Chain(; first=Conv((2, 3), 1 => 2; pad=(3, 4, 1, 2), stride=(1, 2)), flat=Flux.flatten, last=Dense(12 => 1)),
    convolutions=Chain(
        Conv((3, 2), 2 => 4, relu; groups=2, pad=1), MaxPool((3, 2)), ConvTranspose((3, 2), 4 => 2; stride=(1, 2), outpad=(0, 1)), Upsample((3, 2)),
        CrossCor((2, 1), 2 => 4; dilation=(2, 1)), PixelShuffle(2), AdaptiveMeanPool((2, 1)), GlobalMeanPool(), Flux.flatten,
    ),
    norms=Chain(
        InstanceNorm(3; affine=true, track_stats=true), GroupNorm(3, 3), BatchNorm(3; affine=false, track_stats=false), LayerNorm(3, 2),
        LayerNorm(3; affine=false), WeightNorm(Dense(3 => 2)), Dropout(0.5; dims=(1, 2)), Flux.AlphaDropout(0.1), Flux.Scale(2),
    ),
    recurrent=Chain(RNN(2 => 3), LSTM(3 => 2), GRU(2 => 2; bias=false), GRUv3(2 => 3)),
    cells=Parallel(vcat; a=RNNCell(2 => 3), b=LSTMCell(2 => 3)),
    joined=Chain(
        Parallel(+, Dense(2 => 3), Dense(2 => 3)), SkipConnection(Dense(3 => 3), +), Maxout(Dense(3 => 2), Dense(3 => 2)),
        Flux.PairwiseFusion(+, Dense(2 => 2), Dense(2 => 2)), Flux.Bilinear((2, 2) => 3),
    ),
    attention=Chain(Embedding(5 => 4), MultiHeadAttention(4; nheads=2)),
    bag=Flux.EmbeddingBag(5 => 3),
    long=Chain([Dense(1 => 1) for _ in 1:12]...), # JLD2 writes tuples of more than ten parts of one type as arrays
    wide=Chain([isodd(i) ? BatchNorm(1) : Dense(1 => 1) for i in 1:24]...), # and parts of more than 1 KiB on their own
)

fill_all!(x::AbstractArray, count) = (x .= reshape(count .+ 0.5f0 .* (0:(length(x) - 1)), size(x)); count + 1)
fill_all!(x::Union{Tuple,NamedTuple}, count) = foldl((count, part) -> fill_all!(part, count), values(x); init=count)
fill_all!(x, count) = count

function write_all(directory)
    at(name) = joinpath(directory, "$name.jld2")
    for (name, model) in pairs(models())
        model_state = Flux.state(model)
        fill_all!(model_state, 0)
        name in (:chain, :named) || jldsave(at(name); model_state)
        name === :named && JLD2.@save at(name) model_state
        name === :chain && save(at(name), "run/model_state", model_state, "epoch", 7)
    end
    kinds = (
        half=Float16[1 2 3; 4 5 6], single=1.5f0, double=[1.0 2.0], bytes=UInt8[1, 255], long=[-1, 2], signed=Int8(-3), flags=[true false], flag=true,
        complex=ComplexF32[1 + 2im], one_complex=1.0 + 2im, zero_dimensional=fill(3.5), empty=zeros(Float32, 0, 3), word="text", symbol=:weight,
        nothing_at_all=nothing, tuple=(), pair=(1, 2.5), many=ntuple(identity, 12), words=["a", "b"], symbols=[:a, :b], nothings=[nothing, nothing],
        named=(x=1.0,), layers=[(weight=[1.0f0],), (weight=[2.0f0],)], mixed=Any[1, "a"], none=Any[],
    )
    jldsave(at("kinds"); model_state=kinds)
    jldsave(at("compressed"), true; model_state=(weight=repeat(Float32[1 2 3], 40),))
    jldsave(at("whole_model"); model_state=Chain(Dense(1 => 2)))
    jldsave(at("adjoint"); model_state=(layers=((weight=[1 2; 3 4]',),),))
    jldsave(at("dictionary"); model_state=(layers=(Dict(:a => 1),),))
    return jldsave(at("vector_of_layers"); model_state=Flux.state(Chain([Dense(ones(Float32, 1, 2)), Dense(fill(2.0f0, 1, 2), true, relu)])))
end

function load_all(directory)
    for (name, model) in pairs(models())
        Flux.loadmodel!(model, JLD2.load(joinpath(directory, "$name.jld2"), "model_state"))
        jldsave(joinpath(directory, "back-$name.jld2"); model_state=Flux.state(model))
    end
end

Dict("write" => write_all, "load" => load_all)[ARGS[1]](ARGS[2])
