"""Probes of the border: what crosses between the languages, under which name, and how it lies."""

import ctypes
import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...case.case import Case, Outcome, Remembered
from ...case.names import Kind, Name, cotangent_of, numbered
from ...catalogue import CATALOGUE
from ...reference import recorded, worker
from ...reference.session import JuliaSession, JuliaSide, Layout, parsed_layout
from .probe import Y, gave, listed, posed, probe, shown, written

MATRIX = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def named(arrays: dict[Name, np.ndarray]) -> str:
    """Arrays in words."""
    return "; ".join(f"{name} {shown(array)}" for name, array in arrays.items())


# Names.

NAMES = (
    "x1",
    "x",
    "y",
    "y.0",
    "y.mean",
    "plain",
    "grad.x1",
    "grad.x2.0",
    "grad.layers.0.weight",
    "grad.param.x1",
    "grad.param.param.w",
    "param.x1",
    "state.var@3",
    "loss@2",
    "x@1",
    "after.x1",
    "dy2",
    "noise",
    "t1",
    "g4",
    "param.layers.10.bias@12",
)


@probe("")
def a_name_is_read_as_it_is_written():
    return listed(text for text in NAMES if str(Name.parse(text)) != text)


@probe("grad.x1 INPUT_GRADIENT, grad.param.x1 PARAMETER_GRADIENT x1, grad.w PARAMETER_GRADIENT w")
def a_parameter_called_x1_is_no_input():
    one, two, three = (Name.parse(text) for text in ("grad.x1", "grad.param.x1", "grad.w"))
    return listed(
        (
            f"{one} {one.kind.name}",
            f"{two} {two.kind.name} {two.path}",
            f"{three} {three.kind.name} {three.path}",
        )
    )


@probe("2")
def names_that_collide_as_text_are_two():
    return len({Name(Kind.PARAMETER_GRADIENT, "x1"), Name(Kind.INPUT_GRADIENT, "1")})


@probe("x1, y.2, y.10, grad.layers.2.w, grad.layers.10.w, state.a@1, state.a@2")
def names_are_in_order_and_numbers_count_as_numbers():
    texts = (
        "state.a@2",
        "y.10",
        "grad.layers.10.w",
        "x1",
        "y.2",
        "state.a@1",
        "grad.layers.2.w",
    )
    return listed(sorted(map(Name.parse, texts)))


@probe("dy1, dy3, None, 3, weight, True, True, False")
def names_know_what_belongs_to_them():
    return listed(
        (
            cotangent_of(Name.parse("y")),
            cotangent_of(Name.parse("y.2")),
            cotangent_of(Name.parse("y.mean")),
            Name.parse("dy3").number,
            Name.parse("grad.layers.0.weight").last,
            Name.parse("grad.w").is_gradient,
            Name.parse("grad.x1").is_gradient,
            Name.parse("state.w").is_gradient,
        )
    )


@probe("y.imag, y.0.real, None, y, y.0")
def parts_of_complex_numbers_know_each_other():
    return listed(
        (
            Name.parse("y.real").other_part,
            Name.parse("y.0.imag").other_part,
            Name.parse("y.0").other_part,
            Name.parse("y.real").whole,
            Name.parse("y.0").whole,
        )
    )


# Cases and outcomes.


def example(**marks: Any) -> Case:
    """A case of everything."""
    arrays = {
        "x2": np.array([1, 2]),
        "x1": MATRIX,
        "x10": np.array([2.5]),
        "dy1": np.array([1.5]),
        "param.w": np.array([3.0]),
        "param.layers.0.b": np.array([4.0]),
        "x3": np.array([1 + 2j]),
    }
    return posed("row", {"n": 1}, arrays, "auto", **marks)


@probe("float64 [[1, 2, 3], [4, 5, 6]] int64 [1, 2] complex128 x10 float64 [2.5]; w layers.0.b")
def arrays_of_a_kind_come_in_order_and_parameters_by_path():
    one, two, three, ten = example().all(Kind.INPUT)
    return (
        f"{shown(one)} {shown(two)} {three.dtype} x10 {shown(ten)}; "
        f"{' '.join(example().parameters())}"
    )


