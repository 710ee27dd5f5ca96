"""A disagreement in a directory: inputs and both outcomes in plain files, and programs that show it
again, each in one language alone.

    inputs/x1.txt           a line that says dtype and shape, then one number a line, in C order of
                            the Python side
    python/y.txt, julia/y.txt
    repro.py                needs NumPy and the Python function
    repro.jl                needs Julia and the Julia function
    story.txt               what `crosscheck` said
    evidence.npz            every case that was kept, with Julia's outcomes: a recording
    bundle.json             what `julia-parity explain` needs to know
"""

import datetime
import inspect
import json
import os
import re
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from ..case.case import Case, Outcome
from ..case.inputs import Given
from ..case.names import Kind, Name
from ..judge.findings import DTYPES
from ..pair.checking import CASES, check_pair
from ..pair.crossing import sent
from ..pair.held_against import LivePair, RecordedPair
from ..pair.loading import SubjectError, load_subject
from ..pair.pair import Pair, Result, make_pair
from ..reference import recorded
from ..reference.recorded import NoRecording
from ..sides.side import SECONDS
from ..sides.training import Training, model_of

FORMAT = 1
LITERAL = 200  # entries of an array that a program contains; longer ones it reads


class BundleError(Exception):
    """A directory that is no bundle, or a subject that cannot be had again; the message says what
    is missing.
    """


def write_bundle(directory: Path, result: Result) -> Path:
    """Write the smallest disagreement of `result` into a new directory under `directory`, and give
    its path.
    """
    from .story import story

    assert result.smallest is not None
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    path = directory / f"{_file_name(result.pair.name)}-{stamp}"
    number = 1
    while path.exists():
        number += 1
        path = directory / f"{_file_name(result.pair.name)}-{stamp}-{number}"
    unfinished = path.with_name(path.name + ".part")
    unfinished.mkdir(parents=True)
    pair, finding = result.pair, result.report.findings[0]
    case = finding.case.cast(finding.verdict.case.dtype)
    julia = result.smallest.julia[str(case.dtype)]
    python = pair.evaluate(case)
    for folder, arrays in (
        ("inputs", case.arrays),
        ("python", python.arrays),
        ("julia", julia.arrays),
    ):
        (unfinished / folder).mkdir()
        for array_name, array in arrays.items():
            write_array(unfinished / folder / f"{array_name}.txt", array)
    (unfinished / "source").mkdir()
    for source in (_source_file(pair.python.subject), pair.julia.file):
        if source is not None:
            shutil.copyfile(source, unfinished / "source" / source.name)
    for name, text in programs(result, case, python, julia).items():
        (unfinished / name).write_text(text, encoding="utf-8")
    kept = [
        result.smallest,
        *(evidence for evidence in result.evidence if evidence is not result.smallest),
    ]
    recorded.write(
        unfinished / "evidence.npz",
        [(evidence.case, evidence.julia) for evidence in kept],
        {"versions": result.versions, "made": datetime.date.today().isoformat()},
    )
    (unfinished / "bundle.json").write_text(
        json.dumps(_description(pair), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    result.bundle = path
    (unfinished / "story.txt").write_text(story(result) + "\n", encoding="utf-8")
    os.replace(unfinished, path)
    return path


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name) or "pair"


def _description(pair: Pair) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": pair.name,
        "python": pair.origin or origin(pair.python.subject),
        "backward": origin(getattr(pair.python, "backward", None)),
        "julia": {
            "file": str(pair.julia.file.resolve()) if pair.julia.file else None,
            "expression": pair.julia.expression,
        },
        "layout": {"": pair.layout.default} | dict(pair.layout.exceptions),
        "mode": pair.config.get("mode") if pair.training else pair.mode,
        "gradient": pair.gradient,
        "calls": pair.config.get("calls", 1),
        "seconds": getattr(pair.python, "seconds", SECONDS),
        "training": _training(pair),
    }


def _training(pair: Pair) -> dict[str, Any] | None:
    """Of the loss and the rule: where the Python one can be loaded from, and the Julia
    expression.
    """
    training = pair.training
    if training is None:
        return None
    parts = zip(("loss", "rule"), (training.loss, training.rule), training.origins, strict=True)
    return {"steps": training.steps} | {
        name: [place or origin(both[0]), both[1]] for name, both, place in parts if both is not None
    }


