"""Models with one wrong layer: the layer at fault is named, and nothing where all are right.
Julia's side is recorded.

`python tests/test_locate.py` makes the recording anew, with a live Julia.
"""

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from located import models  # noqa: E402

from pyimpl.parity import arrays  # noqa: E402
from pyimpl.parity.case.case import Case, Outcome  # noqa: E402
from pyimpl.parity.command.locate import as_data, sentence  # noqa: E402
from pyimpl.parity.locate.stages import stages_of  # noqa: E402
from pyimpl.parity.locate.walk import locate  # noqa: E402
from pyimpl.parity.pair.matching import AS_IT_IS, TRANSPOSED, Match, NoMatch, mappings, match, prove  # noqa: E402
from pyimpl.parity.reference.stage_recordings import Replayed, Taped  # noqa: E402
from pyimpl.parity.report.page import write_html  # noqa: E402

JULIA = Path(__file__).parent / "located" / "models.jl"
RECORDING = JULIA.with_name("recording.npz")
SHAPES = {
    "dense": "batch,3",
    "norms": "batch,3",
    "memory": "batch,time,3",
    "gated": "batch,time,3",
    "images": "batch,2,4,5",
    "attentive": "batch,time,4",
    "smooth": "batch,3",
    "ported": "batch,3",
    "remembering": "batch,time,3",
    "weighing": "batch,time,4",
}
IN_TORCH = ("smooth", "ported", "remembering")
RIGHT = list(SHAPES)


@dataclass(frozen=True)
class Mistake:
    """A model with one layer wrong: where that is, and what `inside` must say, if anything."""

    model: str
    wrong: dict
    stage: str
    direction: str = "forward"
    inside: str = ""

    def __str__(self):
        return f"{self.model}: {', '.join(f'{layer} {what}' for layer, what in self.wrong.items())}"


MISTAKES = [
    Mistake("dense", {"second": "transposed"}, "1"),
    Mistake("dense", {"first": "bias twice"}, "0"),
    Mistake("dense", {"first": "activation"}, "0"),
    Mistake("dense", {"second": "slope"}, "1"),
    Mistake("dense", {"first": "slope forgotten"}, "0", "backward", "backward pass"),
    Mistake("dense", {"second": "dW transposed"}, "1", "backward", "gradient of W"),
    Mistake("dense", {"third": "db mean"}, "2", "backward", "gradient of b"),
    Mistake("dense", {"second": "dx"}, "1", "backward", "gradient of x1"),
    Mistake("norms", {"batch": "corrected"}, "1", "forward", "batch variance: corrected"),
    Mistake("norms", {"batch": "eps outside"}, "1", "forward", "root: epsilon 1e-05 outside"),
    Mistake("norms", {"batch": "eps"}, "1", "forward", "root: epsilon 0.001 inside"),
    Mistake("norms", {"batch": "gamma"}, "1", "forward"),
    Mistake(
        "norms",
        {"batch": "momentum"},
        "1",
        "forward",
        "running statistics: running_mean, running_var",
    ),
    Mistake(
        "norms", {"batch": "running biased"}, "1", "forward", "running statistics: running_var"
    ),
    Mistake("norms", {"batch": "running"}, "1", "forward"),
    Mistake("norms", {"batch": "dgamma"}, "1", "backward", "gradient of gamma"),
    Mistake("norms", {"batch": "dx without mean"}, "1", "backward", "gradient of x1"),
    Mistake("norms", {"batch": "dx without variance"}, "1", "backward", "gradient of x1"),
    Mistake("norms", {"layer": "corrected"}, "3", "forward", "variance: corrected"),
    Mistake("norms", {"layer": "eps"}, "3", "forward", "root: epsilon 1e-05 inside"),
    Mistake("norms", {"layer": "axis"}, "3"),
    Mistake("norms", {"layer": "no scale"}, "3", "forward", "scaled: not done"),
    Mistake("norms", {"layer": "scale forgotten"}, "3", "backward", "gradient of x1"),
    Mistake(
        "memory",
        {"wrong": "output before cell"},
        "1",
        "forward",
        "in the order input, forget, output, cell",
    ),
    Mistake(
        "memory",
        {"wrong": "forget before input"},
        "1",
        "forward",
        "in the order forget, input, cell, output",
    ),
    Mistake("memory", {"wrong": "no tanh"}, "1", "forward", "hidden state: without tanh"),
    Mistake("memory", {"wrong": "forget bias"}, "1", "forward", "forget gate: its bias raised"),
    Mistake("gated", {"wrong": "update"}, "1", "forward", "update gate the other way round"),
    Mistake("gated", {"wrong": "reset before"}, "1", "forward", "reset before the product"),
    Mistake("gated", {"wrong": "bias inside"}, "1", "forward", "bias inside the reset product"),
    Mistake("images", {"conv": "correlation"}, "0"),
    Mistake("images", {"conv": "padding"}, "0"),
    Mistake("images", {"conv": "no relu"}, "0"),
    Mistake("images", {"pool": "mean"}, "1"),
    Mistake("images", {"flatten": "order"}, "2"),
    Mistake("attentive", {"wrong": "no scale"}, "attend", "forward", "scores: not divided"),
    Mistake(
        "attentive",
        {"wrong": "softmax over queries"},
        "attend",
        "forward",
        "weights: normalised over the queries",
    ),
    Mistake("smooth", {"approximate": "none"}, "1"),
    Mistake("smooth", {"eps": 1e-2}, "2", "forward", "root: epsilon 0.01 inside"),
    Mistake(
        "ported", {"square": "transposed"}, "2", "forward", "product: with the transposed weight"
    ),
    Mistake("ported", {"eps": 1e-3}, "1", "forward", "root: epsilon 0.001 inside"),
]


