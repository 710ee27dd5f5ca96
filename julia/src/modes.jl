# What is asked of a subject. Cases say it in a word, which becomes a type where they cross the border.

"What a case asks of its subject; `Mode(word)` is the one that the Python side calls so."
abstract type Mode end

"An initialiser: the numbers that it draws."
struct Drawing <: Mode end

"A function: its value, and its gradient where there are cotangents."
struct FunctionCall <: Mode end

"An optimiser rule alone: an array and its state after every gradient."
struct OptimiserSteps <: Mode end

"A model and a rule: the loss of every step, and the parameters after it."
struct TrainingRun <: Mode end

"Something with a state of its own, driven command by command."
struct ProgramRun <: Mode end

"A model, taken apart into the calls of its layers."
struct TracedRun <: Mode end

"A model, called inside a gradient and outside; the subtypes say how its layers behave."
abstract type LayerMode <: Mode end

"Layers train inside a gradient and do not outside, as Flux decides by itself."
struct AutoMode <: LayerMode end

"Layers train, inside a gradient and outside."
struct TrainMode <: LayerMode end

"Layers do not train: running statistics, nothing dropped."
struct TestMode <: LayerMode end

const MODES = Dict{String,Mode}(
    "draw" => Drawing(),
    "function" => FunctionCall(),
    "steps" => OptimiserSteps(),
    "training" => TrainingRun(),
    "program" => ProgramRun(),
    "trace" => TracedRun(),
    "auto" => AutoMode(),
    "train" => TrainMode(),
    "test" => TestMode(),
)

Mode(word::AbstractString) =
    get(() -> throw(CaseError("no case asks for `$word`, only for $(join(sort!(collect(keys(MODES))), ", "))")), MODES, word)
LayerMode(word::AbstractString) = Mode(word)::LayerMode
