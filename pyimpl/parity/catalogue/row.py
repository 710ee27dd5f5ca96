"""What a row of the catalogue says, and how a case is made of it.

A row says what is special about its subject; drawing, evaluating, comparing and reporting are the
same for all.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ...core import tree
from ...core.precision import with_epsilon_of
from ...core.versions import parsed, parsed_release
from ..case import twin as numpy_twin
from ..case.case import Case, Outcome
from ..case.names import Arrays, Kind, Name, numbered
from ..judge.verdict import Allowance, sensitivity

# The modes that have no backward pass of their own.
WITHOUT_COTANGENTS = ("steps", "draw", "training", "program")
MODELS = ("auto", "train", "test", "training", "program")  # the modes whose subject has parameters

REFUSAL = "refusal"  # in place of an array: one side alone raises an error

Config = dict[str, Any]
Fill = Callable[[tuple[int, ...], str], np.ndarray]


@dataclass(frozen=True)
class Slack:
    """How many ulps of the largest number involved a row may be off beyond the derived tolerance,
    and why. The outcome is made of no numbers beyond `bound`, however large the inputs.
    """

    ulps: float
    reason: str
    bound: float = math.inf


@dataclass(frozen=True)
class Example:
    """A case worth its own name: a kink, a tie, an odd shape, or something that both sides must
    refuse.

    Arrays that are not given are filled in from a fixed seed.
    """

    name: str
    config: Config
    arrays: dict[str, Any] = field(default_factory=dict)
    mode: str | None = None
    refused: bool = False
    # the reason for which the sides differ here, such as a bug in Flux, and the arrays in which
    # they do: it must still be seen in each of them, and in no other. "refusal": one side refuses
    known: str = ""
    differs: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ("float32", "float64")
    since: str = "0"  # the first release of Flux that behaves so


@dataclass(frozen=True)
class Row:
    """One subject that exists on both sides.

    `structures` are the configurations that differ in more than size; Julia compiles anew for each,
    so they are few. `sizes` draws the rest of the configuration. `shapes(config)` names the data
    arrays: a shape, or (shape, kind), the kind one of those that `draws.ELEMENTS` knows.

        >>> from pyimpl import Dense
        >>> row = Row(
        ...     "Dense", "flux", "layer",
        ...     twin=lambda config: Dense(3, config["n_out"]),
        ...     structures=({}, {"bias": False}),
        ...     sizes={"n_out": st.integers(1, 4), "batch": st.integers(1, 6)},
        ...     shapes=lambda config: {"x1": (config["batch"], 3)},
        ... )
        >>> row.key, row.shapes({"n_out": 2, "batch": 5})
        ('Dense', {'x1': (5, 3)})
    """

    name: str
    family: str  # "flux" or "textbook"
    kind: (
        str  # "activation", "function", "loss", "layer", "rule", "initialiser", "training", "data"
    )
    twin: Callable[[Config], Any]
    shapes: Callable[[Config], dict[str, Any]]
    structures: tuple[Config, ...] = ({},)
    sizes: dict[str, st.SearchStrategy] = field(default_factory=dict)
    modes: tuple[str, ...] = ("function",)
    positive: tuple[str, ...] = ()  # parameters that cannot be negative
    parameters: str = "real"  # the kind of all others
    exact: Callable[[Config], bool] = lambda config: (
        False
    )  # sums and products of the inputs only: small dyadic inputs give no rounding
    slack: Callable[[Config], Slack | None] = lambda config: None
    since: Callable[[Config], str] = lambda config: (
        "0"
    )  # the first release of Flux that has such a thing
    examples: tuple[Example, ...] = ()
    # the outcome is constant by definition, so that its being so is no reason for mistrust
    constant: bool = False
    differentiable: bool = True
    # False where the backward pass is, by convention, not the derivative of the forward pass
    true_gradient: bool = True
    covers: str = ""

    @property
    def key(self) -> str:
        """The name by which the row is asked for: textbook rows carry their family."""
        return self.name if self.family == "flux" else f"{self.family}.{self.name}"

    @property
    def strict(self) -> bool:
        """Flux's types are part of what it computes."""
        return True

    def freed(self, python: Outcome, julia: Outcome) -> Outcome:
        """As it is: nothing in the catalogue is free."""
        return python

    def allowance(self, case: Case) -> Allowance:
        """The slack that the row claims for a case."""
        slack = self.slack(case.config)
        return Allowance(slack.ulps, slack.bound) if slack else Allowance()

    def known_to_differ(self, case: Case) -> frozenset[Name | None]:
        """As the example that the case is says."""
        named = (example for example in self.examples if example.name == case.origin)
        return frozenset(
            None if text == REFUSAL else Name.parse(text)
            for example in named
            for text in example.differs
        )

    def responses(
        self, case: Case, julia: dict[str, Outcome], evaluate: Callable[[Case], Outcome]
    ) -> dict[str, dict[Name, np.ndarray]]:
        """Per dtype, how sensitive every entry of the outcome is.

        `evaluate` is the twin's, asked every question once. Where the formula contains the epsilon
        of its precision, every precision has its own.
        """
        found = dict.fromkeys(julia, sensitivity(evaluate, case))
        if "float32" in julia:
            plain = evaluate(case.cast(np.float64))
            with with_epsilon_of(np.float32):
                if not _same_arrays(self.evaluate(case.cast(np.float64)), plain):
                    found["float32"] = sensitivity(self.evaluate, case)
        return found

    def is_in(self, version: str, case: Case) -> bool:
        """Whether that version of Flux has what the case asks for."""
        named = [example.since for example in self.examples if example.name == case.origin]
        return all(
            parsed_release(release) <= parsed(version)
            for release in (self.since(case.config), *named)
        )

    def newer_than(self, version: str) -> list[str]:
        """The releases that brought what that version of Flux does not have, of the structures and
        examples of the row.
        """
        configs = [*self.structures, *(example.config for example in self.examples)]
        brought = {self.since(config) for config in configs} | {
            example.since for example in self.examples
        }
        return sorted(
            (release for release in brought if parsed_release(release) > parsed(version)),
            key=parsed_release,
        )

    def named_as_now(self, case: Case) -> Case:
        """The case with the names of parameters that the twin has in the version in force."""
        if case.mode not in MODELS or not case.parameters():
            return case
        own = {path for path, _ in tree.leaves(_model(self.twin(case.config)))}
        arrays = {
            replace(name, path=numpy_twin.other_release(name.path, own))
            if name.kind is Kind.PARAMETER
            else name: array
            for name, array in case.arrays.items()
        }
        return replace(case, arrays=arrays)

    def build(self, case: Case):
        """The twin of `case`, in its dtype and with its parameters."""
        twin = self.twin(case.config)
        if case.mode in MODELS:
            numpy_twin.place(tree.astype(_model(twin), case.dtype), case.parameters())
            if case.jitter:
                numpy_twin.jitter(_model(twin), *case.jitter)
        return twin

    def evaluate(self, case: Case) -> Outcome:
        """The NumPy side's outcome of a case of this row."""
        return numpy_twin.evaluate(case, self.build)

    def complete(
        self,
        config: Config,
        fill: Fill,
        mode: str | None = None,
        given: dict[str, Any] | None = None,
        **marks,
    ) -> Case:
        """A case for `config` whose arrays come from `fill(shape, kind)`, except those given."""
        arrays = Arrays((name, np.asarray(array)) for name, array in (given or {}).items())
        for text, wanted in self.shapes(config).items():
            name = Name.parse(text)
            shape, kind = (
                wanted
                if isinstance(wanted[-1:], tuple) and wanted and isinstance(wanted[-1], str)
                else (wanted, "real")
            )
            if name not in arrays:
                arrays[name] = fill(shape, kind)
        mode = mode or self.modes[0]
        if mode in MODELS:
            for name, leaf in self._parameters(config, marks.get("refused", False)).items():
                if name not in arrays:
                    kind = "positive" if name.last in self.positive else self.parameters
                    arrays[name] = fill(leaf.shape, kind)
        case = Case(self.key, config, arrays, mode, **marks)
        if not self.differentiable or mode in WITHOUT_COTANGENTS or marks.get("refused"):
            return case
        return self._with_cotangents(case, fill)

    def _parameters(self, config: Config, refused: bool) -> dict[Name, np.ndarray]:
        """Every array of the subject, under the first of its paths; none where there shall be no
        such subject.
        """
        try:
            model = _model(self.twin(config))
        except numpy_twin.REFUSALS:
            if refused:
                return {}
            raise
        found = {path: leaf for path, leaf in tree.leaves(model) if isinstance(leaf, np.ndarray)}
        first = {id(leaf): path for path, leaf in reversed(found.items())}
        return {
            Name(Kind.PARAMETER, path): found[path]
            for path in sorted(first.values(), key=list(found).index)
        }

    def _with_cotangents(self, case: Case, fill: Fill) -> Case:
        for i, output in enumerate(self.evaluate(case).outputs().values(), 1):
            if numbered(Kind.COTANGENT, i) not in case.arrays:
                case.arrays[numbered(Kind.COTANGENT, i)] = fill(output.shape, "real")
        return case

    def named_cases(self, dtype: str) -> Iterator[Case]:
        """The row's examples as cases, complete from a fixed seed."""
        from ..case.draws import seeded_fill

        for example in self.examples:
            if dtype not in example.dtypes:
                continue
            given = {
                name: np.asarray(array, None if _is_index(array) else np.float64)
                for name, array in example.arrays.items()
            }
            case = self.complete(
                example.config,
                seeded_fill(f"{self.key}/{example.name}"),
                example.mode,
                given,
                origin=example.name,
                refused=example.refused,
                known=example.known,
            )
            yield case.cast(dtype)

    def smallest_configs(self) -> Iterable[Config]:
        """One small configuration per structure: what has to be compiled before anything of this
        row can run.
        """
        from ..case.draws import smallest

        return [
            {**structure, **{name: smallest(strategy) for name, strategy in self.sizes.items()}}
            for structure in self.structures
        ]


def _model(twin):
    """The part of a subject that has parameters: all of it, or the first of (model, loss, rule)."""
    return twin[0] if isinstance(twin, tuple) else twin


def _same_arrays(one: Outcome, other: Outcome) -> bool:
    return one.arrays.keys() == other.arrays.keys() and all(
        np.array_equal(array, other.arrays[name], equal_nan=array.dtype.kind == "f")
        for name, array in one.arrays.items()
    )


def _is_index(array) -> bool:
    return np.asarray(array).dtype.kind in "iu"
