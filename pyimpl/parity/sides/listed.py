"""A list, tuple or dict of layers as one model: they run one after the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..case.case import Case
from .composed import ComposedSide, Link
from .framework import Framework, Setting
from .side import SECONDS, PythonSide
from .stage_list import StageList, stage_list
from .trace import Trace


@dataclass
class ListedSide(ComposedSide):
    """The layers of a list, each given what the one before gave."""

    stages: StageList | None = None
    lists: Framework | None = None
    seconds: float = SECONDS  # for one call of a layer
    lost: str = ""

    def __post_init__(self) -> None:
        assert self.stages is not None
        self.subject = self.stages.subject

    @property
    def framework(self) -> Framework:
        """That of lists."""
        assert self.lists is not None
        return self.lists

    def owner(self, path: str) -> tuple[PythonSide, str]:
        """The layer that an array belongs to, and the name that it has there."""
        assert self.stages is not None
        stage, _, name = path.partition(".")
        return self.stages.sides[stage], name


class Lists(Framework):
    """Layers of any kind in a list, tuple or dict. Its answers are those of the layers."""

    name = "lists of layers"

    def __init__(self, framework_of: Callable[[Any], Framework]):
        self._framework_of = framework_of

    def recognises(self, subject: Any) -> bool:
        """Whether it holds something, and nothing but what has a framework."""
        if not isinstance(subject, list | tuple | dict) or not subject:
            return False
        try:
            for part in subject.values() if isinstance(subject, dict) else subject:
                self._framework_of(part)
        except TypeError:
            return False
        return True

    def side(self, subject: Any, backward: Callable[..., Any] | None, seconds: float) -> PythonSide:
        """The layers one after the other."""
        return self._of(stage_list(subject, self._framework_of, seconds), seconds)

    def _of(self, stages: StageList, seconds: float) -> ListedSide:
        links = [
            Link(side, {name: f"{stage}.{name}" for name in side.parameters()}, (i,), (i + 1,))
            for i, (stage, side) in enumerate(stages.sides.items())
        ]
        ends = (0,), (len(links),)
        return ListedSide(links, *ends, whole=True, stages=stages, lists=self, seconds=seconds)

    def with_subject(self, side: Any, subject: Any, seconds: float) -> PythonSide:
        """The side of a changed copy of the list."""
        return self._of(stage_list(subject, self._framework_of, seconds), seconds)

    def shared(self, side: PythonSide) -> tuple[PythonSide, tuple[str, ...]]:
        """What its layers have shared already."""
        assert isinstance(side, ListedSide) and side.stages is not None
        return side, side.stages.alone

    def transposed(self, side: PythonSide, name: str) -> bool:
        """As its layer says."""
        assert isinstance(side, ListedSide)
        owner, own = side.owner(name)
        return owner.framework.transposed(owner, own)

    def drops(self, side: PythonSide) -> bool:
        """Whether a layer does."""
        assert isinstance(side, ListedSide)
        return any(link.side.framework.drops(link.side) for link in side.links)

    def trace(self, side: PythonSide, case: Case) -> Trace:
        """The traces of all layers, one after the other."""
        assert isinstance(side, ListedSide) and side.stages is not None
        return side.stages.trace(case)

    def parts(self, model: Any) -> Iterator[tuple[str, Any]]:
        """The layers and what is in them."""
        for stage, part in model.items() if isinstance(model, dict) else enumerate(model):
            yield str(stage), part
            for path, inner in self._framework_of(part).parts(part):
                yield f"{stage}.{path}" if path else str(stage), inner

    def settings(self, side: PythonSide) -> Iterator[Setting]:
        """Those of all layers."""
        assert isinstance(side, ListedSide) and side.stages is not None
        for stage, part in side.stages.sides.items():
            for setting in part.framework.settings(part):
                where = f"{stage}, {setting.where}"
                yield replace(setting, where=where, put=partial(_put, stage, setting))


def _put(stage: str, setting: Setting, model: Any, value: Any) -> None:
    setting.put(model[stage] if isinstance(model, dict) else model[int(stage)], value)
