"""E1. Batch normalisation in Flux: a regression, as published with Flux 0.12.6."""

import matplotlib.pyplot as plt
import numpy as np

from pyimpl import (
    Adam,
    BatchNorm,
    Chain,
    Dense,
    mse,
    setup,
    sigmoid,
    supervised,
    testmode,
    trainables,
    trainmode,
    update,
    withgradient,
)
from pyimpl.core.tree import astype
from pyimpl.optimise import Rule
from pyimpl.parity.experiments.experiment import Curve, Picture

TITLE = "E1: batch-normalised regression"
SENTENCE = (
    "Dense, BatchNorm, Dense learn 3x + 2x^2 + 1 + 3cos(20x) from powers of x; once in each "
    "precision, once with the Adam of Flux 0.12.6."
)
SIZES = {"quick": {"steps": 600}, "full": {"steps": 3000}}
SHARED = {"points": 300, "powers": 6, "hidden": 10, "batch": 20, "every": 100}
RUNS = {"float64": "Adam", "float32": "Adam", "float32, 0.12.6": "OldAdam"}
CURVES = {
    "batch loss, *": Curve("loss of the batch", log=True),
    "loss, *": Curve("loss of all points", every=SHARED["every"], start=SHARED["every"], log=True),
}
PUBLISHED = ()


# 1. What is random: initial weights and batches, once for both sides


def draw(rng, size, images):
    points, powers, hidden = SHARED["points"], SHARED["powers"], SHARED["hidden"]
    x = np.linspace(-2, 2, points)
    target = 3 * x + 2 * x**2 + 1 + 3 * np.cos(20 * x)

    def glorot(n_in, n_out):
        return (rng.random((n_in, n_out)) - 0.5) * np.sqrt(24 / (n_in + n_out))

    given = {
        "x": x,
        "features": np.stack([x**k for k in range(powers)], axis=1),
        "target": target[:, None],
        "weight1": glorot(powers, hidden),
        "weight2": glorot(hidden, 1),
    }
    as_float32 = {name: array.astype(np.float32) for name, array in given.items()}
    arrays = {f"float32.{name}": array for name, array in as_float32.items()}
    arrays |= {f"float64.{name}": array.astype(np.float64) for name, array in as_float32.items()}
    arrays["batches"] = np.stack(
        [rng.permutation(points)[: SHARED["batch"]] for _ in range(size["steps"])]
    )
    return arrays


# 2. The Adam of Flux 0.12.6: its settings are Float64, and so is everything computed for an entry
# before it is stored


class OldAdam(Rule):
    """Adam as in Flux 0.12.6."""

    elementwise = False

    def __init__(self, eta=0.001, beta=(0.9, 0.999), eps=1e-8):
        self.eta, self.beta, self.eps = eta, beta, eps

    def init(self, x):
        return np.zeros_like(x), np.zeros_like(x), np.array(self.beta)

    def apply(self, state, x, g):
        m, v, powers = state
        (beta1, beta2), g = self.beta, g.astype(np.float64)
        m[...] = beta1 * m.astype(np.float64) + (1 - beta1) * g
        v[...] = beta2 * v.astype(np.float64) + (1 - beta2) * g * g
        dx = (
            m.astype(np.float64)
            / (1 - powers[0])
            / (np.sqrt(v.astype(np.float64) / (1 - powers[1])) + self.eps)
            * self.eta
        )
        return (m, v, powers * self.beta), dx.astype(x.dtype)


# 3. The model and its training


def build(dtype, arrays):
    first = Dense(arrays[f"{dtype}.weight1"].copy(), np.zeros(SHARED["hidden"], dtype), sigmoid)
    norm = BatchNorm(SHARED["hidden"])
    last = Dense(arrays[f"{dtype}.weight2"].copy(), np.zeros(1, dtype))
    return astype(Chain(first, norm, last), np.dtype(dtype))


def train(name, dtype, rule, size, arrays, watch):
    features, target = arrays[f"{dtype}.features"], arrays[f"{dtype}.target"]
    model = build(dtype, arrays)
    state, loss = setup(rule, model), supervised(mse)
    batch_losses, losses = [], []
    watch.say(name)
    for step, batch in enumerate(arrays["batches"], 1):
        value, gradients = withgradient(loss, model, features[batch], target[batch])
        update(state, model, gradients[0])
        batch_losses.append(value)
        if step % SHARED["every"] == 0:
            testmode(model)
            losses.append(mse(model(features), target))
            trainmode(model)
            watch.say(f"step {step:5d}  loss {losses[-1]:.6f}")
    testmode(model)
    return model, np.array(batch_losses), np.array(losses)


# 4. All runs, and what is left at the end


def run(size, arrays, watch):
    found = {}
    for number, (name, rule) in enumerate(RUNS.items()):
        dtype = name.split(",")[0]
        model, batch_losses, losses = train(
            name, dtype, {"Adam": Adam, "OldAdam": OldAdam}[rule](), size, arrays, watch
        )
        found |= {f"batch loss, {name}": batch_losses, f"loss, {name}": losses}
        found[f"final.estimate, {name}"] = model(arrays[f"{dtype}.features"])[:, 0]
        left = trainables(model) | {
            "layers.1.mean": model.layers[1].mean,
            "layers.1.var": model.layers[1].var,
        }
        for path, array in sorted(left.items()):
            found[f"final.{path}, {name}"] = array.copy()
            watch.say(f"{path}: " + " ".join(f"{entry:.4f}" for entry in array.flat))
        watch.step(number + 1, len(RUNS))
    return found


# 5. Figures


def figures(size, arrays, sides):
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for side, ax in zip(sides, axes, strict=True):
        ax.plot(arrays["float32.x"], arrays["float32.target"], ".", ms=3, color="0.6", label="data")
        for name, width in zip(RUNS, (5, 3, 1), strict=True):  # they lie on top of each other
            ax.plot(
                arrays["float32.x"],
                side.arrays[f"final.estimate, {name}"],
                lw=width,
                alpha=0.7,
                label=name,
            )
        ax.set_title(side.name)
        ax.set_xlabel("x")
    axes[0].set_ylabel("y")
    axes[1].legend()
    figure.suptitle(f"Data and estimation after {size['steps']} steps")
    yield Picture(
        "estimation",
        "The data, and what the network makes of x in test mode, on both sides.",
        figure,
    )
