# How tests ask: rows of the catalogue with arrays given by keyword, in which `param_weight` stands for `param.weight`.

using JuliaParity: AutoMode, Config, Drawing, FunctionCall, OptimiserSteps, ProgramRun, TestMode, TrainMode, TrainingRun
using JuliaParity: Mode, Textbook, UserPair, evaluate

arrays(; named...) = Dict{String,Any}(replace(string(name), "_" => ".") => x for (name, x) in pairs(named))

"Output and gradients of a row that is a function."
function call(row, config, xs...; dy=nothing)
    inputs = Dict{String,Any}("x$i" => x for (i, x) in enumerate(xs))
    dy === nothing || (inputs["dy1"] = dy)
    return evaluate(row, Config(config), FunctionCall(), inputs)
end

"The outcome of a row that is a layer."
layer(row, config; mode=AutoMode(), named...) = evaluate(row, Config(config), mode, arrays(; named...))
