"""Models as somebody would write them who does not use a framework, each layer right or, on demand,
wrong in one point.
"""

import numpy as np

F32_EPS = np.float32(1e-5)
SQUARED_EPS = float(np.float32(1e-3)) ** 2  # what Flux makes of a LayerNorm's 1f-3


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Affine:
    """`act(x W + b)`, with a backward pass."""

    def __init__(self, rng, n_in, n_out, act="identity", wrong=""):
        self.W = rng.standard_normal((n_in, n_out)) / 2
        self.b = rng.standard_normal(n_out) / 4
        self.act, self.wrong = act, wrong

    def forward(self, x):
        self.x = x
        self.z = (
            x @ (self.W.T if self.wrong == "transposed" else self.W)
            + (2 if self.wrong == "bias twice" else 1) * self.b
        )
        slope = self.z.dtype.type(0.2 if self.wrong == "slope" else 0.01)
        if self.act == "tanh":
            self.y = sigmoid(self.z) if self.wrong == "activation" else np.tanh(self.z)
            self.dz = self.y * (1 - self.y) if self.wrong == "activation" else 1 - self.y**2
        elif self.act == "leakyrelu":
            self.y = np.maximum(self.z, slope * self.z)
            self.dz = np.where(self.z > 0, slope / slope, slope)
        else:
            self.y, self.dz = self.z, np.ones_like(self.z)
        return self.y

    def backward(self, dy):
        dz = dy if self.wrong == "slope forgotten" else dy * self.dz
        x, flat = self.x.reshape(-1, self.x.shape[-1]), dz.reshape(-1, dz.shape[-1])
        self.dW = flat.T @ x if self.wrong == "dW transposed" else x.T @ flat
        self.db = flat.mean(0) if self.wrong == "db mean" else flat.sum(0)
        return dz @ (self.W if self.wrong in ("dx", "transposed") else self.W.T)


class BatchNormalisation:
    def __init__(self, n, wrong=""):
        self.gamma, self.beta = 1 + np.arange(n) / 8, np.arange(n) / 4
        self.running_mean, self.running_var = np.arange(n) / 8, 1 + np.arange(n) / 4
        self.training, self.wrong = True, wrong

    def forward(self, x):
        n, momentum = len(x), x.dtype.type(0.9 if self.wrong == "momentum" else np.float32(0.1))
        mean, var = x.mean(0), x.var(0, ddof=1 if self.wrong == "corrected" else 0)
        if not self.training or self.wrong == "running":
            mean, var = self.running_mean, self.running_var
        if self.training:
            unbiased = x.var(0) * (1 if self.wrong == "running biased" else n / (n - 1))
            self.running_mean = (1 - momentum) * self.running_mean + momentum * x.mean(0)
            self.running_var = (1 - momentum) * self.running_var + momentum * unbiased.astype(
                x.dtype
            )
        eps = x.dtype.type(1e-3 if self.wrong == "eps" else F32_EPS)
        self.root = np.sqrt(var) + eps if self.wrong == "eps outside" else np.sqrt(var + eps)
        self.normalised = (x - mean) / self.root
        return (
            self.normalised + self.beta
            if self.wrong == "gamma"
            else self.gamma * self.normalised + self.beta
        )

    def backward(self, dy):
        self.dgamma = dy.sum(0) if self.wrong == "dgamma" else (dy * self.normalised).sum(0)
        self.dbeta = dy.sum(0)
        d = dy * self.gamma
        if self.wrong == "dx without mean":
            return (d - self.normalised * (d * self.normalised).mean(0)) / self.root
        if self.wrong == "dx without variance":
            return (d - d.mean(0)) / self.root
        return (d - d.mean(0) - self.normalised * (d * self.normalised).mean(0)) / self.root


