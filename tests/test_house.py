"""Where the tests of a module are: in the folder called like its room, in a file called like it.

`pyimpl/layers/conv.py` is tested by `tests/layers/test_conv.py`, `pyimpl/parity/judge/verdict.py`
by `tests/judge/test_verdict.py`, and `pyimpl/parity/progress.py`, which is in no room, by
`tests/test_progress.py`. Two tables stand for many files: rows of the catalogue are tested by the
laws, and so is every module of the twin all of whose public names have a row.
"""

import ast
from importlib import import_module
from pathlib import Path

import pytest

from pyimpl.parity.catalogue import CATALOGUE

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
LAWS = ("test_parity.py", "test_laws.py", "catalogue/test_row.py")  # over all rows
# Modules that have neither a test of their own nor a row for every public name, and why.
ELSEWHERE = {
    "pyimpl/core/broadcasting.py": ("laws", "undoes broadcasting in the gradients of many rows"),
    "pyimpl/files/bounds.py": ("files/test_damage.py", "what keeps damaged files from harm"),
    "pyimpl/files/bson.py": ("files/test_values.py", "values as Julia wrote them"),
    "pyimpl/files/disk.py": ("faults/test_damaged_files.py", "what comes from disk"),
    "pyimpl/files/hdf5.py": ("files/test_values.py", "values as Julia wrote them"),
    "pyimpl/files/jld2.py": ("files/test_values.py", "values as Julia wrote them"),
    "pyimpl/files/jld2_writing.py": ("files/test_state_files.py", "what is written is read"),
    "pyimpl/files/julia_values.py": ("files/test_values.py", "values as Julia wrote them"),
    "pyimpl/files/npz.py": ("files/test_formats.py", "a few of every format"),
    "pyimpl/files/old_flux.py": ("files/test_models.py", "whole models of every release"),
    "pyimpl/files/opening.py": ("files/test_formats.py", "which format a file has"),
    "pyimpl/files/our_names.py": ("files/test_models.py", "whole models of every release"),
    "pyimpl/files/safetensors.py": ("files/test_formats.py", "a few of every format"),
    "pyimpl/files/torch_weights.py": ("files/test_formats.py", "a few of every format"),
    "pyimpl/layers/layer.py": ("laws", "the base of every layer"),
    "pyimpl/models/flux_fields.py": ("files/test_state_files.py", "the fields in files of Flux's"),
    "pyimpl/parity/catalogue/prepared.py": ("laws", "layers of rows, by what they are called with"),
    "pyimpl/parity/command/inspect.py": ("files/test_inspection.py", "beside what it shows"),
    "pyimpl/parity/command/streams.py": ("faults/test_surroundings.py", "closed and narrow ones"),
    "pyimpl/parity/command/supervision.py": ("faults/test_users_code.py", "crashes and exits"),
    "pyimpl/parity/judge/subject.py": ("judge/test_findings.py", "a protocol: no code runs"),
    "pyimpl/parity/mutants/probes/borders.py": (
        "mutants/probes/test_probe.py",
        "every probe is asked",
    ),
    "pyimpl/parity/mutants/probes/findings.py": (
        "mutants/probes/test_probe.py",
        "every probe is asked",
    ),
    "pyimpl/parity/mutants/probes/freedoms.py": (
        "mutants/probes/test_probe.py",
        "every probe is asked",
    ),
    "pyimpl/parity/mutants/probes/judging.py": (
        "mutants/probes/test_probe.py",
        "every probe is asked",
    ),
    "pyimpl/parity/mutants/probes/layers.py": (
        "mutants/probes/test_probe.py",
        "every probe is asked",
    ),
    "pyimpl/parity/mutants/probes/matches.py": (
        "mutants/probes/test_probe.py",
        "every probe is asked",
    ),
    "pyimpl/parity/mutants/probes/measuring.py": (
        "mutants/probes/test_probe.py",
        "every probe is asked",
    ),
    "pyimpl/parity/mutants/probes/modules.py": (
        "mutants/probes/test_probe.py",
        "every probe is asked",
    ),
    "pyimpl/parity/mutants/probes/objects.py": (
        "mutants/probes/test_probe.py",
        "every probe is asked",
    ),
    "pyimpl/parity/mutants/probes/sides.py": (
        "mutants/probes/test_probe.py",
        "every probe is asked",
    ),
    "pyimpl/parity/mutants/probes/twins.py": (
        "mutants/probes/test_probe.py",
        "every probe is asked",
    ),
    "pyimpl/parity/mutants/probes/wholes.py": (
        "mutants/probes/test_probe.py",
        "every probe is asked",
    ),
    "pyimpl/parity/pair/asked.py": (
        "faults/test_recordings_answer_their_question.py",
        "what a recording was asked",
    ),
    "pyimpl/parity/plain_text.py": ("faults/test_words.py", "hostile words"),
    "pyimpl/parity/reference/julia_files.py": (
        "faults/test_recordings_answer_their_question.py",
        "what a Julia file includes",
    ),
    "pyimpl/parity/report/seal.py": ("faults/test_code_from_data.py", "bundles of others"),
    "pyimpl/parity/sides/copying.py": ("faults/test_users_code.py", "what cannot be copied"),
    "pyimpl/parity/sides/guard.py": ("faults/test_users_code.py", "what a call does to us"),
}


