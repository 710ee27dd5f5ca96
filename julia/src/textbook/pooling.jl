# Pooling of images (width, height, channels, batch).

"""
    Pooling(pool_h, pool_w; stride=1, pad=0, ceil=false)

The maximum of every window; the gradient goes to its first maximum, row by row. `pad` adds zeros, and such a zero can win: it then
takes the gradient with it. With `ceil` the output size is rounded up, and the part of a window beyond the edge is left out. NaN wins.
"""
struct Pooling <: Layer
    pool_h::Int
    pool_w::Int
    stride::NTuple{2,Int}    # (w, h)
    pad::NTuple{2,Int}       # (w, h)
    ceil::Bool
    Pooling(pool_h, pool_w, stride, pad, ceil) = new(pool_h, pool_w, both_axes(stride), both_axes(pad), ceil)
end

Pooling(pool_h, pool_w; stride=1, pad=0, ceil=false) = Pooling(pool_h, pool_w, stride, pad, ceil)

function pools_along(size, pool, stride, pad, ceil)
    ceil || return windows_along(size, pool, stride, pad)
    last = min(cld(size + 2pad - pool, stride), fld(size + 2pad - 1, stride))  # a window that would begin beyond the edge is not made
    last >= 0 || throw(DimensionMismatch("a pool of size $pool does not fit into $size padded by $pad"))
    return last + 1
end

function pullback(layer::Pooling, x::AbstractArray)
    ndims(x) == 4 || throw(DimensionMismatch("Pooling expects (width, height, channels, batch), got x of size $(size(x))"))
    x = floating(x)
    width, height, channels, batch = size(x)
    out_w, out_h = pools_along.((width, height), (layer.pool_w, layer.pool_h), layer.stride, layer.pad, layer.ceil)
    y = similar(x, out_w, out_h, channels, batch)
    winner = zeros(Int, size(y))  # linear index into x; 0: a zero of the padding
    for place in CartesianIndices(y)
        y[place], winner[place] = first_maximum(layer, x, Tuple(place)...)
    end

    function pooling_back(dy)
        dx = zeros(eltype(dy), size(x))
        for place in eachindex(winner)
            winner[place] == 0 || (dx[winner[place]] += dy[place])
        end
        return nothing, dx
    end

    return y, pooling_back
end

function first_maximum(layer::Pooling, x::AbstractArray{T,4}, i, j, c, n) where {T}
    width, height = size(x)
    (stride_w, stride_h), (pad_w, pad_h) = layer.stride, layer.pad
    left, top = (i - 1) * stride_w - pad_w + 1, (j - 1) * stride_h - pad_h + 1
    right, bottom = min(left + layer.pool_w - 1, width + pad_w), min(top + layer.pool_h - 1, height + pad_h)
    best, place, begun = zero(T), 0, false
    @inbounds for v in top:bottom, u in left:right
        inside = 1 <= u <= width && 1 <= v <= height
        value = inside ? x[u, v, c, n] : zero(T)
        if !begun || value > best || (isnan(value) && !isnan(best))
            best, begun = value, true
            place = inside ? LinearIndices(x)[u, v, c, n] : 0
        end
    end
    return best, place
end
