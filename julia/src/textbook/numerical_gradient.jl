"""
    numerical_gradient(f, x; h=1e-4)

`(f(x + h) - f(x - h)) / (2 * h)`, one entry of x at a time; x itself is changed and restored, so f may ignore its argument where x is a
parameter of a model.
"""
function numerical_gradient(f, x::AbstractArray{T}; h=1e-4) where {T<:AbstractFloat}
    dx = zero(x)
    for i in eachindex(x)
        original = x[i]
        try
            x[i] = original + T(h)
            above = f(x)
            x[i] = original - T(h)
            dx[i] = (above - f(x)) / T(2h)
        finally
            x[i] = original
        end
    end
    return dx
end
