# Optimisers.jl's rules: hyper-parameters by keyword would lose their order in older releases, so they are given by position.

# Before 0.15 Flux exports rules of its own under the same names, and turns them into these.
using Optimisers: AdaBelief, AdaDelta, AdaGrad, AdaMax, Adam, AdamW, AMSGrad, ClipGrad, ClipNorm, Descent, Momentum, NAdam, Nesterov, OAdam,
    OptimiserChain, RAdam, RMSProp, SignDecay, WeightDecay

numbers(values) = Tuple(Float64.(values))
betas(c, default=(0.9, 0.999)) = numbers(get(c, "beta", default))

const RULES = Dict{String,Function}(
    "Descent" => c -> Descent(get(c, "eta", 0.1f0)),
    "Momentum" => c -> Momentum(get(c, "eta", 0.01), get(c, "rho", 0.9)),
    "Nesterov" => c -> Nesterov(get(c, "eta", 0.001), get(c, "rho", 0.9)),
    "RMSProp" => c -> RMSProp(get(c, "eta", 0.001), get(c, "rho", 0.9), get(c, "eps", 1e-8); settings(c, "centred" => identity)...),
    "AdaGrad" => c -> AdaGrad(get(c, "eta", 0.1), get(c, "eps", 1e-8)),
    "Adam" => c -> Adam(get(c, "eta", 0.001), betas(c), get(c, "eps", 1e-8)),
    "AdamW" => c -> AdamW(get(c, "eta", 0.001), betas(c), get(c, "lam", 0.0), get(c, "eps", 1e-8); settings(c, "couple" => identity)...),
    "AMSGrad" => c -> AMSGrad(get(c, "eta", 0.001), betas(c), get(c, "eps", 1e-8)),
    "RAdam" => c -> RAdam(get(c, "eta", 0.001), betas(c), get(c, "eps", 1e-8)),
    "AdaMax" => c -> AdaMax(get(c, "eta", 0.001), betas(c), get(c, "eps", 1e-8)),
    "OAdam" => c -> OAdam(get(c, "eta", 0.001), betas(c, (0.5, 0.9)), get(c, "eps", 1e-8)),
    "NAdam" => c -> NAdam(get(c, "eta", 0.001), betas(c), get(c, "eps", 1e-8)),
    "AdaBelief" => c -> AdaBelief(get(c, "eta", 0.001), betas(c), get(c, "eps", 1e-16)),
    "AdaDelta" => c -> AdaDelta(get(c, "rho", 0.9), get(c, "eps", 1e-8)),
    "Rprop" => c -> Rprop(settings(c, "eta" => identity, "ell" => numbers, "gamma" => numbers)...),
    "Lion" => c -> Optimisers.Lion(get(c, "eta", 0.001), betas(c)),
    "WeightDecay" => c -> WeightDecay(get(c, "lam", 5e-4)),
    "SignDecay" => c -> SignDecay(get(c, "lam", 1e-3)),
    "ClipGrad" => c -> ClipGrad(get(c, "delta", 10.0)),
    "ClipNorm" => c -> ClipNorm(get(c, "omega", 10.0), get(c, "p", 2.0); settings(c, "throw" => identity)...),
    "AccumGrad" => c -> AccumGrad(c["n"]),
    "MixedPrecision" => c -> MixedPrecision(PRECISIONS[get(c, "precision", "float32")], rule(c["inner"])),
    "OptimiserChain" => c -> OptimiserChain(map(rule, c["rules"])...),
)

rule(c) = RULES[c["rule"]](c)

for name in keys(RULES)
    CONSTRUCTORS[name] = (c, _) -> rule(c)
end
