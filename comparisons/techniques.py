"""E4. Learning techniques from scratch: optimisers, first weights, overfitting, the search."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from pyimpl import Chain, setup, supervised, update, withgradient
from pyimpl.parity.experiments.experiment import Curve, Picture, Published
from pyimpl.parity.experiments.masks import Masks, draw_masks
from pyimpl.textbook import (
    SGD,
    AdaGrad,
    Adam,
    Affine,
    Dropout,
    Momentum,
    Relu,
    Sigmoid,
    initial_std,
    softmax_with_loss,
)

TITLE = "E4: learning techniques"
SENTENCE = (
    "Four optimisers on a valley and on digits; what initial weights do to activations; weight "
    "decay and Dropout against overfitting; "
    "a random search for learning rate and weight decay."
)
SIZES = {
    "quick": {"steps": 100, "epochs": 30, "trials": 8, "trial_epochs": 10},
    "full": {"steps": 2000, "epochs": 201, "trials": 100, "trial_epochs": 50},
}
SHARED = {
    "units": 100,
    "classes": 10,
    "test": 500,
    "most": 5000,
}  # no more than `most` images are learnt from
PATH_STEPS = 30
ON_VALLEY = {
    "SGD": SGD(0.95),
    "Momentum": Momentum(0.1),
    "AdaGrad": AdaGrad(1.5),
    "Adam": Adam(0.3),
}
ON_DIGITS = {
    "SGD": SGD(0.01),
    "Momentum": Momentum(0.01, 0.9),
    "AdaGrad": AdaGrad(0.01),
    "Adam": Adam(),
}
OPTIMISERS = {"hidden": 4, "batch": 128}  # five layers with the last one
ACTIVATIONS = {
    "sigmoid": (Sigmoid(), {"std 1": 1.0, "std 0.01": 0.01, "std 1/sqrt(n)": "xavier"}),
    "ReLU": (Relu(), {"std 0.01": 0.01, "Xavier": "xavier", "He": "he"}),
}
HISTOGRAM = {"samples": 1000, "layers": 5, "bins": 30}
OVERFITTING = {"images": 300, "hidden": 6, "batch": 100}
REMEDIES = {
    "plain": (0.0, None),
    "weight decay 0.1": (0.1, None),
    "Dropout 0.2": (0.0, 0.2),
}  # weight decay, ratio of Dropout
SEARCH = {"images": 500, "validation": 100, "hidden": 6, "batch": 100, "shown": 20}
CURVES = {
    "x, *": Curve("x on the valley", start=0),
    "y, *": Curve("y on the valley", start=0),
    "loss, *": Curve("loss of the batch", log=True),
    "overfitting loss, *": Curve("loss of an epoch's batches", unit="epoch", log=True),
    "training accuracy, *": Curve("accuracy on the 300 training images", unit="epoch"),
    "test accuracy, *": Curve("accuracy on the test images", unit="epoch"),
    "search accuracy, *": Curve("accuracy, mean of all trials", unit="epoch"),
}


def best_accuracies(size, outcome):
    if size["trials"] < SIZES["full"]["trials"]:
        return None
    best = outcome["search accuracy, validation"][-1, outcome["final.ranking"][:5]]
    return ", ".join(f"{accuracy:.2f}" for accuracy in best)


def best_rates(size, outcome):
    if size["trials"] < SIZES["full"]["trials"]:
        return None
    rates = outcome["final.rates"][outcome["final.ranking"][:5], 0]
    return f"{scientific(rates.min(), 1)} to {scientific(rates.max(), 1)}"


def best_trial(size, outcome):
    return ranked_line(0, outcome) if size["trials"] >= SIZES["full"]["trials"] else None


PUBLISHED = (
    Published(
        "search: validation accuracy of the best five",
        "0.82, 0.80, 0.75, 0.74, 0.69",
        best_accuracies,
        "published with MNIST",
    ),
    Published(
        "search: learning rates of the best five",
        "5.9e-3 to 9.8e-3",
        best_rates,
        "drawn from 1e-6 to 1e-2",
    ),
    Published(
        "search: the first of the list",
        "Best-1 (val acc: 0.82) | lr: 9.26e-3, weight decay: 5.43e-5",
        best_trial,
    ),
)


# 1. What is random: images, initial weights, batches, Dropout's masks, the rates to try - once for
# both sides


def draw(rng, size, images):
    order = rng.permutation(len(images.x))[: SHARED["test"] + SHARED["most"]]
    x, labels = (
        images.x.reshape(len(images.x), -1)[order] / images.white,
        images.labels[order].astype(np.int64),
    )
    test = SHARED["test"]
    arrays = {
        "test.x": x[:test],
        "test.labels": labels[:test],
        "training.x": x[test:],
        "training.labels": labels[test:],
    }
    pixels, training = x.shape[1], len(x) - test

    def normal_weights(part, hidden, *trials):
        widths = [pixels, *[SHARED["units"]] * hidden, SHARED["classes"]]
        for i in range(hidden + 1):
            arrays[f"{part}.weight{i + 1}"] = rng.standard_normal((*trials, *widths[i : i + 2]))

    def batches(part, available, batch, *counts):
        """So many batches; none has an image twice."""
        shuffled = rng.permuted(
            np.broadcast_to(np.arange(available, dtype=np.uint16), (*counts, available)), axis=-1
        )
        arrays[f"{part}.batches"] = shuffled[..., :batch]

    arrays["valley.start"] = np.array([-7.0, 2.0])
    normal_weights("optimisers", OPTIMISERS["hidden"])
    arrays["optimisers.batches"] = rng.integers(
        training, size=(size["steps"], OPTIMISERS["batch"]), dtype=np.uint16
    )

    arrays["histogram.x"] = rng.standard_normal((HISTOGRAM["samples"], SHARED["units"]))
    arrays["histogram.weights"] = rng.standard_normal(
        (HISTOGRAM["layers"], SHARED["units"], SHARED["units"])
    )

    normal_weights("overfitting", OVERFITTING["hidden"])
    steps = OVERFITTING["images"] // OVERFITTING["batch"]
    batches("overfitting", OVERFITTING["images"], OVERFITTING["batch"], size["epochs"], steps)
    ratio, entries = REMEDIES["Dropout 0.2"][1], OVERFITTING["batch"] * SHARED["units"]
    arrays["overfitting.kept"] = draw_masks(
        rng, ratio, size["epochs"] * steps * OVERFITTING["hidden"], entries
    )

    learnt = SEARCH["images"] - SEARCH["validation"]
    normal_weights("search", SEARCH["hidden"], size["trials"])
    batches(
        "search",
        learnt,
        SEARCH["batch"],
        size["trials"],
        size["trial_epochs"],
        learnt // SEARCH["batch"],
    )
    exponents = rng.uniform((-6, -8), (-2, -4), (size["trials"], 2))
    arrays["search.rates"] = 10**exponents  # learning rate, weight decay
    return arrays


# 2. The network: affine layers with ReLU, and perhaps Dropout, between them; its training; its
# accuracy

RELU = (Relu(),)


def build(weights, init, between=RELU):
    """`weights` are standard normal numbers, `init` is a standard deviation or the name of one.

    Biases start at 0.
    """
    layers = []
    for weight in weights:
        n_in, n_out = weight.shape
        layers += [
            *(between if layers else ()),
            Affine(initial_std(init, n_in) * weight, np.zeros(n_out)),
        ]
    return Chain(*layers)


def weights_of(part, arrays, trial=...):
    count = sum(name.startswith(f"{part}.weight") for name in arrays)
    return [arrays[f"{part}.weight{i}"][trial] for i in range(1, count + 1)]


def learn(model, state, x, labels, batches, decay=0.0):
    """A step for every batch.

    Gives their losses, without the part `decay / 2 * sum(weight^2)` that decay adds.
    """
    objective, losses = supervised(softmax_with_loss), []
    for batch in batches:
        loss, (gradient, *_) = withgradient(objective, model, x[batch], labels[batch])
        if decay:
            for layer, of_layer in zip(model.layers, gradient.layers, strict=True):
                if isinstance(layer, Affine):
                    of_layer.weight += decay * layer.weight
        update(state, model, gradient)
        losses.append(loss)
    return np.array(losses)


def accuracy(model, x, labels):
    return np.mean(model(x).argmax(1) == labels)


# 3. Optimisers on the valley x^2/20 + y^2, from (-7, 2)


def slope(place):
    return np.array([place[0] / 10, 2 * place[1]])


def walk(rule, start):
    place = start.copy()
    state, path = setup(rule, place), [place.copy()]
    for _ in range(PATH_STEPS):
        update(state, place, slope(place))
        path.append(place.copy())
    return np.array(path)


def run_valley(arrays, watch):
    found = {}
    for name, rule in ON_VALLEY.items():
        path = walk(rule, arrays["valley.start"])
        found[f"x, {name}"], found[f"y, {name}"] = path.T
        watch.say(
            f"{name:8s} on the valley: after {PATH_STEPS} steps at ({path[-1, 0]:.4f}, "
            f"{path[-1, 1]:.4f})"
        )
    return found


# 4. Optimisers on digits


def run_optimisers(arrays, watch):
    found = {}
    for name, rule in ON_DIGITS.items():
        model = build(weights_of("optimisers", arrays), "he")
        losses = learn(
            model,
            setup(rule, model),
            arrays["training.x"],
            arrays["training.labels"],
            arrays["optimisers.batches"],
        )
        found[f"loss, {name}"] = losses
        found[f"final.last weight, {name}"] = model.layers[-1].weight
        watch.say(
            f"{name:8s} on digits: loss {losses[0]:.4f} at first, {losses[-1]:.4f} after "
            f"{len(losses)} steps"
        )
        watch.step(len(found) // 2, len(ON_DIGITS))
    return found


# 5. Activations behind five layers


def run_histograms(arrays, watch):
    found = {}
    for kind, (act, inits) in ACTIVATIONS.items():
        for title, init in inits.items():
            x, layers = arrays["histogram.x"], []
            for weight in arrays["histogram.weights"]:
                x = act(x @ (initial_std(init, len(weight)) * weight))
                layers.append(x)
            row = f"{kind}, {title}"
            found[f"final.counts, {row}"] = np.array([counts(x) for x in layers])
            found[f"final.spread, {row}"] = np.array([[x.mean(), x.std()] for x in layers])
            found[f"final.first sample, {row}"] = np.array([x[0] for x in layers])
            watch.say(
                f"{row}: the last layer has mean {x.mean():.4f}, standard deviation {x.std():.4f}"
            )
    return found


def counts(x):
    """How many entries lie in each of the bins between 0 and 1; those above 1 are in none."""
    bins = HISTOGRAM["bins"]
    return np.bincount(np.minimum(bins * x[x <= 1], bins - 1).astype(np.int64), minlength=bins)


# 6. Overfitting, and two remedies


def run_overfitting(arrays, watch):
    found = {}
    x, labels = (arrays[f"training.{name}"][: OVERFITTING["images"]] for name in ("x", "labels"))
    for name, (decay, ratio) in REMEDIES.items():
        between = (
            RELU if ratio is None else (Relu(), Dropout(ratio, Masks(arrays["overfitting.kept"])))
        )
        model = build(weights_of("overfitting", arrays), "he", between)
        state = setup(SGD(0.01), model)
        losses, training, test = [], [], []
        for epoch, batches in enumerate(arrays["overfitting.batches"], 1):
            losses.append(learn(model, state, x, labels, batches, decay).mean())
            training.append(accuracy(model, x, labels))
            test.append(accuracy(model, arrays["test.x"], arrays["test.labels"]))
            watch.step(epoch, len(arrays["overfitting.batches"]))
        found[f"overfitting loss, {name}"] = np.array(losses)
        found[f"training accuracy, {name}"], found[f"test accuracy, {name}"] = (
            np.array(training),
            np.array(test),
        )
        found[f"final.last weight, {name}"] = model.layers[-1].weight
        watch.say(
            f"{name}: after {len(losses)} epochs {training[-1]:.4f} on the training images, "
            f"{test[-1]:.4f} on the test images"
        )
    return found


# 7. The search for learning rate and weight decay


def run_search(size, arrays, watch):
    x, labels = (arrays[f"training.{name}"][: SEARCH["images"]] for name in ("x", "labels"))
    held_out = SEARCH["validation"]
    x, labels, validation_x, validation_labels = (
        x[held_out:],
        labels[held_out:],
        x[:held_out],
        labels[:held_out],
    )
    shape = (size["trial_epochs"], size["trials"])
    validation, training, losses = np.zeros(shape), np.zeros(shape), np.zeros(size["trials"])
    for trial, (rate, decay) in enumerate(arrays["search.rates"]):
        model = build(weights_of("search", arrays, trial), "he")
        state = setup(SGD(rate), model)
        for epoch, batches in enumerate(arrays["search.batches"][trial]):
            learn(model, state, x, labels, batches, decay)
            validation[epoch, trial] = accuracy(model, validation_x, validation_labels)
            training[epoch, trial] = accuracy(model, x, labels)
        losses[trial] = softmax_with_loss(model(x), labels)
        watch.step(trial + 1, size["trials"])
    found = {"search accuracy, validation": validation, "search accuracy, training": training}
    found |= {"final.loss of every trial": losses, "final.rates": arrays["search.rates"]}
    found["final.ranking"] = np.argsort(-validation[-1], kind="stable")
    for place in range(min(SEARCH["shown"], size["trials"])):
        watch.say(ranked_line(place, found))
    return found


def ranked_line(place, found):
    trial = found["final.ranking"][place]
    (rate, decay), reached = (
        found["final.rates"][trial],
        found["search accuracy, validation"][-1, trial],
    )
    return (
        f"Best-{place + 1} (val acc: {reached:.2f}) | lr: {scientific(rate)}, weight decay: "
        f"{scientific(decay)}"
    )


def scientific(value, digits=2):
    """As 9.26e-3."""
    return f"{value:.{digits}e}".replace("e-0", "e-")


# 8. All parts


def run(size, arrays, watch):
    return (
        run_valley(arrays, watch)
        | run_optimisers(arrays, watch)
        | run_histograms(arrays, watch)
        | run_overfitting(arrays, watch)
        | run_search(size, arrays, watch)
    )


# 9. Figures: a broad pale line for the first side, a thin one in the same colour for the second


def figures(size, arrays, sides):
    sentence = (
        f"{PATH_STEPS} steps of each optimiser from (-7, 2) over the contours of x^2/20 + y^2, "
        "on both sides."
    )
    yield Picture("valley", sentence, valley_figure(sides))
    sentence = (
        f"Loss of {size['steps']} steps of each optimiser on the digits: of every batch (faint, "
        f"{sides[0].name}), and smoothed."
    )
    yield Picture("optimisers", sentence, optimiser_figure(sides))
    for kind in ACTIVATIONS:
        sentence = (
            f"Outputs of {HISTOGRAM['layers']} layers of {SHARED['units']} {kind} units, for "
            "three kinds of initial weights."
        )
        yield Picture(f"activations-{kind.lower()}", sentence, activation_figure(kind, sides))
    sentence = (
        f"Accuracy on {OVERFITTING['images']} training images and on {len(arrays['test.x'])} "
        "test images: plain, and with two remedies."
    )
    yield Picture("overfitting", sentence, overfitting_figure(sides))
    shown = min(SEARCH["shown"], size["trials"])
    sentence = (
        f"The best {shown} of {size['trials']} trials: accuracy on validation images (solid) and "
        "on training images (dashed)."
    )
    yield Picture("search-best", sentence, best_figure(shown, sides))
    sentence = (
        "All trials over learning rate and weight decay, coloured by validation accuracy: it is "
        "the learning rate that counts."
    )
    yield Picture("search-all", sentence, search_figure(sides))


BROAD, THIN = {"lw": 3.5, "alpha": 0.35, "antialiased": False}, {"lw": 1}


def draw_sides(ax, sides, values, color, at=None, **style):
    """`values(outcome)` of both sides on top of each other."""
    for side, width in zip(sides, (BROAD, THIN), strict=True):
        y = values(side.arrays)
        ax.plot(np.arange(1, len(y) + 1) if at is None else at, y, color=color, **width, **style)


def legend_of_sides(figure, sides, extra=()):
    """One legend for the figure: which width is which side, and what else there is to tell."""
    handles = [
        Line2D([], [], color="0.2", label=side.name, **width)
        for side, width in zip(sides, (BROAD, THIN), strict=True)
    ]
    handles += [Line2D([], [], label=label, **style) for label, style in extra]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def valley_figure(sides):
    x, y = np.meshgrid(np.linspace(-9, 9, 181), np.linspace(-4, 4, 161))
    figure, axes = plt.subplots(
        2, 2, figsize=(8.2, 5.2), sharex=True, sharey=True, layout="constrained"
    )
    for (number, name), ax in zip(enumerate(ON_VALLEY), axes.flat, strict=True):
        ax.contour(
            x,
            y,
            x**2 / 20 + y**2,
            levels=[0.1, 0.4, 1, 2, 3.5, 5.5, 8, 11, 14.5],
            colors="0.75",
            linewidths=0.7,
        )
        for side, width in zip(sides, (BROAD, THIN), strict=True):
            ax.plot(
                side.arrays[f"x, {name}"],
                side.arrays[f"y, {name}"],
                color=f"C{number}",
                marker=".",
                ms=5,
                **width,
            )
        ax.plot(0, 0, "k+", ms=9)
        end = sides[0].arrays[f"x, {name}"][-1], sides[0].arrays[f"y, {name}"][-1]
        ax.set_title(f"{name}, lr {ON_VALLEY[name].lr}: ends at ({end[0]:.2f}, {end[1]:.2f})")
        ax.grid(False)
    for ax in axes[1]:
        ax.set_xlabel("x")
    for ax in axes[:, 0]:
        ax.set_ylabel("y")
    legend_of_sides(figure, sides, [("minimum", {"color": "k", "marker": "+", "ms": 9, "ls": ""})])
    return figure


def optimiser_figure(sides):
    figure, ax = plt.subplots(figsize=(7.2, 4.6), layout="constrained")
    for number, name in enumerate(ON_DIGITS):
        losses = sides[0].arrays[f"loss, {name}"]
        ax.plot(
            np.arange(1, len(losses) + 1),
            losses,
            color=f"C{number}",
            lw=0.4,
            alpha=0.3,
            antialiased=False,
        )  # a smaller file
        draw_sides(
            ax, sides, lambda outcome, curve=f"loss, {name}": smoothed(outcome[curve]), f"C{number}"
        )
    ax.set_yscale("log")
    ax.set_title("Four optimisers on the digits")
    ax.set_xlabel("step")
    ax.set_ylabel("loss of the batch")
    ax.legend(
        handles=[
            Line2D([], [], color=f"C{number}", label=name) for number, name in enumerate(ON_DIGITS)
        ]
    )
    legend_of_sides(figure, sides)
    return figure


def smoothed(values, width=31):
    """A weighted mean around every step, on the logarithmic scale that the losses are drawn in;
    mirrored at both ends.
    """
    window = np.hanning(width + 2)[1:-1]
    mirrored = np.pad(np.log(values), width // 2, mode="reflect")
    return np.exp(np.convolve(mirrored, window / window.sum(), mode="valid"))


def activation_figure(kind, sides):
    _, inits = ACTIVATIONS[kind]
    edges, entries = (
        np.linspace(0, 1, HISTOGRAM["bins"] + 1),
        HISTOGRAM["samples"] * SHARED["units"],
    )
    figure, axes = plt.subplots(
        len(inits),
        HISTOGRAM["layers"],
        figsize=(12, 6.4),
        sharex=True,
        sharey="row",
        squeeze=False,
        layout="constrained",
    )
    for title, row in zip(inits, axes, strict=True):
        mine, theirs = (side.arrays[f"final.counts, {kind}, {title}"] / entries for side in sides)
        spreads = sides[0].arrays[f"final.spread, {kind}, {title}"]
        for layer, ax in enumerate(row):
            ax.stairs(mine[layer], edges, fill=True, color="C0", alpha=0.45, label=sides[0].name)
            ax.stairs(theirs[layer], edges, color="C3", lw=1, label=sides[1].name)
            ax.set_title(
                f"layer {layer + 1}: {spreads[layer, 0]:.3f} ± {spreads[layer, 1]:.3f}", fontsize=9
            )
        row[0].set_ylabel(f"{title}\nshare of the outputs")
        if (
            kind == "ReLU"
        ):  # the zeros are half of all or more: the rest would not be seen beside them
            row[0].set_ylim(0, 0.1)
    for ax in axes[-1]:
        ax.set_xlabel("output")
    axes[0, -1].legend(fontsize=8)
    cut = "; the bar at 0 is cut, outputs above 1 are left out" if kind == "ReLU" else ""
    figure.suptitle(
        f"Outputs of {HISTOGRAM['layers']} {kind} layers, mean ± standard deviation{cut}"
    )
    return figure


def overfitting_figure(sides):
    figure, axes = plt.subplots(
        1, len(REMEDIES), figsize=(12, 4.2), sharey=True, layout="constrained"
    )
    for name, ax in zip(REMEDIES, axes, strict=True):
        for number, kind in enumerate(("training", "test")):
            draw_sides(
                ax,
                sides,
                lambda outcome, curve=f"{kind} accuracy, {name}": outcome[curve],
                f"C{number}",
            )
        last = [sides[0].arrays[f"{kind} accuracy, {name}"][-1] for kind in ("training", "test")]
        ax.set_title(f"{name}: {last[0]:.3f} and {last[1]:.3f} at the end")
        ax.set_xlabel("epoch")
    axes[0].set_ylim(0, 1.02)
    axes[0].set_ylabel("accuracy")
    legend_of_sides(
        figure, sides, [("training images", {"color": "C0"}), ("test images", {"color": "C1"})]
    )
    return figure


def best_figure(shown, sides):
    columns = min(5, shown)
    rows = -(-shown // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(1.6 * columns, 1.25 * rows + 0.6),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for place, ax in enumerate(axes.flat):
        if place >= shown:
            ax.set_axis_off()
            continue
        trial = sides[0].arrays["final.ranking"][place]
        rate, decay = sides[0].arrays["final.rates"][trial]
        for kind, color, ls in (("validation", "C0", "-"), ("training", "C1", "--")):
            draw_sides(
                ax,
                sides,
                lambda outcome, kind=kind, trial=trial: outcome[f"search accuracy, {kind}"][
                    :, trial
                ],
                color,
                ls=ls,
            )
        reached = sides[0].arrays["search accuracy, validation"][-1, trial]
        ax.set_title(
            f"Best-{place + 1}: {reached:.2f}\nlr {scientific(rate, 1)}, decay "
            f"{scientific(decay, 1)}",
            fontsize=6.5,
        )
        ax.grid(False)
    axes[0, 0].set_ylim(0, 1.02)
    axes[0, 0].set_yticks([0, 0.5, 1])
    for ax in axes[-1]:
        ax.set_xlabel("epoch")
    for ax in axes[:, 0]:
        ax.set_ylabel("accuracy")
    legend_of_sides(
        figure, sides, [("validation", {"color": "C0"}), ("training", {"color": "C1", "ls": "--"})]
    )
    return figure


def search_figure(sides):
    figure, axes = plt.subplots(
        1, 2, figsize=(11, 4.4), sharex=True, sharey=True, layout="constrained"
    )
    for side, ax in zip(sides, axes, strict=True):
        rates, reached = side.arrays["final.rates"], side.arrays["search accuracy, validation"][-1]
        points = ax.scatter(*rates.T, c=reached, cmap="viridis", vmin=0, vmax=1, s=36)
        best = side.arrays["final.ranking"][:5]
        ax.scatter(*rates[best].T, s=110, facecolors="none", edgecolors="C3", label="best five")
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_title(side.name)
        ax.set_xlabel("learning rate")
    axes[0].set_ylabel("weight decay")
    axes[0].legend(loc="lower left", frameon=True)
    figure.colorbar(points, ax=axes, label="validation accuracy")
    return figure
