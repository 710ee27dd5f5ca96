"""E2. Batch normalisation from scratch: sixteen scales of the initial weights."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from pyimpl import Chain, setup, supervised, trainables, update, withgradient
from pyimpl.layers.layer import Layer
from pyimpl.parity.experiments.experiment import Curve, Picture, Published
from pyimpl.textbook import (
    SGD,
    Affine,
    BatchNormalization,
    Dropout,
    Relu,
    Sigmoid,
    initial_std,
    numerical_gradient,
    softmax_with_loss,
)

TITLE = "E2: sixteen weight scales"
SENTENCE = (
    "Five hidden layers learn digits, with and without BatchNorm, from weights of standard "
    "deviation 1 down to 0.0001."
)
SIZES = {"quick": {"epochs": 4}, "full": {"epochs": 20}}
SHARED = {
    "images": 1000,
    "hidden": 5,
    "units": 100,
    "classes": 10,
    "batch": 100,
    "steps": 10,
}  # steps of an epoch
NETS = ("BatchNorm", "plain")
CHECK: dict[str, Any] = {"samples": 6, "widths": (5, 4, 4, 3), "h": 1e-4}
CHECKED: dict[str, tuple[Any, dict[str, Any]]] = {  # initial weights, and what else the network has
    "ReLU, he": ("he", {}),
    "ReLU, std 0.5, weight decay 0.1": (0.5, {"decay": 0.1}),
    "ReLU, he, BatchNorm": ("he", {"batchnorm": True}),
    "ReLU, he, Dropout 0.5": ("he", {"dropout": 0.5}),
    "sigmoid, xavier": ("xavier", {"activation": "sigmoid"}),
    "sigmoid, xavier, all of these": (
        "xavier",
        {"activation": "sigmoid", "batchnorm": True, "dropout": 0.5, "decay": 0.1},
    ),
}
CURVES = {
    "accuracy, *": Curve("accuracy on the training images", unit="epoch", start=0),
    "loss, *": Curve("loss of the batch"),
}


def climb(net, scale):
    def ours(size, outcome):
        accuracies = outcome[f"accuracy, {net}, std {scale}"]
        last = SIZES["full"]["epochs"] - 1
        if last >= len(accuracies):
            return None
        return (
            f"{accuracies[0]:.3f} to {accuracies[last]:.3f}"
            if np.isfinite(accuracies[last])
            else f"{accuracies[0]:.3f}, then diverges"
        )

    return ours


# From the start of the first epoch to the start of the last, as in the walk-through.
PUBLISHED = (
    Published(
        "accuracy with BatchNorm, std 1",
        "0.101 to 0.38",
        climb("BatchNorm", "1"),
        "published with MNIST",
    ),
    Published(
        "accuracy of the plain network, std 1",
        "stays at 0.116",
        climb("plain", "1"),
        "published with MNIST; chance is 0.1",
    ),
    Published(
        "accuracy with BatchNorm, std 0.0001",
        "0.121 to 0.572",
        climb("BatchNorm", "0.0001"),
        "published with MNIST",
    ),
    Published(
        "accuracy of the plain network, std 0.0001",
        "stays at 0.117",
        climb("plain", "0.0001"),
        "published with MNIST; chance is 0.1",
    ),
)


# 1. What is random: initial weights and batches, once for both sides. Every scale and both networks
# have the same ones


def draw(rng, size, images):
    count, hidden = SHARED["images"], SHARED["hidden"]
    x = images.x[:count].reshape(count, -1) / images.white
    arrays = {
        "x": x,
        "labels": images.labels[:count].astype(np.int64),
        "scales": np.logspace(0, -4, 16),
    }

    def normal_weights(part, widths):
        for i, shape in enumerate(zip(widths, widths[1:], strict=False), 1):
            arrays[f"{part}.weight{i}"] = rng.standard_normal(shape)

    normal_weights("network", [x.shape[1], *[SHARED["units"]] * hidden, SHARED["classes"]])
    arrays["batches"] = rng.integers(
        count, size=(size["epochs"] * SHARED["steps"], SHARED["batch"]), dtype=np.uint16
    )

    samples, widths = CHECK["samples"], CHECK["widths"]
    normal_weights("check", widths)
    arrays["check.x"], arrays["check.labels"] = (
        rng.random((samples, widths[0])),
        rng.integers(widths[-1], size=samples),
    )
    for i, width in enumerate(widths[1:], 1):
        arrays[f"check.bias{i}"] = 0.1 * rng.standard_normal(width)
        arrays[f"check.uniform{i}"] = rng.random((samples, width))  # for Dropout
    return arrays


def numbered(prefix, arrays):
    """The arrays called prefix1, prefix2, ..."""
    return [
        arrays[f"{prefix}{i}"]
        for i in range(1, 1 + sum(name.startswith(prefix) for name in arrays))
    ]


# 2. The network


class Network:
    """Affine layers; between them an activation, perhaps with BatchNorm before it and Dropout
    behind it. Softmax, cross entropy.

    `weights` are standard normal numbers, `init` is their standard deviation or the name of one;
    biases start at 0 if not given. `decay / 2` times the sum of all squared weights belongs to the
    loss. Dropout takes its uniform numbers from `uniform`, the same ones each time.
    """

    def __init__(
        self,
        weights,
        init,
        biases=None,
        activation="relu",
        batchnorm=False,
        dropout=None,
        decay=0.0,
        uniform=(),
    ):
        layers: list[Layer] = []
        for i, weight in enumerate(weights):
            n_in, n_out = weight.shape
            layers.append(
                Affine(
                    initial_std(init, n_in) * weight,
                    np.zeros(n_out) if biases is None else biases[i].copy(),
                )
            )
            if i + 1 == len(weights):
                break
            if batchnorm:
                layers.append(BatchNormalization(np.ones(n_out), np.zeros(n_out)))
            layers.append({"relu": Relu, "sigmoid": Sigmoid}[activation]())
            if dropout is not None:
                layers.append(Dropout(dropout, Fixed(uniform[i])))
        self.chain, self.decay = Chain(*layers), decay

    def accuracy(self, x, labels):
        """In test mode: running statistics, no Dropout."""
        return np.mean(self.chain(x).argmax(1) == labels)

    def loss(self, x, labels):
        """As in training."""
        scores, _ = self.chain.pullback(x)
        return softmax_with_loss(scores, labels) + self._penalty()

    def withgradient(self, x, labels):
        """The loss and its gradient, from the backward pass."""
        loss, (gradient, *_) = withgradient(supervised(softmax_with_loss), self.chain, x, labels)
        if self.decay:
            for layer, of_layer in zip(self.chain.layers, gradient.layers, strict=True):
                if isinstance(layer, Affine):
                    of_layer.weight += self.decay * layer.weight
        return loss + self._penalty(), gradient

    def numerical_gradient(self, x, labels):
        """By central differences: one array for every trainable one."""
        return [
            numerical_gradient(lambda _: self.loss(x, labels), array, CHECK["h"])
            for array in trainables(self.chain).values()
        ]

    def _penalty(self):
        if not self.decay:
            return 0.0
        return (
            self.decay
            / 2
            * sum(
                np.sum(layer.weight**2) for layer in self.chain.layers if isinstance(layer, Affine)
            )
        )


class Fixed:
    """Stands in for Dropout's random generator: always the same numbers."""

    def __init__(self, numbers):
        self.numbers = numbers

    def random(self, shape, dtype=np.float64):
        return self.numbers.astype(dtype).reshape(shape)


