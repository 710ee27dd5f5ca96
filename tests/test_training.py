"""Pairs of models whose arrays have other names, rules, and training.

`pyimpl` plays the Julia side; Julia does where it is live.
"""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

import pyimpl
from pyimpl import (
    Adam,
    AdamW,
    BatchNorm,
    Chain,
    Dense,
    Descent,
    Momentum,
    Nesterov,
    mae,
    mse,
    relu,
    tanh,
)
from pyimpl.parity import Training, arrays, crosscheck
from pyimpl.parity.explain import explain
from pyimpl.parity.pair.checking import NothingCompared, check_pair
from pyimpl.parity.pair.held_against import RecordedPair, Taped
from pyimpl.parity.pair.matching import NoMatch, match_models
from pyimpl.parity.pair.pair import make_pair
from pyimpl.parity.reference import recorded
from pyimpl.parity.report.bundle import load_bundle, replay, write_bundle
from pyimpl.parity.report.story import story
from pyimpl.parity.sides.frameworks import side_of
from pyimpl.parity.sides.training import RuleSide, training_side
from pyimpl.parity.traps.table import TRAPS

NAMES = {trap.cause: name for name, trap in TRAPS.items()}
BATCH = arrays("batch,3", "batch,2", sizes=(2, 5))
HALF = (
    float(np.float32(0.1)),
    float(np.float32(1e-5)),
)  # Flux's momentum and epsilon are literals in single precision


class Pretended:
    """A session of Julia in which models, losses and rules are those of `pyimpl`."""

    name = "live"
    versions = {"Flux": "none", "Julia": "none"}

    def __init__(self, subject, training=None):
        if training is None:
            self.side = side_of(subject)
        elif training.of_rule:
            self.side = RuleSide(subject, seconds=60)
        else:
            self.side = training_side(side_of(subject), training, 60)

    def describe(self, side):
        return "model"

    def shapes(self, side):
        return {name: array.shape for name, array in self.side.parameters().items()}

    def evaluate(self, side, layout, cases):
        for case in cases:
            alone = getattr(self.side, "base", self.side) if case.mode == "test" else self.side
            yield alone.evaluate(case)


def checked(python, julia, inputs=BATCH, training=None, of_julia=None, cases=12, **options):
    """The Python side against another one in the place of Julia, which is trained with
    `of_julia`.
    """
    pair = make_pair(python, "julia", inputs, training=training, **options)
    return check_pair(pair, Taped(Pretended(julia, of_julia or training)), count=cases)


def flux(seed=0):
    rng = np.random.default_rng(seed)
    return Chain(Dense(3, 4, relu, rng=rng), BatchNorm(4), Dense(4, 2, rng=rng))


def in_torch():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    momentum, eps = HALF
    layers = (
        torch.nn.Linear(3, 4),
        torch.nn.ReLU(),
        torch.nn.BatchNorm1d(4, eps, momentum),
        torch.nn.Linear(4, 2),
    )
    return torch, torch.nn.Sequential(*layers)


class Net:
    """Two layers as books write them."""

    def __init__(self, sizes=(3, 4, 2)):
        rng = np.random.default_rng(0)
        self.W1, self.b1 = rng.standard_normal(sizes[:2]), np.zeros(sizes[1])
        self.W2, self.b2 = rng.standard_normal(sizes[1:]), np.zeros(sizes[2])

    def forward(self, x):
        self.x, self.hidden = x, np.tanh(x @ self.W1 + self.b1)
        return self.hidden @ self.W2 + self.b2

    def backward(self, dy):
        self.dW2, self.db2 = self.hidden.T @ dy, dy.sum(0)
        inner = dy @ self.W2.T * (1 - self.hidden**2)
        self.dW1, self.db1 = self.x.T @ inner, inner.sum(0)
        return inner @ self.W1.T


class SGD:
    """As books write it."""

    def __init__(self, rate):
        self.rate = rate

    def update(self, parameters, gradients):
        for name in parameters:
            parameters[name] -= parameters[name].dtype.type(self.rate) * gradients[name]


# Models whose arrays have other names


