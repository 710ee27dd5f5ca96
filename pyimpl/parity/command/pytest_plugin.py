"""What the fixture `parity` does: a pair checked against live Julia or the test's recording.
(`pytest_julia_parity` has the hooks.)

A test function has one recording, with all of its pairs. It says what was asked of Julia; where
that has changed since, the recording is of no use any more, and the test fails with what has
changed.
"""

import datetime
import hashlib
import os
import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ...files.disk import Unwritable
from ..case.case import Case, Outcome
from ..case.dtypes import DTYPES
from ..crosschecking import Disagreement, Undecided, conclude
from ..pair.asked import asked, changed_since
from ..pair.checking import CASES, NothingCompared, check_pair
from ..pair.held_against import LivePair, PairReference, RecordedPair, Taped
from ..pair.matching import NoMatch
from ..pair.pair import Pair, Result, make_pair
from ..reference import recorded
from ..reference.live import NoJulia, choose
from ..reference.provenance import name_and_versions, versions_line
from ..reference.recorded import NoRecording
from ..reference.session import SECONDS, JuliaSubjectError, closing, session
from ..report.bundle import write_bundle
from ..report.page import describe
from ..report.story import story

DIRECTORY = "parity_recordings"
BUNDLES = "julia-parity-bundles"  # in pytest's cache


def require_live(run) -> None:
    """Raises UsageError where no live Julia is ready."""
    flag = "--parity-record" if run.record else "--parity-reference live"
    try:
        if choose(may_download=run.reference == "live").downloads:
            with closing():  # once, before several workers would
                session(may_download=True)
    except NoJulia as missing:
        raise pytest.UsageError(f"{flag}: {missing}") from None


def reference_line(run) -> str:
    """Where the Julia side will come from."""
    if run.reference == "recorded":
        return "recordings"
    try:
        way: Any = choose(may_download=run.reference == "live")
    except NoJulia:
        return "recordings (no live Julia is ready here: `julia-parity doctor` tells why)"
    versions = (
        name_and_versions("live", way.versions) if "Flux" in way.versions else f"live, {way.where}"
    )
    return f"{versions}, recording" if run.record else versions


