# The textbook family: layers and functions of our own, whose backward passes are written by hand. Zygote has no part in them.

const TextbookFunction = Union{
    typeof(Textbook.softmax),
    typeof(Textbook.cross_entropy_error),
    typeof(Textbook.softmax_with_loss),
    typeof(Textbook.softmax_with_summed_loss),
}

pullback(f::Union{Textbook.Layer,TextbookFunction}, xs...) = Textbook.pullback(f, xs...)

const TextbookMode = Union{Textbook.BatchNormalization,Textbook.Dropout}
Flux.testmode!(layer::TextbookMode, mode=true) = (layer.active = mode === :auto ? nothing : !mode; layer)
Flux.trainmode!(layer::TextbookMode) = (layer.active = true; layer)

# Functors before 0.5, and Flux before 0.15 with it, must be told what is a model.
Flux.@layer Textbook.Affine
Flux.@layer Textbook.BatchNormalization
Flux.@layer Textbook.Convolution
