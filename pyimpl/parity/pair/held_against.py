"""What a pair is held against: live Julia, or a recording of the pair."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ..case.case import Case, Outcome
from ..case.dtypes import DTYPES
from ..case.names import Kind
from ..reference.live import NoJulia
from ..reference.recorded import NoRecording, Recorded
from ..reference.session import SECONDS, JuliaSession, JuliaSide, session
from ..sides.training import RuleSide, model_of
from .asked import changed_since
from .crossing import by_field, received
from .matching import Match, match_models
from .meeting import met
from .pair import SMALLEST, Pair, Result
from .weights import Weights, weighed


class PairReference(Protocol):
    """What a pair is held against: live Julia, a recording, a bundle."""

    name: str  # live or recorded
    versions: dict[str, str]
    provenance: dict[str, Any]
    asks: bool  # whether it answers cases that it has not seen before

    def prepare(self, pair: Pair) -> Pair:
        """The pair, with what has to be asked of Julia before the first case."""
        ...

    def kept(
        self, pair: Pair, dtypes: tuple[str, ...], seed: int
    ) -> Iterator[tuple[Case, dict[str, Outcome]]] | None:
        """The cases that it has, with their outcomes; None where cases are to be made."""
        ...

    def outcomes(
        self, pair: Pair, cases: Sequence[Case], dtypes: tuple[str, ...]
    ) -> Iterator[tuple[Case, dict[str, Outcome]]]:
        """Every case with Julia's outcome in every dtype."""
        ...


class RecordedPair(Recorded):
    """A recording of a pair: it has its own cases, and answers no others."""

    asks = False

    def prepare(self, pair: Pair) -> Pair:
        """The pair as it is."""
        return pair

    def kept(
        self, pair: Pair, dtypes: tuple[str, ...], seed: int
    ) -> Iterator[tuple[Case, dict[str, Outcome]]] | None:
        """All recorded cases."""
        return self.pairs(pair, dtypes, None, seed)

    def outcomes(
        self, pair: Pair, cases: Sequence[Case], dtypes: tuple[str, ...]
    ) -> Iterator[tuple[Case, dict[str, Outcome]]]:
        """Raises NoRecording."""
        raise NoRecording(f"the recording of {pair.name} cannot answer other cases")


class LivePair:
    """Live Julia, as what a pair is held against."""

    name = "live"
    asks = True
    provenance: dict[str, Any] = {}

    def __init__(self, session: JuliaSession):
        self.session = session
        self.versions = session.versions
        # by the identity of the Python side, which lasts as long as it is kept
        self._fields: dict[int, tuple[Any, tuple[str, ...]]] = {}

    @property
    def how(self) -> str:
        """How Julia has evaluated so far: interpreted, or partly compiled."""
        return getattr(self.session, "manner", "")

    def prepare(self, pair: Pair) -> Pair:
        """Have Julia read its side, and match the arrays of models with Julia's.

        Raises JuliaSubjectError where Julia cannot read it, NoMatch for models of different arrays.
        """
        if len(pair.python.parameters()) > len(pair.alone) and hasattr(self.session, "hurry"):
            self.session.hurry()
        self.session.describe(pair.julia)
        if pair.training is not None:
            for expression in pair.training.config.values():
                self.session.describe(JuliaSide(expression, pair.julia.file))
        mine = {
            path: array.shape
            for path, array in pair.python.parameters().items()
            if path not in pair.alone
        }
        if not mine:
            return pair
        theirs = self.session.shapes(pair.julia)
        model = model_of(pair.python)
        if mine == theirs and model.framework.same_names:
            return self._weighed(pair, [Match(name, name) for name in mine])
        found = met(pair, self.session)
        if found is None:
            transposed = partial(model.framework.transposed, model)
            pair = replace(pair, matches=tuple(match_models(mine, theirs, transposed)))
        else:  # where the outputs have other shapes, no cotangent fits both
            gradient = pair.gradient if found.same_shapes else "none"
            pair = replace(pair, matches=tuple(found.matches), gradient=gradient, laid_out=True)
        return self._weighed(pair, pair.matches)

    def _weighed(self, pair: Pair, matches: Sequence[Match]) -> Pair:
        """The pair with the weights that are asked for."""
        if pair.weights is Weights.PYTHON or not hasattr(self.session, "call"):
            return pair
        julia = self.session.call("parameters", *pair.julia.config.values())
        python = model_of(pair.python).parameters()
        return replace(pair, weighed=weighed(pair.weights, matches, python, julia))

    def kept(
        self, pair: Pair, dtypes: tuple[str, ...], seed: int
    ) -> Iterator[tuple[Case, dict[str, Outcome]]] | None:
        """None: it is asked."""
        return None

    def outcomes(
        self, pair: Pair, cases: Sequence[Case], dtypes: tuple[str, ...]
    ) -> Iterator[tuple[Case, dict[str, Outcome]]]:
        """Every case with Julia's outcome in every dtype."""
        asked = [pair.crossed(case) for case in cases]
        fields = self._fields_of(pair, cases)
        found = self.session.evaluate(
            pair.julia, pair.layout, [case.cast(dtype) for case in asked for dtype in dtypes]
        )
        for case in cases:
            outcomes = {dtype: next(found) for dtype in dtypes}
            yield (
                case,
                {
                    dtype: by_field(self._in_python(pair, outcome), fields)
                    for dtype, outcome in outcomes.items()
                },
            )

    def _fields_of(self, pair: Pair, cases: Sequence[Case]) -> tuple[str, ...]:
        """The fields of the named tuple that the Python function gives, if it gives one."""
        if pair.python.is_model or not cases:
            return ()
        key = id(pair.python)
        if key not in self._fields:
            outcome = pair.evaluate(cases[0])
            if outcome.error:
                return ()
            self._fields[key] = pair.python, outcome.fields
        return self._fields[key][1]

    @staticmethod
    def _in_python(pair: Pair, outcome: Outcome) -> Outcome:
        if not pair.python.is_model:
            return outcome
        unknown = [] if pair.python.framework.shows_plain else [Kind.PLAIN]
        if isinstance(pair.python, RuleSide) and not pair.python.shows_state:
            unknown.append(Kind.STATE)
        return received(outcome, pair.matches, unknown)


