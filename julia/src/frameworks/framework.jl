# What is asked of a subject, whichever framework it is of. Every framework has a file with its methods; those for any
# struct are Flux's, in `flux.jl`.

"""
    adopted(value)

What stands for a value of the user's: mostly itself. A framework that keeps parameters apart from its layers joins them.
"""
adopted(value) = value

"""
    in_precision(T, model)

The model with its arrays in Float32 or Float64.
"""
function in_precision end

"""
    set_mode!(model, mode) -> model

Have the layers behave as a `LayerMode` says.
"""
function set_mode! end

"""
    pullback(f, xs...) -> y, back

`back(dy)` gives the gradient of `f` and of every `x`.
"""
function pullback end

"""
    set_up(rule, model) -> state

The state of an optimiser rule for all parameters of a model.
"""
function set_up end

"""
    train_step!(state, model, loss, x, target) -> value

One step of training; `value` is the loss before it.
"""
function train_step! end

"""
    arrays_of!(arrays, path, model) -> arrays

Put every array of floating-point numbers inside a model into `arrays`, by path.
"""
function arrays_of! end

"Every array of floating-point numbers inside a model, by path."
arrays_of(model) = arrays_of!(Dict{String,Array}(), "", model)

"Copy the arrays of the case to their places in the model."
function place!(model, arrays)
    own = arrays_of(model)
    for (path, array) in arrays
        haskey(own, path) || throw(CaseError("the Julia model has no array $path, only $(join(sort(collect(keys(own))), ", "))"))
        size(own[path]) == size(array) ||
            throw(CaseError("the Julia model's $path has size $(size(own[path])), the case gives $(size(array))"))
        copyto!(own[path], array)
    end
    return model
end