@probe("float32 int64 complex64 float32, True, float64")
def a_cast_leaves_whole_numbers_alone():
    narrow = example().cast("float32")
    names = map(Name.parse, ("x1", "x2", "x3", "param.w"))
    types = " ".join(str(narrow.arrays[name].dtype) for name in names)
    return listed((types, example().cast("float64").dtype == np.float64, example().dtype))


@probe("True, False, True, False, False")
def a_layer_trains_as_the_mode_and_the_gradient_say():
    modes = [replace(example(), mode=mode).trains for mode in ("train", "test", "auto")]
    without = replace(example(), arrays={numbered(Kind.INPUT, 1): MATRIX})
    return listed((*modes, without.trains, replace(without, mode="function").trains))


@probe("1, 6, 1")
def a_question_is_known_by_its_content():
    def prints(*cases):
        return len({one.fingerprint for one in cases})

    case = example()
    other = replace(case, arrays=case.arrays | {numbered(Kind.INPUT, 1): MATRIX.T.copy()})
    moved = replace(case, arrays=case.arrays | {numbered(Kind.INPUT, 1): MATRIX + 1})
    same_bytes = case.arrays | {numbered(Kind.INPUT, 1): MATRIX.reshape(3, 2)}
    return listed(
        (
            prints(case, replace(case, origin="elsewhere")),
            prints(
                case,
                other,
                moved,
                replace(case, arrays=same_bytes),
                replace(case, mode="test"),
                replace(case, config={"n": 2}),
            ),
            prints(case, example()),
        )
    )


@probe("y.2, y.10 of y.10, y.2, grad.x1, y@2")
def outputs_are_those_of_the_first_call_in_order():
    names = ("y.10", "y.2", "grad.x1", "y@2")
    outcome = gave({name: MATRIX for name in names})
    return f"{listed(outcome.outputs())} of {listed(names)}"


@probe("1")
def a_remembered_evaluator_asks_once():
    asked: list[Case] = []

    def evaluate(case):
        asked.append(case)
        return Outcome()

    once, case = Remembered(evaluate), example()
    once(case), once(case)
    return len(asked)


# How arrays lie.


@probe("same reversed same reversed same same reversed")
def exceptions_to_a_layout_hold_for_gradients_and_cotangents():
    layout = parsed_layout({"": "same", "b": "reversed", "y.1": "reversed"}, ["a", "b"])
    texts = ("x1", "x2", "grad.x1", "grad.x2", "y.0", "dy1", "dy2")
    return " ".join(layout.lies(Name.parse(text)) for text in texts)


@probe("reversed same")
def the_longest_name_counts():
    layout = parsed_layout({"y": "reversed", "y.1": "same"})
    return " ".join(layout.lies(Name.parse(text)) for text in ("y.0", "y.1"))


@probe("x1 float64 [[1, 4], [2, 5], [3, 6]]; param.w float64 [[1, 2, 3], [4, 5, 6]]")
def arguments_cross_turned_and_parameters_as_they_lie():
    arrays = {Name.parse("x1"): MATRIX, Name.parse("param.w"): MATRIX}
    return named(Layout("same").cross(arrays))


@probe("x1 float64 [[1, 2, 3], [4, 5, 6]]; y (), True")
def reversed_arrays_are_the_same_memory():
    crossed = Layout("reversed").cross({Name.parse("x1"): MATRIX, Name.parse("y"): np.array(2.0)})
    y = crossed.pop(Name.parse("y"))
    return f"{named(crossed)}; y {y.shape}, {crossed[Name.parse('x1')].flags.c_contiguous}"


@probe("(4, 3, 2) True")
def a_turned_array_has_memory_of_its_own():
    turned = Layout().cross({Name.parse("x1"): np.arange(24.0).reshape(2, 3, 4)})
    array = turned[Name.parse("x1")]
    return f"{array.shape} {array.flags.c_contiguous}"