@pytest.fixture(autouse=True)
def unexplained(monkeypatch):
    """Explanations have tests of their own and take seconds each."""
    monkeypatch.setattr("pyimpl.parity.explain.explain", lambda result: [])


@pytest.fixture(scope="module")
def recording():
    return Replayed(RECORDING)


def inputs(shape):
    """Three inputs, always the same: Hypothesis draws constants of the project's sources as
    well.
    """
    rng = np.random.default_rng(0)
    named = [{"batch": rng.integers(2, 5), "time": rng.integers(2, 5)} for _ in range(3)]
    shapes = [
        tuple(int(sizes.get(part, 0) or part) for part in shape.split(",")) for sizes in named
    ]
    return [(rng.integers(-128, 129, its) / 32,) for its in shapes]


def located(name, reference, **wrong):
    return locate(
        getattr(models, name)(**wrong), name, inputs(SHAPES[name]), file=JULIA, reference=reference
    )


@pytest.mark.parametrize("name", RIGHT)
def test_where_all_is_right_nothing_is_found_and_every_match_is_proved(name, recording):
    if name in IN_TORCH:
        pytest.importorskip("torch")
    found = located(name, recording)
    assert found.agrees and not found.explanations, sentence(found)
    for stage in found.stages:
        assert max(stage.ulps.values()) < 32
        for matched in stage.matches:
            expected = None if matched.python in ("running_mean", "running_var") else True
            assert matched.proved is expected, str(matched)
    assert "agree" in sentence(found)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_the_stage_at_fault_is_named(mistake, recording):
    if mistake.model in IN_TORCH:
        pytest.importorskip("torch")
    found = located(mistake.model, recording, **mistake.wrong)
    assert found.guilty is not None, "nothing was found"
    assert (found.stages[found.guilty].name, found.direction) == (
        mistake.stage,
        mistake.direction,
    ), sentence(found)
    assert mistake.inside in found.inside, found.inside
    guiltless = [stage for i, stage in enumerate(found.stages) if i != found.guilty]
    assert all(stage.agrees for stage in guiltless), [stage.differing for stage in guiltless]
    assert json.loads(json.dumps(as_data(found)))["guilty"] == mistake.stage