class LayerNormalisation:
    def __init__(self, n, wrong="", eps=F32_EPS):
        self.scale, self.shift = 1 + np.arange(n) / 8, np.arange(n) / 4
        self.wrong, self.eps = wrong, eps

    def forward(self, x):
        axis = 0 if self.wrong == "axis" else -1
        mean, var = (
            x.mean(axis, keepdims=True),
            x.var(axis, keepdims=True, ddof=1 if self.wrong == "corrected" else 0),
        )
        eps = x.dtype.type(self.eps)
        self.root = np.sqrt(var + (eps if self.wrong == "eps" else eps**2))
        self.normalised = (x - mean) / self.root
        return (
            self.normalised
            if self.wrong == "no scale"
            else self.scale * self.normalised + self.shift
        )

    def backward(self, dy):
        self.dscale, self.dshift = (dy * self.normalised).sum(0), dy.sum(0)
        d = dy if self.wrong == "scale forgotten" else dy * self.scale
        return (
            d
            - d.mean(-1, keepdims=True)
            - self.normalised * (d * self.normalised).mean(-1, keepdims=True)
        ) / self.root


class LongShortTermMemory:
    """x: (batch, time, features)."""

    def __init__(self, rng, n_in, n_out, wrong=""):
        self.Wx, self.Wh = (
            rng.standard_normal((n_in, 4 * n_out)),
            rng.standard_normal((n_out, 4 * n_out)),
        )
        self.b, self.wrong = rng.standard_normal(4 * n_out) / 2, wrong

    def forward(self, x):
        h = c = np.zeros((len(x), self.Wh.shape[0]), x.dtype)
        ys = []
        for t in range(x.shape[1]):
            i, f, g, o = np.split(x[:, t] @ self.Wx + h @ self.Wh + self.b, 4, axis=-1)
            if self.wrong == "output before cell":
                g, o = o, g
            if self.wrong == "forget before input":
                i, f = f, i
            if self.wrong == "forget bias":
                f = f + 1
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * (c if self.wrong == "no tanh" else np.tanh(c))
            ys.append(h)
        return np.stack(ys, axis=1)


class GatedRecurrentUnit:
    def __init__(self, rng, n_in, n_out, wrong=""):
        self.Wx, self.Wh = (
            rng.standard_normal((n_in, 3 * n_out)),
            rng.standard_normal((n_out, 3 * n_out)),
        )
        self.b, self.wrong = rng.standard_normal(3 * n_out), wrong

    def forward(self, x):
        h = np.zeros((len(x), self.Wh.shape[0]), x.dtype)
        ys = []
        for t in range(x.shape[1]):
            xr, xz, xn = np.split(x[:, t] @ self.Wx, 3, axis=-1)
            hr, hz, hn = np.split(h @ self.Wh, 3, axis=-1)
            br, bz, bn = np.split(self.b, 3)
            r, z = sigmoid(xr + hr + br), sigmoid(xz + hz + bz)
            if self.wrong == "bias inside":
                n = np.tanh(xn + r * (hn + bn))
            elif self.wrong == "reset before":
                n = np.tanh(xn + (r * h) @ np.split(self.Wh, 3, axis=-1)[2] + bn)
            else:
                n = np.tanh(xn + r * hn + bn)
            h = z * n + (1 - z) * h if self.wrong == "update" else (1 - z) * n + z * h
            ys.append(h)
        return np.stack(ys, axis=1)


class Convolution:
    """x: (batch, channels, height, width); one row before, one column after."""

    def __init__(self, rng, n_in, n_out, kernel, wrong=""):
        self.weight, self.bias = (
            rng.standard_normal((n_out, n_in, *kernel)) / 2,
            rng.standard_normal(n_out) / 4,
        )
        self.wrong = wrong

    def forward(self, x):
        height, width = (0, 1), (1, 0)
        if self.wrong == "padding":
            height, width = height[::-1], width[::-1]
        x = np.pad(x, ((0, 0), (0, 0), height, width))
        kernel = self.weight if self.wrong == "correlation" else self.weight[:, :, ::-1, ::-1]
        windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[2:], axis=(2, 3))
        y = np.einsum("bchwij,ocij->bohw", windows, kernel) + self.bias[:, None, None]
        return y if self.wrong == "no relu" else np.maximum(y, 0)


