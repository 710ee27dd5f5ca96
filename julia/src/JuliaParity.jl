"""
The Julia side of julia-parity: constructors for Flux's layers and the textbook's, and one evaluator,
`evaluate`, that takes a case and gives its outcome. Knows nothing of Python.
"""
module JuliaParity

using Flux, NNlib, Optimisers, Zygote
using LinearAlgebra, Random, Statistics, TOML

include("versions.jl")
include("public_names.jl")
include("cases.jl")
include("modes.jl")
include("handed_in.jl")
include("outcomes.jl")
include("frameworks/framework.jl")
include("frameworks/flux.jl")
include("evaluate.jl")
include("border.jl")
include("settings.jl")
include("activations.jl")
include("dense.jl")
include("convolution.jl")
include("pooling.jl")
include("normalisation.jl")
include("dropout.jl")
include("containers.jl")
include("sequences.jl")
include("attention.jl")
include(isdefined(Flux, :Recurrence) ? "recurrence.jl" : "recur.jl")
include("losses.jl")
include("rules.jl")
include("functions.jl")
include("initialisers.jl")
include("training.jl")
include("programs.jl")
include("data.jl")
include("loading.jl")
include("textbook.jl")
include("frameworks/textbook.jl")
include("textbook_layers.jl")
include("user_pair.jl")
include("workload.jl")

end
