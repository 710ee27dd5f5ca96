# Recurrent layers as they are since Flux 0.15.

for cell in (RNNCell, LSTMCell, GRUCell, GRUv3Cell)
    CONSTRUCTORS[string(nameof(cell))] = (c, _) -> Flat(cell(sizes(c); settings(c, "bias" => identity)...))
end

for layer in (RNN, LSTM, GRU, GRUv3)
    CONSTRUCTORS[string(nameof(layer))] = (c, _) -> begin
        return_state = given(c) || get(c, "returned", false)
        recurrent = layer(sizes(c); return_state, settings(c, "bias" => identity)...)
        return_state ? Flat(recurrent) : recurrent
    end
end

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

Flux.@layer Returning

CONSTRUCTORS["Recurrence"] = (c, _) -> begin
    cell = c["cell"] == "own" ? Fading(Flux.glorot_uniform(c["n_out"], c["n_in"])) : GRUCell(sizes(c))
    given(c) ? Flat(Returning(cell)) : Recurrence(cell)
end
