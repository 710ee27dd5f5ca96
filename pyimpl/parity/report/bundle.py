"""A disagreement in a directory: inputs and both outcomes in plain files, and programs that show it
again, each in one language alone.

    inputs/x1.txt           a line that says dtype and shape, then one number a line, in C order of
                            the Python side
    python/y.txt, julia/y.txt
    repro.py                needs NumPy and the Python function
    repro.jl                needs Julia and the Julia function; neither is there where arguments go
                            by keyword, or are made of arrays: `julia-parity explain` makes them
    story.txt               what `crosscheck` said
    evidence.npz            every case that was kept, with Julia's outcomes: a recording
    bundle.json             what `julia-parity explain` needs to know
"""

import datetime
import hashlib
import inspect
import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from ...files.disk import (
    Unreadable,
    expect_form,
    file_name,
    file_names,
    new_directory,
    read_bytes,
    read_json,
    read_text,
    write_bytes,
    write_json,
    write_text,
)
from ..case.arguments import ARGUMENTS, arguments_of
from ..case.case import Case, Outcome
from ..case.dtypes import DTYPES
from ..case.inputs import Given
from ..case.names import Kind, Name
from ..judge.freedoms import write_freedoms
from ..pair.asked import layout_of
from ..pair.checking import CASES, check_pair
from ..pair.held_against import LivePair, RecordedPair
from ..pair.loading import SubjectError, load_subject
from ..pair.pair import Pair, Result, make_pair
from ..plain_text import one_line
from ..reference import recorded
from ..reference.recorded import NoRecording
from ..sides.side import SECONDS
from ..sides.training import Training, model_of
from .seal import is_ours, sealed

FORMAT = 1
MOST = 2**24  # bytes of bundle.json
LITERAL = 200  # entries of an array that a program contains; longer ones it reads


class BundleError(Unreadable):
    """A directory that is no bundle, or a subject that cannot be had again; the message says what
    is missing.
    """


def write_bundle(directory: Path, result: Result) -> Path:
    """Write the smallest disagreement of `result` into a new directory under `directory`, and give
    its path.
    """
    assert result.smallest is not None
    pair, finding = result.pair, result.report.findings[0]
    case = finding.case.cast(finding.verdict.case.dtype)
    julia = result.smallest.julia[str(case.dtype)]
    python = pair.evaluate(case)
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    with new_directory(directory, f"{file_name(pair.name)}-{stamp}") as (unfinished, path):
        _write_parts(unfinished, path, result, case, python, julia)
    result.bundle = path
    return path


def _write_parts(
    folder: Path, path: Path, result: Result, case: Case, python: Outcome, julia: Outcome
) -> None:
    """Everything, into the unfinished directory that will be at `path`."""
    from .story import story

    pair = result.pair
    files = _array_files(case, python, julia)
    for kind, arrays in (
        ("inputs", case.arrays),
        ("python", python.arrays),
        ("julia", julia.arrays),
    ):
        (folder / kind).mkdir()
        for name, array in arrays.items():
            write_array(folder / kind / f"{files[str(name)]}.txt", array)
    copies = {}
    for source in (_source_file(pair.python.subject), pair.julia.file):
        if source is not None:
            content = read_bytes(source)
            write_bytes(folder / "source" / source.name, content)
            copies[source.name] = hashlib.sha256(content).hexdigest()
    if arguments_of(case.config) is None:  # else `explain` alone can make what they are called with
        for program, text in programs(result, case, python, julia).items():
            write_text(folder / program, text)
    kept = [
        result.smallest,
        *(evidence for evidence in result.evidence if evidence is not result.smallest),
    ]
    recorded.write(
        folder / "evidence.npz",
        [(evidence.case, evidence.julia) for evidence in kept if evidence is not None],
        {"versions": result.versions, "made": datetime.date.today().isoformat()},
    )
    about = _description(pair) | {"copies": copies}
    write_json(folder / "bundle.json", about | {"seal": sealed(_sealable(about))})
    told = replace(result, bundle=path)
    write_text(folder / "story.txt", story(told) + "\n")


def _sealable(about: dict[str, Any]) -> bytes:
    """The description in one way of writing, without its seal."""
    whole = {name: part for name, part in about.items() if name != "seal"}
    return json.dumps(whole, sort_keys=True).encode()


def _array_files(case: Case, python: Outcome, julia: Outcome) -> dict[str, str]:
    """The file of every array: names come from models and recordings, and may hold anything."""
    return file_names(map(str, [*case.arrays, *python.arrays, *julia.arrays]))


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
        "layout": layout_of(pair),
        "mode": pair.config.get("mode") if pair.training else pair.mode,
        "gradient": pair.gradient,
        "calls": pair.config.get("calls", 1),
        "seconds": float(getattr(pair.python, "seconds", SECONDS)),
        "training": _training(pair),
        "strict": pair.strict,
        "up_to": write_freedoms(pair.up_to),
        **{name: part for name, part in pair.config.items() if name == ARGUMENTS},
    }