def origin(subject: Any) -> str | None:
    """`file.py:name` by which a function can be loaded again; None where it has no such name."""
    if subject is None:
        return None
    subject = inspect.unwrap(subject) if callable(subject) else subject
    file, name = _source_file(subject), getattr(subject, "__qualname__", "")
    return f"{file}:{name}" if file and name and "<" not in name else None


def _source_file(subject: Any) -> Path | None:
    try:
        found = inspect.getsourcefile(
            subject if hasattr(subject, "__qualname__") else type(subject)
        )
    except TypeError:
        return None
    return Path(found) if found and Path(found).is_file() else None


def write_array(path: Path, array: np.ndarray) -> None:
    """A line `# dtype size size ...`, then one number a line: the shortest decimals that give it
    back.
    """
    head = " ".join(["#", array.dtype.name, *map(str, array.shape)])
    path.write_text("\n".join([head, *map(repr, array.ravel().tolist())]) + "\n", encoding="utf-8")


def read_array(path: Path) -> np.ndarray:
    """What `write_array` wrote."""
    head, *numbers = path.read_text(encoding="utf-8").splitlines()
    dtype, *sizes = head.removeprefix("#").split()
    convert = (lambda text: text == "True") if dtype == "bool" else int if "int" in dtype else float
    return np.array([convert(number) for number in numbers], dtype).reshape(
        [int(size) for size in sizes]
    )


