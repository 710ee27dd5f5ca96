# Recurrent layers as they are since Flux 0.15.

cell_of(cell, c) = cell(sizes(c), acts(c)...; bias_of(cell, c)...)

"The bias as it is told, or as an array, of which the case says the numbers."
bias_of(cell, c) = get(c, "bias", true) == "array" ? (; bias=zeros(Float32, size(cell(sizes(c)).Wi, 1))) : settings(c, "bias" => identity)

for cell in (RNNCell, LSTMCell, GRUCell, GRUv3Cell)
    CONSTRUCTORS[string(nameof(cell))] = (c, _) -> Flat(cell_of(cell, c))
end

for (layer, cell) in (RNN => RNNCell, LSTM => LSTMCell, GRU => GRUCell, GRUv3 => GRUv3Cell)
    CONSTRUCTORS[string(nameof(layer))] = (c, _) -> begin
        returned = given(c) || get(c, "returned", false)
        state = returned ? (; return_state=true) : (;)
        recurrent = get(c, "made", "") == "of a cell" ? layer(cell_of(cell, c); state...) :
            layer(sizes(c), acts(c)...; bias_of(cell, c)..., state...)
        returned ? Flat(recurrent) : recurrent
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
