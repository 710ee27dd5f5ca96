# Dense layers and tables of vectors.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "Dense" => (c, _) -> dense(c),
    "Scale" => (c, _) -> scale(c),
    "Bilinear" => (c, _) -> bilinear(c),
    "Embedding" => (c, _) -> embedding(c),
    "EmbeddingBag" => (c, _) -> embedding_bag(c),
))

"A layer whose input is no array: it is made of the arrays of a case before the call."
struct Prepared{L,F}
    layer::L
    prepare::F
end

(m::Prepared)(xs...) = m.layer(m.prepare(xs...))

Flux.@layer Prepared

"A layer that is made of arrays in every call, for how it reads them: of all arrays of the case but the first `N`, its inputs."
struct MadeOf{F,N}
    make::F
    inputs::Val{N}
end

MadeOf(make) = MadeOf(make, Val(1))

(m::MadeOf{<:Any,N})(arrays...) where {N} = m.make(arrays[N+1:end]...)(arrays[1:N]...)

of_arrays(c) = get(c, "made", "") == "arrays"

function dense(c)
    after = acts(c)
    of_arrays(c) && return MadeOf((weight, bias) -> Dense(weight, bias, after...))
    layer = Dense(c["n_in"] => c["n_out"], after...; settings(c, "bias" => identity)...)
    return get(c, "integers", false) ? Prepared(layer, whether_positive) : layer
end

whether_positive(x) = Zygote.ignore_derivatives(() -> Int.(x .> 0))

function scale(c)
    after = acts(c)
    of_arrays(c) && return MadeOf((scale, bias) -> Flux.Scale(scale, bias, after...))
    size = get(c, "one", false) ? 1 : c["n_in"]
    more = get(c, "axes", 1) == 2 ? (c["length"],) : ()
    return Flux.Scale(size, more..., after...; settings(c, "bias" => identity)...)
end

function bilinear(c)
    after = acts(c)
    of_arrays(c) && return MadeOf((weight, bias) -> Flux.Bilinear(weight, bias, after...), Val(2))
    sizes = c["inputs"] == 1 ? Int(c["n_in"]) : (c["n_in"], c["n_other"])
    return Flux.Bilinear(sizes => c["n_out"], after...; settings(c, "bias" => identity)...)
end

one_hot(c) = one_hot(Int(c["n_in"]))  # not the configuration itself: arrays are looked for in what a function holds
one_hot(classes::Int) = x -> Zygote.ignore_derivatives(() -> Flux.onehotbatch(x, 1:classes))
vectors(x) = Zygote.ignore_derivatives(() -> [x[:, i] for i in axes(x, 2)])

function embedding(c)
    of_arrays(c) && return MadeOf(weight -> Embedding(weight))
    layer = Embedding(c["n_in"] => c["n_out"])
    return get(c, "one_hot", false) ? Prepared(layer, one_hot(c)) : layer
end

function embedding_bag(c)
    sizes = c["n_in"] => c["n_out"]
    if of_arrays(c)
        reduction = REDUCTIONS[c["reduction"]]
        return MadeOf(weight -> EmbeddingBag(weight, reduction))
    end
    layer = haskey(c, "reduction") ? EmbeddingBag(sizes, REDUCTIONS[c["reduction"]]) : EmbeddingBag(sizes)
    bags = get(c, "bags", "")
    return bags == "one-hot" ? Prepared(layer, one_hot(c)) : bags == "list" ? Prepared(layer, vectors) : layer
end

const REDUCTIONS = Dict{String,Function}("mean" => mean, "sum" => sum, "maximum" => maximum)
