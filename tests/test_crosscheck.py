"""A user's own pair: drawn and shrunk, judged, told, bundled.

Where there is no Julia, a second Python function stands in for it.
"""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis.extra import numpy as arrays_of
from hypothesis.strategies import floats
from pretended import Pretended

import pyimpl
from pyimpl.parity import arrays, crosscheck
from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.case.inputs import Shape, as_inputs
from pyimpl.parity.case.names import Arrays
from pyimpl.parity.crosschecking import Disagreement
from pyimpl.parity.explain import explain
from pyimpl.parity.judge.findings import DTYPES
from pyimpl.parity.pair.checking import NothingCompared, check_pair
from pyimpl.parity.pair.loading import SubjectError, load_subject, parse_julia
from pyimpl.parity.pair.pair import make_pair
from pyimpl.parity.reference import recorded
from pyimpl.parity.reference.recorded import NoRecording, Recorded
from pyimpl.parity.reference.session import parsed_layout
from pyimpl.parity.report.bundle import (
    BundleError,
    load_bundle,
    read_array,
    write_array,
    write_bundle,
)
from pyimpl.parity.report.story import story
from pyimpl.parity.sides.frameworks import side_of

COMMAND = str(Path(sys.executable).with_name("julia-parity"))


def standard(x):
    return (x - x.mean(0)) / np.sqrt(x.var(0) + x.dtype.type(1e-3))


def corrected(x):
    return (x - x.mean(0)) / np.sqrt(x.var(0) * len(x) / max(len(x) - 1, 1) + x.dtype.type(1e-3))


def square(x):
    return x * x


def square_backward(dy, x):
    return 2 * x * dy


def checked(python, julia, inputs, backward=None, other_backward=None, **options):
    pair = make_pair(python, "julia", inputs, backward=backward, **options)
    return check_pair(pair, Pretended(julia, other_backward))


def test_equal_functions_agree():
    result = checked(standard, standard, arrays("batch,5"))
    assert result.agrees and result.report.cases == 50 and result.report.worst["float32"].ulps == 0


def test_a_difference_is_shrunk_to_a_small_case_with_short_numbers():
    result = checked(standard, corrected, arrays("batch,5"))
    assert not result.agrees
    x = result.smallest.case.arrays["x1"]
    assert x.shape == (2, 5) and np.count_nonzero(x) == 1
    assert sum(evidence.agrees for evidence in result.evidence) >= 1  # a single row
    text = story(result)
    worst = result.report.findings[0].verdict.worst
    assert (
        repr(worst.python) in text
        and repr(worst.julia) in text
        and f"[{', '.join(map(str, worst.index))}]" in text
    )


def test_named_sizes_are_shared_and_kinds_are_kept():
    seen = []

    def product(a, b, n):
        seen.append((a.shape, b.shape, type(n)))
        assert (b > 0).all()
        return a @ b

    result = checked(product, product, arrays("m,k", "k,n:positive", ":int"))
    assert result.agrees
    assert all(a[1] == b[0] and kind is np.int64 for a, b, kind in seen)
    assert len({a for a, _, _ in seen}) > 5


def test_a_wrong_backward_is_found_though_the_output_agrees():
    result = checked(square, square, arrays("n"), square_backward, lambda dy, x: x * dy)
    assert {
        d.what for f in result.report.findings for d in f.verdict.differences if not d.agrees
    } == {"grad.x1"}
    assert result.smallest.case.arrays["x1"].size == 1


def test_a_gradient_that_only_julia_has_is_held_against_differences():
    result = checked(
        np.sin,
        np.sin,
        arrays("n"),
        gradient="differences",
        other_backward=lambda dy, x: dy * np.cos(x),
    )
    assert result.agrees and result.report.worst["float64"].what
    assert {"grad.x1"} <= set(map(str, result.evidence[0].julia["float64"].arrays))
    result = checked(
        np.sin,
        np.sin,
        arrays("n"),
        gradient="differences",
        other_backward=lambda dy, x: dy * np.cos(x) * x.dtype.type(1.001),
    )
    assert {
        d.what for f in result.report.findings for d in f.verdict.differences if not d.agrees
    } == {"grad.x1"}
    with pytest.raises(ValueError, match="for functions only"):
        checked(pyimpl.Dense(2, 2), square, arrays("n,2"), gradient="differences")


