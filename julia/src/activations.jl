# Activations, and softmax and its relatives.

for (name, f) in ACTIVATIONS
    name == "identity" && continue
    CONSTRUCTORS[name] = (c, _) -> begin
        parameters = get(c, "parameters", ())
        isempty(parameters) ? (x -> f.(x)) : (x -> f.(x, eltype(x)(only(parameters))))
    end
end

for f in (softmax, logsoftmax, logsumexp)
    CONSTRUCTORS[string(f)] = (c, _) -> (options = settings(c, "dims" => dimension); x -> f(x; options...))
end

CONSTRUCTORS["glu"] = (c, _) -> (x -> NNlib.glu(x, dimension(get(c, "dims", -1))))
