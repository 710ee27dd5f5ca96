# What the toolkit found in Flux, NNlib, Zygote and Optimisers: each with a case that runs.
#
#     julia julia/flux_findings.jl
#
# runs all of them with the Flux of the current environment and says of each whether it is still there. The versions in which they were seen:
# Flux 0.16.9, NNlib 0.9.36, Zygote 0.7.12, Optimisers 0.4.8.

using Flux, NNlib, Optimisers

struct Finding
    title::String
    expected::String
    observe::Function  # what is to be seen
    present::Function  # of that: whether the finding is still there
end

gradient_of(f, x) = Flux.gradient(f, x)[1]
outcome(f) =
    try
        f()
    catch error
        error
    end
raises(x) = x isa Exception

"Stands in for a random generator: the numbers given, again and again."
mutable struct Given{T} <: Flux.Random.AbstractRNG
    numbers::T
end
Flux.Random.rand!(rng::Given, A::AbstractArray) = (A .= rng.numbers; A)

const FINDINGS = [
    # Wrong results
    Finding(
        "kldivergence of a target with zeros: NaN inside a gradient of the target, although its value is finite",
        "log(2), as outside",
        () -> first(Flux.withgradient(y -> Flux.kldivergence([0.5, 0.5], y), [0.0, 1.0])),
        isnan,
    ),
    Finding(
        "Dropout drops entries whose random number is exactly 0, inside a gradient, though it is inactive",
        "in test mode nothing is dropped: all ones",
        () -> first(Flux.withgradient(sum ∘ testmode!(Dropout(0.5; rng=Given([0.0, 0.5, 0.75]))), ones(3))),
        seen -> seen != 3,
    ),
    Finding(
        "ctc_loss: the gradient is wrong where the blank is among the labels",
        "central differences",
        () -> begin
            logits, labels = [0.1 0.2 0.3; 0.5 -0.4 0.1; 0.3 0.9 -0.2], [1, 3]
            measured = map(eachindex(logits)) do i
                step = zeros(3, 3)
                step[i] = 1e-6
                (Flux.ctc_loss(logits .+ step, labels) - Flux.ctc_loss(logits .- step, labels)) / 2e-6
            end
            maximum(abs, vec(gradient_of(x -> Flux.ctc_loss(x, labels), logits)) .- measured)
        end,
        seen -> !(seen < 1e-4),
    ),
    Finding(
        "ctc_loss: with fewer time steps than labels the loss is infinite and its gradient NaN",
        "an error, or a finite gradient",
        () -> gradient_of(x -> Flux.ctc_loss(x, [1, 1, 2]), randn(3, 2)),
        seen -> !raises(seen) && any(isnan, seen),
    ),
    Finding(
        "dot_product_attention: a query that may attend to nothing makes all gradients NaN",
        "no gradient from it",
        () -> gradient_of(q -> sum(first(NNlib.dot_product_attention(q, ones(2, 2, 1), ones(2, 2, 1); mask=[false true; false true]))), ones(2, 2, 1)),
        seen -> any(isnan, seen),
    ),
    Finding(
        "Upsample(:bilinear) to a single point is NaN",
        "the value of the corner",
        () -> Upsample(:bilinear; size=(1, 1))(ones(2, 2, 1, 1))[1],
        isnan,
    ),
    Finding(
        "Recurrence forgets return_state when the model is mapped, by f64 for example",
        "return_state is kept",
        () -> f64(Recurrence(LSTMCell(2 => 3); return_state=true))(ones(2, 4)) isa Tuple,
        !,
    ),
    Finding(
        "Lion: the betas are exchanged, the momentum is nearly the last gradient",
        "after one step with g = 1 and betas (0.9, 0.99): m = 0.01, as in the paper",
        () -> only(first(Optimisers.apply!(Lion(0.001, (0.9, 0.99)), [0.0], [0.0], [1.0]))),
        seen -> seen > 0.5,
    ),
    # Results of another type
    Finding(
        "crossentropy and others with a Float64 eps give a Float64 loss of Float32 arrays",
        "Float32, as with the default; huber_loss converts its delta",
        () -> typeof(Flux.crossentropy(Float32[0.5, 0.5], Float32[1, 0]; eps=1e-3)),
        ==(Float64),
    ),
    # Errors where there should be none, and none where there should be
    Finding(
        "a convolution of an empty batch raises",
        "an empty batch of outputs",
        () -> size(Conv((2, 2), 1 => 1)(zeros(Float32, 3, 3, 1, 0))),
        raises,
    ),
    Finding(
        "binary_focal_loss raises DomainError for a prediction of 1",
        "0 for the certain and right answer",
        () -> Flux.binary_focal_loss([1.0], [1.0]; gamma=1.5),
        raises,
    ),
    Finding(
        "focal_loss raises DomainError for a prediction of 1 and a fractional gamma",
        "0 for the certain and right answer",
        () -> Flux.focal_loss([1.0; 0.0;;], [1.0; 0.0;;]; gamma=1.5),
        raises,
    ),
    Finding(
        "BatchNorm(3; eps=1e-3) and GroupNorm(4, 2; eps=1e-3) raise MethodError",
        "a layer: the documentation says a number",
        () -> GroupNorm(4, 2; eps=1e-3),
        raises,
    ),
    Finding(
        "Descent accepts a negative learning rate, which every other rule refuses",
        "an error",
        () -> Descent(-0.1),
        !raises,
    ),
    # Documentation that says something else
    Finding(
        "tversky_loss: beta weights the false positives; the docstring gives it to the false negatives",
        "of a false negative with beta = 0.9: 1 - 1 / (0.9 + 1) = 0.474",
        () -> Flux.tversky_loss([0.0], [1.0]; beta=0.9),
        seen -> !isapprox(seen, 1 - 1 / 1.9),
    ),
    Finding(
        "normalise: eps is squared before it is added to the variance; the docstring says it is added",
        "with a variance of 1 and eps = 1: 1 / sqrt(1 + 1), whichever; with eps = 2: 1 / sqrt(1 + 2) = 0.577",
        () -> Flux.normalise([-1.0, 1.0]; dims=1, eps=2)[2],
        seen -> isapprox(seen, 1 / sqrt(5)),
    ),
    Finding(
        "GRUv3Cell: the docstring multiplies the candidate by a third block of Wh, which the code never uses",
        "another output when that block changes",
        () -> begin
            cell = GRUv3Cell(2 => 3)
            x, h = ones(Float32, 2), ones(Float32, 3)
            before = first(cell(x, h))
            cell.Wh[7:9, :] .= 100
            first(cell(x, h)) == before
        end,
        identity,
    ),
]

function main()
    versions = join(("$(nameof(m)) $(pkgversion(m))" for m in (Flux, NNlib, Optimisers)), ", ")
    println("Julia $VERSION, $versions\n")
    there = 0
    for finding in FINDINGS
        seen = outcome(finding.observe)
        present = raises(seen) ? finding.present === raises : finding.present(seen)
        there += present
        shown = raises(seen) ? first(split(sprint(showerror, seen), '\n')) : repr(seen)
        println(present ? "still there: " : "not there:   ", finding.title)
        println("    expected: $(finding.expected)\n    seen:     $shown")
    end
    println("\n$there of $(length(FINDINGS)) are still there")
end

main()