def test_what_one_side_does_to_its_arguments_is_seen():
    def in_place(x):
        x += 1
        return x

    result = checked(in_place, lambda x: x + 1, arrays("n"))
    assert "after.x1" in str(result.report.findings[0])


def test_several_calls_in_a_row():
    class Counter:
        def __init__(self):
            self.count = 0

        def __call__(self, x):
            self.count += 1
            return x * self.count

    assert checked(Counter(), Counter(), arrays("n"), calls=3).agrees
    result = checked(Counter(), lambda x: x, arrays("n"), calls=2)
    assert all("y@2" in str(finding) for finding in result.report.findings)
    assert checked(Counter(), lambda x: x, arrays("n")).agrees


def test_an_exception_on_one_side_says_where():
    def fails(x):
        raise KeyError("no such key")

    result = checked(fails, square, arrays("n"))
    assert "python raised «KeyError: 'no such key'" in story(
        result
    ) and f"{Path(__file__).name}:" in story(result)


def test_where_both_sides_refuse_everything_nothing_was_compared():
    def fails(x):
        raise KeyError("no such key")

    with pytest.raises(
        NothingCompared, match=r"(?s)python: KeyError: 'no such key' \(.*julia: TypeError"
    ):
        checked(fails, lambda: None, arrays("n"))
    short = checked(lambda x: x + 1 / len(x[2:]), lambda x: x + 1 / len(x[2:]), arrays("n"))
    assert short.agrees and 0 < short.refused < short.report.cases


def test_an_exit_is_an_error_like_any_other():
    def leaves(x):
        raise SystemExit(0)

    assert "python raised «SystemExit: 0 (" in story(checked(leaves, square, arrays("n")))


def test_an_error_of_julias_is_not_explained_by_what_makes_python_fail():
    def fails(x):
        raise KeyError("no such key")

    result = checked(lambda x: 2 * x, fails, arrays("n"))
    assert "differ: one side raised an error" in story(result) and not explain(result)


def test_a_dtype_that_differs_does_not_hide_the_rest():
    result = checked(
        lambda x: np.where(x > 1, x + 1, x),
        lambda x: np.where(x > 1, x + 2, x).astype(np.float64),
        arrays("n"),
    )
    assert result.report.findings[0].kind == "meaning" and "off by 1, " in story(result)
    result = checked(square, lambda x: (x * x).astype(np.float64), arrays("n"))
    assert {finding.kind for finding in result.report.findings} == {"dtype"}


def test_a_change_in_place_is_told_in_words():
    def doubles(x):
        x *= 2
        return x + 1

    text = story(checked(doubles, lambda x: 2 * x + 1, arrays("n")))
    assert "argument x[0] after the call" in text
    assert "python changes its argument in place, the other side does not; all else agrees" in text


def test_what_numpy_makes_nan_of_and_julia_refuses():
    class DomainError(Exception):
        pass

    def root(x):
        if (x < 0).any():
            raise DomainError("-1.0")
        return np.sqrt(x)

    assert "NumPy makes NaN, where Julia raises DomainError" in story(
        checked(np.sqrt, root, arrays("n"))
    )


def test_a_class_is_no_instance():
    class Layer:
        def forward(self, x):
            return x

    with pytest.raises(TypeError, match=r"Layer is a class: give an instance, Layer\(...\)"):
        side_of(Layer)


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


def test_a_function_that_does_not_return_is_asked_once():
    def hangs(x):
        while True:
            pass

    result = checked(hangs, square, arrays("n"), seconds=0.5)
    assert result.report.verdict == "lost" and "gave no answer for 0.5 s" in story(result)


