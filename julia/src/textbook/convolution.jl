# Layers on images (width, height, channels, batch). Sizes are (width, height) too.

"One size for both axes, or one for each."
both_axes(size::Integer) = (Int(size), Int(size))
both_axes(sizes) = (Int(sizes[1]), Int(sizes[2]))

function windows_along(size, kernel, stride, pad)
    size + 2pad >= kernel || throw(DimensionMismatch("a kernel of size $kernel does not fit into $size padded by $pad"))
    return fld(size + 2pad - kernel, stride) + 1
end

"""
    im2col(x, kernel, stride, pad)

Every window of x as a row: (out_w, out_h, kernel_w, kernel_h, channels, batch), with zeros beyond the edge.
"""
function im2col(x::AbstractArray{T,4}, kernel, stride, pad) where {T}
    width, height, channels, batch = size(x)
    out_w, out_h = windows_along.((width, height), kernel, stride, pad)
    columns = zeros(T, out_w, out_h, kernel..., channels, batch)
    @inbounds for n in 1:batch, c in 1:channels, l in 1:kernel[2], k in 1:kernel[1], j in 1:out_h, i in 1:out_w
        u, v = (i - 1) * stride[1] + k - pad[1], (j - 1) * stride[2] + l - pad[2]
        if 1 <= u <= width && 1 <= v <= height
            columns[i, j, k, l, c, n] = x[u, v, c, n]
        end
    end
    return columns
end

"""
    col2im(dcolumns, space, stride, pad)

The transpose of `im2col`: every entry is added to the place it was read from. `space` is the (width, height) of x.
"""
function col2im(dcolumns::AbstractArray{T,6}, space, stride, pad) where {T}
    out_w, out_h, kernel_w, kernel_h, channels, batch = size(dcolumns)
    dx = zeros(T, space..., channels, batch)
    @inbounds for n in 1:batch, c in 1:channels, l in 1:kernel_h, k in 1:kernel_w, j in 1:out_h, i in 1:out_w
        u, v = (i - 1) * stride[1] + k - pad[1], (j - 1) * stride[2] + l - pad[2]
        if 1 <= u <= space[1] && 1 <= v <= space[2]
            dx[u, v, c, n] += dcolumns[i, j, k, l, c, n]
        end
    end
    return dx
end

"""
    Convolution(weight, bias; stride=1, pad=0)

`y[i, j, o, n] = bias[o] + sum over k, l, c of x[i * stride + k - pad, j * stride + l - pad, c, n] * weight[k, l, c, o]`, counted
from 0: a cross-correlation, the kernel is not flipped.
"""
struct Convolution{W<:AbstractArray{<:Any,4},B<:AbstractVector} <: Layer
    weight::W                # (kernel_w, kernel_h, in, out)
    bias::B                  # (out,)
    stride::NTuple{2,Int}    # (w, h)
    pad::NTuple{2,Int}       # (w, h)
    function Convolution(weight::AbstractArray{<:Any,4}, bias::AbstractVector, stride, pad)
        check_bias("Convolution", bias, size(weight, 4))
        weight = floating(weight)
        bias = converted(eltype(weight), bias)
        return new{typeof(weight),typeof(bias)}(weight, bias, both_axes(stride), both_axes(pad))
    end
end

Convolution(weight, bias; stride=1, pad=0) = Convolution(weight, bias, stride, pad)

function pullback(layer::Convolution, x::AbstractArray)
    (; weight, bias, stride, pad) = layer
    kernel_w, kernel_h, n_in, n_out = size(weight)
    ndims(x) == 4 && size(x, 3) == n_in ||
        throw(DimensionMismatch("Convolution($n_in => $n_out) expects (width, height, $n_in, batch), got x of size $(size(x))"))
    images = im2col(converted(eltype(weight), x), (kernel_w, kernel_h), stride, pad)
    out_w, out_h, batch = size(images, 1), size(images, 2), size(images, 6)
    columns = reshape(images, out_w * out_h, :, batch)
    kernels = reshape(weight, :, n_out)
    y = similar(columns, out_w * out_h, n_out, batch)
    for n in 1:batch
        y[:, :, n] = view(columns, :, :, n) * kernels .+ bias'
    end

    function convolution_back(dy)
        dy = reshape(dy, out_w * out_h, n_out, batch)
        dkernels = zero(kernels)
        dcolumns = similar(columns)
        for n in 1:batch
            dyn = view(dy, :, :, n)
            dkernels .+= view(columns, :, :, n)' * dyn
            dcolumns[:, :, n] = dyn * kernels'
        end
        dx = col2im(reshape(dcolumns, size(images)), size(x)[1:2], stride, pad)
        dbias = vec(sum(dy; dims=(1, 3)))
        return (weight=reshape(dkernels, size(weight)), bias=dbias, stride=nothing, pad=nothing), dx
    end

    return reshape(y, out_w, out_h, n_out, batch), convolution_back
end
