# Initialisers, given the random numbers.

for f in (Flux.glorot_uniform, Flux.glorot_normal, Flux.kaiming_uniform, Flux.kaiming_normal)
    CONSTRUCTORS[string(nameof(f))] = (c, rng) -> f(rng, axes_tuple(c["sizes"][1:c["rank"]])...; settings(c, "gain" => identity)...)
end
for f in (Flux.zeros32, Flux.ones32)
    CONSTRUCTORS[string(nameof(f))] = (c, _) -> f(axes_tuple(c["sizes"][1:c["rank"]])...)
end
