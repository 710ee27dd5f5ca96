"""Dropout: the axes of the mask, and the three modes."""

import numpy as np
import pytest

from pyimpl import AlphaDropout, BatchNorm, Dropout, InstanceNorm, f16, testmode, trainmode


@pytest.mark.parametrize(
    ("dims", "varying"),
    [
        (None, (3, 4, 5)),
        (0, (3, 1, 1)),
        (-1, (1, 1, 5)),
        ((-1,), (1, 1, 5)),
        ((0, -2), (3, 4, 1)),
        ((), (1, 1, 1)),
    ],
)
def test_the_mask_varies_along_dims_counted_from_either_end(dims, varying):
    """`dims=0` raised, and `dims=(-1,)` drew one number for everything in silence."""
    x = np.ones((3, 4, 5))
    y, back = Dropout(0.5, dims=dims, rng=np.random.default_rng(1)).pullback(x)
    kept = np.random.default_rng(1).random(varying) > 0.5
    np.testing.assert_array_equal(y, np.broadcast_to(2.0 * kept, x.shape))
    np.testing.assert_array_equal(back(x)[1], y)


@pytest.mark.parametrize("dims", [3, (0, 3), (-4,)])
def test_dims_that_x_does_not_have_are_refused(dims):
    with pytest.raises(ValueError, match=r"Dropout expects dims that x has, got .* \(3, 4, 5\)"):
        Dropout(0.5, dims=dims).pullback(np.ones((3, 4, 5)))


@pytest.mark.parametrize("layer", [Dropout(0.5), AlphaDropout(0.5)])
def test_dropout_keeps_float16(layer):
    assert layer.pullback(np.ones(8, np.float16))[0].dtype == np.float16
    assert f16(layer) is not layer


@pytest.mark.parametrize("word", ["auto", "off", "", 1, 0.0])
@pytest.mark.parametrize(
    "make",
    [
        lambda active: Dropout(0.5, active=active),
        lambda active: AlphaDropout(0.5, active=active),
        lambda active: BatchNorm(2, active=active),
        lambda active: InstanceNorm(2, active=active),
    ],
    ids=["Dropout", "AlphaDropout", "BatchNorm", "InstanceNorm"],
)
def test_active_is_true_false_or_nothing(make, word):
    """`active="auto"` counted as True: it dropped outside of a gradient. Flux 0.16.9: TypeError."""
    with pytest.raises(TypeError, match="expects active as True, False or None"):
        make(word)
    layer = make(None)
    with pytest.raises(TypeError, match="expects active"):
        layer.active = word
    assert make(np.bool_(True)).active is True


@pytest.mark.parametrize("switch", [testmode, trainmode])
def test_modes_are_switched_by_words_of_flux(switch):
    """Flux 0.16.9: `testmode!(m, mode)` takes a Bool, `nothing` and `:auto`."""
    layer = Dropout(0.5, active=True)
    for automatic in ("auto", None):
        assert switch(trainmode(layer), automatic).active is None
    for word in ("always", "", 1):
        with pytest.raises(ValueError, match="expects True, False or"):
            switch(layer, word)
    assert switch(layer, False).active is (switch is testmode)