# 3. The backward pass against central differences, with everything that a network can have
# It leaves out the 1e-7 inside the logarithm of the loss, which makes up to 1e-7 / (probability of
# the label) of an entry. Biases of 0 would not do: a sample whose units are all dropped would stand
# on the kink of the next ReLU.


def run_check(arrays, watch):
    found = {}
    x, labels = arrays["check.x"], arrays["check.labels"]
    for name, (init, options) in CHECKED.items():
        weights, biases, uniform = (
            numbered(f"check.{part}", arrays) for part in ("weight", "bias", "uniform")
        )
        network = Network(weights, init, biases=biases, uniform=uniform, **options)
        _, gradient = network.withgradient(x, labels)
        analytic = flat(
            getattr(gradient.layers[int(path.split(".")[1])], path.split(".")[2])
            for path in trainables(network.chain)
        )
        numerical = flat(network.numerical_gradient(x, labels))
        found[f"final.gradient, {name}"], found[f"final.numerical gradient, {name}"] = (
            analytic,
            numerical,
        )
        largest, off = np.abs(analytic).max(), np.abs(analytic - numerical).max()
        watch.say(
            f"gradient of a small network, {name}: entries up to {largest:.4f}, central "
            f"differences off by up to {off:.1e}"
        )
    return found


def flat(arrays):
    return np.concatenate([array.ravel() for array in arrays])


