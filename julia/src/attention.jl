# Attention. Masks and biases are made inputs of their own here.

"Attention of a sequence to itself and its past."
struct Causal{L}
    layer::L
end

(m::Causal)(x) = m.layer(x; mask=make_causal_mask(x))

Flux.@layer Causal

merge!(CONSTRUCTORS, Dict{String,Function}(
    "MultiHeadAttention" => (c, rng) -> multi_head(c, rng),
    "dot_product_attention" => (c, _) -> attention(c),
    "make_causal_mask" => (c, _) -> (options = settings(c, "dims" => dimension); x -> make_causal_mask(x; options...)),
))

function multi_head(c, rng)
    n = 2 * c["half"]
    widths = get(c, "widths", "")
    eight = get(c, "heads", "") == "default"
    dims = widths == "one" ? n : (widths == "three" ? (n, n + 1, n + 2) : n) => (eight ? (8 * c["n_qk"], 8) : (2 * c["n_qk"], n)) => c["n_out"]
    m = MultiHeadAttention(dims; (eight ? (;) : (; nheads=2))..., settings(c, "bias" => identity)...)
    drop = haskey(c, "p") ? Dropout(c["p"]; rng) : m.attn_drop  # inside a gradient it draws numbers for p = 0 as well
    m = MultiHeadAttention(m.nheads, m.q_proj, m.k_proj, m.v_proj, drop, m.out_proj)
    return get(c, "causal", false) ? Causal(m) : m
end

function attention(c)
    options = (; settings(c, "nheads" => Int)..., (get(c, "fdrop", false) ? (; fdrop=weights -> weights ./ 2) : (;))...)
    mask = get(c, "mask", "none")
    mask == "causal" && return (q, k, v) -> dot_product_attention(q, k, v; options..., mask=make_causal_mask(q))
    mask in ("given", "bare") &&
        return (q, k, v, kept, bias...) -> dot_product_attention(q, k, v, bias...; options..., mask=allowed(kept, mask == "given"))
    return (q, k, v, bias...) -> dot_product_attention(q, k, v, bias...; options...)
end

"From indices, which count from 1 here, and with a first key that every query may look at."
allowed(kept, somewhere) = (kept .> 1) .| (somewhere .& (axes(kept, 1) .== 1))
