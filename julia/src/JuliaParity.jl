"""
The Julia side of julia-parity: constructors for Flux's layers and the textbook's, and one evaluator,
`evaluate`, that takes a case and gives its outcome. Knows nothing of Python.
"""
module JuliaParity

using Flux, NNlib, Optimisers, Zygote
using LinearAlgebra, Random, Statistics, TOML

include("versions.jl")
include("public_names.jl")
include("evaluate.jl")
include("border.jl")
include("flux_layers.jl")
include("flux_more_layers.jl")
include("flux_sequences.jl")
include(isdefined(Flux, :Recurrence) ? "flux_recurrence.jl" : "flux_recur.jl")
include("flux_losses.jl")
include("flux_rules.jl")
include("flux_functions.jl")
include("textbook.jl")
include("textbook_layers.jl")
include("user_pair.jl")
include("workload.jl")

end