# 4. Training. A network whose loss is not finite any more has diverged: it stays as it is, and what
# it would give is recorded as NaN


def train(network, size, arrays):
    x, labels, steps = arrays["x"], arrays["labels"], SHARED["steps"]
    state = setup(SGD(0.01), network.chain)
    accuracies, losses = (
        np.full(size["epochs"] + 1, np.nan),
        np.full(size["epochs"] * steps, np.nan),
    )
    for step, batch in enumerate(arrays["batches"]):
        if step % steps == 0:
            accuracies[step // steps] = network.accuracy(x, labels)
        loss, gradient = network.withgradient(x[batch], labels[batch])
        if not np.isfinite(loss):
            return accuracies, losses, step + 1
        losses[step] = loss
        update(state, network.chain, gradient)
    accuracies[-1] = network.accuracy(x, labels)
    return accuracies, losses, 0


def run(size, arrays, watch):
    found = run_check(arrays, watch)
    scales, above = arrays["scales"], 0
    diverged = np.zeros((len(scales), len(NETS)), np.int64)  # at which step; 0: never
    for i, scale in enumerate(scales):
        ends, said = [], []
        for j, net in enumerate(NETS):
            network = Network(
                numbered("network.weight", arrays), scale, batchnorm=net == "BatchNorm"
            )
            accuracies, losses, diverged[i, j] = train(network, size, arrays)
            found[f"accuracy, {net}, std {scale:.4g}"], found[f"loss, {net}, std {scale:.4g}"] = (
                accuracies,
                losses,
            )
            ends.append(accuracies[-1])
            end = (
                f"to {accuracies[-1]:.3f}"
                if diverged[i, j] == 0
                else f"and diverges at step {diverged[i, j]}"
            )
            said.append(f"{net} {accuracies[0]:.3f} {end}")
        above += bool(ends[0] > ends[1] or (diverged[i, 0] == 0 and diverged[i, 1] > 0))
        watch.say(f"std {scale:<9.4g} " + ", ".join(said))
        watch.step(i + 1, len(scales))
    found["final.step of divergence"] = diverged
    watch.say(
        f"with BatchNorm the accuracy ends above the plain network's for {above} of "
        f"{len(scales)} scales"
    )
    return found


# 5. Figures


def figures(size, arrays, sides):
    figure, axes = plt.subplots(
        4, 4, figsize=(9.2, 8), sharex=True, sharey=True, layout="constrained"
    )
    for i, (scale, ax) in enumerate(zip(arrays["scales"], axes.flat, strict=True)):
        for j, (net, color, dashes) in enumerate(zip(NETS, ("C0", "C1"), ("-", "--"), strict=True)):
            mine, theirs = (side.arrays[f"accuracy, {net}, std {scale:.4g}"] for side in sides)
            ax.plot(
                mine, color=color, ls=dashes, lw=2, clip_on=False, label=f"{net}, {sides[0].name}"
            )
            ax.plot(
                theirs,
                ".",
                color="black",
                ms=3,
                clip_on=False,
                label=sides[1].name if j == 1 else None,
                zorder=3,
            )
            step = sides[0].arrays["final.step of divergence"][i, j]
            if step:
                last = np.flatnonzero(np.isfinite(mine))[-1]
                ax.plot(last, mine[last], "x", color=color, ms=9, mew=2)
                ax.text(
                    0.97,
                    0.08,
                    f"{net} diverges\nat step {step}",
                    color=color,
                    ha="right",
                    transform=ax.transAxes,
                )
        ax.set_title(f"std {scale:.4g}")
        ax.set_ylim(0, 1)
    for ax in axes[-1]:
        ax.set_xlabel("epoch")
    for ax in axes[:, 0]:
        ax.set_ylabel("accuracy")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    sentence = (
        "Accuracy on the training images, in test mode, at the start of every epoch and after "
        "the last; the Julia side as dots."
    )
    yield Picture("accuracies", sentence, figure)
