# The rows of the textbook family.

textbook_features(c) = c["rank"] == 4 ? c["channels"] * c["pixels"]^2 : c["channels"]

function textbook_norm(c)
    none() = zeros(Float32, textbook_features(c))
    running = get(c, "running", false) ? (; running_mean=none(), running_var=none()) : (;)
    options = settings(c, "momentum" => identity, "eps" => identity, "active" => identity)
    return Textbook.BatchNormalization(none(), none(); options..., running...)
end

function textbook_dropout(c, rng)
    ratio = get(c, "untold", false) ? () : (c["ratio"],)
    return Textbook.Dropout(ratio...; settings(c, "active" => identity)..., rng)
end

merge!(CONSTRUCTORS, Dict{String,Function}(
    "textbook.Affine" => (c, _) -> Textbook.Affine(zeros(Float32, c["n_out"], c["n_in"]), zeros(Float32, c["n_out"])),
    "textbook.Sigmoid" => (c, _) -> Textbook.Sigmoid(),
    "textbook.Relu" => (c, _) -> Textbook.Relu(),
    "textbook.BatchNormalization" => (c, _) -> textbook_norm(c),
    "textbook.Dropout" => (c, rng) -> textbook_dropout(c, rng),
    "textbook.Convolution" => (c, _) -> begin
        weight = zeros(Float32, axes_tuple(c["kernel"])..., c["n_in"], c["n_out"])
        Textbook.Convolution(weight, zeros(Float32, c["n_out"]); settings(c, "stride" => axes_tuple, "pad" => axes_tuple)...)
    end,
    "textbook.Pooling" => (c, _) -> Textbook.Pooling(c["pool"]...; settings(c, "stride" => axes_tuple, "pad" => axes_tuple, "ceil" => identity)...),
    "textbook.softmax" => (c, _) -> Textbook.softmax,
    "textbook.cross_entropy_error" => (c, _) -> Textbook.cross_entropy_error,
    "textbook.softmax_with_loss" => (c, _) -> Textbook.softmax_with_loss,
    "textbook.softmax_with_summed_loss" => (c, _) -> Textbook.softmax_with_summed_loss,
    "textbook.SGD" => (c, _) -> Textbook.SGD(; rates(c)...),
    "textbook.Momentum" => (c, _) -> Textbook.Momentum(; rates(c)...),
    "textbook.AdaGrad" => (c, _) -> Textbook.AdaGrad(; rates(c)...),
    "textbook.AdaGradNoEps" => (c, _) -> Textbook.AdaGradNoEps(; rates(c)...),
    "textbook.Adam" => (c, _) -> Textbook.Adam(; rates(c)...),
))

rates(c) = settings(c, (name => identity for name in ("lr", "rho", "beta1", "beta2"))...)