def has_logic(path: Path) -> bool:
    """Whether there is a function in it: not data, names or the form of a record alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree))


def modules() -> list[str]:
    """The modules of the twin and of the toolkit with logic of their own."""
    return [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "pyimpl").rglob("*.py"))
        if path.name != "__init__.py" and has_logic(path)
    ]


def own_test(module: str) -> Path:
    """Where the tests of a module are."""
    _, *parts = module.split("/")
    *rooms, name = parts[1:] if parts[0] == "parity" else parts
    return TESTS.joinpath(*rooms, f"test_{name}")


def loaded(module: str):
    return import_module(module.removesuffix(".py").replace("/", "."))


def is_tested_by_rows(module: str) -> bool:
    """Whether it consists of rows, or of twins each of which has a row."""
    if module.startswith("pyimpl/parity/"):
        return module.startswith("pyimpl/parity/catalogue/") and hasattr(loaded(module), "ROWS")
    family = "textbook" if module.startswith("pyimpl/textbook/") else "flux"
    names = {row.name for row in CATALOGUE.values() if row.family == family}
    public = getattr(loaded(module), "__all__", ())
    return bool(public) and set(public) <= names


@pytest.mark.parametrize("module", modules())
def test_a_module_has_a_test_that_is_called_like_it(module):
    assert own_test(module).is_file() or is_tested_by_rows(module) or module in ELSEWHERE, (
        f"{module} expects its tests in {own_test(module).relative_to(ROOT)}"
    )


def test_nothing_is_excused_without_need():
    for module, (where, why) in ELSEWHERE.items():
        assert why and not own_test(module).exists() and not is_tested_by_rows(module), module
        assert where == "laws" or (TESTS / where).is_file(), where
    assert set(ELSEWHERE) <= set(modules())
    assert all((TESTS / law).is_file() for law in LAWS)


def test_every_test_in_a_room_is_called_like_a_module_of_the_room():
    """A module that was renamed takes its tests along."""
    rooms = {own_test(module).parent for module in modules()} - {TESTS}
    expected = {own_test(module) for module in modules()}
    plain = {
        own_test(path.relative_to(ROOT).as_posix()) for path in (ROOT / "pyimpl").rglob("*.py")
    }
    strangers = [
        path.relative_to(TESTS).as_posix()
        for room in rooms
        for path in room.glob("test_*.py")
        if path not in expected | plain
    ]
    assert set(strangers) == {
        "experiments/test_regression.py",  # of a walk-through, comparisons/
        *(f"files/test_{about}.py" for about in ("damage", "formats", "models", "real_files")),
        "files/test_values.py",
    }


def test_no_two_rooms_share_a_folder_of_tests():
    twin = {path.name for path in (ROOT / "pyimpl").iterdir() if path.is_dir()}
    toolkit = {path.name for path in (ROOT / "pyimpl" / "parity").iterdir() if path.is_dir()}
    assert twin & toolkit <= {"__pycache__"}