def programs(result: Result, case: Case, python: Outcome, julia: Outcome) -> dict[str, str]:
    """repro.py and repro.jl."""
    templates = resources.files(__package__) / "templates"
    environment = jinja2.Environment(
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    pair = result.pair
    verdict = result.report.findings[0].verdict
    differing = [
        difference.array
        for difference in verdict.differences
        if not difference.agrees and difference.array is not None
    ]
    differing = differing or sorted({*python.arrays, *julia.arrays})
    layout, training = pair.layout, _training(pair) or {}
    there = sent(case, pair.matches)
    crossed = layout.cross(there.arrays)
    xs = [str(name) for name in case.arrays if name.kind is Kind.INPUT]
    dys = [str(name) for name in case.arrays if name.kind is Kind.COTANGENT]
    own = [name for name in case.arrays if name.kind is Kind.PARAMETER]
    about = {
        "name": pair.name,
        "python": pair.origin or origin(pair.python.subject),
        "backward": origin(getattr(pair.python, "backward", None)),
        "file": str(pair.julia.file.resolve()) if pair.julia.file else None,
        "copy": pair.julia.file.name if pair.julia.file else None,
        "expression": pair.julia.expression,
        "xs": xs,
        "dys": dys,
        "parameters": [str(name) for name in there.arrays if name.kind is Kind.PARAMETER],
        "is_model": bool(pair.python.parameters()),
        "program": model_of(pair.python).framework.program(
            xs, dys, {name.path: _variable(name) for name in own}, case
        ),
        "mode": pair.config.get("mode", "auto") if training else pair.mode,
        "training": training,
        "dtype": case.dtype.name,
        "differing": list(map(str, differing)),
        "python_said": python.error,
        "julia_said": julia.error,
        "versions": ", ".join(f"{name} {version}" for name, version in result.versions.items()),
    }
    inputs = {_variable(name): _python_literal(str(name), a) for name, a in case.arrays.items()}
    in_julia = {
        str(name): _julia_literal(f"inputs/{name}", crossed[name], layout.of(name))
        for name in there.arrays
    }
    expected = {
        str(name): _julia_literal(f"python/{name}", array, layout.of(name))
        for name, array in layout.cross(python.arrays).items()
        if name.kind in (Kind.OUTPUT, Kind.INPUT_GRADIENT, Kind.LOSS, Kind.INPUT)
    }
    python_text = (templates / "repro.py.jinja").read_text(encoding="utf-8")
    julia_text = (templates / "repro.jl.jinja").read_text(encoding="utf-8")
    return {
        "repro.py": environment.from_string(python_text).render(about, inputs=inputs),
        "repro.jl": environment.from_string(julia_text).render(
            about, inputs=in_julia, expected=expected
        ),
    }


def _variable(name: Name) -> str:
    """What an array is called in a program: letters, digits and underscores."""
    return re.sub(r"\W", "_", str(name))


def _python_literal(name: str, array: np.ndarray) -> str:
    if array.size > LITERAL:
        return f'read("inputs/{name}.txt")'
    text = np.array2string(
        array, separator=", ", threshold=LITERAL + 1, max_line_width=120, floatmode="unique"
    )
    for word in ("nan", "inf"):
        text = text.replace(word, f"np.{word}")
    return (
        f"np.array({text}, "
        f"np.{array.dtype.name if array.dtype != bool else 'bool_'}).reshape({array.shape})"
    )


JULIA_TYPES = {"float64": "Float64", "float32": "Float32", "float16": "Float16", "bool": "Bool"}


def _julia_literal(file: str, array: np.ndarray, layout: str) -> str:
    """The Julia array whose axes are those of `array`, reversed."""
    kind = JULIA_TYPES.get(array.dtype.name) or array.dtype.name.replace("uint", "UInt").replace(
        "int", "Int"
    )
    if array.ndim == 0:
        return f"{kind}({_julia_number(array.item())})"
    if array.size > LITERAL:
        return f'{"upright" if layout == "same" else "read_array"}("{file}.txt", {kind})'
    numbers = ", ".join(_julia_number(x) for x in array.ravel().tolist())
    return f"reshape({kind}[{numbers}], {', '.join(map(str, array.shape[::-1]))})"


def _julia_number(x) -> str:
    if isinstance(x, bool):
        return "true" if x else "false"
    return {"nan": "NaN", "inf": "Inf", "-inf": "-Inf"}.get(str(x), repr(x))


def load_bundle(directory: Path) -> tuple[Pair, RecordedPair]:
    """The pair and what Julia made of its cases. Raises BundleError."""
    try:
        about = json.loads((directory / "bundle.json").read_text(encoding="utf-8"))
        evidence = RecordedPair(directory / "evidence.npz")
    except (OSError, ValueError, NoRecording) as problem:
        raise BundleError(f"{directory} is no bundle: {problem}") from problem
    if about.get("format") != FORMAT:
        raise BundleError(
            f"{directory} has format {about.get('format')}, this version reads format {FORMAT}"
        )
    if about["python"] is None:
        raise BundleError(
            f"{about['name']} has no name in a file by which it could be loaded again; "
            f"{directory / 'repro.jl'} runs without it"
        )
    file = about["julia"]["file"]
    if file is not None and not Path(file).is_file():
        file = directory / "source" / Path(file).name
    try:
        subject = load_subject(about["python"])
        backward = load_subject(about["backward"]) if about["backward"] else None
        training = _loaded(about["training"]) if about.get("training") else None
    except SubjectError as problem:
        raise BundleError(f"the Python side cannot be loaded again: {problem}") from problem
    layout = about["layout"]
    lies: dict[str, Any] = {name: lies for name, lies in layout.items() if name} | {"": layout[""]}
    pair = make_pair(
        subject,
        about["julia"]["expression"],
        Given(()),
        file=file,
        backward=backward,
        layout=None if training else lies,
        mode=about["mode"],
        gradient="auto" if training else about["gradient"],
        calls=about["calls"],
        training=training,
        name=about["name"],
        seconds=about.get("seconds", SECONDS),
        origin=about["python"],
    )
    return pair, evidence


def _loaded(about: dict[str, Any]) -> Training:
    """Raises SubjectError where loss or rule cannot be had again."""
    parts = {}
    for name in ("loss", "rule"):
        if name in about and about[name][0] is None:
            raise SubjectError(f"the {name} has no name in a file")
        parts[name] = (load_subject(about[name][0]), about[name][1]) if name in about else None
    places = [about[name][0] if name in about else None for name in ("loss", "rule")]
    return Training(parts["loss"], parts["rule"], about["steps"], (places[0], places[1]))


def replay(directory: Path, live: LivePair | None) -> Result:
    """The cases of a bundle again, against live Julia or against what was kept of it.

    Raises BundleError.
    """
    pair, evidence = load_bundle(directory)
    if live is None:
        return check_pair(pair, evidence, count=CASES)
    cases = [case for case, _ in evidence.pairs(pair, DTYPES, None, 0)]
    return check_pair(pair, Again(live, cases))


class Again(LivePair):
    """Live Julia, asked for the cases of a bundle."""

    def __init__(self, live: LivePair, cases: list[Case]):
        super().__init__(live.session)
        self._cases = cases

    def kept(
        self, pair: Pair, dtypes: tuple[str, ...], seed: int
    ) -> Iterator[tuple[Case, dict[str, Outcome]]] | None:
        """Those cases, with what Julia makes of them today."""
        return self.outcomes(pair, self._cases, dtypes)
