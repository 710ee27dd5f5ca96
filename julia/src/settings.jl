# What several rows make of a configuration: plain data, sizes in Python's axis order.

const ACTIVATIONS = Dict{String,Function}(
    string(act) => act for act in (
        identity, sigmoid, sigmoid_fast, hardsigmoid, logsigmoid, tanh, tanh_fast, hardtanh, tanhshrink, lisht, relu, relu6, leakyrelu,
        trelu, softshrink, elu, selu, celu, gelu_tanh, gelu_sigmoid, gelu_erf, swish, hardswish, mish, softplus, softsign, logcosh,
    )
)
merge!(ACTIVATIONS, Dict("sigmoid" => sigmoid, "hardsigmoid" => hardsigmoid, "logsigmoid" => logsigmoid, "gelu" => gelu))

act(c) = ACTIVATIONS[get(c, "act", "identity")]
acts(c) = haskey(c, "act") ? (act(c),) : ()  # as an argument, or none

"A tuple of sizes for the spatial axes, in Julia's order."
axes_tuple(sizes) = Tuple(reverse(Int.(sizes)))
axes_tuple(size::Integer) = Int(size)
whole(values) = Tuple(reverse(values))  # scales and sizes as they are
whole(value::Real) = value
spatial(c) = axes_tuple(c["kernel"][1:c["rank"]])

"Padding: a tuple of one size per axis, or of low and high per axis; the axes are reversed, low and high are not."
function padding(c)
    pad = c["pad"]
    pad == "same" && return SamePad()
    pad isa Integer && return Int(pad)
    length(pad) == c["rank"] && return axes_tuple(pad)
    pairs = [pad[i:i+1] for i in 1:2:length(pad)]
    return Tuple(Int(size) for pair in reverse(pairs) for size in pair)
end

"Keyword arguments for those settings that the configuration has, each through its own conversion."
settings(c, conversions...) = (; (Symbol(name) => convert_setting(c[name]) for (name, convert_setting) in conversions if haskey(c, name))...)

"An axis counted from the end in Python is counted from 1 in Julia."
dimension(axis) = -axis
dimensions(axis::Integer) = dimension(axis)
dimensions(axes) = Tuple(dimension(axis) for axis in axes)
