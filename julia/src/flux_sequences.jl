# Recurrent layers and attention. Their states and masks are made inputs and outputs of their own here.

WORDS[Symbol("Wh_h̃")] = "Wh_candidate"

"A recurrent layer or cell whose state is one input and one output for each of its parts."
struct Flat{L}
    layer::L
end

(m::Flat)(x, parts...) = flat(m.layer(x, state(parts)...)...)

state(parts) = length(parts) > 1 ? (parts,) : parts
flat(y, state) = (y, state)
flat(y, state::Tuple) = (y, state...)

"A cell that is not Flux's: `h′ = W x + h / 2`."
struct Fading{W}
    weight::W
end

Flux.@layer Fading
Flux.initialstates(cell::Fading) = zero(cell.weight[:, 1])

function (cell::Fading)(x, h)
    new = cell.weight * x .+ h ./ 2
    return new, new
end

"""
`Recurrence(cell; return_state=true)`, made anew at every call: Flux 0.16.9 forgets `return_state` when a Recurrence is converted, as
`f64` and `gpu` do, because it has no `functor` method of its own as RNN, LSTM and GRU have.
"""
struct Returning{C}
    cell::C
end

(m::Returning)(x, h) = Recurrence(m.cell; return_state=true)(x, h)

"Attention of a sequence to itself and its past."
struct Causal{L}
    layer::L
end

(m::Causal)(x) = m.layer(x; mask=make_causal_mask(x))

Flux.@layer Flat
Flux.@layer Causal
Flux.@layer Returning

given(c) = get(c, "given", false)
sizes(c) = c["n_in"] => c["n_out"]

for cell in (RNNCell, LSTMCell, GRUCell, GRUv3Cell)
    CONSTRUCTORS[string(nameof(cell))] = (c, _) -> Flat(cell(sizes(c); settings(c, "bias" => identity)...))
end

for layer in (RNN, LSTM, GRU, GRUv3)
    CONSTRUCTORS[string(nameof(layer))] = (c, _) -> begin
        recurrent = layer(sizes(c); return_state=given(c), settings(c, "bias" => identity)...)
        given(c) ? Flat(recurrent) : recurrent
    end
end

merge!(CONSTRUCTORS, Dict{String,Function}(
    "Recurrence" => (c, _) -> begin
        cell = c["cell"] == "own" ? Fading(Flux.glorot_uniform(c["n_out"], c["n_in"])) : GRUCell(sizes(c))
        given(c) ? Flat(Returning(cell)) : Recurrence(cell)
    end,
    "MultiHeadAttention" => (c, rng) -> multi_head(c, rng),
    "dot_product_attention" => (c, _) -> attention(c),
    "make_causal_mask" => (c, _) -> make_causal_mask,
))

function multi_head(c, rng)
    n = 2 * c["half"]
    m = MultiHeadAttention(n => (2 * c["n_qk"], n) => c["n_out"]; nheads=2, bias=get(c, "bias", false))
    drop = haskey(c, "p") ? Dropout(c["p"]; rng) : m.attn_drop  # inside a gradient it draws numbers for p = 0 as well
    m = MultiHeadAttention(m.nheads, m.q_proj, m.k_proj, m.v_proj, drop, m.out_proj)
    return get(c, "causal", false) ? Causal(m) : m
end

function attention(c)
    nheads = c["nheads"]
    mask = get(c, "mask", "none")
    mask == "causal" && return (q, k, v) -> dot_product_attention(q, k, v; nheads, mask=make_causal_mask(q))
    mask in ("given", "bare") && return (q, k, v, kept) -> dot_product_attention(q, k, v; nheads, mask=allowed(kept, mask == "given"))
    return (q, k, v, bias...) -> dot_product_attention(q, k, v, bias...; nheads)
end

"From indices, which count from 1 here, and with a first key that every query may look at."
allowed(kept, somewhere) = (kept .> 1) .| (somewhere .& (axes(kept, 1) .== 1))