def test_a_torch_model_is_matched_and_every_match_is_proved():
    _, model = in_torch()
    result = checked(model, flux(), arrays("batch,3", sizes=(2, 5)))
    assert result.agrees, story(result)
    assert {found.python: found.julia for found in result.pair.matches} == {
        "0.weight": "layers.0.weight",
        "0.bias": "layers.0.bias",
        "2.weight": "layers.1.scale",
        "2.bias": "layers.1.shift",
        "2.running_mean": "layers.1.mean",
        "2.running_var": "layers.1.var",
        "3.weight": "layers.2.weight",
        "3.bias": "layers.2.bias",
    }
    assert all(found.proved for found in result.pair.matches)
    assert {"y", "grad.x1", "grad.3.weight", "state.2.running_var"} <= set(
        map(str, result.evidence[0].julia["float32"].arrays)
    )


def test_defaults_of_torch_are_not_single_precision():
    torch, model = in_torch()
    model[2] = torch.nn.BatchNorm1d(4)
    result = checked(model, flux(), arrays("batch,3", sizes=(2, 5)))
    assert "state.2.running_mean" in story(result)
    (found,) = explain(result)
    assert NAMES[found.cause] == "literals" and found.confident and found.where == "all layers"


def test_the_second_biases_of_torch_are_left_out():
    torch, _ = in_torch()
    model = torch.nn.LSTM(3, 4, batch_first=True)
    result = checked(model, pyimpl.LSTM(3, 4), arrays("batch,time,3", sizes=(1, 4)))
    assert result.agrees and result.pair.alone == ("bias_hh_l0",), story(result)
    assert np.any(model.bias_hh_l0.detach().numpy()), "the user's own model is changed"


def test_a_class_of_ones_own_is_matched():
    result = checked(Net(), Chain(Dense(3, 4, tanh), Dense(4, 2)), arrays("batch,3"))
    assert result.agrees, story(result)
    assert [str(found) for found in result.pair.matches[:2]] == [
        "W1 = layers.0.weight: proved",
        "b1 = layers.0.bias: proved",
    ]


def test_a_square_weight_that_lies_the_other_way_is_named():
    class Transposed(Net):
        def forward(self, x):
            self.x, self.hidden = x, np.tanh(x @ self.W1.T + self.b1)
            return self.hidden @ self.W2 + self.b2

    result = checked(
        Transposed((3, 3, 2)), Chain(Dense(3, 3, tanh), Dense(3, 2)), arrays("batch,3")
    )
    assert "W1 = layers.0.weight: does not move the output alike; transposed does" in story(result)


def test_models_of_other_arrays_are_refused_with_both_lists():
    with pytest.raises(
        NoMatch,
        match=r"(?s)W1 of shape \(3, 4\) fits no array.*python: W1 \(3, 4\), b1.*julia: "
        r"layers.0.weight \(3, 5\)",
    ):
        checked(Net(), Chain(Dense(3, 5, tanh), Dense(5, 2)), arrays("batch,3"))


def test_layers_with_equal_shapes_are_matched_in_their_order():
    mine = {"W1": (3, 3), "b1": (3,), "W2": (3, 3), "b2": (3,)}
    theirs = {
        "layers.0.weight": (3, 3),
        "layers.0.bias": (3,),
        "layers.1.weight": (3, 3),
        "layers.1.bias": (3,),
    }
    assert [(m.python, m.julia) for m in match_models(mine, theirs)] == list(
        zip(mine, theirs, strict=True)
    )
    assert [
        m.julia
        for m in match_models(
            {"out.bias": (3,), "out.weight": (3, 2)}, {"weight": (3, 2), "bias": (3,)}
        )
    ] == ["bias", "weight"]
    with pytest.raises(NoMatch, match=r"W could be layers.0.weight or layers.1.weight"):
        match_models({"W": (3, 3), "V": (3, 3), "b1": (3,), "b2": (3,)}, theirs)


def test_what_is_recorded_is_in_pythons_names(tmp_path):
    _, model = in_torch()
    inputs = arrays("batch,3", sizes=(2, 5))
    pair = make_pair(model, "julia", inputs)
    julia = Taped(Pretended(flux()))
    recorded.write(
        tmp_path / "pair.npz",
        julia.tape(check_pair(pair, julia, count=5)),
        {"versions": julia.versions, "made": "today"},
    )
    again = check_pair(pair, RecordedPair(tmp_path / "pair.npz"))
    assert again.agrees and again.report.cases == 5 and not again.report.mistrusted


# Rules