class Parity:
    """The fixture of one test."""

    def __init__(self, node: pytest.Item, run):
        self._node, self._run = node, run
        self._path = recording_path(node, run.recordings)
        self._names: dict[str, int] = {}
        self._taped: dict[str, list[tuple[Case, dict[str, Outcome]]]] = {}
        self._asked: dict[str, dict[str, Any]] = {}
        self._versions: dict[str, str] = {}
        self._how = ""
        self._bundles: Path | None = None

    def __call__(
        self,
        python: Any,
        julia: str,
        inputs: Any,
        *,
        file: str | Path | None = None,
        name: str | None = None,
        dtypes: Sequence[str] | None = None,
        cases: int | None = None,
        seed: int | None = None,
        bundle: str | Path | None = None,
        exact_literals: bool = False,
        raises: bool = True,
        **described: Any,
    ) -> Result:
        """Check that both sides agree: see `crosscheck`. Raises Disagreement where they do not."""
        __tracebackhide__ = True
        count, drawn_with = self._settings(cases, seed)
        asked_in = tuple(dtypes or DTYPES)
        try:
            pair = make_pair(
                python,
                julia,
                inputs,
                file=self._beside(file),
                name=self._key(name, python),
                strict=dtypes is not None,
                **described,
            )
        except (TypeError, ValueError, OSError) as wrong:
            raise wrong.with_traceback(None) from None
        reference = self._reference(pair, asked_in, described.get("seconds", SECONDS))
        try:
            result = check_pair(pair, reference, asked_in, count, drawn_with)
        except (JuliaSubjectError, NoMatch, NothingCompared) as wrong:
            raise wrong.with_traceback(None) from None
        if isinstance(reference, Taped):
            self._tape(pair, asked_in, reference, result)
        conclude(result, reference, exact_literals)
        if not result.agrees:
            into = self._beside(bundle) if bundle is not None else self._bundle_directory()
            if into is not None and result.smallest is not None:
                try:
                    result.bundle = write_bundle(into, result)
                except Unwritable as problem:  # the finding is told all the same
                    self._node.add_report_section("call", "julia-parity", str(problem))
        self._run.checked.append(
            {
                "pair": f"{self._node.nodeid}, {pair.name}",
                "reference": versions_line(reference),
                "verdict": result.verdict,
                "mistrusted": list(map(str, sorted(result.report.mistrusted))),
                "page": describe(result) if self._run.html is not None else None,
            }
        )
        if raises and not result.agrees:
            raise (Disagreement if result.differs else Undecided)(story(result), result)
        return result

    def _settings(self, cases: int | None, seed: int | None) -> tuple[int, int]:
        """The call's own word, then the marker's, then the command line's."""
        marker = self._node.get_closest_marker("parity")
        said = marker.kwargs if marker is not None else {}
        if set(said) - {"cases", "seed"}:
            raise TypeError(f"the marker parity takes cases and seed, got {', '.join(said)}")
        count = cases or said.get("cases") or self._run.cases or CASES
        return count, next(
            value for value in (seed, said.get("seed"), self._run.seed) if value is not None
        )

    def _beside(self, file: str | Path | None) -> Path | None:
        return self._node.path.parent / file if file is not None else None

    def _key(self, name: str | None, python: Any) -> str:
        """The pair's name, with a number where the test has had it before."""
        called = str(name or getattr(python, "__name__", type(python).__name__))
        self._names[called] = self._names.get(called, 0) + 1
        return called if self._names[called] == 1 else f"{called} ({self._names[called]})"

    def _bundle_directory(self) -> Path | None:
        """In pytest's cache, one for each test: what the test wrote there in an earlier run
        goes.
        """
        cache = getattr(self._node.config, "cache", None)
        if self._bundles is None and cache is not None:
            self._bundles = cache.mkdir(BUNDLES) / self._path.parent.name / self._path.stem
            shutil.rmtree(self._bundles, ignore_errors=True)
        return self._bundles

    def _reference(self, pair: Pair, dtypes: tuple[str, ...], seconds: float) -> PairReference:
        __tracebackhide__ = True
        run = self._run
        if run.reference != "recorded" and not run.missing:
            try:
                julia = session(run.reference == "live", seconds)
                return Taped(julia) if run.record else LivePair(julia)
            except NoJulia as missing:
                run.missing = str(missing)
        if run.explicit and run.missing:
            pytest.fail(run.missing, pytrace=False)
        path = os.path.relpath(self._path, run.start)
        command = f"pytest {shlex.quote(self._node.nodeid)} --parity-record" + (
            f"\n{run.missing}" if run.missing else ""
        )
        remedy = f"make one with a live Julia: {command}"
        if not self._path.is_file():
            pytest.fail(f"there is no recording {path} of {pair.name}\n{remedy}", pytrace=False)
        try:
            found = RecordedPair(self._path)
        except NoRecording as broken:
            pytest.fail(f"{broken}\n{remedy}", pytrace=False)
        if pair.key not in found.rows():
            pytest.fail(
                f"the recording {path} has no {pair.name}, only "
                f"{', '.join(found.rows())}\n{remedy}",
                pytrace=False,
            )
        changes = changed_since(pair, dtypes, found)
        if changes:
            said = "\n  ".join([f"the recording {path} of {pair.name} no longer fits:", *changes])
            pytest.fail(f"{said}\nrecord again with a live Julia: {command}", pytrace=False)
        return found

    def _tape(self, pair: Pair, dtypes: tuple[str, ...], reference: Taped, result: Result) -> None:
        entries = reference.tape(result)
        if not entries:
            return  # the test fails for it
        self._taped[pair.key] = entries
        self._asked[pair.key] = asked(pair, dtypes)
        self._versions, self._how = reference.versions, reference.how

    def close(self, passed: bool) -> None:
        """Write what was recorded.

        A test that did not come to its end may have had more pairs: those it had before stay.
        """
        if not self._taped:
            return
        entries, pairs = dict(self._taped), dict(self._asked)
        if not passed and self._path.is_file():
            before = _readable(self._path)
            if before is not None and before.versions == self._versions:
                for key in set(before.rows()) - set(entries):
                    about = before.provenance.get("pairs", {})[key]
                    entries[key] = list(
                        before.pairs(SimpleNamespace(key=key), tuple(about["dtypes"]), None, 0)
                    )
                    pairs[key] = about
        provenance = {
            "versions": self._versions,
            "made": datetime.date.today().isoformat(),
            "manner": self._how,
            "pairs": pairs,
        }
        recorded.write(
            self._path,
            (entry for each in entries.values() for entry in each),
            provenance,
            over=True,
        )
        self._run.written.append(os.path.relpath(self._path, self._run.start))


def _readable(path: Path) -> RecordedPair | None:
    try:
        return RecordedPair(path)
    except NoRecording:
        return None


def recording_path(node: pytest.Item, directory: str) -> Path:
    """Where the recording of a test function is: by its file, its class and its name; what a file
    cannot be called is replaced.
    """
    name = ".".join(
        part.name for part in node.listchain() if isinstance(part, pytest.Class | pytest.Function)
    )
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-")[:100]
    if safe != name:
        safe += "-" + hashlib.sha256(name.encode()).hexdigest()[:8]
    if not directory:
        return node.path.parent / DIRECTORY / node.path.stem / f"{safe}.npz"
    config = node.config
    top = config.inipath.parent if config.inipath else config.rootpath
    inside = (
        node.path.relative_to(config.rootpath)
        if node.path.is_relative_to(config.rootpath)
        else Path(node.path.name)
    )
    return top / directory / inside.with_suffix("") / f"{safe}.npz"
