# What recurrent layers need of all versions. Their states are made inputs and outputs of their own here.

WORDS[Symbol("Wh_h̃")] = "Wh_candidate"

"A recurrent layer or cell whose state is one input and one output for each of its parts."
struct Flat{L}
    layer::L
end

(m::Flat)(x, parts...) = side_by_side(m.layer(x, joined_state(parts)...)...)

joined_state(parts) = length(parts) > 1 ? (parts,) : parts
side_by_side(y, part) = (y, part)
side_by_side(y, parts::Tuple) = (y, parts...)

Flux.@layer Flat

given(c) = get(c, "given", false)
sizes(c) = c["n_in"] => c["n_out"]
