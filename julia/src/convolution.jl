# Convolutions.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "Conv" => (c, _) -> made(Conv, c, channels),
    "CrossCor" => (c, _) -> made(CrossCor, c, channels),
    "ConvTranspose" => (c, _) -> made(ConvTranspose, c, channels),
    "DepthwiseConv" => (c, _) -> made(DepthwiseConv, c, c -> c["n_in"] => Int(c["n_in"] * c["each"])),
))

"A convolution of drawn weights, or of those that the case has."
function made(layer, c, sizes)
    after, options = acts(c), conv_settings(c)
    of_arrays(c) && return MadeOf((weight, bias) -> layer(weight, bias, after...; options...))
    return layer(spatial(c), sizes(c), after...; options...)
end

channels(c) = Int(get(c, "groups", 1) * c["n_in"]) => Int(get(c, "groups", 1) * c["n_out"])

conv_settings(c) = (; pad_settings(c)...,
    settings(c, "stride" => axes_tuple, "dilation" => axes_tuple, "outpad" => axes_tuple, "groups" => Int, "bias" => identity)...)
pad_settings(c) = haskey(c, "pad") ? (; pad=padding(c)) : (;)
