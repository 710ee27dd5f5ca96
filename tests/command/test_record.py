"""The verb `record`, with the twins in the place of Julia."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
import typer
from pretended import Twins

from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.checking import Live, check_row
from pyimpl.parity.catalogue.drawing import missing
from pyimpl.parity.command import record as verb
from pyimpl.parity.reference.recorded import Recorded, RecordedRows


def recorded(monkeypatch, folder, rows, julia, **options):
    """What `record ROWS` leaves in a folder."""

    @contextmanager
    def opened(source, rows):
        yield Live(julia)

    monkeypatch.setattr(verb, "opened", opened)
    verb.record(
        rows, **({"out": folder, "cases": 3, "seed": 1, "like": None, "complete": False} | options)
    )
    return RecordedRows(folder)


def test_what_is_recorded_of_a_row_agrees_afterwards(monkeypatch, tmp_path):
    rows = recorded(monkeypatch, tmp_path, ["relu", "Dense"], Twins())
    assert sorted(rows.rows()) == ["Dense", "relu"]
    assert rows.versions == Twins.versions
    provenance = Recorded(tmp_path / "layer" / "Dense.npz").provenance
    assert (provenance["manner"], provenance["seed"], provenance["cases"]) == ("pretended", 1, 3)
    for name in rows.rows():
        report = check_row(CATALOGUE[name], rows)
        assert report.verdict == "agrees" and report.cases >= 3
    kept = (tmp_path / "layer" / "Dense.npz").read_bytes()
    again = recorded(monkeypatch, tmp_path, ["relu"], Twins(wrong=("relu",)))
    assert check_row(CATALOGUE["relu"], again).verdict == "disagrees"
    assert (tmp_path / "layer" / "Dense.npz").read_bytes() == kept


def test_the_cases_of_another_recording_are_asked_again(monkeypatch, tmp_path):
    recorded(monkeypatch, tmp_path / "one", ["relu"], Twins())
    recorded(monkeypatch, tmp_path / "two", ["relu"], Twins(), like=str(tmp_path / "one"), seed=9)
    first, second = (
        [
            case.fingerprint
            for case, _ in RecordedRows(tmp_path / name).pairs(
                CATALOGUE["relu"], ("float64",), None, 0
            )
        ]
        for name in ("one", "two")
    )
    assert first == second and first
    (path,) = (tmp_path / "two").rglob("*.npz")
    assert Recorded(path).provenance["seed"] == 1


def test_what_a_recording_lacks_is_added_to_what_it_has(monkeypatch, tmp_path):
    """A new structure and a new example of a row: the cases that were there stay."""
    row = CATALOGUE["leakyrelu"]
    less = replace(row, structures=row.structures[:1], examples=row.examples[1:])
    monkeypatch.setitem(CATALOGUE, "leakyrelu", less)
    before = recorded(monkeypatch, tmp_path / "one", ["leakyrelu"], Twins())
    monkeypatch.setitem(CATALOGUE, "leakyrelu", row)
    like = {"like": str(tmp_path / "one")}
    same = recorded(monkeypatch, tmp_path / "two", ["leakyrelu"], Twins(), **like)
    more = recorded(monkeypatch, tmp_path / "three", ["leakyrelu"], Twins(), complete=True, **like)

    def cases(recording):
        pairs = recording.pairs(row, ("float64",), None, 0)
        return {case.fingerprint: case for case, _ in pairs}

    assert cases(before).keys() == cases(same).keys() < cases(more).keys()
    added = [case for print_, case in cases(more).items() if print_ not in cases(before)]
    assert {case.origin for case in added} == {row.examples[0].name, "drawn"}
    assert missing(row, cases(more).values()) == (set(), [])


def test_a_row_that_is_lost_is_not_recorded_and_named(monkeypatch, tmp_path, capsys):
    with pytest.raises(typer.Exit) as end:
        recorded(monkeypatch, tmp_path, ["relu", "Dense"], Twins(lost=("relu",)))
    assert end.value.exit_code == 3 and "relu, drawn: crashed" in capsys.readouterr().err
    assert RecordedRows(tmp_path).rows() == ["Dense"]