@pytest.mark.parametrize(
    ("rule", "state"),
    [(Adam(), "state.0@1"), (Momentum(0.1, 0.9), "state@1"), (AdamW(0.01, lam=0.1), "state.0@1")],
)
def test_a_rule_with_its_state(rule, state):
    result = checked(rule, rule, arrays("3,n"), Training(steps=4))
    assert result.agrees and {"x@4", state} <= set(
        map(str, result.evidence[0].julia["float64"].arrays)
    )


def test_rules_of_torch_and_of_ones_own():
    torch, _ = in_torch()
    result = checked(
        lambda parameters: torch.optim.Adam(parameters), Adam(), arrays("3,n"), Training()
    )
    assert result.agrees, story(result)
    assert "state.0@1" not in result.evidence[0].julia["float64"].arrays
    assert checked(SGD(0.1), Descent(0.1), arrays("n"), Training()).agrees


@pytest.mark.parametrize(
    ("mine", "theirs", "cause"),
    [
        (Adam(eps=1e-7), Adam(), "eps"),
        (Adam(0.1), Adam(float(np.float32(0.1))), "literals"),
        (Momentum(0.1, 0.9), Nesterov(0.1, 0.9), "nesterov"),
        (Momentum(0.1, 0.9), Momentum(0.1, 0.1), "momentum"),
        (Adam(beta=(0.999, 0.9)), Adam(), "momentum"),
        (AdamW(0.01, lam=0.1), AdamW(0.01, lam=0.1, couple=False), "coupled"),
    ],
    ids=str,
)
def test_a_rule_that_differs_is_explained(mine, theirs, cause):
    result = checked(mine, theirs, arrays("3,n"), Training())
    assert not result.agrees
    found = explain(result)
    assert [NAMES[explanation.cause] for explanation in found][:1] == [cause], [
        str(each) for each in found
    ]
    assert found[0].where == "the rule"


def test_weight_decay_of_torch_is_explained():
    torch, _ = in_torch()
    if (
        "decoupled_weight_decay"
        not in torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))]).param_groups[0]
    ):
        pytest.skip("this PyTorch keeps AdamW apart from Adam")

    def coupled(parameters):
        return torch.optim.Adam(parameters, weight_decay=0.1)

    def decoupled(parameters):
        return torch.optim.AdamW(parameters, weight_decay=0.1)

    result = checked(coupled, decoupled, arrays("n"), Training())
    assert [NAMES[explanation.cause] for explanation in explain(result)] == ["coupled"]


# Training


def test_training_agrees_with_every_array_after_every_step():
    model = flux()
    result = checked(model, model, training=Training((mse, "mse"), (Adam(), "Adam()"), 3))
    names = set(map(str, result.evidence[0].julia["float64"].arrays))
    assert (
        result.agrees
        and {"loss@1", "loss@3", "param.layers.1.var@3", "param.layers.0.weight@2"} <= names
    )
    assert {"x1", "t1", "x3", "t3"} <= set(
        map(str, result.evidence[0].case.arrays)
    ) and "x4" not in result.evidence[0].case.arrays


def test_training_in_torch_and_in_ones_own_class():
    torch, model = in_torch()
    mine = Training(
        (torch.nn.functional.mse_loss, "mse"),
        (lambda parameters: torch.optim.Adam(parameters), "Adam()"),
    )
    result = checked(
        model, flux(), training=mine, of_julia=Training((mse, "mse"), (Adam(), "Adam()"))
    )
    assert result.agrees and all(found.proved for found in result.pair.matches), story(result)
    net, twin = Net(), Chain(Dense(3, 4, tanh), Dense(4, 2))
    own, descent = (
        Training((mse, "mse"), (rule, "Descent(0.1)")) for rule in (SGD(0.1), Descent(0.1))
    )
    result = checked(net, twin, training=own, of_julia=descent)
    assert result.agrees, story(result)
    assert checked(net, twin, training=Training((mse, "mse"), (Adam(), "Adam()"))).agrees
    assert checked(flux(), flux(), training=own, of_julia=descent).agrees


class SquaredError:
    """A loss as books write it."""

    def forward(self, y, target):
        self.difference = y - target
        return np.mean(self.difference**2)

    def backward(self, dvalue):
        return dvalue * 2 * self.difference / self.difference.size


