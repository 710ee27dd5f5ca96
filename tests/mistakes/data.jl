using Statistics

standardise(x) = (x .- mean(x; dims=1)) ./ std(x; dims=1)

covariance(x) = cov(x)

t_statistic(x) = mean(x) / sqrt(var(x) / length(x))

function pooled_spread(a, b)
    ss = sum(abs2, a .- mean(a)) + sum(abs2, b .- mean(b))
    return sqrt(ss / (length(a) + length(b) - 2))
end

moving_average(x, width=3) = [mean(view(x, i:i+width-1)) for i in 1:length(x)-width+1]

function smooth(x, alpha=0.25)
    out = similar(x)
    out[1, :] = x[1, :]
    for t in 2:size(x, 1)
        out[t, :] = (1 - alpha) * out[t-1, :] + alpha * x[t, :]
    end
    return out
end

"Bins [-4, -3), ..., [3, 4)."
counts(x) = [count(v -> lo <= v < lo + 1, x) for lo in -4:3]

row_means(x) = mean(x; dims=2)

share(x) = x ./ sum(x; dims=2)

ranking(x) = sortperm(x; rev=true) .- 1

three_best(x) = sort(x; rev=true)[1:3]

function mean_reading(x)
    return [mean(filter(v -> !(v > 2), column)) for column in eachcol(x)]
end

function peak(x)
    readings = map(v -> v > 1 ? oftype(v, NaN) : log(abs(v)), x)
    return maximum(readings)
end

function entropy(weights)
    p = weights ./ sum(weights)
    return -sum(p .* log2.(p))
end

decibels(signal, noise) = 10 * log10(mean(abs2, signal) / mean(abs2, noise))

categories(x) = unique(x)

mean_squared_error(a, b) = mean(abs2, a .- b)

quantise(x) = round.(x .* 16, RoundNearestTiesAway) ./ 16

function autocorrelation(x, lag=2)
    d = x .- mean(x)
    return sum(d[1+lag:end] .* d[1:end-lag]) / sum(abs2, d)
end

above(x, thresholds) = [count(>=(t), x) for t in thresholds]

function median_deviation(x)
    centre = median(x; dims=1)
    return vec(median(abs.(x .- centre); dims=1))
end

winner(votes) = findlast(==(maximum(votes)), votes) - 1
