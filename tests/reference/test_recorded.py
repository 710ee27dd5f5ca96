"""Recordings: one file, and a folder with a file for every row."""

from types import SimpleNamespace

import numpy as np
import pytest

from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.reference import recorded
from pyimpl.parity.reference.recorded import NoRecording, Recorded, RecordedRows, write_row

FLUX = {"Flux": "0.16.9", "NNlib": "0.9.36", "Zygote": "0.7.12", "Optimisers": "0.4.8"}
DTYPES = ("float64", "float32")


def entry(row: str, value: float, origin="drawn"):
    case = Case(row, {"n": 1}, {"x1": np.array([value])}, "function", origin=origin)
    outcomes = {
        dtype: Outcome({"y": np.array([2 * value], dtype), "grad.param.x1": np.zeros(2, dtype)})
        for dtype in DTYPES
    }
    return case, outcomes


def values(reference, row: str) -> list[float]:
    return [
        case.arrays["x1"][0]
        for case, _ in reference.pairs(SimpleNamespace(key=row), DTYPES, None, 0)
    ]


def test_a_row_is_recorded_by_itself_and_again(tmp_path):
    write_row(
        tmp_path, "layer", "Conv", [entry("Conv", 1.0)], {"versions": FLUX, "made": "2026-01-01"}
    )
    write_row(
        tmp_path, "function", "conv", [entry("conv", 2.0)], {"versions": FLUX, "made": "2026-01-02"}
    )
    both = RecordedRows(tmp_path)
    assert (both.rows(), both.provenance["made"], both.versions) == (
        ["conv", "Conv"],
        "2026-01-02",
        FLUX,
    )
    assert (values(both, "Conv"), values(both, "conv"), values(both, "other")) == ([1.0], [2.0], [])
    write_row(
        tmp_path,
        "layer",
        "Conv",
        [entry("Conv", 3.0), entry("Conv", 4.0)],
        {"versions": FLUX, "made": "2026-01-03"},
    )
    again = RecordedRows(tmp_path)
    assert (values(again, "Conv"), values(again, "conv"), again.provenance["made"]) == (
        [3.0, 4.0],
        [2.0],
        "2026-01-03",
    )
    assert not list(tmp_path.glob("**/.*"))


def test_a_row_that_fails_half_way_leaves_what_was_there(tmp_path):
    write_row(tmp_path, "layer", "Conv", [entry("Conv", 1.0)], {"versions": FLUX})

    def entries():
        yield entry("Conv", 2.0)
        raise RuntimeError("Julia is gone")

    with pytest.raises(RuntimeError):
        write_row(tmp_path, "layer", "Conv", entries(), {"versions": FLUX})
    assert values(RecordedRows(tmp_path), "Conv") == [1.0] and not list(tmp_path.glob("**/.*"))


def test_rows_of_different_versions_do_not_go_together(tmp_path):
    write_row(tmp_path, "layer", "Conv", [entry("Conv", 1.0)], {"versions": FLUX})
    write_row(
        tmp_path, "layer", "Dense", [entry("Dense", 1.0)], {"versions": FLUX | {"NNlib": "0.9.22"}}
    )
    mixed = RecordedRows(tmp_path)
    with pytest.raises(NoRecording, match="record it again"):
        values(mixed, "Conv"), values(mixed, "Dense")


def test_names_come_back_as_they_were(tmp_path):
    write_row(tmp_path, "layer", "Conv", [entry("Conv", 1.0, "an example")], {"versions": FLUX})
    ((case, outcomes),) = Recorded(tmp_path / "layer" / "Conv.npz").pairs(
        SimpleNamespace(key="Conv"), DTYPES, None, 0
    )
    assert case.origin == "an example" and set(map(str, outcomes["float32"].arrays)) == {
        "y",
        "grad.param.x1",
    }


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no more", b"no archive at all"])
def test_what_is_no_recording_says_so(tmp_path, content):
    (tmp_path / "layer").mkdir()
    with pytest.raises(NoRecording, match=r"has no \.npz file"):
        RecordedRows(tmp_path)
    (tmp_path / "layer" / "Conv.npz").write_bytes(content)
    for path in (tmp_path, tmp_path / "layer" / "Conv.npz"):
        with pytest.raises(NoRecording, match="is no recording"):
            recorded.opened(path)


def test_every_file_is_of_a_row_of_its_kind_and_no_two_names_differ_in_capitals_alone():
    for folder in recorded.shipped():
        files = sorted(folder.glob("*/*.npz"))
        assert {path.name.removesuffix(".npz") for path in files} <= CATALOGUE.keys()
        assert all(
            CATALOGUE[path.name.removesuffix(".npz")].kind == path.parent.name for path in files
        )
        assert len({str(path).casefold() for path in files}) == len(files)


def test_what_was_lost_stays_lost_in_a_recording(tmp_path):
    lost = Outcome(error="Julia crashed", lost=True)
    recorded.write(
        tmp_path / "pair",
        [(Case("pair", {}, {"x1": np.ones(2)}, "function"), {"float64": lost})],
        {"versions": {}},
    )
    ((_, outcomes),) = Recorded(tmp_path / "pair").pairs(
        SimpleNamespace(key="pair"), ("float64",), None, 0
    )
    assert outcomes["float64"].lost
    (tmp_path / "text").write_text("no recording")
    with pytest.raises(NoRecording, match="is no recording that can be read: it is damaged"):
        Recorded(tmp_path / "text")