def test_losses_of_ones_own():
    book = Training((SquaredError(), "mse"), (Descent(0.1), "Descent(0.1)"))
    assert checked(
        flux(),
        flux(),
        training=book,
        of_julia=Training((mse, "mse"), (Descent(0.1), "Descent(0.1)")),
    ).agrees

    class Short:
        def pullback(self, y, target):
            return np.mean((y - target) ** 2), lambda dvalue: (y - target, target - y)

    with pytest.raises(NothingCompared, match="gives 2 of the gradients, expected 3"):
        checked(flux(), flux(), training=Training((Short(), "mse"), (Descent(0.1), "Descent(0.1)")))


@dataclasses.dataclass
class Summed:
    """A loss of one's own."""

    def pullback(self, y, target):
        return np.sum((y - target) ** 2), lambda dvalue: (None, 2 * dvalue * (y - target), None)


@pytest.mark.parametrize(
    ("mine", "theirs", "cause", "where"),
    [
        ((mse, Descent(0.1)), (Summed(), Descent(0.1)), "mean", "the loss"),
        ((mse, Descent(0.1)), (mse, Descent(float(np.float32(0.1)))), "literals", "the rule"),
        ((mse, Adam(eps=1e-5)), (mse, Adam()), "eps", "the rule"),
        ((mse, Momentum(0.1, 0.9)), (mse, Nesterov(0.1, 0.9)), "nesterov", "the rule"),
    ],
    ids=["sum", "literal", "eps", "nesterov"],
)
def test_training_that_differs_is_explained_and_told_from_its_first_step(
    mine, theirs, cause, where
):
    one, other = (Training((loss, "loss"), (rule, "rule")) for loss, rule in (mine, theirs))
    result = checked(flux(), flux(), training=one, of_julia=other)
    result.explanations = explain(result)
    assert [(NAMES[found.cause], found.where) for found in result.explanations][:1] == [
        (cause, where)
    ]
    text = story(result)
    assert (
        "more arrays in later steps" in text
        and "@5" not in text
        and "and the 8 arrays of the model" in text
    )


def test_a_layer_that_differs_in_training_is_explained():
    wrong = flux()
    wrong.layers[1].momentum = 0.9
    result = checked(wrong, flux(), training=Training((mse, "mse"), (Descent(0.1), "Descent(0.1)")))
    assert "param.layers.1.mean@1" in story(result)
    assert NAMES[explain(result)[0].cause] == "momentum"


def test_what_rounding_alone_moves_is_no_difference():
    """The gradient of a bias before a batch normalisation is zero but for rounding, and Adam
    divides by its size.
    """
    forward = flux()

    @dataclasses.dataclass
    class Backwards:
        """The same loss, whose gradient is rounded in another way."""

        def pullback(self, y, target):
            difference = target - y
            return np.mean(difference * difference), lambda dvalue: (
                None,
                -(difference * dvalue * 2) / y.dtype.type(y.size),
                None,
            )

    one, other = (
        Training((mse, "mse"), (Adam(), "Adam()")),
        Training((Backwards(), "mse"), (Adam(), "Adam()")),
    )
    result = checked(forward, forward, training=one, of_julia=other, cases=30)
    assert result.agrees, story(result)
    biases = [
        evidence.julia["float32"].arrays["param.layers.0.bias@5"] for evidence in result.evidence
    ]
    mine = [
        result.pair.evaluate(evidence.case.cast("float32")).arrays["param.layers.0.bias@5"]
        for evidence in result.evidence
    ]
    assert max(np.abs(a - b).max() for a, b in zip(biases, mine, strict=True)) > 1e-5, (
        "nothing was tested"
    )


