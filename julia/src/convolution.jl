# Convolutions.

merge!(CONSTRUCTORS, Dict{String,Function}(
    "ConvTranspose" => (c, _) -> ConvTranspose(spatial(c), channels(c), act(c); conv_settings(c)..., settings(c, "outpad" => axes_tuple)...),
    "DepthwiseConv" => (c, _) -> DepthwiseConv(spatial(c), c["n_in"] => Int(c["n_in"] * c["each"]), act(c); conv_settings(c)...),
))

for layer in (Conv, CrossCor)
    CONSTRUCTORS[string(nameof(layer))] = (c, _) -> layer(spatial(c), channels(c), act(c); conv_settings(c)...)
end

channels(c) = Int(get(c, "groups", 1) * c["n_in"]) => Int(get(c, "groups", 1) * c["n_out"])

conv_settings(c) = (; pad=padding(c), settings(c, "stride" => axes_tuple, "dilation" => axes_tuple, "groups" => Int, "bias" => identity)...)