def test_chance_is_named_and_not_explained():
    rng = np.random.default_rng(0)
    result = checked(lambda x: x * rng.random(), square, arrays("n"))
    assert result.random == ["python"] and not explain(result)
    assert "chance: python gave other numbers for the same inputs" in story(result)


def test_dropout_is_told_how_to_be_switched_off():
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.5))
    inputs = arrays("batch,3", sizes=(2, 4))
    assert 'mode="test" switches off what is random' in story(
        checked(model, model, inputs, mode="train")
    )
    assert checked(model, model, inputs, mode="test").agrees


def test_dtypes_and_shapes_are_part_of_the_agreement():
    result = checked(square, lambda x: np.asarray(x * x, np.float64), arrays("n"))
    assert "python has dtype float32, julia float64" in story(result)
    result = checked(lambda x: x.sum(0), lambda x: x.sum(0, keepdims=True), arrays("n,2"))
    assert "python has shape (2,), julia (1, 2)" in story(result)


def test_a_loss_of_precision_is_rounding_not_meaning():
    def through_half(x):
        return x.astype(np.float16).astype(x.dtype) if x.dtype == np.float32 else x

    result = checked(lambda x: through_half(x / 3), lambda x: x / x.dtype.type(3), arrays("n"))
    assert {finding.kind for finding in result.report.findings} == {"rounding"}
    assert "the error of python is the larger" in story(result)


def test_cancellation_inside_a_function_is_no_difference():
    """Of two rows the standardised ones are plus and minus one: the gradient is what is left of
    numbers a thousand times as large.
    """
    x, dy = np.zeros((2, 3)), np.zeros((2, 3))
    x[0, 1], dy[0, 1] = 0.84375, 0.21875

    def one_way(dy, x):
        centred, root = x - x.mean(0), np.sqrt(x.var(0) + x.dtype.type(1e-3))
        return (dy - dy.mean(0) - centred * (dy * centred).mean(0) / root**2) / root

    def another_way(dy, x):
        y = standard(x)
        return (dy - dy.mean(0) - y * (dy * y).mean(0)) / np.sqrt(x.var(0) + x.dtype.type(1e-3))

    assert checked(lambda x: standard(x), standard, [(x,)], one_way, another_way).agrees
    result = checked(standard, standard, arrays("batch,3"), one_way, another_way)
    assert result.agrees, story(result)


def test_nan_is_equal_to_nan_alone():
    x = np.array([1.0, np.nan, 3.0])
    assert checked(np.cumsum, np.cumsum, x).agrees
    result = checked(np.nansum, np.sum, x)
    assert not result.agrees and "nan" in story(result)


def test_own_arrays_and_own_strategies():
    assert checked(square, square, [(np.ones(3),), (np.zeros((2, 2)),)]).report.cases == 2
    assert checked(np.add, np.add, [np.ones(3), np.ones(3)]).report.cases == 1
    own = arrays_of.arrays(np.float64, (3,), elements=floats(0, 1, width=32))
    assert not checked(square, lambda x: x, own).agrees


def test_outputs_of_every_structure():
    def several(x):
        return {"sum": x.sum(), "parts": (x, [1, 2]), "spectrum": np.fft.fft(x), "none": None}

    result = checked(several, several, arrays("n"))
    assert result.agrees
    assert {str(name) for e in result.evidence for name in e.julia["float64"].arrays} == {
        *("y.sum", "y.parts.0", "y.parts.1", "y.spectrum.real", "y.spectrum.imag", "after.x1")
    }
    assert "expected arrays of numbers" in story(checked(lambda x: "text", square, arrays("n")))


def test_an_integer_beyond_all_machine_integers_is_an_error():
    assert "which no machine integer can hold" in story(
        checked(lambda n: int(n) + 2**70, square, arrays(":int"))
    )


