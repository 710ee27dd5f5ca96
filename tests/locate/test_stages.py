"""The stages of two models: what fits and what does not."""

import numpy as np
import pytest
from located import models
from located.table import JULIA, SHAPES, inputs

from pyimpl.parity import arrays
from pyimpl.parity.locate.stages import stages_of
from pyimpl.parity.locate.walk import locate


def test_parameters_of_a_state(replayed):
    states = {"layers": [{"weight": stage.W, "bias": stage.b} for stage in models.dense()]}
    zeroed = models.dense()
    for stage in zeroed:
        stage.W[...], stage.b[...] = 0, 0
    found = locate(
        zeroed, "dense", inputs(SHAPES["dense"]), file=JULIA, reference=replayed, state=states
    )
    assert found.agrees
    with pytest.raises(ValueError, match="the state has no bias for stage 0"):
        locate(
            zeroed,
            "dense",
            arrays("2,3"),
            file=JULIA,
            reference=replayed,
            state={"layers": [{"weight": zeroed[0].W}] * 3},
        )


def test_models_that_do_not_fit(replayed):
    with pytest.raises(
        ValueError,
        match=r"have 2 and 3 stages\n  python: 0 Affine, 1 Affine\n  julia: 0 Dense, 1 Dense, 2 "
        r"Dense",
    ):
        locate(models.dense()[:2], "dense", arrays("batch,3"), file=JULIA, reference=replayed)
    with pytest.raises(ValueError, match=r"stage 1, Dense: W of shape \(3, 2\) fits no array"):
        locate(
            [models.dense()[0], models.memory()[2], models.dense()[2]],
            "dense",
            arrays("batch,3"),
            file=JULIA,
            reference=replayed,
        )
    with pytest.raises(ValueError, match="expected a Chain, a Sequential, or a list or dict"):
        stages_of(np.sin)
    with pytest.raises(FileNotFoundError):
        locate(models.dense(), "dense", arrays("batch,3"), file="nothing.jl", reference=replayed)