class Echo:
    """A Julia that gives every input back, and tells what it was asked."""

    versions: dict[str, str] = {}
    manner = "echo"

    def __init__(self):
        self.asked: list[Case] = []

    def evaluate_many(self, cases: list[Case]):
        """Inputs as outputs."""
        for case in cases:
            self.asked.append(case)
            inputs = case.all(Kind.INPUT)
            names = [Name(Kind.OUTPUT, str(i)) for i in range(len(inputs))]
            yield Outcome(dict(zip(names, inputs, strict=True)))


@probe("x -> x x1 (3, 2) y.0 float64 [[1, 2, 3], [4, 5, 6]]")
def a_session_turns_arrays_on_both_ways():
    julia = Echo()
    case = posed("f", {"calls": 2, "expression": "of the case"}, {"x1": MATRIX}, "function")
    (outcome,) = JuliaSession(julia).evaluate(  # type: ignore[arg-type]
        JuliaSide("x -> x"), Layout("same"), [case]
    )
    (asked,) = julia.asked
    return (
        f"{asked.config['expression']} x1 {asked.arrays[Name.parse('x1')].shape} {written(outcome)}"
    )


# The worker, with a Julia that is played.


class Pretended:
    """Julia's side of the border: it keeps what it is told and where the arrays lie."""

    def __init__(self, answer: str = "", memory: bytes = b"\0"):
        self.evaluate = None
        self._block = np.frombuffer(memory, np.uint8)
        self._answer = answer
        self.text = ""
        self.seen = b""

    def evaluate_block(self, evaluate: Any, text: str, address: int) -> str:
        """As the function of `border.jl` of that name."""
        self.text = text
        about = tomllib.loads(text)["arrays"]
        sizes = [
            np.dtype(worker.NUMPY[one["type"]]).itemsize * int(np.prod(one["size"]))
            for one in about
        ]
        self.seen = ctypes.string_at(address, sum(size + -size % 16 for size in sizes))
        return f"{self._block.ctypes.data}{self._answer}"


def border(julia: Pretended) -> worker.Border:
    """The worker's border, before such a Julia."""
    made = worker.Border.__new__(worker.Border)
    made._error, made._subject, made._evaluate = RuntimeError, julia, julia.evaluate_block
    made.seconds = 0.0
    return made


@probe("x1 Float64 [3, 2], x2 Int64 [2], x3 ComplexF32 [1], x4 Bool [0]; 1 2 3 4 5 6; 8 9")
def arrays_go_over_with_their_axes_reversed_in_blocks_of_sixteen_bytes():
    julia = Pretended()
    arrays = {
        "x1": MATRIX,
        "x2": np.array([8, 9]),
        "x3": np.array([1j], np.complex64),
        "x4": np.zeros(0, bool),
    }
    border(julia).evaluate("row", {"n": [1, 2]}, "auto", arrays)
    told = tomllib.loads(julia.text)
    about = listed(f"{one['name']} {one['type']} {one['size']}" for one in told["arrays"])
    first = np.frombuffer(julia.seen[:48])
    second = np.frombuffer(julia.seen[48:64], np.int64)
    return f"{about}; {' '.join(f'{x:g}' for x in first)}; {' '.join(map(str, second))}"


@probe("3 2 9 8, nothing: grad.x2")
def arrays_come_back_with_their_axes_reversed_and_nothing_by_name():
    memory = np.arange(3, dtype=np.float32).tobytes() + b"\0" * 4
    memory += np.array([9, 8], np.int16).tobytes() + b"\0" * 12
    answer = "\0y\0Float32\0" + "1,3\0grad.x2\0nothing\0\0state.n\0Int16\0" + "2"
    arrays, nothing, error, mistake = border(Pretended(answer, memory)).evaluate("r", {}, "m", {})
    assert (error, mistake) == (None, False)
    y, n = arrays["y"], arrays["state.n"]
    return f"{len(y)} {int(y[2, 0])} {n[0]} {n[1]}, nothing: {listed(nothing)}"


