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

"Attention of a sequence to itself and its past."
struct Causal{L}
    layer::L
end

(m::Causal)(x) = m.layer(x; mask=make_causal_mask(x))

Flux.@layer Flat
Flux.@layer Causal

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
        given(c) ? Flat(Recurrence(cell; return_state=true)) : Recurrence(cell)
    end,
    "MultiHeadAttention" => (c, rng) -> multi_head(c, rng),
    "dot_product_attention" => (c, _) -> attention(c),
    "make_causal_mask" => (c, _) -> make_causal_mask,
))

function multi_head(c, rng)
    n = 2 * c["half"]
    m = MultiHeadAttention(n => (2 * c["n_qk"], n) => c["n_out"]; nheads=2, bias=get(c, "bias", false))
    drop = Dropout(get(c, "p", 0.0); rng)
    m = MultiHeadAttention(m.nheads, m.q_proj, m.k_proj, m.v_proj, drop, m.out_proj)
    return get(c, "causal", false) ? Causal(m) : m
end

function attention(c)
    nheads = c["nheads"]
    mask = get(c, "mask", "none")
    mask == "causal" && return (q, k, v) -> dot_product_attention(q, k, v; nheads, mask=make_causal_mask(q))
    mask == "given" && return (q, k, v, kept) -> dot_product_attention(q, k, v; nheads, mask=kept .> 0)
    return (q, k, v, bias...) -> dot_product_attention(q, k, v, bias...; nheads)
end
