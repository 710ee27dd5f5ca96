"""E5. A convolutional network from scratch, on digits of 8 x 8 pixels."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from sklearn.model_selection import train_test_split

from pyimpl import Chain, setup, supervised, update, withgradient
from pyimpl.parity.experiments.experiment import Curve, Picture, Published
from pyimpl.parity.experiments.masks import Masks, draw_masks
from pyimpl.textbook import (
    AdaGradNoEps,
    Affine,
    Convolution,
    Dropout,
    Pooling,
    Relu,
    cross_entropy_error,
    softmax,
    softmax_with_summed_loss,
)

TITLE = "E5: a convolutional network"
SENTENCE = (
    "Two convolutions, a pooling and three affine layers with Dropout learn the digits; AdaGrad, "
    "batches of eight."
)
SIZES = {"quick": {"epochs": 3}, "full": {"epochs": 50}}
SHARED = {"filters": 10, "kernel": 3, "pool": 2, "hidden": 200, "classes": 10, "std": 0.1}
TRAINING = {"batch": 8, "rate": 0.01, "dropped": 0.5, "sample": 200, "every": 10}
MOST = 2000  # images of a larger set
AT_ONCE = 300  # images predicted at once: im2col makes ninety numbers of every pixel
SETS = ("training", "test")
CURVES = {
    "batch loss": Curve("loss of the batch, a sum", log=True),
    "error, *": Curve("cross entropy of 200 images", unit="epoch", start=0, log=True),
}


def accuracy_of(number):
    def ours(size, outcome):
        return (
            f"{100 * outcome['final.accuracy'][number]:.2f} %"
            if size["epochs"] >= SIZES["full"]["epochs"]
            else None
        )

    return ours


PUBLISHED = (
    Published("accuracy on the training images", "100.0 %", accuracy_of(0)),
    Published(
        "accuracy on the test images",
        "98.67 %",
        accuracy_of(1),
        "the same split of the digits, other random numbers",
    ),
)


# 1. What is random: initial weights and biases, batches, samples, Dropout's masks - once for both
# sides


def draw(rng, size, images):
    x, labels = images.x[:MOST].astype(np.float64), images.labels[:MOST].astype(np.int64)
    x = ((x - x.mean()) / x.std())[:, None]  # (images, channels, height, width)
    training_x, test_x, training_labels, test_labels = train_test_split(
        x, labels, random_state=0
    )  # the published split, for any seed
    arrays = {
        "training.x": training_x,
        "training.labels": training_labels,
        "test.x": test_x,
        "test.labels": test_labels,
    }

    filters, kernel, hidden = SHARED["filters"], SHARED["kernel"], SHARED["hidden"]
    pooled = filters * np.prod([-(-side // SHARED["pool"]) for side in x.shape[2:]])
    shapes = {
        "convolution1": (filters, x.shape[1], kernel, kernel),
        "convolution2": (filters, filters, kernel, kernel),
        "affine1": (pooled, hidden),
        "affine2": (hidden, hidden),
        "affine3": (hidden, SHARED["classes"]),
    }
    for name, shape in shapes.items():
        n_out = shape[0] if name.startswith("convolution") else shape[1]
        arrays[f"{name}.weight"] = SHARED["std"] * rng.standard_normal(shape)
        arrays[f"{name}.bias"] = SHARED["std"] * rng.standard_normal(n_out)

    def shuffled(count):
        """The numbers of `count` images, in another order every epoch."""
        return rng.permuted(
            np.broadcast_to(np.arange(count, dtype=np.uint16), (size["epochs"], count)), axis=1
        )

    batch, available = TRAINING["batch"], len(training_x)
    steps = available // batch  # what is left over waits for another epoch
    arrays["batches"] = shuffled(available)[:, : steps * batch].reshape(
        size["epochs"], steps, batch
    )
    arrays["training.sample"] = shuffled(available)[:, : TRAINING["sample"]]
    arrays["test.sample"] = shuffled(len(test_x))[:, : TRAINING["sample"]]
    arrays["kept"] = draw_masks(
        rng, TRAINING["dropped"], size["epochs"] * steps * 2, batch * hidden
    )
    return arrays


# 2. The network


def build(arrays):
    def parameters(name):
        return arrays[f"{name}.weight"].copy(), arrays[f"{name}.bias"].copy()

    masks = Masks(arrays["kept"])  # the two Dropouts take turns
    return Chain(
        Convolution(*parameters("convolution1"), stride=1, pad=1),
        Relu(),
        Convolution(*parameters("convolution2"), stride=1, pad=1),
        Relu(),
        Pooling(SHARED["pool"], SHARED["pool"], stride=SHARED["pool"], ceil=True),
        Affine(*parameters("affine1")),
        Relu(),
        Dropout(TRAINING["dropped"], masks),
        Affine(*parameters("affine2")),
        Relu(),
        Dropout(TRAINING["dropped"], masks),
        Affine(*parameters("affine3")),
    )


def probabilities(model, x):
    """Outside training, so Dropout drops nothing."""
    return np.concatenate([softmax(model(x[i : i + AT_ONCE])) for i in range(0, len(x), AT_ONCE)])


# 3. Its training; before every epoch, the error on a sample of each set


def train(model, arrays, watch):
    state, objective = (
        setup(AdaGradNoEps(TRAINING["rate"]), model),
        supervised(softmax_with_summed_loss),
    )
    epochs = len(arrays["batches"])
    batch_losses, errors = [], {name: [] for name in SETS}
    for epoch, batches in enumerate(arrays["batches"]):
        for name in SETS:
            sample = arrays[f"{name}.sample"][epoch]
            y = probabilities(model, arrays[f"{name}.x"][sample])
            errors[name].append(cross_entropy_error(y, arrays[f"{name}.labels"][sample]))
        if epoch % TRAINING["every"] == 0:
            watch.say(
                f"Epoch {epoch}/{epochs}: error on training images {errors['training'][-1]:.6f}, "
                f"on test images {errors['test'][-1]:.6f}"
            )
        for batch in batches:
            loss, (gradient, *_) = withgradient(
                objective, model, arrays["training.x"][batch], arrays["training.labels"][batch]
            )
            update(state, model, gradient)
            batch_losses.append(loss)
        watch.step(epoch + 1, epochs)
    return np.array(batch_losses), {name: np.array(recorded) for name, recorded in errors.items()}


# 4. The run, and what is left at the end


def run(size, arrays, watch):
    model = build(arrays)
    batch_losses, errors = train(model, arrays, watch)
    found = {"batch loss": batch_losses} | {
        f"error, {name}": recorded for name, recorded in errors.items()
    }
    accuracies = []
    for name in SETS:
        y, labels = probabilities(model, arrays[f"{name}.x"]), arrays[f"{name}.labels"]
        accuracies.append(np.mean(y.argmax(1) == labels))
        watch.say(f"Accuracy on {name} images: {100 * accuracies[-1]:.2f} % of {len(labels)}")
    found |= {
        "final.accuracy": np.array(accuracies),
        "final.predicted": y.argmax(1),
        "final.probability": y.max(1),
    }  # of the test images
    for number in (0, 2, 5, 8, 11):
        layer, path = model.layers[number], f"final.layers.{number}"
        found |= {f"{path}.weight": layer.weight, f"{path}.bias": layer.bias}
    return found


# 5. Figures


def figures(size, arrays, sides):
    sample, epochs = TRAINING["sample"], size["epochs"]
    sentence = (
        f"Cross entropy of {sample} images of each set before every epoch, and the accuracies "
        f"after {epochs} epochs."
    )
    yield Picture("errors", sentence, error_figure(sides))
    sentence = (
        "The test images the network is wrong about, then those it is least sure of, with its "
        "answer and probability."
    )
    yield Picture("doubtful", sentence, doubtful_figure(arrays, sides))
    yield Picture(
        "confusion",
        "What the test images are, and what they are taken for, on both sides.",
        confusion_figure(arrays, sides),
    )
    sentence = "The kernels of the first convolution before training, and after it on both sides."
    yield Picture("kernels", sentence, kernel_figure(arrays, sides))


def error_figure(sides):
    figure, (curves, bars) = plt.subplots(
        1, 2, figsize=(11, 4.2), width_ratios=(3, 1.3), layout="constrained"
    )
    widths = ({"lw": 3.5, "alpha": 0.35}, {"lw": 1})
    for side, width in zip(sides, widths, strict=True):
        for number, name in enumerate(SETS):
            curves.plot(side.arrays[f"error, {name}"], color=f"C{number}", **width)
    curves.set_yscale("log", nonpositive="mask")
    curves.xaxis.set_major_locator(MaxNLocator(integer=True))
    curves.set_xlabel("epoch")
    curves.set_ylabel(f"cross entropy of {TRAINING['sample']} images")
    handles = [
        Line2D([], [], color=f"C{number}", label=f"{name} images")
        for number, name in enumerate(SETS)
    ]
    handles += [
        Line2D([], [], color="0.2", label=side.name, **width)
        for side, width in zip(sides, widths, strict=True)
    ]
    curves.legend(handles=handles)
    for number in range(len(SETS)):
        for row, (side, alpha) in enumerate(zip(sides, (0.4, 0.75), strict=True)):
            accuracy = 100 * side.arrays["final.accuracy"][number]
            bar = bars.barh(
                number + 0.4 * row - 0.2, accuracy, 0.36, color=f"C{number}", alpha=alpha
            )
            bars.bar_label(bar, [f"{accuracy:.2f} %\n{side.name}"], label_type="center", fontsize=9)
    bars.set_yticks(range(len(SETS)), SETS, rotation=90, va="center")
    bars.invert_yaxis()
    bars.set_xlim(0, 100)
    bars.set_xlabel("accuracy at the end, %")
    bars.grid(False)
    return figure


def doubtful_figure(arrays, sides):
    rows, columns = 3, 8
    mine, theirs = (side.arrays for side in sides)
    labels = arrays["test.labels"]
    wrong = mine["final.predicted"] != labels
    order = np.lexsort(
        (mine["final.probability"] * np.where(wrong, -1, 1), ~wrong)
    )  # the surest errors first, then the least sure
    figure, axes = plt.subplots(rows, columns, figsize=(11, 5.6), layout="constrained")
    for i, ax in zip(order, axes.flat, strict=False):
        ax.imshow(arrays["test.x"][i, 0], cmap="gray_r")
        answers = [
            f"{outcome['final.predicted'][i]} ({100 * outcome['final.probability'][i]:.0f} %)"
            for outcome in (mine, theirs)
        ]
        answer = answers[0] if answers[0] == answers[1] else " / ".join(answers)
        ax.set_title(
            f"{labels[i]}, taken for {answer}" if wrong[i] else answer,
            fontsize=8,
            color="C3" if wrong[i] else "black",
        )
    for ax in axes.flat:
        ax.set_axis_off()
    rest = "; then those that the network is least sure of" if wrong.sum() < rows * columns else ""
    figure.suptitle(f"{wrong.sum()} of {len(labels)} test images are taken for others (red){rest}")
    return figure


def confusion_figure(arrays, sides):
    classes = SHARED["classes"]
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.9), layout="constrained")
    for side, ax in zip(sides, axes, strict=True):
        counts = np.zeros((classes, classes), np.int64)
        np.add.at(counts, (arrays["test.labels"], side.arrays["final.predicted"]), 1)
        shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        ax.imshow(
            np.sqrt(shares), cmap="Blues", vmin=0, vmax=1
        )  # the root makes single errors visible
        for i, j in np.argwhere(counts):
            ax.text(
                j,
                i,
                counts[i, j],
                ha="center",
                va="center",
                fontsize=8,
                color="white" if shares[i, j] > 0.4 else "black",
            )
        ax.set_xticks(range(classes))
        ax.set_yticks(range(classes))
        ax.set_title(f"{side.name}: {np.trace(counts)} of {counts.sum()} are right")
        ax.set_xlabel("taken for")
        ax.grid(False)
    axes[0].set_ylabel("is")
    return figure


def kernel_figure(arrays, sides):
    filters = SHARED["filters"]
    lines = {"before": arrays["convolution1.weight"]} | {
        f"after,\n{side.name}": side.arrays["final.layers.0.weight"] for side in sides
    }
    limit = max(np.abs(kernels).max() for kernels in lines.values())
    figure, axes = plt.subplots(len(lines), filters, figsize=(11, 3.9), layout="constrained")
    for (title, kernels), row in zip(lines.items(), axes, strict=True):
        for kernel, ax in zip(kernels[:, 0], row, strict=True):
            drawn = ax.imshow(kernel, cmap="RdBu_r", vmin=-limit, vmax=limit)
            ax.set_xticks([])
            ax.set_yticks([])
            ax.grid(False)
        row[0].set_ylabel(title, fontsize=8)
    figure.colorbar(drawn, ax=axes, shrink=0.8)
    figure.suptitle("Kernels of the first convolution")
    return figure