FORM = {  # of bundle.json
    "format": int,
    "name": str,
    "python": (str, None),
    "backward": (str, None),
    "julia": {"file": (str, None), "expression": str},
    "layout": {str: str, "": str},
    "mode": (str, None),
    "gradient": str,
    "calls": int,
    "seconds?": float,
    "strict?": bool,
    "up_to?": str,
    "arguments?": list,
    "training?": (dict, None),
    "copies?": {str: str},
    "seal?": str,
}
FORM_OF_TRAINING = {"steps": int, "loss?": [(str, None)], "rule?": [(str, None)]}


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
    write_text(path, "\n".join([head, *map(repr, array.ravel().tolist())]) + "\n")


def read_array(path: Path) -> np.ndarray:
    """What `write_array` wrote. Raises Unreadable for anything else."""
    try:
        head, *numbers = read_text(path).splitlines()
        dtype, *sizes = head.removeprefix("#").split()
        if np.dtype(dtype).kind not in "biuf":
            raise ValueError(f"expected numbers, got {dtype}")
        convert = (
            (lambda text: text == "True") if dtype == "bool" else int if "int" in dtype else float
        )
        shape = [int(size) for size in sizes]
        if min(shape, default=0) < 0:
            raise ValueError(f"no array has the shape {shape}")
        return np.array([convert(number) for number in numbers], dtype).reshape(shape)
    except (ValueError, TypeError) as problem:
        raise Unreadable(f"{path} is no array that `write_array` wrote: {problem}") from None


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
    there = pair.crossed(case)
    crossed = layout.cross(there.arrays)
    of_arrays = _array_files(case, python, julia)
    called = _identifiers([*case.arrays, *there.arrays])
    environment.filters |= {
        "comment": one_line,
        "python": ascii,
        "julia": julia_literal,
        "called": lambda names: [called[name] for name in names],
    }
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
            [called[x] for x in xs],
            [called[dy] for dy in dys],
            {name.path: called[str(name)] for name in own},
            case,
        ),
        "mode": pair.config.get("mode", "auto") if training else pair.mode,
        "training": training,
        "dtype": case.dtype.name,
        "differing_files": [(str(name), of_arrays[str(name)]) for name in differing],
        "called": called,
        "in_one_line": one_line(pair.julia.expression, None) == pair.julia.expression,
        "python_said": python.error,
        "julia_said": julia.error,
        "versions": ", ".join(f"{name} {version}" for name, version in result.versions.items()),
    }
    files = file_names(map(str, there.arrays)) | of_arrays
    inputs = {
        str(name): _python_literal(files[str(name)], array) for name, array in case.arrays.items()
    }
    in_julia = {
        str(name): _julia_literal(f"inputs/{files[str(name)]}", crossed[name], layout.lies(name))
        for name in there.arrays
    }
    expected = {
        str(name): _julia_literal(f"python/{files[str(name)]}", array, layout.lies(name))
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


def _python_literal(name: str, array: np.ndarray) -> str:
    if array.size > LITERAL:
        return f'read("inputs/{name}.txt")'  # the name is one of `file_names`
    text = np.array2string(
        array, separator=", ", threshold=LITERAL + 1, max_line_width=120, floatmode="unique"
    )
    for word in ("nan", "inf"):
        text = text.replace(word, f"np.{word}")
    return (
        f"np.array({text}, "
        f"np.{array.dtype.name if array.dtype != bool else 'bool_'}).reshape({array.shape})"
    )


def _identifiers(names: Iterable[Name]) -> dict[str, str]:
    """What an array is called in a program, each otherwise: `grad.x1` is `grad_x1`."""
    called: dict[str, str] = {}
    for name in map(str, names):
        word = re.sub(r"\W", "_", name, flags=re.ASCII)
        taken = set(called.values())
        called.setdefault(name, word if word not in taken else f"{word}_{len(taken)}")
    return called


def julia_literal(text: str | None) -> str:
    """The Julia literal of a text, in which `$` begins nothing."""

    def written(character: str) -> str:
        code = ord(character)
        if character in '\\"$':
            return "\\" + character
        if 32 <= code < 127:
            return character
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

    return '"' + "".join(map(written, text or "")) + '"'


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


def _about(directory: Path) -> dict[str, Any]:
    """What bundle.json says. Raises BundleError."""
    path = directory / "bundle.json"
    try:
        about = read_json(path, MOST)
        version = about.get("format") if isinstance(about, dict) else None
        if isinstance(version, int) and version != FORMAT:
            raise Unreadable(f"it has format {version}, this version reads format {FORMAT}")
        expect_form(about, FORM, path)
        if about.get("training"):
            expect_form(about["training"], FORM_OF_TRAINING, path, "training")
            if any(len(about["training"].get(part, "xy")) != 2 for part in ("loss", "rule")):
                raise Unreadable(f"{path} is damaged: expected two texts at training")
    except Unreadable as problem:
        raise BundleError(f"{directory} is no bundle: {problem}") from None
    return about


def code_in(directory: Path, trust: bool = False) -> list[str]:
    """What a replay of the bundle runs, one line each, to be said before it is run.

    Raises BundleError for no bundle, and, without `trust`, for one that this user has not written.
    """
    about = _about(directory)
    _expect_trust(directory, about, trust)
    training = about.get("training") or {}
    places = [
        about["python"],
        about["backward"],
        *(training[part][0] for part in ("loss", "rule") if part in training),
    ]
    return [_run_line(directory, place) for place in dict.fromkeys(filter(None, places))]


def _run_line(directory: Path, place: str) -> str:
    file, _, name = place.rpartition(":")
    if Path(file).is_file():
        return f"runs {place}"
    return f"runs the copy {directory / 'source' / Path(file).name}:{name}, for {file} is gone"


def _expect_trust(directory: Path, about: dict[str, Any], trust: bool) -> None:
    if trust or is_ours(_sealable(about), about.get("seal", "")):
        return
    raise BundleError(
        f"{directory} was not written by you on this machine, or was changed since, and a replay "
        f"would run the code that it names: {about['python']} and Julia's "
        f"{about['julia']['expression']}. Read it, then: julia-parity explain "
        f"{shlex.quote(str(directory))} --trust"
    )


def load_bundle(directory: Path, trust: bool = False) -> tuple[Pair, RecordedPair]:
    """The pair and what Julia made of its cases.

    The Python files that the bundle names are run, or, where they are gone, its copies: see
    `code_in`. Raises BundleError.
    """
    about = _about(directory)
    _expect_trust(directory, about, trust)
    try:
        evidence = RecordedPair(directory / "evidence.npz")
    except NoRecording as problem:
        raise BundleError(f"{directory} is no bundle: {problem}") from None
    if about["python"] is None:
        raise BundleError(
            f"{about['name']} has no name in a file by which it could be loaded again; "
            f"{directory / 'repro.jl'} runs without it"
        )
    file = about["julia"]["file"]
    if file is not None and not Path(file).is_file():
        file = _copy(directory, about, Path(file).name, trust)
    load = partial(_load, directory, about, trust)
    try:
        subject = load(about["python"])
        backward = load(about["backward"]) if about["backward"] else None
        training = _loaded(about["training"], load) if about.get("training") else None
        layout = about["layout"]
        lies: dict[str, Any] = {name: lies for name, lies in layout.items() if name}
        mode = about["mode"]
        pair = make_pair(
            subject,
            about["julia"]["expression"],
            Given(()),
            file=file,
            backward=backward,
            layout=None if training else lies | {"": layout[""]},
            mode=None if mode in ("function", "steps", "training") else mode,
            gradient="auto" if training else about["gradient"],
            calls=about["calls"],
            training=training,
            name=about["name"],
            seconds=about.get("seconds", SECONDS),
            origin=about["python"],
            up_to=about.get("up_to") or None,
            strict=about.get("strict", True),
        )
    except SubjectError as problem:
        raise BundleError(f"the Python side cannot be loaded again: {problem}") from problem
    except (ValueError, TypeError, OSError) as problem:
        raise BundleError(f"{directory} cannot be replayed: {problem}") from problem
    if arguments := about.get(ARGUMENTS):
        pair = replace(pair, config=pair.config | {ARGUMENTS: arguments})
    try:
        arguments_of(pair.config)
    except (KeyError, TypeError, AttributeError):
        raise BundleError(f"{directory} cannot be replayed: its arguments are damaged") from None
    if pair.key not in evidence.rows():
        raise BundleError(f"{directory / 'evidence.npz'} has no case of {pair.key}")
    return pair, evidence


def _load(directory: Path, about: dict[str, Any], trust: bool, place: str) -> Any:
    """What `file.py:name` names, of the copy in the bundle where the file is gone."""
    file, _, name = place.rpartition(":")
    path = Path(file)
    if not path.is_file():
        path = _copy(directory, about, path.name, trust) or path
    return load_subject(f"{path}:{name}")


def _copy(directory: Path, about: dict[str, Any], name: str, trust: bool) -> Path | None:
    """The copy of a source in a bundle, which is as it was written, unless it is trusted anyhow."""
    path = directory / "source" / Path(name).name
    try:
        same = hashlib.sha256(read_bytes(path)).hexdigest() == about.get("copies", {}).get(name)
    except Unreadable:
        return None
    if not (same or trust):
        raise BundleError(f"{path} was changed since the bundle was written: --trust runs it")
    return path


def _loaded(about: dict[str, Any], load: Callable[[str], Any]) -> Training:
    """Raises SubjectError where loss or rule cannot be had again."""
    parts = {}
    for name in ("loss", "rule"):
        if name in about and about[name][0] is None:
            raise SubjectError(f"the {name} has no name in a file")
        parts[name] = (load(about[name][0]), about[name][1]) if name in about else None
    places = [about[name][0] if name in about else None for name in ("loss", "rule")]
    return Training(parts["loss"], parts["rule"], about["steps"], (places[0], places[1]))


def replay(directory: Path, live: LivePair | None, trust: bool = False) -> Result:
    """The cases of a bundle again, against live Julia or against what was kept of it.

    Raises BundleError, as `load_bundle`.
    """
    pair, evidence = load_bundle(directory, trust)
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
