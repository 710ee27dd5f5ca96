"""Layers as people write them, each right as it stands; what `wrong` names is done in a well-known wrong way."""

import math

import numpy as np

from pyimpl import Dense, relu


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Affine:
    """`x @ W + b`, perhaps with tanh."""

    def __init__(self, W, b, act=None, wrong=""):
        self.W, self.b, self.act, self.wrong = W, b, act, wrong

    def forward(self, x):
        self.x = x
        W = self.W.T if self.wrong == "transposed" else self.W
        z = x @ W if self.wrong == "no bias" else x @ W + self.b
        self.y = sigmoid(z) if self.act and self.wrong == "sigmoid" else np.tanh(z) if self.act else z
        return self.y

    def backward(self, dy):
        slope = self.y * (1 - self.y) if self.wrong == "sigmoid" else 1 - self.y**2
        dz = dy * slope if self.act and self.wrong != "no slope" else dy
        rows = dz.reshape(-1, dz.shape[-1])
        self.dW = self.x.reshape(-1, self.x.shape[-1]).T @ rows
        self.db = rows.mean(0) if self.wrong == "mean of the bias" else rows.sum(0)
        if self.wrong == "transposed":
            self.dW = self.dW.T
            return dz @ self.W
        return dz @ self.W.T if self.wrong != "backward transposed" else dz @ self.W


class TransposedDense(Dense):
    """`act(x @ weight.T + bias)`: a square weight hides it."""

    def pullback(self, x):
        y, back = Dense(self.weight.T.copy(), self.bias, self.act).pullback(x)

        def transposed_back(dy):
            gradient, dx = back(dy)
            gradient.weight = gradient.weight.T
            return gradient, dx

        return y, transposed_back


class Norm:
    """Batch normalisation over the first axis (and over space), perhaps with relu."""

    def __init__(self, gamma, beta, running_mean, running_var, act=None, eps=float(np.float32(1e-5)), momentum=float(np.float32(0.1)), wrong=""):
        self.gamma, self.beta, self.running_mean, self.running_var = gamma, beta, running_mean, running_var
        self.act, self.eps, self.momentum, self.wrong, self.training = act, eps, momentum, wrong, True

    def forward(self, x):
        self.axes = (0, *range(2, x.ndim))
        self.lies = (1, -1, *(1,) * (x.ndim - 2))
        self.n = x.size // x.shape[1]
        mean, var = x.mean(self.axes), x.var(self.axes)
        if self.training and self.wrong != "not updated":
            new, keep = self.momentum, 1 - self.momentum
            self.running_mean = keep * self.running_mean + new * mean
            self.running_var = keep * self.running_var + new * var * (1 if self.wrong == "running biased" else self.n / (self.n - 1))
        elif not self.training and self.wrong != "batch in test":
            mean, var = self.running_mean, self.running_var
        if self.wrong == "corrected":
            var = x.var(self.axes, ddof=1)
        self.root = (np.sqrt(var) + self.eps if self.wrong == "eps outside" else np.sqrt(var + self.eps)).reshape(self.lies)
        self.centred = x - mean.reshape(self.lies)
        self.normal = self.centred / self.root
        self.x = x
        if self.wrong == "shift first":
            self.z = self.gamma.reshape(self.lies) * (self.normal + self.beta.reshape(self.lies))
        else:
            self.z = self.gamma.reshape(self.lies) * self.normal + self.beta.reshape(self.lies)
        return relu(self.z) if self.act else self.z

    def backward(self, dy):
        dz = dy * (self.z > 0) if self.act else dy
        self.dbeta = dz.sum(self.axes)
        of = self.x if self.wrong == "scale's gradient of x" else self.normal
        self.dgamma = (dz * of).sum(self.axes) / (self.n if self.wrong == "scale's gradient a mean" else 1)
        dnormal = dz * self.gamma.reshape(self.lies)
        if not self.training or self.wrong == "constant statistics":
            return dnormal / self.root
        of_mean, of_var = dnormal.mean(self.axes).reshape(self.lies), (dnormal * self.normal).mean(self.axes).reshape(self.lies)
        if self.wrong == "no term of the variance":
            return (dnormal - of_mean) / self.root
        return (dnormal - of_mean - self.normal * of_var) / self.root


class FeatureNorm:
    """Layer normalisation over the last axis, as Flux 0.16.9 has it: eps is squared."""

    def __init__(self, gamma, beta, eps=float(np.float32(1e-5)), wrong=""):
        self.gamma, self.beta, self.eps, self.wrong = gamma, beta, eps, wrong

    def forward(self, x):
        axis = -2 if self.wrong == "over time" else -1
        var = x.var(axis, keepdims=True, ddof=1 if self.wrong == "corrected" else 0)
        eps = x.dtype.type(self.eps)
        self.root = np.sqrt(var + eps * eps)
        self.axis = axis
        self.normal = (x - x.mean(axis, keepdims=True)) / self.root
        return self.normal + self.beta if self.wrong == "no scale" else self.normal * self.gamma + self.beta

    def backward(self, dy):
        self.dbeta = dy.reshape(-1, dy.shape[-1]).sum(0)
        self.dgamma = (dy * self.normal).reshape(-1, dy.shape[-1]).sum(0)
        d = dy * self.gamma
        of_mean = 0 if self.wrong == "no term of the mean" else d.mean(self.axis, keepdims=True)
        return (d - of_mean - self.normal * (d * self.normal).mean(self.axis, keepdims=True)) / self.root


