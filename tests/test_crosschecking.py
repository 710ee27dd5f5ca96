"""The function `crosscheck`, with a live Julia and with one that pyimpl plays."""

import numpy as np
import pytest
from pretended import TracedModels
from small_models import BATCH, flux, in_torch

import pyimpl
from pyimpl import Adam, AdamW, Chain, Dense, f64, mse, sigmoid, tanh
from pyimpl.parity import Training, arrays, crosscheck
from pyimpl.parity.crosschecking import Disagreement
from pyimpl.parity.report.story import story


def square(x):
    return x * x


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


def test_models_that_differ_are_walked_through(monkeypatch):
    weights = [np.random.default_rng(i).standard_normal((4, 4)) for i in range(2)]

    def model(*acts):
        return Chain(*(Dense(W, True, act) for W, act in zip(weights, acts, strict=True)))

    session = TracedModels(model=f64(model(tanh, sigmoid)))
    monkeypatch.setattr("pyimpl.parity.pair.held_against.session", lambda *_: session)
    torch = pytest.importorskip("torch")
    layers = [torch.nn.Linear(4, 4), torch.nn.Tanh(), torch.nn.Linear(4, 4), torch.nn.Tanh()]
    python = torch.nn.Sequential(*layers)
    result = crosscheck(python, "model", arrays("batch,4"), cases=10, raises=False)
    assert not result.agrees and result.pair.laid_out
    assert result.located.stages[result.located.guilty].name == "2"
    assert all(match.proved for match in result.pair.matches[:2])
    assert "where:" in story(result) and "stage 2, Dense, forward" in story(result)
