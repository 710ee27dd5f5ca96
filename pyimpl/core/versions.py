"""What Flux computes has changed between its releases: one table lists the changes, `semantics`
says whose meaning the twin has.

    with semantics("0.14"):
        layer, rule = LayerNorm(5), AdamW()

A layer or rule keeps the meaning that was in force when it was made; a function has that of the
moment.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["semantics"]

HELD_AGAINST = (
    "0.12.6",
    "0.14.25",
    "0.16.9",
)  # the first by its source, the others by their outcomes
DEFAULT = HELD_AGAINST[-1]


@dataclass(frozen=True)
class Change:
    """Something that Flux computes in one way up to a release, and in another from it on."""

    name: str
    rows: tuple[str, ...]
    formulas: dict[str, str]  # first release -> formula, oldest first; "0" for all before the next
    effect: str  # how large the difference is
    source: str
    twin: str = "every one"  # which formulas the twin has, and why not the others


CHANGES = {
    change.name: change
    for change in (
        Change(
            "normalise",
            ("normalise", "LayerNorm", "destructure"),
            {
                "0": "(x - mean) / (std + eps)",
                "0.15.0": "(x - mean) / sqrt(var + eps^2)",
                "0.16.11": "(x - mean) / sqrt(var + eps)",
            },
            "with the default eps 2e-5 of the output, with eps = 1e-2 0.7 %; the oldest one's "
            "gradient of a constant column is NaN",
            "Flux #2421, #2701",
            "every one; the newest by its source alone",
        ),
        Change(
            "eps of normalise",
            ("normalise",),
            {
                "0": "1e-5 by default; a Float64 one makes the result Float64",
                "0.15.0": "1f-5 by default; in the type of x",
            },
            "2e-13 of the output, and its type",
            "Flux #2421",
        ),
        Change(
            "AdamW",
            ("AdamW",),
            {
                "0": "eta * (a + lam * x)",
                "0.12.10": (
                    "eta * a + lam * x; the state is that of a chain of Adam and WeightDecay"
                ),
                "0.15.0": "eta * (a + lam * x)",
            },
            "10 % of a step with lam = 0.1",
            "Flux #2433, Optimisers #182",
        ),
        Change(
            "Adam",
            ("Adam",),
            {
                "0": "settings and arithmetic in Float64, rounded where m, v and x are stored",
                "0.13.0": "all in the type of x",
            },
            "1e-7 of a step in Float32",
            "Flux 0.12.6, src/optimise/optimisers.jl",
        ),
        Change(
            "AdaBelief",
            ("AdaBelief",),
            {
                "0": "eta * m / (sqrt(s) + eps)",
                "0.13.0": "with bias correction, and eps added to s",
            },
            "the first steps are a tenth as long",
            "Flux 0.12.6, src/optimise/optimisers.jl",
            "the newer one",
        ),
        Change(
            "Rprop",
            ("Rprop",),
            {
                "0": "Rprop(1f-3, (5f-1, 1.2f0), (1f-6, 50f0))",
                "0.15.0": "Rprop(1e-3, (0.5, 1.2), (1e-6, 50))",
            },
            "7e-10 in Float64",
            "Optimisers 0.3 and 0.4, src/rules.jl",
        ),
        Change(
            "negative rate of Rprop",
            ("Rprop",),
            {"0": "goes uphill", "0.15.0": "an error"},
            "a refusal",
            "Optimisers 0.3 and 0.4, src/rules.jl",
            "the newer one",
        ),
        Change(
            "initial state",
            ("RNN", "LSTM", "GRU", "GRUv3", "RNNCell", "LSTMCell", "GRUCell", "GRUv3Cell"),
            {"0": "state0 of the cell, learnt", "0.15.0": "zeros"},
            "one or two arrays more to learn",
            "Flux #2500",
        ),
        Change(
            "name of the bias",
            ("RNN", "LSTM", "RNNCell", "LSTMCell"),
            {"0": "b, as in a GRU", "0.15.0": "bias"},
            "none in the values",
            "Flux 0.14.25 and 0.16.9, src/layers/recurrent.jl",
        ),
        Change(
            "LSTM bias",
            ("LSTM", "LSTMCell"),
            {"0": "ones for the forget gate, else zeros", "0.15.0": "zeros"},
            "the initial parameters",
            "Flux #2500",
        ),
        Change(
            "recurrent layers",
            ("RNN", "LSTM", "GRU", "GRUv3"),
            {"0": "Recur keeps the state, a call per step", "0.15.0": "pure, a call per sequence"},
            "none in the values; a call of Recur for all steps at once has a wrong gradient of "
            "the weights, 2 to 5 times their size off",
            "Flux #2500",
            "the newer one",
        ),
        Change(
            "weight of GRUv3",
            ("GRUv3", "GRUv3Cell"),
            {"0": "Wh of two blocks", "0.15.0": "Wh of three blocks, the last of them not used"},
            "none in the values",
            "Flux 0.14.25 and 0.16.9, src/layers/recurrent.jl",
            "the newer one",
        ),
        Change(
            "one value per channel",
            ("BatchNorm",),
            {"0": "the running variance becomes NaN", "0.16.12": "an error"},
            "a refusal",
            "Flux 0.16.12",
            "the older one: there are no outcomes of 0.16.12 to hold the other against",
        ),
        Change(
            "shapes of a loss",
            ("mse", "mae", "..."),
            {"0": "a warning, and broadcasting: (n, 1) and (n,) make n x n", "0.13.0": "an error"},
            "another loss altogether",
            "Flux #1522, #1636",
            "the newer one: the old one is a trap",
        ),
        Change(
            "slope of abs",
            ("mae",),
            {"0": "1 at 0, -1 at -0 (Zygote before 0.7)", "0.15.0": "0 at 0"},
            "the gradient of what is met exactly",
            "Zygote 0.6.77 and 0.7.12; it comes with Zygote, whatever the release of Flux",
        ),
        Change(
            "AlphaDropout",
            ("AlphaDropout",),
            {
                "0": "noise in place of the dropped value, p as if it were kept",
                "0.12.9": "as in the paper",
            },
            "neither mean nor variance is kept",
            "Flux 0.12.9",
            "the newer one",
        ),
        Change(
            "hardsigmoid",
            ("hardsigmoid",),
            {"0": "slope 1 in the flat parts (NNlib before 0.9.36)", "0.16.9": "slope 0 there"},
            "the gradient of saturated units",
            "NNlib #706; it comes with NNlib, whatever the release of Flux",
            "the newer one",
        ),
        Change(
            "first score",
            ("early_stopping", "plateau"),
            {"0": "init_score is 0", "0.16.8": "init_score is Inf"},
            "stops at once where scores are positive",
            "Flux 0.16.8, src/utils.jl",
        ),
    )
}


def parsed(version: str) -> tuple[int, ...]:
    """The numbers of a version; a line such as "0.14" stands for the end of it, "latest" for the
    newest formula of every change.

    Raises ValueError for anything else.
    """
    if version == "latest":
        return (10**6,)
    numbers = version.split(".")
    if not all(number.isdigit() for number in numbers) or len(numbers) > 3:
        raise ValueError(
            f'expected a version of Flux such as {", ".join(HELD_AGAINST)} or 0.14, or "latest", '
            f"got {version!r}"
        )
    return tuple(map(int, numbers)) + (10**6,) * (3 - len(numbers))


def formulas_of(version: str) -> dict[str, str]:
    """Change -> the release with which the formula came that `version` has."""
    asked = parsed(version)
    return {
        name: max(
            (release for release in change.formulas if parsed_release(release) <= asked),
            key=parsed_release,
        )
        for name, change in CHANGES.items()
    }


def parsed_release(release: str) -> tuple[int, ...]:
    """The numbers of a release, "0" before all others."""
    return tuple(map(int, release.split(".")))


_in_force: ContextVar[tuple[str, dict[str, str]]] = ContextVar(
    "semantics", default=(DEFAULT, formulas_of(DEFAULT))
)


@contextmanager
def semantics(version: str) -> Iterator[None]:
    """Inside, layers and rules that are made, and functions that are called, compute what that
    version of Flux does.

    `version` is a release ("0.16.9"), a line ("0.14") or "latest". Raises ValueError for anything
    else.
    """
    token = _in_force.set((version, formulas_of(version)))
    try:
        yield
    finally:
        _in_force.reset(token)


def version_in_force() -> str:
    """As it was given to `semantics`."""
    return _in_force.get()[0]


def since(change: str) -> str:
    """The release with which the formula came that is in force."""
    return _in_force.get()[1][change]
