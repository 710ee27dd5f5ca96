"""E3. A two-layer network fits a noisy sine, by define-by-run automatic differentiation."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from pyimpl.parity.experiments.experiment import Curve, Picture, Published
from pyimpl.textbook.tape import Variable, linear, mean_squared_error, relu, sigmoid, tanh

TITLE = "E3: a noisy sine, define by run"
SENTENCE = (
    "A 1-10-1 network with sigmoid learns by plain gradient descent: a plateau of thousands of "
    "iterations, then the loss falls."
)
SIZES = {"quick": {"iterations": 6000}, "full": {"iterations": 10000}}
SHARED: dict[str, Any] = {"points": 100, "hidden": 10, "lr": 0.2, "said": 500, "every": 50}
PARAMETERS = ("W1", "b1", "W2", "b2")
FUNCTIONS = {"sigmoid": sigmoid, "ReLU": relu, "tanh": tanh}
FRAMES = 100
COLORS = ("C0", "C3")
LOOKS: tuple[dict[str, Any], ...] = (
    {"lw": 4, "alpha": 0.35},
    {"lw": 1.2, "ls": "--"},
)  # of the first side, and of the second on it
LOSS_SENTENCE = (
    "A plateau, then the fall to the noise of the points, and the published losses. "
    "Spikes, if any, come after the fall, where the curvature outgrows the learning rate."
)
CURVES = {
    "loss": Curve("mean squared error", unit="iteration"),
    "parameter *": Curve("mean of the entries", unit="iteration", every=SHARED["every"], start=0),
}


def loss_at(iteration):
    return lambda size, outcome: (
        f"{outcome['loss'][iteration - 1]:.4f}" if iteration <= size["iterations"] else None
    )


# The published points are another draw. Of the seeds 0 to 199, nine in ten are half-way down
# between iterations 4000 and 7300 (seed 1: at 5336), and 146 end below 0.09; the others have points
# whose noise alone has nearly that variance (seed 0: 0.0896, and 0.091 is what is left). In 48 of
# the 200, seed 0 among them, the loss has spikes later on: the largest curvature passes 2 / lr =
# 10, gradient descent overshoots in bursts, and what rounding did to the two sides grows a
# billionfold.
PUBLISHED = (
    Published("loss at iteration 500", "0.3021", loss_at(500), "the plateau; other points"),
    Published(
        "loss at iteration 4500",
        "0.2397",
        loss_at(4500),
        "when the fall begins varies with the points",
    ),
    Published("loss at iteration 6000", "0.0889", loss_at(6000), "fallen"),
    Published(
        "loss at iteration 10000",
        "0.0704",
        loss_at(10000),
        "what is left is the noise: variance 1/12 = 0.083 on average",
    ),
)


# 1. What is random: the points and the initial weights, once for both sides


def draw(rng, size, images):
    points, hidden = SHARED["points"], SHARED["hidden"]
    x = rng.random((points, 1))
    return {
        "x": x,
        "target": np.sin(2 * np.pi * x) + rng.random((points, 1)),
        "W1": 0.01 * rng.standard_normal((1, hidden)),
        "W2": 0.01 * rng.standard_normal((hidden, 1)),
        "line": np.linspace(-5, 5, 251)[:, None],
        "grid": np.linspace(0, 1, 201)[:, None],
    }


# 2. The tape: pyimpl.textbook.tape


# 3. Its functions along a line, and their slopes


def run_functions(arrays, watch):
    line, found = arrays["line"], {}
    found["final.identity"] = linear(line, np.array([[1.0]]), np.array([0.0])).data[:, 0]
    found["final.linear map"] = linear(line, np.array([[-6.0]]), np.array([10.0])).data[:, 0]
    for name, f in FUNCTIONS.items():
        x = Variable(line)
        y = f(x)
        y.backward(np.ones_like(line))
        found[f"final.{name}"], found[f"final.slope of {name}"] = y.data[:, 0], x.grad[:, 0]
        y.backward(np.ones_like(line))
        times = x.grad.sum() / found[f"final.slope of {name}"].sum()
        x.cleargrad()
        watch.say(
            f"{name}: backward twice gives {times:.1f} times the slope, cleargrad leaves {x.grad}"
        )
    return found


# 4. The network and its training


def predict(x, W1, b1, W2, b2):
    return linear(sigmoid(linear(x, W1, b1)), W2, b2)


def train(size, arrays, watch):
    x, target, hidden = arrays["x"], arrays["target"], SHARED["hidden"]
    initial = (arrays["W1"].copy(), np.zeros(hidden), arrays["W2"].copy(), np.zeros(1))
    parameters = [Variable(array) for array in initial]
    losses, moves = [], [[p.data.copy() for p in parameters]]
    for iteration in range(1, size["iterations"] + 1):
        loss = mean_squared_error(target, predict(x, *parameters))
        for p in parameters:
            p.cleargrad()
        loss.backward()
        for p in parameters:
            p.data -= SHARED["lr"] * p.grad
        losses.append(loss.data)
        if iteration % SHARED["every"] == 0:
            moves.append([p.data.copy() for p in parameters])
        if iteration % SHARED["said"] == 0:
            watch.say(f"iteration {iteration:5d}  loss {loss.data:.4f}")
            watch.step(iteration, size["iterations"])
    return parameters, np.array(losses), [np.array(move) for move in zip(*moves, strict=True)]


# 5. The plateau, the fall, and what is left


def half_way(losses):
    """The iteration at which the loss first is half-way between the plateau, where iteration 500
    is, and its lowest value.
    """
    said = SHARED["said"]
    return said + int(np.argmax(losses[said - 1 :] < (losses[said - 1] + losses.min()) / 2))


def noise(arrays):
    """What sin(2 pi x) leaves of the points."""
    return arrays["target"] - np.sin(2 * np.pi * arrays["x"])


def run(size, arrays, watch):
    found = run_functions(arrays, watch)
    parameters, found["loss"], moves = train(size, arrays, watch)
    found |= {
        f"parameter {name}": move.reshape(len(move), -1)
        for name, move in zip(PARAMETERS, moves, strict=True)
    }
    found["final.estimate"] = predict(arrays["grid"], *parameters).data[:, 0]
    found["final.estimate at the points"] = predict(arrays["x"], *parameters).data[:, 0]
    watch.say(f"half-way down from the plateau at iteration {half_way(found['loss'])}")
    watch.say(f"the noise of the points has variance {noise(arrays).var():.4f}")
    return found


# 6. Figures


def figures(size, arrays, sides):
    yield Picture(
        "data",
        "A hundred points: sin(2 pi x) plus uniform noise between 0 and 1.",
        data_figure(arrays),
    )
    yield Picture(
        "linear",
        "`linear` with W = 1, b = 0, which is the identity, and with W = -6, b = 10.",
        linear_figure(arrays, sides),
    )
    yield Picture(
        "activations",
        "The three activations, and what `backward` gives for their slopes.",
        activations_figure(arrays, sides),
    )
    yield Picture("loss", LOSS_SENTENCE, loss_figure(arrays, sides))
    yield Picture(
        "fit",
        "What is learnt, and how far every point is from it.",
        fit_figure(size, arrays, sides),
    )
    yield Picture(
        "parameters",
        "How every entry moves, one colour for each hidden unit.",
        parameters_figure(sides),
    )
    figure, frame = learning(arrays, sides)
    yield Picture("learning", "The curve while it learns.", figure, frame, FRAMES)


def on_both_sides(ax, sides, at, values, **style):
    """The first side as a wide pale line, the second as a thin dashed one on it.

    Gives the lines.
    """
    drawn = [
        ax.plot(at, values(side), **look, **style) for side, look in zip(sides, LOOKS, strict=True)
    ]
    return [line for lines in drawn for line in lines]


def side_legend(ax, sides, **place):
    """Which lines are whose, whatever their colours."""
    ax.legend(
        [plt.Line2D([], [], color="black", **look) for look in LOOKS],
        [side.name for side in sides],
        **place,
    )


def scatter(ax, arrays):
    ax.plot(arrays["x"][:, 0], arrays["target"][:, 0], ".", color="0.45", label="data")
    ax.set_xlabel("x")
    ax.set_ylabel("y")


def data_figure(arrays):
    figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    scatter(ax, arrays)
    grid = arrays["grid"][:, 0]
    ax.plot(
        grid, np.sin(2 * np.pi * grid) + 0.5, color="C2", label="sin(2$\\pi$x) + mean of the noise"
    )
    ax.set_title(f"{SHARED['points']} points of a noisy sine")
    ax.legend()
    return figure


def linear_figure(arrays, sides):
    figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.6), layout="constrained")
    for ax, name, title in zip(
        axes,
        ("identity", "linear map"),
        ("identity: W = 1, b = 0", "linear: W = -6, b = 10"),
        strict=True,
    ):
        on_both_sides(
            ax,
            sides,
            arrays["line"][:, 0],
            lambda side, name=name: side.arrays[f"final.{name}"],
            color="C0",
        )
        ax.set_title(title)
        ax.set_xlabel("x")
    axes[0].set_ylabel("y")
    side_legend(axes[1], sides)
    return figure


def activations_figure(arrays, sides):
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 4), layout="constrained")
    for ax, kind, limits in zip(axes, ("", "slope of "), ((-1.3, 3), (-0.1, 1.2)), strict=True):
        for number, name in enumerate(FUNCTIONS):
            values = f"final.{kind}{name}"
            lines = on_both_sides(
                ax,
                sides,
                arrays["line"][:, 0],
                lambda side, values=values: side.arrays[values],
                color=f"C{number}",
            )
            lines[0].set_label(name)
        ax.set_ylim(limits)
        ax.set_xlabel("x")
    axes[0].set_title("sigmoid, ReLU and tanh")
    axes[1].set_title("their slopes")
    axes[0].legend(loc="upper left")
    side_legend(axes[1], sides, loc="upper left")
    return figure


def loss_figure(arrays, sides):
    figure, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for side, color, look in zip(sides, COLORS, LOOKS, strict=True):
        losses = side.arrays["loss"]
        ax.plot(CURVES["loss"].positions(len(losses)), losses, color=color, label=side.name, **look)
    published = [(int(p.what.split()[-1]), float(p.value)) for p in PUBLISHED]
    ax.plot(
        *zip(*published, strict=True),
        "o",
        color="black",
        mfc="none",
        label="published (other points)",
    )
    ax.axhline(
        noise(arrays).var(), color="C2", lw=1, ls=":", label="variance of the noise in these points"
    )
    middle = half_way(sides[0].arrays["loss"])
    ax.axvline(middle, color="0.6", lw=1, ls=":", label=f"half-way down: iteration {middle}")
    ax.set_ylim(0, 0.75)
    ax.set_xlabel("iteration")
    ax.set_ylabel("mean squared error")
    ax.set_title("Loss: a plateau, then a fall")
    ax.legend(loc="upper left", bbox_to_anchor=(0.08, 1))
    return figure


def fit_figure(size, arrays, sides):
    figure, ax = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
    scatter(ax, arrays)
    x, target, estimate = (
        arrays["x"][:, 0],
        arrays["target"][:, 0],
        sides[0].arrays["final.estimate at the points"],
    )
    ax.vlines(x, target, estimate, color="0.6", lw=0.8, ls=":", label="residual")
    lines = on_both_sides(
        ax, sides, arrays["grid"][:, 0], lambda side: side.arrays["final.estimate"]
    )
    for line, color, side in zip(lines, COLORS, sides, strict=True):
        line.set(color=color, label=side.name)
    ax.set_title(f"The fit after {size['iterations']} iterations")
    ax.legend()
    return figure


def parameters_figure(sides):
    figure, axes = plt.subplots(2, 2, figsize=(8, 5.6), sharex=True, layout="constrained")
    for ax, name in zip(axes.flat, PARAMETERS, strict=True):
        move = sides[0].arrays[f"parameter {name}"]
        at = CURVES["parameter *"].positions(len(move))
        for unit in range(move.shape[1]):
            on_both_sides(
                ax,
                sides,
                at,
                lambda side, name=name, unit=unit: side.arrays[f"parameter {name}"][:, unit],
                color=f"C{unit}",
            )
        ax.set_title(
            f"{name}: {move.shape[1]} entries" if move.shape[1] > 1 else f"{name}: one entry"
        )
    for ax in axes[1]:
        ax.set_xlabel("iteration")
    side_legend(axes[1, 1], sides)
    return figure


def learning(arrays, sides):
    """The moving figure, and what draws a frame of it."""
    figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    scatter(ax, arrays)
    grid = arrays["grid"]
    recorded = len(sides[0].arrays["parameter W1"])
    places = np.linspace(0, recorded - 1, FRAMES).round().astype(int)
    at = CURVES["parameter *"].positions(recorded)

    def curve(side, place):
        W1, b1, W2, b2 = (side.arrays[f"parameter {name}"][place] for name in PARAMETERS)
        return predict(grid, W1[None, :], b1, W2[:, None], b2).data[:, 0]

    lines = on_both_sides(ax, sides, grid[:, 0], lambda side: curve(side, 0))
    for line, color, side in zip(lines, COLORS, sides, strict=True):
        line.set(color=color, label=side.name)
    ax.legend(loc="upper right")

    def frame(number):
        place = places[number]
        for line, side in zip(lines, sides, strict=True):
            line.set_ydata(curve(side, place))
        loss = sides[0].arrays["loss"][max(at[place], 1) - 1]
        ax.set_title(f"iteration {at[place]:5d}, loss {loss:.4f}")
        return lines

    return figure, frame