@pytest.mark.parametrize(
    ("python", "training", "inputs", "options", "error", "message"),
    [
        (
            flux(),
            lambda: Training((mse, "mse")),
            BATCH,
            {},
            ValueError,
            "takes a loss and a rule, got the loss alone",
        ),
        (flux(), lambda: Training(steps=0), BATCH, {}, ValueError, "at least 1 step, got 0"),
        (
            flux(),
            lambda: Training(mse, (Adam(), "Adam()")),
            BATCH,
            {},
            TypeError,
            "the loss is given for both sides",
        ),
        (
            flux(),
            lambda: Training((mae, "mae"), (Adam(), "Adam()")),
            arrays("n,3"),
            {},
            ValueError,
            "takes 2 inputs, batch and target, got 1",
        ),
        (
            Adam(),
            lambda: Training(),
            BATCH,
            {},
            ValueError,
            "takes 1 input, the array that a rule changes, got 2",
        ),
        (3, lambda: Training(), arrays("n"), {}, TypeError, "expected to have `init"),
        (
            np.sin,
            lambda: Training((mse, "mse"), (Adam(), "Adam()")),
            BATCH,
            {},
            TypeError,
            "must be a layer or a module",
        ),
        (
            flux(),
            lambda: Training((np.mean, "mse"), (Adam(), "Adam()")),
            BATCH,
            {},
            TypeError,
            "the loss mean has no gradient",
        ),
        (
            flux(),
            lambda: Training((mse, "mse"), (3, "Adam()")),
            BATCH,
            {},
            TypeError,
            "the rule is expected to have",
        ),
        (
            flux(),
            lambda: Training((mse, "mse"), (Adam(), "Adam()")),
            BATCH,
            {"layout": "same"},
            ValueError,
            "training takes no layout",
        ),
    ],
)
def test_what_cannot_be_trained(python, training, inputs, options, error, message):
    with pytest.raises(error, match=message):
        make_pair(python, "julia", inputs, training=training(), **options)


SOURCE = """
import numpy as np
from pyimpl import Chain, Dense, Descent, mse
model = Chain(Dense(3, 4, rng=np.random.default_rng(0)), Dense(4, 2, rng=np.random.default_rng(1)))
rule = Descent(0.1)
"""


def wrong_training(tmp_path):
    from pyimpl.parity.pair.loading import load_subject

    file = tmp_path / "mine.py"
    file.write_text(SOURCE, encoding="utf-8")
    places = [f"{file}:{name}" for name in ("model", "mse", "rule")]
    model, loss, rule = map(load_subject, places)
    training = Training((loss, "Flux.mse"), (rule, "Descent(0.2)"), 2, (places[1], places[2]))
    pair = make_pair(
        model,
        "Chain(Dense(3 => 4), Dense(4 => 2))",
        BATCH,
        training=training,
        origin=places[0],
        name="mine",
    )
    result = check_pair(
        pair, Taped(Pretended(model, Training((loss, ""), (Descent(0.2), ""), 2))), count=6
    )
    return result, write_bundle(tmp_path / "bundles", result)


def test_a_bundle_of_training_is_replayed(tmp_path):
    result, path = wrong_training(tmp_path)
    assert not result.agrees and not replay(path, None).agrees
    assert load_bundle(path)[0].training.steps == 2
    done = subprocess.run(
        [sys.executable, str(path / "repro.py")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and "julia, loss@2" in done.stdout, done.stderr
    (tmp_path / "mine.py").write_text(SOURCE.replace("0.1", "0.2"), encoding="utf-8")
    sys.modules.pop("parity_subject_mine")
    assert replay(path, None).agrees


# With a live Julia.


@pytest.fixture
def julia(pytestconfig):
    if pytestconfig.live_way is None:
        pytest.skip("no live Julia here")


JULIA = "Chain(Dense(3 => 4, relu), BatchNorm(4), Dense(4 => 2))"


def test_live_torch_and_training(julia):
    torch, model = in_torch()
    result = crosscheck(model, JULIA, arrays("batch,3", sizes=(2, 5)), reference="live", cases=10)
    assert all(found.proved for found in result.pair.matches)
    training = Training(
        (torch.nn.functional.mse_loss, "Flux.mse"),
        (lambda parameters: torch.optim.Adam(parameters), "Adam()"),
        3,
    )
    assert crosscheck(model, JULIA, BATCH, training=training, reference="live", cases=10).agrees
    training = Training((mse, "Flux.mse"), (AdamW(), "AdamW()"), 3)
    assert crosscheck(flux(), JULIA, BATCH, training=training, reference="live", cases=10).agrees
    assert crosscheck(
        Adam(), "Adam()", arrays("3,n"), training=Training(), reference="live", cases=10
    ).agrees
    wrong = crosscheck(
        Adam(),
        "Adam(2e-3)",
        arrays("3,n"),
        training=Training(),
        reference="live",
        cases=10,
        raises=False,
    )
    assert "x@" in story(wrong)


def test_live_a_bundle_of_training_runs_in_julia_alone(julia, tmp_path):
    _, path = wrong_training(tmp_path)
    done = subprocess.run(
        ["julia", "--startup-file=no", str(path / "repro.jl")],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0 and "loss@2 = " in done.stdout, done.stderr