@pytest.mark.parametrize("mode", ["auto", "train", "test"])
def test_a_layer_with_its_parameters_gradients_and_statistics(mode):
    rng = np.random.default_rng(0)
    model = pyimpl.Chain(pyimpl.Dense(3, 4, pyimpl.tanh, rng=rng), pyimpl.BatchNorm(4))
    result = checked(model, model, arrays("batch,3", sizes=(2, 4)), mode=mode)
    assert result.agrees and {"grad.layers.0.weight", "state.layers.1.var", "plain"} <= set(
        map(str, result.evidence[0].julia["float64"].arrays)
    )
    wrong = pyimpl.Chain(model.layers[0], pyimpl.BatchNorm(4, momentum=0.2))
    result = checked(model, wrong, arrays("batch,3", sizes=(2, 4)), mode=mode)
    assert result.agrees == (mode == "test")
    assert mode == "test" or "state.layers.1.var" in story(result)


def test_a_torch_module():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh())
    result = checked(model, model, arrays("batch,3"))
    assert result.agrees and {"grad.0.weight", "state.0.bias", "y", "grad.x1"} <= set(
        map(str, result.evidence[0].julia["float64"].arrays)
    )
    assert result.report.worst.keys() == set(DTYPES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batch,x y", "sizes and names of sizes"),
        ("2:odd", "entries are real"),
        ("-1", "sizes and names"),
        ("3:index:0", "index:N"),
    ],
)
def test_shapes_that_cannot_be_read(text, message):
    with pytest.raises(ValueError, match=message):
        Shape.parsed(text)


def test_what_is_no_input_or_too_much_of_it():
    with pytest.raises(TypeError, match="inputs must be arrays"):
        as_inputs("batch,5")
    with pytest.raises(ValueError, match="GB"):
        arrays("20000,20000")
    with pytest.raises(ValueError, match=r"2.1 GB.*give smaller arrays"):
        as_inputs(np.broadcast_to(np.float64(0), (2**28,)))
    with pytest.raises(ValueError, match="expected floating-point numbers"):
        as_inputs([np.array(["a"])])
    with pytest.raises(TypeError, match="must be a function, a layer or a module"):
        side_of(3)


def test_layouts():
    layout = parsed_layout({"weights": "reversed", "y": "same"}, ["x", "weights"])
    x = np.arange(6.0).reshape(2, 3)
    names = ("x1", "x2", "grad.x2", "y", "y@2", "dy1", "param.w")
    crossed = layout.cross(Arrays(dict.fromkeys(names, x) | {"x3": np.array(1.0)}))
    shapes = {str(name): array.shape for name, array in crossed.items()}
    assert shapes == {"x3": ()} | {
        "x1": (3, 2),
        "x2": (2, 3),
        "grad.x2": (2, 3),
        "y": (3, 2),
        "y@2": (3, 2),
        "dy1": (3, 2),
        "param.w": (2, 3),
    }
    with pytest.raises(ValueError, match="got \"other\"|got 'other'"):
        parsed_layout({"x1": "other"})


@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "uint64", "bool"])
def test_arrays_come_back_from_their_text(dtype, tmp_path):
    array = (
        np.array([[0.1, np.nan, -np.inf], [1e-300, -0.0, 3]]).astype(dtype)
        if "float" in dtype
        else np.array([[0, 1]]).astype(dtype)
    )
    for case in (array, array[:0], array[0, 0]):
        write_array(tmp_path / "x.txt", np.asarray(case))
        np.testing.assert_array_equal(read_array(tmp_path / "x.txt"), case, strict=True)


