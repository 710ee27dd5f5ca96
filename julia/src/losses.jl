# Flux's losses, each made from plain data.

const AGGREGATIONS = Dict("mean" => mean, "sum" => sum, "identity" => identity, "columns" => x -> mean(x; dims=1))

"Settings of a loss as Flux's keywords."
loss_settings(c) = settings(
    c, "agg" => name -> AGGREGATIONS[name], "dims" => dimension, "eps" => identity, "delta" => identity, "gamma" => identity, "margin" => identity,
    "beta" => identity, "smooth" => identity,
)

"Fractional settings in the type of the data, as in Python: some losses of Flux would become Float64 by a Float64 setting."
in_type(T, options) = Zygote.ignore_derivatives(() -> map(option -> option isa AbstractFloat ? T(option) : option, options))

"Targets of another type than the prediction: whether they are above zero."
labels(c, y) = haskey(c, "labels") ? Zygote.ignore_derivatives(() -> (c["labels"] == "bool" ? Bool : Int).(y .> 0)) : y

for f in (
    Flux.mse, Flux.mae, Flux.msle, Flux.huber_loss, Flux.crossentropy, Flux.logitcrossentropy, Flux.binarycrossentropy,
    Flux.logitbinarycrossentropy, Flux.kldivergence, Flux.poisson_loss, Flux.hinge_loss, Flux.squared_hinge_loss, Flux.siamese_contrastive_loss,
    Flux.focal_loss, Flux.binary_focal_loss, Flux.dice_coeff_loss, Flux.tversky_loss,
)
    CONSTRUCTORS[string(nameof(f))] = (c, _) -> begin
        options = loss_settings(c)
        get(c, "labels", "") == "both int" && return (ŷ, y) -> Zygote.ignore_derivatives(() -> f(Int.(ŷ .> 0), Int.(y .> 0); options...))
        (ŷ, y) -> f(ŷ, labels(c, y); in_type(eltype(ŷ), options)...)
    end
end

CONSTRUCTORS["ctc_loss"] = (c, _) -> Flux.ctc_loss
CONSTRUCTORS["label_smoothing"] = (c, _) -> begin
    options = get(c, "binary", false) ? (; dims=0) : settings(c, "dims" => dimension)
    y -> Flux.label_smoothing(y, eltype(y)(c["alpha"]); options...)
end
