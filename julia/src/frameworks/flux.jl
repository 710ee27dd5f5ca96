# Flux models: any struct that holds arrays, layers or both. Their gradients are Zygote's.

in_precision(::Type{Float64}, model) = f64(model)
in_precision(::Type{Float32}, model) = f32(model)

set_mode!(model, mode::LayerMode) = (switch!(mode, model); model)
switch!(::AutoMode, _) = nothing
switch!(::TrainMode, model) = trainmode!(model)
switch!(::TestMode, model) = testmode!(model)

pullback(f, xs...) = Zygote.pullback((f, xs...) -> f(xs...), f, xs...)

set_up(rule, model) = Flux.setup(rule, model)

function train_step!(state, model, loss, x, target)
    value, (dmodel,) = Flux.withgradient(model -> loss(model(x), target), model)
    Flux.update!(state, model, dmodel)
    return value
end

arrays_of!(arrays, path, x::Array{<:AbstractFloat}) = (arrays[path] = x; arrays)
arrays_of!(arrays, path, ::Union{Number,Nothing,Symbol,Type,AbstractString,AbstractRNG,AbstractArray{<:Number}}) = arrays
arrays_of!(arrays, path, x::AbstractArray) =
    (foreach(((i, part),) -> arrays_of!(arrays, join_path(path, word(i)), part), enumerate(x)); arrays)
arrays_of!(arrays, path, x::Union{Tuple,NamedTuple}) =
    (foreach(name -> arrays_of!(arrays, join_path(path, word(name)), x[name]), keys(x)); arrays)
function arrays_of!(arrays, path, x)
    foreach(name -> arrays_of!(arrays, join_path(path, word(name)), getfield(x, name)), fieldnames(typeof(x)))
    return arrays
end
