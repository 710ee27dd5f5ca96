"""Options and fixtures: which reference the tests hold the twin against, and folders of foreign outcomes."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pyimpl.parity import report
from pyimpl.parity.checking import Live, Reference
from pyimpl.parity.evaluators import recorded
from pyimpl.parity.evaluators.live import LiveJulia, NoJulia, choose

slow_is_fine = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
settings.register_profile("quick", max_examples=5, deadline=None, suppress_health_check=slow_is_fine)
settings.register_profile("default", max_examples=20, deadline=None, suppress_health_check=slow_is_fine)
settings.register_profile("long", max_examples=300, deadline=None, suppress_health_check=slow_is_fine)
settings.load_profile("default")


def pytest_addoption(parser):
    group = parser.getgroup("julia-parity")
    group.addoption("--parity-reference", choices=("auto", "live", "recorded"), default="auto", help="where the Julia side comes from")
    group.addoption("--reference-dir", type=Path, action="append", default=[], help="a folder of Flux outcomes; may be given several times")


def pytest_configure(config):
    """Start Julia once, before anything is collected, and say in the header what came of it."""
    wanted = config.getoption("--parity-reference")
    config.live_julia, config.reference_note = None, ""
    if wanted != "recorded":
        try:
            config.live_julia = LiveJulia(choose(may_download=wanted == "live")).__enter__()
        except NoJulia as missing:
            if wanted == "live":
                raise pytest.UsageError(str(missing)) from None
            config.reference_note = " (live Julia is not ready here)"


def pytest_unconfigure(config):
    if getattr(config, "live_julia", None):
        config.live_julia.__exit__()


def _reference(config) -> Reference:
    return Live(config.live_julia) if config.live_julia else recorded.newest()


def pytest_report_header(config):
    return f"parity reference: {report.versions_line(_reference(config))}{config.reference_note}"


def pytest_terminal_summary(terminalreporter, config):
    terminalreporter.write_line(pytest_report_header(config))


@pytest.fixture(scope="session")
def reference(pytestconfig) -> Reference:
    """Live Julia where it is ready, else the newest recording."""
    return _reference(pytestconfig)


@pytest.fixture(scope="session")
def recording() -> recorded.Recorded:
    """The newest shipped recording."""
    return recorded.newest()
