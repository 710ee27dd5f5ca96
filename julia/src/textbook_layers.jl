# The textbook family's rows. Their backward passes are written by hand: Zygote has no part in them.

const TextbookFunction =
    Union{typeof(Textbook.softmax),typeof(Textbook.cross_entropy_error),typeof(Textbook.softmax_with_loss),typeof(Textbook.softmax_with_summed_loss)}

pullback(f::Union{Textbook.Layer,TextbookFunction}, xs...) = Textbook.pullback(f, xs...)

const TextbookMode = Union{Textbook.BatchNormalization,Textbook.Dropout}
Flux.testmode!(layer::TextbookMode, mode=true) = (layer.active = mode === :auto ? nothing : !mode; layer)
Flux.trainmode!(layer::TextbookMode) = (layer.active = true; layer)

# Functors before 0.5, and Flux before 0.15 with it, must be told what is a model.
Flux.@layer Textbook.Affine
Flux.@layer Textbook.BatchNormalization
Flux.@layer Textbook.Convolution

textbook_features(c) = c["rank"] == 4 ? c["channels"] * c["pixels"]^2 : c["channels"]

merge!(CONSTRUCTORS, Dict{String,Function}(
    "textbook.Affine" => (c, _) -> Textbook.Affine(zeros(Float32, c["n_out"], c["n_in"]), zeros(Float32, c["n_out"])),
    "textbook.Sigmoid" => (c, _) -> Textbook.Sigmoid(),
    "textbook.Relu" => (c, _) -> Textbook.Relu(),
    "textbook.BatchNormalization" => (c, _) -> (n = textbook_features(c); Textbook.BatchNormalization(zeros(Float32, n), zeros(Float32, n))),
    "textbook.Dropout" => (c, rng) -> Textbook.Dropout(c["ratio"]; rng),
    "textbook.Convolution" => (c, _) -> begin
        weight = zeros(Float32, axes_tuple(c["kernel"])..., c["n_in"], c["n_out"])
        Textbook.Convolution(weight, zeros(Float32, c["n_out"]); stride=c["stride"], pad=c["pad"])
    end,
    "textbook.Pooling" => (c, _) -> Textbook.Pooling(c["pool"]...; stride=c["stride"], ceil=c["ceil"]),
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
