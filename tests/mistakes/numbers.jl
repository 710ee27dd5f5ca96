using LinearAlgebra

phase(t) = t .% eltype(t)(1.5)

wrap(angle) = rem.(angle .* 90, 180)

bucket(keys) = (7 .* keys .+ 3) .% 5

midpoint(a, b) = div.(a .+ b, 2)

page(offset, size) = fld.(offset, size)

function string_hash(codes)
    h = 17
    for c in codes
        h = h * 1000003 + c * 8191
        h = h * 1000003 + 12345
        h = h * 1000003
    end
    return h
end

checksum(data) = sum(UInt8.(mod.(data, 256)) .* 37)

function fold(data)
    total = UInt32(1)
    for byte in data
        total = total * UInt32(65599) + UInt32(byte)
    end
    return Int(total)
end

height(distance, angle) = distance .* tand.(angle)

heading(x, y) = atan.(y, x)

decayed(x) = x .* exp.(-0.1f0 .* eltype(x).(0:length(x)-1))

const STEP = 0.1f0

function euler(x, v)
    for _ in 1:3
        x = x .+ STEP .* v
        v = v .- STEP .* x
    end
    return x, v
end

two_steps(transition) = transition^2

propagate(a, x) = exp(a) * x

mix(a, b) = a * b + I

weighted(x) = sum(i * v for (i, v) in enumerate(x))

strongest(x) = argmax(abs.(x))

sample(a) = a .* (0:0.25f0:1) .^ 2

harmonic(x) = sum(x .^ k ./ k for k in 1:6)

distance(a, b) = norm(a - b, 2)

scaled_scores(q, k) = q * k' ./ sqrt(oftype(q[1], size(q, 2)))

running_total(x) = cumsum(x)

gain(level) = sqrt(oftype(level[1], 2)) .* exp10.(level)

grid_cell(x) = floor.(Int, 2 .* x)
