"""Options and fixtures: which reference the tests hold the twin against, and folders of foreign
outcomes.

`--parity-reference` is an option of the package's own plugin.
"""

import one_thread  # noqa: F401

# isort: split
import re
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.checking import Live, Reference
from pyimpl.parity.catalogue.compiled import are_warm, julias
from pyimpl.parity.catalogue.drift import drift
from pyimpl.parity.pair import checking
from pyimpl.parity.reference import recorded
from pyimpl.parity.reference.live import LiveJulia, NoJulia, choose
from pyimpl.parity.reference.provenance import versions_line

pytest_plugins = ["pytester"]
slow_is_fine = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
settings.register_profile(
    "quick", max_examples=5, deadline=None, suppress_health_check=slow_is_fine
)
settings.register_profile(
    "default", max_examples=20, deadline=None, suppress_health_check=slow_is_fine
)
settings.register_profile(
    "long", max_examples=300, deadline=None, suppress_health_check=slow_is_fine
)
settings.load_profile("default")


def pytest_addoption(parser):
    parser.getgroup("julia-parity").addoption(
        "--reference-dir",
        type=Path,
        action="append",
        default=[],
        help="a folder of Flux outcomes; may be given several times",
    )


def pytest_ignore_collect(collection_path):
    """Of what tests share only files with an example are imported in search of doctests."""
    path = collection_path
    if path.suffix == ".py" and not path.name.startswith(("test_", "conftest")):
        return ">>>" not in path.read_text(encoding="utf-8") or None
    return None


def pytest_collection_modifyitems(items):
    """Tests have the same names in every process, or several cannot share them."""
    for item in items:
        if re.search("0x[0-9a-f]{6}", item.nodeid):
            raise pytest.UsageError(f"a test is called by an address: {item.nodeid}")


def pytest_configure(config):
    """Look whether live Julia is ready; it is started by the first test that needs it."""
    # What a script runs in the background ignores Ctrl-C, or the end of its terminal, and what
    # tests start would do the same: it could not be tried.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    wanted = config.getoption("--parity-reference")
    config.live_way = config.live_julia = None
    config.reference_note = ""
    if wanted != "recorded":
        try:
            way = choose(may_download=wanted == "live")
            if wanted == "live" or are_warm(way, CATALOGUE.values()):
                config.live_way = way
            else:
                config.reference_note = (
                    " (live Julia is here, but its rows are not compiled: `julia-parity warm-up`)"
                )
        except NoJulia as missing:
            if wanted == "live":
                raise pytest.UsageError(str(missing)) from None
            config.reference_note = " (live Julia is not ready here)"


def pytest_unconfigure(config):
    if getattr(config, "live_julia", None):
        config.live_julia.__exit__()


def _recorded_line(config) -> str:
    try:
        return f"{versions_line(recorded.newest())}{config.reference_note}"
    except recorded.NoRecording as missing:
        return str(missing)


def pytest_report_header(config):
    return (
        "parity reference: "
        f"{f'live, {config.live_way.where}' if config.live_way else _recorded_line(config)}"
    )


def pytest_terminal_summary(terminalreporter, config):
    used = versions_line(Live(config.live_julia)) if config.live_julia else _recorded_line(config)
    terminalreporter.write_line(f"parity reference used: {used}")


@pytest.fixture(scope="session")
def live_julia(pytestconfig) -> LiveJulia | None:
    """Live Julia, started now, or None where it is not ready; a Julia that is there but does not
    start fails the test.
    """
    if pytestconfig.live_way and not pytestconfig.live_julia:
        pytestconfig.live_julia = julias(pytestconfig.live_way, CATALOGUE.values())[0].__enter__()
    return pytestconfig.live_julia


@pytest.fixture(scope="session")
def reference(live_julia) -> Reference:
    """Live Julia where it is ready, else the newest recording."""
    return Live(live_julia) if live_julia else recorded.newest()


@pytest.fixture(scope="session")
def recording() -> recorded.RecordedRows:
    """The newest shipped recording."""
    return recorded.newest()


@pytest.fixture(scope="session")
def old() -> recorded.RecordedRows:
    """The recording of an older Flux, 0.14.25."""
    return recorded.RecordedRows(recorded.SHIPPED / "flux-0.14.25")


@pytest.fixture(scope="session")
def between(old, recording) -> dict:
    """What changed in every row between the two recordings."""
    return {changed.row: changed for changed in drift(old, recording)}


@pytest.fixture
def julia(pytestconfig) -> None:
    """For a test that starts a live Julia by itself: it is skipped where none is ready."""
    if pytestconfig.live_way is None:
        pytest.skip("no live Julia here")


@pytest.fixture
def without_julia(tmp_path) -> dict[str, str]:
    """The variables of an environment in which nothing leads to a Julia."""
    return {
        "PATH": str(tmp_path),
        "PYTHON_JULIACALL_EXE": "/no/such/julia",
        "PYTHON_JULIACALL_PROJECT": "/no/such/project",
        "HOME": str(tmp_path),
    }


@pytest.fixture
def hasty_shrinking(monkeypatch) -> None:
    """Where a pair differs, half a second is spent on smaller inputs that do, not ten: for tests of
    what is made of a difference.
    """
    monkeypatch.setattr(checking, "SHRINK_SECONDS", 0.5)