def test_errors_are_inherited_after_the_stage_and_added_by_it_alone(recording):
    stages = located("norms", recording, batch="corrected").stages
    assert [stage.added["float64"] > 1e-3 for stage in stages] == [False, True, False, False, False]
    assert [stage.inherited["float64"] > 1e-3 for stage in stages] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert [stage.backward_added["float64"] > 1e-3 for stage in stages] == [
        False,
        True,
        False,
        False,
        False,
    ]
    assert stages[0].backward_inherited["float64"] > 1e-3


def test_a_transposed_square_matrix_is_found_by_moving_it(recording):
    stage = located("dense", recording, second="transposed").stages[1]
    weight = next(matched for matched in stage.matches if matched.python == "W")
    assert weight.proved is False and weight.instead == "transposed"
    gates = located("memory", recording, wrong="output before cell").stages[1]
    assert {matched.instead for matched in gates.matches} == {
        "with its 4 blocks in the order 1, 2, 4, 3"
    }
    flipped = located("images", recording, conv="correlation").stages[0]
    assert flipped.matches[0].instead == "with its kernel flipped"


def refused(reference):
    return locate(models.dense(), "dense", inputs("2,5")[:1], file=JULIA, reference=reference)


def test_inputs_that_both_sides_refuse_are_not_agreement(recording):
    with pytest.raises(
        ValueError, match="both sides refuse the input of stage 0, Dense: «ValueError: matmul"
    ):
        refused(recording)


def test_what_was_not_compared_is_said(recording):
    pytest.importorskip("torch")
    notes = [stage.notes for stage in located("remembering", recording).stages]
    assert notes == [["bias_hh_l0: Julia has no such array, it is set to zero"], []]
    no_way_back = located("weighing", recording)
    assert [stage.notes for stage in no_way_back.stages] == [
        [],
        [],
        ["no backward pass in Python: its gradients are not compared"],
        [],
    ]
    assert all(stage.backward_added for i, stage in enumerate(no_way_back.stages) if i != 2)
    assert "no backward pass" in sentence(no_way_back)


def test_a_square_weight_of_pytorchs_own_layers_is_transposed(recording):
    pytest.importorskip("torch")
    weight = located("ported", recording).stages[2].matches[0]
    assert weight.mapping is TRANSPOSED and weight.proved
    weight = located("ported", recording, square="transposed").stages[2].matches[0]
    assert weight.mapping is AS_IT_IS and weight.instead == "transposed"


def test_a_page_of_it(recording, tmp_path):
    write_html(tmp_path / "page.html", [], [located("norms", recording, batch="corrected")])
    assert "batch variance" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_parameters_of_a_state(recording):
    states = {"layers": [{"weight": stage.W, "bias": stage.b} for stage in models.dense()]}
    zeroed = models.dense()
    for stage in zeroed:
        stage.W[...], stage.b[...] = 0, 0
    found = locate(
        zeroed, "dense", inputs(SHAPES["dense"]), file=JULIA, reference=recording, state=states
    )
    assert found.agrees
    with pytest.raises(ValueError, match="the state has no bias for stage 0"):
        locate(
            zeroed,
            "dense",
            arrays("2,3"),
            file=JULIA,
            reference=recording,
            state={"layers": [{"weight": zeroed[0].W}] * 3},
        )


def test_models_that_do_not_fit(recording):
    with pytest.raises(
        ValueError,
        match=r"have 2 and 3 stages\n  python: 0 Affine, 1 Affine\n  julia: 0 Dense, 1 Dense, 2 "
        r"Dense",
    ):
        locate(models.dense()[:2], "dense", arrays("batch,3"), file=JULIA, reference=recording)
    with pytest.raises(ValueError, match=r"stage 1, Dense: W of shape \(3, 2\) fits no array"):
        locate(
            [models.dense()[0], models.memory()[2], models.dense()[2]],
            "dense",
            arrays("batch,3"),
            file=JULIA,
            reference=recording,
        )
    with pytest.raises(ValueError, match="expected a Chain, a Sequential, or a list or dict"):
        stages_of(np.sin)
    with pytest.raises(FileNotFoundError):
        locate(models.dense(), "dense", arrays("batch,3"), file="nothing.jl", reference=recording)


