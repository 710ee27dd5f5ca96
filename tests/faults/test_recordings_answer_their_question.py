"""Agreement with what was never asked: a recording used for another question than its own.

Expression, the content of the Julia file, inputs, shapes, number of calls, mode, gradient, layout,
training and precision are compared with those that were recorded; what differs is an error, 3.
"""

import numpy as np
import pytest
from faults.trials import crosscheck

OTHER_QUESTIONS = {
    "expression": (crosscheck(julia="x -> cos.(x)"), "recorded with expression"),
    "shape": (crosscheck("double.py:double", "x -> 2x", "--shape", "n"), "recorded with other in"),
    "calls": (crosscheck("double.py:double", "x -> 2x", "--calls", "3"), "recorded with calls"),
    "gradient": (
        crosscheck("double.py:double", "x -> 2x", "--gradient", "differences"),
        "recorded with gradient",
    ),
    "layout": (
        crosscheck("double.py:double", "x -> 2x", "--layout", "reversed"),
        "recorded with layout",
    ),
    "backward": (
        crosscheck("double.py:double", "x -> 2x", "--backward", "double.py:backward"),
        "recorded without gradients",
    ),
    "cases": (crosscheck("double.py:double", "x -> 2x", "--cases", "500"), "recorded with 12 case"),
    "seed": (crosscheck("double.py:double", "x -> 2x", "--seed", "9"), "recorded with seed 0"),
    "mode": (crosscheck("double.py:double", "x -> 2x", "--mode", "train"), "recorded with mode"),
}


@pytest.mark.parametrize("what", OTHER_QUESTIONS)
def test_another_question(doubled, what):
    """A recording is asked another question: expression, shape, calls, gradient, layout, ..."""
    doubled.file("double.py", "def double(x): return 2 * x\ndef backward(dy, x): return 2 * dy\n")
    doubled.run(*crosscheck(), code=0, says="agrees")
    arguments, words = OTHER_QUESTIONS[what]
    came = doubled.run(*arguments, code=3, says=words)
    assert "agrees" not in came.out


def test_another_content_of_the_julia_file(desk):
    """The Julia file, or one that it includes, was changed after the recording."""
    desk.file("double.py", "def double(x):\n    return 2 * x\n")
    desk.file("double.jl", 'include("part.jl")\ndouble(x) = two * x\n')
    part = desk.file("part.jl", "const two = 2\n")
    desk.recorded("double.py:double", "double.jl:double", "n,3")
    asked = crosscheck(julia="double.jl:double")
    desk.run(*asked, code=0, says="agrees")
    part.write_text("const two = 3\n")
    desk.run(*asked, code=3, says="another version of double.jl")


def test_other_inputs_of_ones_own(desk):
    """Arrays of one's own beside a recording of others, or of drawn ones."""
    desk.file("double.py", "def double(x):\n    return 2 * x\n")
    np.save(desk.folder / "a.npy", np.arange(3.0))
    np.save(desk.folder / "b.npy", np.arange(3.0) + 1)
    desk.recorded("double.py:double", "x -> 2x", inputs=np.arange(3.0))
    desk.run(*crosscheck("double.py:double", "x -> 2x", "--inputs", "a.npy"), code=0, says="agrees")
    desk.run(*crosscheck("double.py:double", "x -> 2x", "--inputs", "b.npy"), code=3, says="inputs")
    desk.run(*crosscheck(), code=3, says="inputs")


def test_a_precision_that_was_not_recorded(desk):
    """Float32 is asked of a recording in Float64: nothing would be compared."""
    from pyimpl.parity.reference import recorded

    desk.file("double.py", "def double(x):\n    return 2 * x\n")
    path = desk.recorded("double.py:double", "x -> 2x", "n,3")
    whole = recorded.Recorded(path)
    about = whole.provenance | {
        "pairs": {"double": whole.provenance["pairs"]["double"] | {"dtypes": ["float64"]}}
    }
    key = type("Row", (), {"key": "double"})
    entries = list(whole.pairs(key, ("float64",), None, 0))
    path.unlink()
    recorded.write(path, entries, about)
    desk.run(*crosscheck("double.py:double", "x -> 2x", "--dtype", "float64"), code=0)
    came = desk.run(*crosscheck(), code=3, says="recorded without float32")
    assert "agrees" not in came.out


def test_a_recording_that_does_not_say_what_was_asked(doubled):
    """A recording without its question answers none."""
    from pyimpl.parity.reference import recorded

    path = doubled.folder / "julia.npz"
    whole = recorded.Recorded(path)
    key = type("Row", (), {"key": "double"})
    entries = list(whole.pairs(key, ("float64", "float32"), None, 0))
    path.unlink()
    recorded.write(path, entries, {"versions": whole.versions})
    doubled.run(*crosscheck(), code=3, says="does not say what was asked")


@pytest.mark.parametrize("mode", ["nonsense", "Train", ""])
def test_a_mode_that_is_none(doubled, mode):
    """A mode that does not exist is wrong usage, with a recording or without."""
    doubled.run(*crosscheck("double.py:double", "x -> 2x", "--mode", mode), code=2, says="mode")


def test_a_pair_of_another_name(doubled):
    """A recording of another pair."""
    doubled.file("triple.py", "def triple(x):\n    return 3 * x\n")
    doubled.run(*crosscheck("triple.py:triple"), code=3, says="has no case of triple")


def test_the_stages_of_another_model_file(tmp_path):
    """What Julia said of the stages of a model, asked again after the model's file was changed."""
    from pyimpl.parity.case.case import Case, Outcome
    from pyimpl.parity.reference.recorded import NoRecording
    from pyimpl.parity.reference.session import JuliaSide, Layout
    from pyimpl.parity.reference.stage_recordings import Replayed, Taped

    class Julia:
        versions = {"Flux": "0.16.9"}

        def evaluate(self, side, layout, cases):
            return iter([Outcome({"y": case.arrays["x1"]}) for case in cases])

        def call(self, name, *arguments):
            return "model"

    file = tmp_path / "net.jl"
    file.write_text("net = identity\n")
    side, case = JuliaSide("net", file), Case("s", {}, {"x1": np.ones(2)}, "function")
    taped = Taped(Julia())
    list(taped.evaluate(side, Layout(), [case]))
    taped.call("describe", str(file), "net")
    taped.write(tmp_path / "stages.npz", {})
    replayed = Replayed(tmp_path / "stages.npz")
    assert replayed.call("describe", str(file), "net") == "model"
    assert len(list(replayed.evaluate(side, Layout(), [case]))) == 1
    with pytest.raises(NoRecording, match="no answer to what is asked"):
        list(replayed.evaluate(side, Layout("reversed"), [case]))
    file.write_text("net = x -> 2x\n")
    with pytest.raises(NoRecording, match=r"net\.jl has changed"):
        list(Replayed(tmp_path / "stages.npz").evaluate(side, Layout(), [case]))
    with pytest.raises(NoRecording, match=r"net\.jl has changed"):
        Replayed(tmp_path / "stages.npz").call("describe", str(file), "net")
