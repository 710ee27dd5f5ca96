# Recurrent layers before Flux 0.15, given the form that they have since: the names of the fields, `cell(x, state)` with the output first,
# (features, time, batch), a state that is given and returned. There, cells are called `cell(state, x)` and `Recur` keeps the state.

abstract type Cell end

(m::Cell)(x, state=m.state0) = reverse(original(m)(state, x))

struct RNNCell{I,H,B,S} <: Cell
    Wi::I
    Wh::H
    b::B
    state0::S
end
Flux.@layer RNNCell
RNNCell(sizes::Pair) = (m = Flux.RNNCell(sizes); RNNCell(m.Wi, m.Wh, m.b, m.state0))
original(m::RNNCell) = Flux.RNNCell(tanh, m.Wi, m.Wh, m.b, m.state0)

struct LSTMCell{I,H,B,S} <: Cell
    Wi::I
    Wh::H
    b::B
    state0::S
end
Flux.@layer LSTMCell
LSTMCell(sizes::Pair) = (m = Flux.LSTMCell(sizes); LSTMCell(m.Wi, m.Wh, m.b, m.state0))
original(m::LSTMCell) = Flux.LSTMCell(m.Wi, m.Wh, m.b, m.state0)

struct GRUCell{I,H,B,S} <: Cell
    Wi::I
    Wh::H
    b::B
    state0::S
end
Flux.@layer GRUCell
GRUCell(sizes::Pair) = (m = Flux.GRUCell(sizes); GRUCell(m.Wi, m.Wh, m.b, m.state0))
original(m::GRUCell) = Flux.GRUCell(m.Wi, m.Wh, m.b, m.state0)

"Its Wh has two blocks there; since, a third that is not used."
struct GRUv3Cell{I,H,B,C,S} <: Cell
    Wi::I
    Wh::H
    b::B
    Wh_h̃::C
    state0::S
end
Flux.@layer GRUv3Cell
GRUv3Cell(sizes::Pair) = (m = Flux.GRUv3Cell(sizes); GRUv3Cell(m.Wi, vcat(m.Wh, m.Wh_h̃), m.b, m.Wh_h̃, m.state0))
original(m::GRUv3Cell) = Flux.GRUv3Cell(m.Wi, m.Wh[1:2end÷3, :], m.b, m.Wh_h̃, m.state0)

for cell in (RNNCell, LSTMCell, GRUCell, GRUv3Cell)
    CONSTRUCTORS[string(nameof(cell))] = (c, _) -> Flat(cell(sizes(c)))
end

"""
A cell over a sequence, one call of `Recur` for every step: its explicit gradient over a 3-d array is wrong for the cell's weights from two
steps on.
"""
struct Stepwise{C}
    cell::C
    return_state::Bool
end

Flux.@layer Stepwise

function (m::Stepwise)(x::AbstractArray{<:Any,3}, state=m.cell.state0)
    recur = Flux.Recur(original(m.cell), state)
    ys = ()
    for t in axes(x, 2)
        ys = (ys..., recur(x[:, t, :]))
    end
    y = permutedims(cat(ys...; dims=3), (1, 3, 2))
    return m.return_state ? (y, recur.state) : y
end

for (layer, cell) in ("RNN" => RNNCell, "LSTM" => LSTMCell, "GRU" => GRUCell, "GRUv3" => GRUv3Cell)
    CONSTRUCTORS[layer] = (c, _) -> given(c) ? Flat(Stepwise(cell(sizes(c)), true)) : Stepwise(cell(sizes(c)), false)
end