def test_matching_by_name_by_shape_and_not_at_all():
    assert match({"W": (2, 3), "b": (3,)}, {"bias": (3,), "weight": (3, 2)}) == [
        Match("W", "weight", TRANSPOSED),
        Match("b", "bias", AS_IT_IS),
    ]
    assert [
        m.julia for m in match({"gamma": (3,), "beta": (3,)}, {"shift": (3,), "scale": (3,)})
    ] == ["scale", "shift"]
    assert [m.julia for m in match({"odd": (5,)}, {"anything": (5,)})] == ["anything"]
    for python, julia, message in [
        ({"odd": (3,)}, {"one": (3,), "two": (3,)}, "odd could be one or two"),
        ({"W": (3,)}, {}, "fits no array"),
        ({}, {"bias": (3,)}, "has bias besides"),
    ]:
        with pytest.raises(NoMatch, match=message):
            match(python, julia)


def test_two_arrays_exchanged_are_found():
    rng = np.random.default_rng(0)
    case = Case(
        "p",
        {},
        {"x1": rng.standard_normal((4, 3)), "param.a": np.ones(3), "param.b": np.ones(3)},
        "train",
    )

    def side(first, second):
        def evaluate(case):
            y = case.arrays["x1"] * case.arrays[f"param.{first}"] + case.arrays[f"param.{second}"]
            return Outcome({"y": y})

        return evaluate

    found = prove(
        [Match("a", "a"), Match("b", "b")],
        case,
        side("a", "b"),
        lambda cases: map(side("b", "a"), cases),
    )
    assert [m.instead for m in found] == ["b in its place", "a in its place"]
    found = prove(
        [Match("a", "a"), Match("b", "b")],
        case,
        side("a", "b"),
        lambda cases: map(side("a", "b"), cases),
    )
    assert all(m.proved for m in found)


@pytest.mark.parametrize("shape", [(3, 3), (6, 4), (2, 2, 3, 3), (8,)])
def test_every_mapping_has_its_way_back(shape):
    array = np.arange(np.prod(shape)).reshape(shape)
    found = list(mappings(shape))
    assert found[0] is AS_IT_IS and len(found) > 1
    for mapping in found:
        np.testing.assert_array_equal(mapping.undone(mapping.forth(array)), array)
        assert mapping is AS_IT_IS or not np.array_equal(mapping.forth(array), array)


def test_the_command_with_a_live_julia(pytestconfig, tmp_path):
    if pytestconfig.live_way is None:
        pytest.skip("no live Julia here")
    (tmp_path / "mine.py").write_text(
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom located.models "
        "import dense\n"
    )
    command = [
        str(Path(sys.executable).with_name("julia-parity")),
        "locate",
        "mine.py:dense()",
        f"{JULIA}:dense",
        "--shape",
        "batch,3",
    ]
    done = subprocess.run(
        [*command, "--json", "found.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0 and "all 3 stages agree" in done.stdout, done.stdout + done.stderr
    assert json.loads((tmp_path / "found.json").read_text())["guilty"] is None


def record():
    """Julia's side of all of this."""
    from pyimpl.parity.reference.session import closing, session

    with closing():
        taped = Taped(session())
        for name in RIGHT:
            print(name, sentence(located(name, taped)))
        for mistake in MISTAKES:
            found = located(mistake.model, taped, **mistake.wrong)
            print(f"{mistake}: {sentence(found)}")
            for explanation in found.explanations:
                print(f"    {explanation}")
        with suppress(ValueError):
            refused(taped)
        RECORDING.unlink(missing_ok=True)
        taped.write(RECORDING, {"what": "the models of tests/located/models.jl"})


if __name__ == "__main__":
    record()