def test_a_bundle_replays_and_its_program_needs_numpy_alone(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n\ndef mine(x):\n    return x * np.float32(2)\n"
    )
    mine = load_subject(f"{tmp_path / 'mine.py'}:mine")
    result = checked(
        mine, lambda x: x * x.dtype.type(3), arrays("n,3"), origin=f"{tmp_path / 'mine.py'}:mine"
    )
    path = write_bundle(tmp_path / "bundles", result)
    assert result.bundle == path and (path / "story.txt").read_text().startswith(
        "mine and julia differ in meaning"
    )
    done = subprocess.run(
        [sys.executable, "-I", str(path / "repro.py")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and "julia, y:" in done.stdout, done.stderr
    replayed = subprocess.run(
        [COMMAND, "explain", str(path)], capture_output=True, text=True, timeout=120
    )
    assert replayed.returncode == 1 and "differ in meaning" in replayed.stdout, replayed.stderr
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n\ndef mine(x):\n    return x * x.dtype.type(3)\n"
    )
    replayed = subprocess.run(
        [COMMAND, "explain", str(path)], capture_output=True, text=True, timeout=120
    )
    assert replayed.returncode == 0 and "agrees" in replayed.stdout, (
        replayed.stdout + replayed.stderr
    )
    (tmp_path / "mine.py").unlink()
    replayed = subprocess.run(
        [COMMAND, "explain", str(path)], capture_output=True, text=True, timeout=120
    )
    # of the copy in the bundle, which is as the file was then
    assert replayed.returncode == 1 and "runs the copy" in replayed.stderr, replayed.stderr
    (path / "source" / "mine.py").unlink()
    replayed = subprocess.run(
        [COMMAND, "explain", str(path)], capture_output=True, text=True, timeout=120
    )
    assert replayed.returncode == 3 and "there is no Python file" in replayed.stderr


def test_what_is_no_bundle(tmp_path):
    with pytest.raises(BundleError, match="is no bundle"):
        load_bundle(tmp_path)


def test_subjects_that_cannot_be_had(tmp_path):
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    (tmp_path / "fine.py").write_text("def one(): return 1\n")
    for text, message in [
        ("one", "expected my.py:name"),
        (f"{tmp_path}/none.py:f", "there is no Python file"),
        (f"{tmp_path}/broken.py:f", "ModuleNotFoundError"),
        (f"{tmp_path}/fine.py:two", "has no two; there are one"),
    ]:
        with pytest.raises(SubjectError, match=message):
            load_subject(text)
    assert load_subject(f"{tmp_path}/fine.py:one()") == 1
    assert parse_julia("x -> x .^ 2") == (None, "x -> x .^ 2")
    with pytest.raises(SubjectError, match="there is no Julia file"):
        parse_julia("nothing.jl:f")


def test_a_new_pair_is_complete_and_nothing_is_written_over(tmp_path):
    command = [COMMAND, "new", "mine", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and {path.name for path in tmp_path.iterdir()} == {
        "mine.py",
        "mine.jl",
        "test_mine.py",
    }
    again = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert again.returncode == 2 and "exists already" in again.stderr
    for name in ("not-a-name", "class", "numpy"):
        assert (
            subprocess.run(
                [COMMAND, "new", name, "--out", str(tmp_path)], capture_output=True, timeout=60
            ).returncode
            == 2
        )
    mine = load_subject(f"{tmp_path / 'mine.py'}:mine")
    backward = load_subject(f"{tmp_path / 'mine.py'}:mine_backward")
    x, dy, step = np.random.default_rng(0).standard_normal((3, 4, 5))
    slope = (np.sum(dy * mine(x + 1e-6 * step)) - np.sum(dy * mine(x - 1e-6 * step))) / 2e-6
    np.testing.assert_allclose(np.sum(backward(dy, x) * step), slope, rtol=1e-6)


def without_julia(arguments, directory):
    environment = {
        "PATH": str(directory),
        "HOME": str(directory),
        "PYTHON_JULIAPKG_OFFLINE": "yes",
        "PYTHON_JULIAPKG_PROJECT": str(directory),
        "PYTHONPATH": str(Path(__file__).parents[1]),  # this code, whatever is installed
    }
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["mine.py:mine", "mine.jl:mine", "--shape", "n"], 3, "no live Julia is ready"),
        (["mine.py:mine", "mine.jl:mine"], 2, "give a --shape for every argument"),
        (["mine.py:mine", "mine.jl:mine", "--shape", "n m"], 2, "sizes and names of sizes"),
        (["mine.py:yours", "mine.jl:mine", "--shape", "n"], 2, "has no yours"),
        (["mine.py:mine", "yours.jl:mine", "--shape", "n"], 2, "there is no Julia file"),
        (
            ["mine.py:mine", "mine.jl:mine", "--shape", "n", "--dtype", "float16"],
            2,
            "--dtype takes",
        ),
        (["mine.py:mine", "mine.jl:mine", "--shape", "n", "--layout", "other"], 2, "a layout is"),
        (["mine.py:mine", "mine.jl:mine", "--inputs", "none.npy"], 3, "none.npy cannot be read"),
        (
            ["mine.py:mine", "mine.jl:mine", "--shape", "n", "--reference", "recorded"],
            3,
            "no recording was named",
        ),
        (
            ["mine.py:mine", "mine.jl:mine", "--shape", "n", "--recording", "none.npz"],
            3,
            "is no recording",
        ),
        (
            [
                "mine.py:mine",
                "mine.jl:mine",
                "--shape",
                "n",
                "--recording",
                "none.npz",
                "--reference",
                "live",
            ],
            2,
            "stands in for Julia",
        ),
        (
            ["mine.py:mine", "mine.jl:mine", "--shape", "n", "--record", "mine.py"],
            2,
            "exists already",
        ),
        (
            [
                "mine.py:mine",
                "mine.jl:mine",
                "--shape",
                "n",
                "--reference",
                "recorded",
                "--recording",
                "none.npz",
            ],
            3,
            "is no recording",
        ),
    ],
)
def test_what_the_command_refuses(arguments, code, message, tmp_path):
    assert without_julia(["new", "mine"], tmp_path).returncode == 0
    done = without_julia(["crosscheck", *arguments], tmp_path)
    assert done.returncode == code and message in done.stderr and "Traceback" not in done.stderr, (
        done.stderr
    )