class Taped(LivePair):
    """Live Julia, with what it said of the cases that a check began with; those of the search for
    smaller ones are not kept.
    """

    def __init__(self, julia: JuliaSession):
        super().__init__(julia)
        self.entries: list[tuple[Case, dict[str, Outcome]]] | None = None

    def outcomes(
        self, pair: Pair, cases: Sequence[Case], dtypes: tuple[str, ...]
    ) -> Iterator[tuple[Case, dict[str, Outcome]]]:
        """Every case with Julia's outcome in every dtype."""
        first = self.entries is None
        for entry in super().outcomes(pair, cases, dtypes):
            if first:
                self.entries = [*(self.entries or []), entry]
            yield entry

    def tape(self, result: Result) -> list[tuple[Case, dict[str, Outcome]]]:
        """What to record of a check: its cases, and first the smallest that differs; empty where
        Julia did not come to an end with one.
        """
        entries = list(self.entries or [])
        if result.smallest is not None and all(
            case is not result.smallest.case for case, _ in entries
        ):
            entries.insert(
                0, (replace(result.smallest.case, origin=SMALLEST), result.smallest.julia)
            )  # not all are kept as evidence
        return (
            []
            if any(outcome.lost for _, outcomes in entries for outcome in outcomes.values())
            else entries
        )


def open_reference(
    pair: Pair,
    reference: str,
    recording: str | Path | None,
    seconds: float = SECONDS,
    tape: bool = False,
    dtypes: tuple[str, ...] = DTYPES,
    cases: int | None = None,
    drawn_with: int | None = None,
) -> PairReference:
    """Live Julia, a call of which may take so many seconds, or the pair's recording.

    Raises NoJulia and NoRecording, this also for a recording of another question: of another
    expression, file, input, shape, mode, layout, gradient, number of calls or training, and, where
    they are given, of another number of `cases` or `drawn_with` another seed.
    """
    path = Path(recording) if recording is not None else None
    if reference not in ("auto", "live", "recorded"):
        raise ValueError(f'the reference is "auto", "live" or "recorded", got {reference!r}')
    if reference != "recorded":
        try:
            return (Taped if tape else LivePair)(session(reference == "live", seconds))
        except NoJulia:
            if reference == "live" or path is None:
                raise
    if path is None:
        raise NoRecording(
            "no recording was named: give one with recording=FILE, made before with a live Julia"
        )
    found = RecordedPair(path)
    if pair.key not in found.rows():
        only = f", only of {', '.join(found.rows())}" if found.rows() else ""
        raise NoRecording(f"{path} has no case of {pair.key}{only}")
    if changes := changed_since(pair, dtypes, found, cases, drawn_with):
        told = "\n  ".join(changes)
        raise NoRecording(f"{path} is a recording of another question than is asked now:\n  {told}")
    return found