@probe("complex64 [1j] float16 [1.5] uint8 [7] bool [True], float64 ()")
def every_type_of_entry_comes_back():
    parts: tuple[Any, ...] = (
        np.array([1j], np.complex64),
        np.array([1.5], np.float16),
        np.array([7], np.uint8),
        np.array([True]),
        np.array(2.5),
    )
    memory = b"".join(worker._aligned(part) for part in parts)
    answer = "".join(
        f"\0y.{i}\0{worker.JULIA[part.dtype.name]}\0{','.join(map(str, part.shape))}"
        for i, part in enumerate(parts)
    )
    found: Any = border(Pretended(answer, memory)).evaluate("r", {}, "m", {})
    one, *rest, last = found[0].values()
    assert last == 2.5
    others = " ".join(f"{part.dtype} {part.tolist()}" for part in rest)
    return f"{one.dtype} [{one[0].imag:g}j] {others}, {last.dtype} {last.shape}"


@probe("error: mistake True")
def what_cannot_cross_loses_its_case_only():
    found = border(Pretended()).evaluate("r", {}, "m", {"x1": np.array(["text"])})
    return f"{'error' if found[0] is None else found[0]}: mistake {found[3]}"


@probe("the matrix is singular, in: its row 3, an error without a message")
def an_error_is_told_by_its_first_words():
    texts = ("the matrix is singular\nStacktrace:\n f", "in:\nits row 3\nmore", "")
    return listed(map(worker.first_words, texts))


# Recordings.


@probe("drawn float64 x1 float64 [[1, 2, 3], [4, 5, 6]]; y float32 [0.1], none grad.x1, no: error")
def a_recording_gives_back_what_was_written():
    case = posed("row", {"n": 1}, {"x1": MATRIX}, "function")
    answers = {
        "float64": Outcome(error="no"),
        "float32": gave({"y": np.array([0.1], np.float32)}, ["grad.x1"]),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.npz"
        recorded.write(path, [(case, answers)], {"versions": {"Flux": "0.16.9"}})
        row = replace(CATALOGUE["relu"], name="row")
        ((back, found),) = recorded.Recorded(path).pairs(row, ("float32", "float64"), None, 0)
    nothing = listed(found["float32"].none)
    (x,) = back.arrays.items()
    y = shown(found["float32"].arrays[Y])
    given = f"{back.origin} {back.dtype} {x[0]} {shown(x[1])}"
    return f"{given}; y {y}, none {nothing}, {found['float64'].error}: error"


@probe("True True False, exact refused known, 1 of 2 drawn, float64 0.1")
def marks_and_full_precision_survive_a_recording():
    marks = {"exact": True, "refused": True, "known": "a bug", "origin": "an example"}
    precise = np.array([0.1])
    cases = [
        posed("row", {}, {"x1": precise}, "function", **marks),
        posed("row", {}, {"x1": precise}, "function"),
        posed("row", {}, {"x1": precise}, "function"),
    ]
    answers = {"float64": gave({"y": precise})}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.npz"
        recorded.write(path, [(case, answers) for case in cases], {"versions": {"Flux": "1"}})
        row = replace(CATALOGUE["relu"], name="row")
        some = list(recorded.Recorded(path).pairs(row, ("float64",), 1, 0))
    back, found = some[0]
    flags = f"{back.exact} {back.refused} {found['float64'].lost}"
    words = [mark for mark in ("exact", "refused", "known") if getattr(back, mark)]
    return (
        f"{flags}, {' '.join(words)}, {len(some) - 1} of 2 drawn, "
        f"{back.arrays[Name.parse('x1')].dtype} {back.arrays[Name.parse('x1')][0]!r}".replace(
            "np.float64(0.1)", "0.1"
        )
    )