# With a live Julia.


@pytest.fixture
def julia(pytestconfig):
    if pytestconfig.live_way is None:
        pytest.skip("no live Julia here")


def test_live_expressions_functions_in_modules_and_gradients(julia, tmp_path):
    (tmp_path / "mine.jl").write_text("module Mine\nsoft(x) = x ./ (1 .+ abs.(x))\nend\n")
    for expression in ("Mine.soft", "x -> x ./ (1 .+ abs.(x))"):
        result = crosscheck(
            lambda x: x / (1 + abs(x)),
            expression,
            arrays("n,3"),
            file=tmp_path / "mine.jl",
            backward=lambda dy, x: dy / (1 + abs(x)) ** 2,
            reference="live",
            cases=20,
        )
        assert result.agrees and result.report.per_dtype == {"float64": 20, "float32": 20}


def test_live_layouts(julia):
    rows = lambda x: x.sum(0)  # noqa: E731
    assert crosscheck(
        rows, "x -> vec(sum(x; dims=1))", arrays("n,m"), reference="live", cases=10
    ).agrees
    with pytest.raises(Disagreement, match="shape|differ"):
        crosscheck(
            rows,
            "x -> vec(sum(x; dims=1))",
            arrays("2,3"),
            reference="live",
            cases=5,
            layout="reversed",
        )
    assert crosscheck(
        rows,
        "x -> vec(sum(x; dims=2))",
        arrays("2,3"),
        reference="live",
        cases=5,
        layout="reversed",
    ).agrees


def test_live_model(julia):
    model = pyimpl.Chain(pyimpl.Dense(3, 2, pyimpl.relu), pyimpl.BatchNorm(2))
    flux = "Chain(Dense(3 => 2, relu), BatchNorm(2))"
    assert crosscheck(
        model, flux, arrays("batch,3", sizes=(2, 4)), mode="train", reference="live", cases=10
    ).agrees
    with pytest.raises(Disagreement, match=r"state.layers.1.(mean|var)"):
        crosscheck(
            model,
            "Chain(Dense(3 => 2, relu), BatchNorm(2; momentum=0.2f0))",
            arrays("batch,3", sizes=(2, 4)),
            mode="train",
            reference="live",
            cases=10,
        )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("f(x) = (x +", "ParseError"),
        ('error("while reading")', "while reading"),
        ("g(x) = x", "`f` cannot be evaluated"),
        ("f(x) = nosuch(x)", "nosuch"),
    ],
)
def test_live_julia_that_cannot_be_read_or_run(julia, source, message, tmp_path):
    (tmp_path / "mine.jl").write_text(source)
    with pytest.raises((ValueError, Disagreement), match=message):
        crosscheck(square, "f", arrays("n"), file=tmp_path / "mine.jl", reference="live", cases=5)
    assert crosscheck(square, "x -> x .* x", arrays("n"), reference="live", cases=5).agrees


