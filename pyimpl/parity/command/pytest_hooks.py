"""The pytest plugin of julia-parity: options, header, summary, and the fixture `parity`.

    def test_agrees(parity):
        parity(my_function, "my_function", arrays("batch,5"), file="my.jl")

Every pytest run in the environment loads this module. So it is installed outside the package as
well, whose import brings NumPy, as `pytest_julia_parity`, and leaves the work to
`pyimpl.parity.command.pytest_plugin`, imported by the first test that asks for the fixture.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest


@dataclass
class Run:
    """What a test run was asked for, and what came of it."""

    reference: str
    record: bool
    cases: int | None
    seed: int
    html: Path | None
    recordings: str  # a directory; empty: beside the test file
    start: Path
    checked: list[dict] = field(
        default_factory=list
    )  # of every pair: its name, reference, verdict, what is mistrusted, and what the page says
    written: list[str] = field(default_factory=list)  # recordings
    unwritten: str = ""  # why there is no page
    missing: str = ""  # why there is no live Julia, once that is known

    @property
    def explicit(self) -> bool:
        """Whether the command line says where the Julia side comes from."""
        return self.record or self.reference != "auto"


RUN = pytest.StashKey[Run]()
PASSED = pytest.StashKey[bool]()


def pytest_addoption(parser):
    group = parser.getgroup("julia-parity")
    group.addoption(
        "--parity-reference",
        choices=("auto", "live", "recorded"),
        default="auto",
        help="what the fixture `parity` holds the Python side against: live Julia, recordings, or "
        "(default) Julia where it is ready",
    )
    group.addoption(
        "--parity-record",
        action="store_true",
        help="write the recordings of all tests that use `parity`; needs a live Julia",
    )
    group.addoption(
        "--parity-html", metavar="FILE", help="write a report of all pairs as one HTML page"
    )
    group.addoption(
        "--parity-cases",
        type=int,
        metavar="N",
        help="cases that are drawn for every pair (default: 50)",
    )
    group.addoption(
        "--parity-seed", type=int, default=0, metavar="N", help="seed of the draws (default: 0)"
    )
    parser.addini(
        "parity_recordings",
        "directory of the recordings (default: parity_recordings, beside the test file)",
        default="",
    )


def pytest_configure(config):
    """Read the options; where a live Julia was asked for by name, look whether there is one."""
    config.addinivalue_line(
        "markers",
        "parity(cases, seed): a Python-Julia pair is checked; every test that uses the fixture "
        "has it",
    )
    start, html = config.invocation_params.dir, config.getoption("--parity-html")
    run = Run(
        config.getoption("--parity-reference"),
        config.getoption("--parity-record"),
        config.getoption("--parity-cases"),
        config.getoption("--parity-seed"),
        start / html if html else None,
        config.getini("parity_recordings"),
        start,
    )
    config.stash[RUN] = run
    if run.cases is not None and run.cases < 1:
        raise pytest.UsageError(f"--parity-cases must be at least 1, got {run.cases}")
    if run.record and run.reference == "recorded":
        raise pytest.UsageError(
            "--parity-record needs a live Julia: it does not go with --parity-reference recorded"
        )
    if (run.record or run.reference == "live") and not _is_worker(config):
        from pyimpl.parity.command.pytest_plugin import require_live

        require_live(run)


def _is_worker(config) -> bool:
    return hasattr(config, "workerinput")  # of pytest-xdist


def pytest_report_header(config):
    """Where the Julia side comes from, if the command line says so: it is not yet known whether
    anybody asks for it.
    """
    run = config.stash[RUN]
    if not run.explicit:
        return None
    from pyimpl.parity.command.pytest_plugin import reference_line

    return f"julia-parity: {reference_line(run)}"


def pytest_report_collectionfinish(config, items):
    """Where the Julia side comes from, if a test asks for it."""
    run = config.stash[RUN]
    if run.explicit or not any("parity" in getattr(item, "fixturenames", ()) for item in items):
        return None
    from pyimpl.parity.command.pytest_plugin import reference_line

    return f"julia-parity: {reference_line(run)}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """`-m parity` selects every test that uses the fixture."""
    for item in items:
        if (
            "parity" in getattr(item, "fixturenames", ())
            and item.get_closest_marker("parity") is None
        ):
            item.add_marker("parity")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep whether the test passed, for the fixture's end."""
    report = yield
    if call.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture
def parity(request):
    """`parity(python, "julia", inputs, file=..., ...)`: check that both sides agree; arguments and
    result are those of `crosscheck`.

    `file` is relative to the test file. Julia comes from where `--parity-reference` says;
    `--parity-record` makes the recording.
    """
    from pyimpl.parity.command.pytest_plugin import Parity

    check = Parity(request.node, request.config.stash[RUN])
    yield check
    check.close(request.node.stash.get(PASSED, False))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """What a worker of pytest-xdist has checked and written."""
    found = json.loads(getattr(node, "workeroutput", {}).get("julia_parity", "{}"))
    run = node.config.stash[RUN]
    run.checked += found.get("checked", [])
    run.written += found.get("written", [])


def pytest_sessionfinish(session):
    """A worker hands on what it has; otherwise the page is written."""
    run = session.config.stash[RUN]
    if _is_worker(session.config):
        session.config.workeroutput["julia_parity"] = json.dumps(
            {"checked": run.checked, "written": run.written}
        )
    elif run.html is not None:
        from pyimpl.files.disk import Unwritable
        from pyimpl.parity.report.page import write_page

        try:
            write_page(run.html, [checked["page"] for checked in run.checked])
        except Unwritable as problem:  # the tests have been told of by pytest
            run.html, run.unwritten = None, str(problem)
            session.exitstatus = session.exitstatus or pytest.ExitCode.USAGE_ERROR


def pytest_terminal_summary(terminalreporter, config):
    """How many pairs agree, against which reference; what was written."""
    run = config.stash[RUN]
    for reference in dict.fromkeys(checked["reference"] for checked in run.checked):
        verdicts = [
            checked["verdict"] for checked in run.checked if checked["reference"] == reference
        ]
        counts = [
            f"{verdicts.count(verdict)} {verdict}"
            for verdict in sorted(set(verdicts))
            if verdict != "agrees"
        ]
        pairs = f"{len(verdicts)} pair{'' if len(verdicts) == 1 else 's'} checked"
        said = ", ".join([f"{verdicts.count('agrees')} agree", *counts])
        terminalreporter.write_line(f"julia-parity: {pairs}, {said}; reference used: {reference}")
    for checked in run.checked:
        if checked["verdict"] == "mistrusted":
            arrays = ", ".join(checked["mistrusted"])
            terminalreporter.write_line(
                f"julia-parity: mistrusted: {checked['pair']}: {arrays} zero or constant in "
                "every case"
            )
    for path in sorted(set(run.written)):
        terminalreporter.write_line(f"julia-parity: recorded {path}")
    if run.unwritten:
        terminalreporter.write_line(f"julia-parity: {run.unwritten}", red=True)
    if run.html is not None:
        terminalreporter.write_line(f"julia-parity: report in {run.html}")