class Pooling:
    def __init__(self, wrong=""):
        self.wrong = wrong

    def forward(self, x):
        windows = x.reshape(*x.shape[:2], x.shape[2] // 2, 2, x.shape[3] // 2, 2)
        return windows.mean((3, 5)) if self.wrong == "mean" else windows.max((3, 5))


class Flatten:
    def __init__(self, wrong=""):
        self.wrong = wrong

    def forward(self, x):
        return x.reshape(len(x), -1, order="F" if self.wrong == "order" else "C")


class Attention:
    def __init__(self, rng, n, heads, wrong=""):
        self.wq, self.wk, self.wv, self.wo = rng.standard_normal((4, n, n))
        self.heads, self.wrong = heads, wrong

    def forward(self, x):
        def split(w):
            return (x @ w).reshape(*x.shape[:2], self.heads, -1).swapaxes(1, 2)

        q, k, v = split(self.wq), split(self.wk), split(self.wv)
        scores = q @ k.swapaxes(-1, -2)
        if self.wrong != "no scale":
            scores = scores / np.sqrt(scores.dtype.type(q.shape[-1]))
        axis = -2 if self.wrong == "softmax over queries" else -1
        weights = np.exp(scores - scores.max(axis, keepdims=True))
        weights = weights / weights.sum(axis, keepdims=True)
        return (weights @ v).swapaxes(1, 2).reshape(x.shape) @ self.wo, weights


def dense(first="", second="", third=""):
    rng = np.random.default_rng(1)
    return [
        Affine(rng, 3, 4, "tanh", first),
        Affine(rng, 4, 4, "leakyrelu", second),
        Affine(rng, 4, 2, wrong=third),
    ]


def norms(batch="", layer=""):
    rng = np.random.default_rng(2)
    first, third, last = Affine(rng, 3, 4, "tanh"), Affine(rng, 4, 4), Affine(rng, 4, 2)
    return [first, BatchNormalisation(4, batch), third, LayerNormalisation(4, layer), last]


def memory(wrong=""):
    rng = np.random.default_rng(3)
    return [Affine(rng, 3, 4, "tanh"), LongShortTermMemory(rng, 4, 3, wrong), Affine(rng, 3, 2)]


def gated(wrong=""):
    rng = np.random.default_rng(4)
    return [Affine(rng, 3, 4, "tanh"), GatedRecurrentUnit(rng, 4, 3, wrong), Affine(rng, 3, 2)]


def images(conv="", pool="", flatten=""):
    rng = np.random.default_rng(5)
    return [
        Convolution(rng, 2, 3, (2, 3), conv),
        Pooling(pool),
        Flatten(flatten),
        Affine(rng, 12, 2),
    ]


def attentive(wrong=""):
    rng = np.random.default_rng(6)
    return {
        "project": Affine(rng, 4, 4),
        "attend": Attention(rng, 4, 2, wrong),
        "values": lambda pair: pair[0],
        "read": Affine(rng, 4, 2),
    }


def smooth(approximate="tanh", eps=SQUARED_EPS):
    import torch

    torch.manual_seed(0)
    layers = [
        torch.nn.Linear(3, 4),
        torch.nn.GELU(approximate=approximate),
        torch.nn.LayerNorm(4, eps=eps),
        torch.nn.Linear(4, 2),
    ]
    return torch.nn.Sequential(*layers)


def ported(square="torch", eps=float(F32_EPS)):
    """`square`: who has written the layer with the square weight, and which way round."""
    import torch

    class Mine(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.W, self.b = (
                torch.nn.Parameter(torch.randn(4, 4)),
                torch.nn.Parameter(torch.randn(4)),
            )

        def forward(self, x):
            return x @ (self.W.T if square == "transposed" else self.W) + self.b

    torch.manual_seed(1)
    norm = torch.nn.BatchNorm1d(4, eps=eps, momentum=float(np.float32(0.1)))
    middle = torch.nn.Linear(4, 4) if square == "torch" else Mine()
    return torch.nn.Sequential(
        torch.nn.Linear(3, 4), norm, middle, torch.nn.Tanh(), torch.nn.Linear(4, 2)
    )


def remembering():
    import torch

    torch.manual_seed(2)
    return [torch.nn.LSTM(3, 4, batch_first=True), torch.nn.Linear(4, 2)]


def weighing():
    import pyimpl

    rng = np.random.default_rng(7)
    attention = pyimpl.MultiHeadAttention(4, nheads=2, rng=rng)
    return [
        pyimpl.Dense(4, 4, rng=rng),
        attention,
        lambda pair: pair[0],
        pyimpl.Dense(4, 2, rng=rng),
    ]