def test_live_hang_and_memory(julia, tmp_path):
    (tmp_path / "mine.jl").write_text(
        "hang(x) = (while true; sleep(0.1); end; x)\nlarge(x) = zeros(30_000, 10_000)\n"
    )
    with pytest.raises(Disagreement, match="Julia gave no answer for 15 s"):
        crosscheck(
            square,
            "hang",
            arrays("n"),
            file=tmp_path / "mine.jl",
            reference="live",
            cases=5,
            seconds=15,
        )
    with pytest.raises(Disagreement, match="2400000000 bytes: more than"):
        crosscheck(
            square,
            "large",
            np.ones(2),
            file=tmp_path / "mine.jl",
            reference="live",
            dtypes=["float64"],
        )
    assert crosscheck(square, "x -> x .* x", arrays("n"), reference="live", cases=5).agrees


def test_live_command_records_and_replays_without_julia(julia, tmp_path):
    assert without_julia(["new", "mine"], tmp_path).returncode == 0
    pair = [
        "crosscheck",
        "mine.py:mine",
        "mine.jl:mine",
        "--backward",
        "mine.py:mine_backward",
        "--cases",
        "10",
    ]
    live = [COMMAND, *pair, "--shape", "batch,5", "--record", "mine.npz"]
    done = subprocess.run(live, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "recorded: 10 cases" in done.stdout, done.stdout + done.stderr
    replay = [
        *pair,
        "--shape",
        "batch,5",
        "--reference",
        "recorded",
        "--recording",
        "mine.npz",
        "--json",
        "mine.json",
    ]
    done = without_julia(replay, tmp_path)
    assert done.returncode == 0 and "reference: recorded" in done.stdout, done.stdout + done.stderr
    assert json.loads((tmp_path / "mine.json").read_text())["agrees"]
    source = (tmp_path / "mine.py").read_text()
    (tmp_path / "mine.py").write_text(source.replace("x.var(axis=0)", "x.var(axis=0, ddof=1)", 1))
    done = without_julia(replay, tmp_path)
    assert done.returncode == 1 and "differ in meaning" in done.stdout, done.stdout + done.stderr
    (bundle,) = (tmp_path / "parity-bundles").iterdir()
    done = subprocess.run(
        ["julia", "--startup-file=no", str(bundle / "repro.jl")],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0 and "python:" in done.stdout, done.stderr


class Scaled:
    """A layer of one's own whose parameter is called as an input is."""

    def __init__(self, factor=1.0):
        self.x1, self._factor = np.array([2.0, 3.0]), factor

    def forward(self, x):
        self._x = x
        return x * self.x1

    def backward(self, dy):
        self.dx1 = (dy * self._x).sum(axis=0)
        return self._factor * dy * self.x1


def test_a_parameter_called_x1_does_not_hide_a_wrong_gradient_of_the_input():
    assert checked(Scaled(), Scaled(), arrays("batch,2")).agrees
    result = checked(Scaled(7.0), Scaled(), arrays("batch,2"))
    assert {
        d.what for f in result.report.findings for d in f.verdict.differences if not d.agrees
    } == {"grad.x1"}


class TwelveOutputs:
    def __call__(self, x):
        return tuple(i * x for i in range(12))


def test_the_eleventh_output_stands_behind_the_third():
    result = checked(TwelveOutputs(), TwelveOutputs(), arrays("n"))
    assert list(map(str, result.evidence[0].julia["float64"].outputs())) == [
        f"y.{i}" for i in range(12)
    ]
