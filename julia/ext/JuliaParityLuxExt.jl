"""
Models of Lux, whose layers hold no arrays: parameters and states are handed in at every call. Julia
loads this module together with Lux.
"""
module JuliaParityLuxExt

using JuliaParity: JuliaParity, AutoMode, LayerMode, TestMode, TrainMode, UserPair, join_path
using Flux: Flux
using Lux: Lux, AbstractLuxLayer
using Optimisers: Optimisers
using Random: Xoshiro
using Zygote: Zygote

"How the layers of a model behave; all parts of the model share it."
mutable struct Behaviour
    mode::LayerMode
    dropping::Bool  # false: dropout lets everything pass, in training as well
end

"""
    LuxModel(layer, parameters, states)

A layer with the parameters and states that it is called with. A call keeps the states that come of it.
"""
mutable struct LuxModel{L<:AbstractLuxLayer,P}
    const layer::L
    const parameters::P
    states::NamedTuple  # a call may change its type: a recurrent layer begins with none
    const behaviour::Behaviour
end
LuxModel(layer, parameters, states) = LuxModel(layer, parameters, states, Behaviour(AutoMode(), true))

# A layer alone has the parameters that Lux gives it.
JuliaParity.adopted(layer::AbstractLuxLayer) = LuxModel(layer, Lux.setup(Xoshiro(0), layer)...)
JuliaParity.adopted((layer, parameters, states)::Tuple{AbstractLuxLayer,Any,NamedTuple}) =
    LuxModel(layer, parameters, states)

JuliaParity.in_precision(::Type{Float32}, m::LuxModel) = converted(Lux.f32, m)
JuliaParity.in_precision(::Type{Float64}, m::LuxModel) = converted(Lux.f64, m)
converted(convert_arrays, m) =
    LuxModel(m.layer, convert_arrays(m.parameters), convert_arrays(m.states), m.behaviour)

JuliaParity.set_mode!(m::LuxModel, mode::LayerMode) = (m.behaviour.mode = mode; m)

trains(::TrainMode; inside) = true
trains(::TestMode; inside) = false
trains(::AutoMode; inside) = inside

"The states for a call inside or outside a gradient."
function states_for_call(m::LuxModel; inside)
    trains(m.behaviour.mode; inside) || return Lux.testmode(m.states)
    return m.behaviour.dropping ? Lux.trainmode(m.states) : not_dropping(Lux.trainmode(m.states))
end

# Whether it trains is a state of every layer that asks; those which also have random numbers drop.
not_dropping(state) = state
not_dropping(states::NamedTuple) =
    haskey(states, :rng) && haskey(states, :training) ? merge(states, (; training=Val(false))) :
    map(not_dropping, states)

# Lux's layers take one argument, which may be a tuple.
argument(xs) = length(xs) == 1 ? only(xs) : xs

function (m::LuxModel)(xs...)
    y, m.states = m.layer(argument(xs), m.parameters, states_for_call(m; inside=false))
    return y
end

function JuliaParity.pullback(m::LuxModel, xs...)
    states = states_for_call(m; inside=true)
    call(parameters, xs...) = m.layer(argument(xs), parameters, states)
    (y, m.states), back = Zygote.pullback(call, m.parameters, xs...)
    lux_back(dy) = back((dy, nothing))
    return y, lux_back
end

JuliaParity.set_up(rule, m::LuxModel) = Optimisers.setup(rule, m.parameters)

function JuliaParity.train_step!(tree, m::LuxModel, loss, x, target)
    states = states_for_call(m; inside=true)
    function objective(parameters)
        y, after = m.layer(x, parameters, states)
        return loss(y, target), after
    end
    (value, m.states), back = Zygote.pullback(objective, m.parameters)
    Optimisers.update!(tree, m.parameters, only(back((one(value), nothing))))
    return value
end

# Parameters are called as in Lux, statistics as everywhere here.

const STATISTICS = (running_mean=:mean, running_var=:var)

renamed(state) = state
renamed(states::NamedTuple) =
    NamedTuple{map(name -> get(STATISTICS, name, name), keys(states))}(map(renamed, values(states)))

function JuliaParity.arrays_of!(arrays, path, m::LuxModel)
    JuliaParity.arrays_of!(arrays, path, m.parameters)
    return JuliaParity.arrays_of!(arrays, path, renamed(m.states))
end

# A run that is taken apart.

function UserPair.float_arrays!(arrays, path, m::LuxModel)
    UserPair.float_arrays!(arrays, path, m.parameters)
    return UserPair.float_arrays!(arrays, path, renamed(m.states))
end

UserPair.without_dropping!(m::LuxModel) = (m.behaviour.dropping = false; nothing)
UserPair.kind_of(m::LuxModel) = UserPair.kind_of(m.layer)
UserPair.kind_of(layer::Lux.WrappedFunction) = UserPair.kind_of(layer.func)
UserPair.act_of(m::LuxModel) = UserPair.act_of(m.layer)
UserPair.pulled(m::LuxModel, xs, kw=(;)) = JuliaParity.pullback(m, xs...)

"The layers inside another one, each with its share of the parameters and states, traced."
function traced_inside(m, path, log)
    layers = m.layer.layers
    traced_layers = map(keys(layers)) do name
        part = LuxModel(layers[name], m.parameters[name], m.states[name], m.behaviour)
        UserPair.traced(part, join_path(path, String(name)), log)
    end
    return NamedTuple{keys(layers)}(traced_layers)
end

# Containers become Flux's, whose steps are known, with the layers inside in their places.

UserPair.traced(m::LuxModel, path, log; called=false) = UserPair.Traced(m, m, path, log, true)

function UserPair.traced(m::LuxModel{<:Lux.Chain}, path, log; called=false)
    layers = traced_inside(m, path, log)
    return UserPair.Traced(Flux.Chain(; layers...), m, path, log, false)
end

function UserPair.traced(m::LuxModel{<:Lux.Parallel{<:Function}}, path, log; called=false)
    layers = traced_inside(m, path, log)
    return UserPair.Traced(Flux.Parallel(m.layer.connection; layers...), m, path, log, false)
end

end
