"""Models with one wrong layer, what must be found in each, and Julia's recorded side of them.

`python -m located.table`, in the folder of the tests, makes the recording anew with a live Julia.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from located import models
from pyimpl.parity.locate.walk import locate
from pyimpl.parity.reference.stage_recordings import Taped
from pyimpl.parity.report.stages import sentence

JULIA = Path(__file__).with_name("models.jl")


RECORDING = JULIA.with_name("recording.npz")


SHAPES = {
    "dense": "batch,3",
    "norms": "batch,3",
    "memory": "batch,time,3",
    "gated": "batch,time,3",
    "images": "batch,2,4,5",
    "attentive": "batch,time,4",
    "smooth": "batch,3",
    "ported": "batch,3",
    "remembering": "batch,time,3",
    "weighing": "batch,time,4",
}


def inputs(shape):
    """Three inputs, always the same: Hypothesis draws constants of the project's sources as
    well.
    """
    rng = np.random.default_rng(0)
    named = [{"batch": rng.integers(2, 5), "time": rng.integers(2, 5)} for _ in range(3)]
    shapes = [
        tuple(int(sizes.get(part, 0) or part) for part in shape.split(",")) for sizes in named
    ]
    return [(rng.integers(-128, 129, its) / 32,) for its in shapes]


def located(name, reference, **wrong):
    """A model, with these layers wrong, held against Julia's right one."""
    return locate(
        getattr(models, name)(**wrong),
        name,
        inputs(SHAPES[name]),
        file=JULIA,
        weights="python",
        reference=reference,
    )


IN_TORCH = ("smooth", "ported", "remembering")


RIGHT = list(SHAPES)


@dataclass(frozen=True)
class Mistake:
    """A model with one layer wrong: where that is, and what `inside` must say, if anything."""

    model: str
    wrong: dict
    stage: str
    direction: str = "forward"
    inside: str = ""

    def __str__(self):
        return f"{self.model}: {', '.join(f'{layer} {what}' for layer, what in self.wrong.items())}"


MISTAKES = [
    Mistake("dense", {"second": "transposed"}, "1"),
    Mistake("dense", {"first": "bias twice"}, "0"),
    Mistake("dense", {"first": "activation"}, "0"),
    Mistake("dense", {"second": "slope"}, "1"),
    Mistake("dense", {"first": "slope forgotten"}, "0", "backward", "backward pass"),
    Mistake("dense", {"second": "dW transposed"}, "1", "backward", "gradient of W"),
    Mistake("dense", {"third": "db mean"}, "2", "backward", "gradient of b"),
    Mistake("dense", {"second": "dx"}, "1", "backward", "gradient of x1"),
    Mistake("norms", {"batch": "corrected"}, "1", "forward", "batch variance: corrected"),
    Mistake("norms", {"batch": "eps outside"}, "1", "forward", "root: epsilon 1e-05 outside"),
    Mistake("norms", {"batch": "eps"}, "1", "forward", "root: epsilon 0.001 inside"),
    Mistake("norms", {"batch": "gamma"}, "1", "forward"),
    Mistake(
        "norms",
        {"batch": "momentum"},
        "1",
        "forward",
        "running statistics: running_mean, running_var",
    ),
    Mistake(
        "norms", {"batch": "running biased"}, "1", "forward", "running statistics: running_var"
    ),
    Mistake("norms", {"batch": "running"}, "1", "forward"),
    Mistake("norms", {"batch": "dgamma"}, "1", "backward", "gradient of gamma"),
    Mistake("norms", {"batch": "dx without mean"}, "1", "backward", "gradient of x1"),
    Mistake("norms", {"batch": "dx without variance"}, "1", "backward", "gradient of x1"),
    Mistake("norms", {"layer": "corrected"}, "3", "forward", "variance: corrected"),
    Mistake("norms", {"layer": "eps"}, "3", "forward", "root: epsilon 1e-05 inside"),
    Mistake("norms", {"layer": "axis"}, "3"),
    Mistake("norms", {"layer": "no scale"}, "3", "forward", "scaled: not done"),
    Mistake("norms", {"layer": "scale forgotten"}, "3", "backward", "gradient of x1"),
    Mistake(
        "memory",
        {"wrong": "output before cell"},
        "1",
        "forward",
        "in the order input, forget, output, cell",
    ),
    Mistake(
        "memory",
        {"wrong": "forget before input"},
        "1",
        "forward",
        "in the order forget, input, cell, output",
    ),
    Mistake("memory", {"wrong": "no tanh"}, "1", "forward", "hidden state: without tanh"),
    Mistake("memory", {"wrong": "forget bias"}, "1", "forward", "forget gate: its bias raised"),
    Mistake("gated", {"wrong": "update"}, "1", "forward", "update gate the other way round"),
    Mistake("gated", {"wrong": "reset before"}, "1", "forward", "reset before the product"),
    Mistake("gated", {"wrong": "bias inside"}, "1", "forward", "bias inside the reset product"),
    Mistake("images", {"conv": "correlation"}, "0"),
    Mistake("images", {"conv": "padding"}, "0"),
    Mistake("images", {"conv": "no relu"}, "0"),
    Mistake("images", {"pool": "mean"}, "1"),
    Mistake("images", {"flatten": "order"}, "2"),
    Mistake("attentive", {"wrong": "no scale"}, "attend", "forward", "scores: not divided"),
    Mistake(
        "attentive",
        {"wrong": "softmax over queries"},
        "attend",
        "forward",
        "weights: normalised over the queries",
    ),
    Mistake("smooth", {"approximate": "none"}, "1"),
    Mistake("smooth", {"eps": 1e-2}, "2", "forward", "root: epsilon 0.01 inside"),
    Mistake(
        "ported",
        {"square": "transposed"},
        "2.matmul",
        "forward",
        "product: with the transposed weight",
    ),
    Mistake("ported", {"eps": 1e-3}, "1", "forward", "root: epsilon 0.001 inside"),
]


def refused(reference):
    """Inputs that both sides refuse."""
    return locate(models.dense(), "dense", inputs("2,5")[:1], file=JULIA, reference=reference)


def record():
    """Julia's side of all of this."""
    from pyimpl.parity.reference.session import closing, session

    with closing():
        taped = Taped(session())
        for name in RIGHT:
            print(name, sentence(located(name, taped)))
        for mistake in MISTAKES:
            found = located(mistake.model, taped, **mistake.wrong)
            print(f"{mistake}: {sentence(found)}")
            for explanation in found.explanations:
                print(f"    {explanation}")
        with suppress(ValueError):
            refused(taped)
        RECORDING.unlink(missing_ok=True)
        taped.write(RECORDING, {"what": "the models of tests/located/models.jl"})


if __name__ == "__main__":
    record()