class Lstm:
    """An LSTM over (batch, time, features); its backward pass is that of the formulas as they stand."""

    def __init__(self, Wx, Wh, b, wrong=""):
        self.Wx, self.Wh, self.b, self.wrong = Wx, Wh, b, wrong

    def forward(self, x):
        self.x, size = x, self.Wh.shape[0]
        h = c = np.zeros((x.shape[0], size), x.dtype)
        self.kept, ys = [], []
        for t in range(x.shape[1]):
            z = x[:, t] @ self.Wx + h @ self.Wh + self.b
            i, f, g, o = np.split(z, 4, -1)
            if self.wrong == "order":
                g, o = o, g
            f = f + 1 if self.wrong == "forget bias" else f
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            before, c = c, f * c + i * g
            t_c = c if self.wrong == "no tanh" else np.tanh(c)
            self.kept.append((h, before, i, f, g, o, t_c))
            h = o * t_c
            ys.append(h)
        return np.stack(ys, 1)

    def backward(self, dy):
        self.dWx, self.dWh, self.db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        dx, dh, dc = np.zeros_like(self.x), 0, 0
        for t in reversed(range(dy.shape[1])):
            h, before, i, f, g, o, t_c = self.kept[t]
            dh = dh + dy[:, t]
            dc = dc + dh * o * (1 if self.wrong == "no tanh" else 1 - t_c**2)
            dz = [dc * g * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - g**2), dh * t_c * o * (1 - o)]
            if self.wrong == "order":
                dz[2], dz[3] = dz[3], dz[2]
            dz = np.concatenate(dz, -1)
            self.dWx += self.x[:, t].T @ dz
            self.dWh += h.T @ dz
            self.db += dz.sum(0)
            dx[:, t], dh = dz @ self.Wx.T, dz @ self.Wh.T
            dc = 0 * dc if self.wrong == "cell's gradient forgotten" else dc * f
        return dx


class Gru:
    """A GRU over (batch, time, features), forward only."""

    def __init__(self, Wx, Wh, b, wrong=""):
        self.Wx, self.Wh, self.b, self.wrong = Wx, Wh, b, wrong

    def forward(self, x):
        size = self.Wh.shape[0]
        h, ys = np.zeros((x.shape[0], size), x.dtype), []
        Wr, Wz, Wn = np.split(self.Wh, 3, -1)
        for t in range(x.shape[1]):
            xr, xz, xn = np.split(x[:, t] @ self.Wx + self.b, 3, -1)
            bn = np.split(self.b, 3)[2]
            r, z = sigmoid(xr + h @ Wr), sigmoid(xz + h @ Wz)
            if self.wrong == "order":
                r, z = z, r
            inner = (r * h) @ Wn if self.wrong == "reset first" else r * (h @ Wn + bn) - bn if self.wrong == "bias inside" else r * (h @ Wn)
            n = np.tanh(xn + inner)
            h = z * n + (1 - z) * h if self.wrong == "update exchanged" else (1 - z) * n + z * h
            ys.append(h)
        return np.stack(ys, 1)


class SelfAttention:
    """Attention of a sequence to itself, in several heads; forward only."""

    def __init__(self, Wq, Wk, Wv, Wo, heads, wrong=""):
        self.Wq, self.Wk, self.Wv, self.Wo, self.heads, self.wrong = Wq, Wk, Wv, Wo, heads, wrong

    def split(self, x):
        if self.wrong == "interleaved":
            return x.reshape(*x.shape[:2], -1, self.heads).transpose(0, 3, 1, 2)
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(0, 2, 1, 3)

    def forward(self, x):
        q, k, v = (self.split(x @ W) for W in (self.Wq, self.Wk, self.Wv))
        if self.wrong == "q and k":
            q, k = k, q
        size = x.dtype.type(math.sqrt(self.Wq.shape[1] if self.wrong == "all features" else q.shape[-1]))
        scores = q @ k.swapaxes(-1, -2) / (1 if self.wrong == "unscaled" else size)
        if self.wrong == "causal":
            scores = np.where(np.tri(scores.shape[-1], dtype=bool), scores, x.dtype.type(-np.inf))
        axis = -2 if self.wrong == "over queries" else -1
        weights = np.exp(scores - scores.max(axis, keepdims=True))
        weights = weights / weights.sum(axis, keepdims=True)
        return (weights @ v).transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[1], -1) @ self.Wo
