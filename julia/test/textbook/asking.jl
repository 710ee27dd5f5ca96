using Random

"How far a hand-written gradient with respect to x is from central differences, for a random cotangent."
function gradient_error(f, x, rest...)
    y, back = Textbook.pullback(f, x, rest...)
    dy = y isa Number ? 1.0 : randn(Xoshiro(2), size(y)...)
    measured = Textbook.numerical_gradient(z -> sum(dy .* first(Textbook.pullback(f, z, rest...))), copy(x))
    return maximum(abs, back(dy)[2] .- measured)
end
