"""The verb `warm-up`: what is compiled, and what is left as it is."""

from types import SimpleNamespace

import pytest
import typer

from pyimpl.parity.command import warm_up as verb
from pyimpl.parity.reference.live import NoJulia


class Group:
    """Rows that are compiled together."""

    def __init__(self, name, warm):
        self.name, self.rows, self.warm, self.compiled = name, ["a row"], warm, 0

    def is_warm(self, versions):
        return self.warm

    def compile(self, way, step):
        if self.name == "broken":
            raise RuntimeError("Julia could not compile it")
        self.compiled += 1


@pytest.fixture
def groups(monkeypatch):
    """Three groups, and a Julia that is ready."""
    three = [Group("one", True), Group("two", False), Group("three", True)]
    monkeypatch.setattr(verb, "choose", lambda may_download: SimpleNamespace(versions={}))
    monkeypatch.setattr(verb, "groups", lambda rows: three)
    return three


def test_only_what_is_not_compiled_yet_is_compiled(groups, capsys):
    verb.warm_up(["Dense"], again=False)
    assert [group.compiled for group in groups] == [0, 1, 0]
    verb.warm_up(["Dense"], again=True)
    assert [group.compiled for group in groups] == [1, 2, 1]
    for group in groups:
        group.warm = True
    verb.warm_up(["Dense"], again=False)
    assert "compiled already: one, two, three" in capsys.readouterr().out


def test_failures_are_exit_code_3(groups, monkeypatch, capsys):
    groups[1].name = "broken"
    with pytest.raises(typer.Exit) as end:
        verb.warm_up(["Dense"], again=False)
    assert end.value.exit_code == 3

    def no_julia(may_download):
        raise NoJulia("no live Julia is ready")

    monkeypatch.setattr(verb, "choose", no_julia)
    with pytest.raises(typer.Exit) as end:
        verb.warm_up(["Dense"], again=False)
    assert end.value.exit_code == 3
    said = capsys.readouterr().err
    assert "could not compile it" in said and "no live Julia is ready" in said
