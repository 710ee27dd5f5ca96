"""Stages: what they are made of, and models that have none or do not fit."""

import numpy as np
import pytest
from located import models
from located.table import JULIA, SHAPES, inputs

from pyimpl.parity.locate.stages import named, whole
from pyimpl.parity.locate.walk import locate
from pyimpl.parity.sides.stage_list import StageList


def test_parameters_of_a_state(replayed):
    states = {"layers": [{"weight": stage.W, "bias": stage.b} for stage in models.dense()]}
    zeroed = models.dense()
    for stage in zeroed:
        stage.W[...], stage.b[...] = 0, 0
    found = locate(
        zeroed, "dense", inputs(SHAPES["dense"]), file=JULIA, reference=replayed, state=states
    )
    assert found.agrees and zeroed[0].W.any()
    with pytest.raises(ValueError, match=r"the state has no layers\.0\.bias"):
        locate(
            zeroed,
            "dense",
            inputs(SHAPES["dense"]),
            file=JULIA,
            reference=replayed,
            state={"layers": [{"weight": zeroed[0].W}] * 3},
        )


def test_models_that_do_not_fit(replayed):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"only Julia has layers\.2\.weight"):
        locate(models.dense()[:2], "dense", inputs(SHAPES["dense"]), file=JULIA, reference=replayed)
    with pytest.raises(ValueError, match=r"2 and layers\.2: 2\.W of shape \(3, 2\) fits no array"):
        locate(
            [models.dense()[0], models.Affine(rng, 4, 3), models.memory()[2]],
            "dense",
            inputs(SHAPES["dense"]),
            file=JULIA,
            reference=replayed,
        )
    with pytest.raises(ValueError, match="expected a model, or a list or dict of stages"):
        whole(np.sin)
    with pytest.raises(ValueError, match="is a class: give an instance"):
        whole(models.Affine)
    with pytest.raises(FileNotFoundError):
        locate(
            models.dense(), "dense", inputs(SHAPES["dense"]), file="nothing.jl", reference=replayed
        )


def test_the_side_of_a_model_or_of_stages():
    assert isinstance(whole(models.dense()), StageList)
    assert list(whole(models.attentive()).sides) == ["project", "attend", "values", "read"]
    assert whole(models.dense()[0]).subject.W.shape == (3, 4)
    assert list(map(str, named([np.ones(1)]))) == ["y"]
    assert list(map(str, named([np.ones(1)] * 2))) == ["y.0", "y.1"]
