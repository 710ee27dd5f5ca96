"""
    HandedNumbers(numbers, across)

A random generator that gives out the numbers of the case one after the other, as Python's side is given them: an even one from the first
row, a normal one from the second, at the same place. `across`: arrays are filled in NumPy's order, so that A[i, j] is A[i, j].
"""
mutable struct HandedNumbers <: AbstractRNG
    const numbers::Matrix{Float64}
    const across::Bool
    taken::Int
    HandedNumbers(numbers, across=true) = new(numbers, across, 0)
end

const EVEN, NORMAL = 1, 2

function next!(rng::HandedNumbers, row)
    rng.taken += 1
    rng.taken <= size(rng.numbers, 2) || error(
        "more random numbers are asked for than the $(size(rng.numbers, 2)) that both sides are handed: ask for `random:$(2 * rng.taken)`",
    )
    return rng.numbers[row, rng.taken]
end

"An array of the next numbers."
function next!(rng::HandedNumbers, row, dims::Dims)
    rng.across || return [next!(rng, row) for _ in CartesianIndices(dims)]
    return permutedims([next!(rng, row) for _ in CartesianIndices(reverse(dims))], length(dims):-1:1)
end

const Floats = Union{Float16,Float32,Float64}

for T in (Float16, Float32, Float64), Interval in (Random.CloseOpen01, Random.CloseOpen12)
    shift = Interval === Random.CloseOpen12 ? 1 : 0
    @eval Random.rand(rng::HandedNumbers, ::Random.SamplerTrivial{$Interval{$T}}) = $T($shift + next!(rng, EVEN))
end
Random.rand(rng::HandedNumbers, ::Type{T}, dims::Dims) where {T<:Floats} = T.(next!(rng, EVEN, dims))
Random.randn(rng::HandedNumbers) = next!(rng, NORMAL)
Random.randn(rng::HandedNumbers, ::Type{T}, dims::Dims) where {T<:Floats} = T.(next!(rng, NORMAL, dims))
for T in (Float32, Float64)
    @eval Random.rand!(rng::HandedNumbers, A::Array{$T}, ::Random.SamplerTrivial{Random.CloseOpen01{$T}}) =
        copyto!(A, next!(rng, EVEN, size(A)))
    @eval Random.randn!(rng::HandedNumbers, A::Array{$T}) = copyto!(A, next!(rng, NORMAL, size(A)))
end

# One of a range: as many steps into it as the number says.
Random.Sampler(::Type{HandedNumbers}, range::AbstractUnitRange{T}, ::Random.Repetition) where {T<:Base.BitInteger64} =
    Random.SamplerTrivial(range)
Random.rand(rng::HandedNumbers, of::Random.SamplerTrivial{<:AbstractUnitRange{T}}) where {T<:Base.BitInteger64} =
    T(first(of[]) + floor(Int, next!(rng, EVEN) * length(of[])))
Random.rand(rng::HandedNumbers, range::AbstractUnitRange{T}, dims::Dims) where {T<:Base.BitInteger64} =
    map(u -> T(first(range) + floor(Int, u * length(range))), next!(rng, EVEN, dims))

"The order in which as many random numbers stand."
Random.randperm(rng::HandedNumbers, n::Integer) = sortperm(next!(rng, EVEN, (Int(n),)))
Random.shuffle(rng::HandedNumbers, x::AbstractArray) = x[randperm(rng, length(x))]
Random.shuffle!(rng::HandedNumbers, x::AbstractArray) = copyto!(x, x[randperm(rng, length(x))])
