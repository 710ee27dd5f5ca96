"""What is refused at a layer's door, when it is made and when it is called: in its own name, with
what it expects and what came.
"""

import numpy as np
import pytest

import pyimpl
from pyimpl import (
    GRU,
    LSTM,
    RNN,
    AdaptiveMaxPool,
    BatchNorm,
    Bilinear,
    Conv,
    ConvTranspose,
    CrossCor,
    Dense,
    DepthwiseConv,
    Embedding,
    EmbeddingBag,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    MaxPool,
    MeanPool,
    MultiHeadAttention,
    PixelShuffle,
    RNNCell,
    SamePad,
    Scale,
    Upsample,
    relu,
    softmax,
)

CONVOLUTIONS = (Conv, CrossCor, ConvTranspose)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        *(
            (
                lambda kind=kind: kind((3, 3), (2, 3)),
                rf"{kind.__name__} expects {kind.__name__}\(kernel, n_in, n_out, act=identity\) or "
                rf".*, got {kind.__name__}\(\(3, 3\), \(2, 3\)\): missing a required argument",
            )
            for kind in CONVOLUTIONS
        ),
        (lambda: Conv((3, 3), 2, 3, kernels=1), "Conv expects Conv.*unexpected keyword.*'kernels'"),
        (lambda: DepthwiseConv((3, 3), (2, 4)), r"DepthwiseConv expects DepthwiseConv\(kernel, n"),
        (lambda: Dense(2), r"Dense expects Dense\(n_in, n_out, act=identity\) or .*got Dense\(2\)"),
        (lambda: Dense(), r"Dense expects Dense\(n_in, n_out, .*, got Dense\(\)"),
        (lambda: Dense(2, 3, biass=False), "Dense expects Dense.*'biass'"),
        (lambda: Dense(np.ones((2, 2)), init=relu), r"got Dense\(array, init=relu\).*'init'"),
        (lambda: Bilinear(2), r"Bilinear expects Bilinear\(\(n_x, n_y\), n_out"),
        (lambda: Embedding(3), r"Embedding expects Embedding\(n_in, n_out\) or Embedding\(weight"),
        (lambda: Embedding(), "Embedding expects Embedding"),
        (lambda: EmbeddingBag(), "Embedding expects Embedding"),
        (lambda: Scale(), r"Scale expects Scale\(\*size, act=identity\)"),
        (lambda: Scale(np.ones(2), True, relu, 4), "Scale expects Scale.*too many positional"),
        (lambda: RNN(), "missing 2 required positional arguments: 'n_in' and 'n_out'"),
    ],
)
def test_arguments_that_do_not_fit_are_told_with_those_that_do(make, message):
    """`Conv((3, 3), (2, 3))` spoke of `CrossCor._drawn()`."""
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize("act", ["relu", None, np.tanh, 3])
@pytest.mark.parametrize(
    "make",
    [
        lambda act: Dense(2, 3, act),
        lambda act: Dense(np.ones((2, 3)), True, act),
        lambda act: Scale(np.ones(2), True, act),
        lambda act: Bilinear(2, 3, act),
        *(lambda act, kind=kind: kind((3, 3), 1, 2, act) for kind in CONVOLUTIONS),
        lambda act: DepthwiseConv((3, 3), 1, 2, act),
        lambda act: BatchNorm(2, act),
        lambda act: LayerNorm(2, act=act),
        lambda act: GroupNorm(4, 2, act),
        lambda act: InstanceNorm(2, act),
        lambda act: RNNCell(2, 3, act),
        lambda act: RNN(2, 3, act),
    ],
)
def test_what_is_no_activation_is_refused_when_the_layer_is_made(make, act):
    """`Dense(2, 3, "relu")` failed only when it was called."""
    with pytest.raises(ValueError, match=r"\w+ expects an activation such as relu, .*, got"):
        make(act)


@pytest.mark.parametrize("act", [softmax, pyimpl.logsoftmax, pyimpl.logsumexp])
def test_what_takes_whole_arrays_is_no_activation(act):
    """NNlib 0.9.36 raises as well: "a layer like `Dense(3 => 4, softmax)` should be
    `Chain(Dense(3 => 4), softmax)`".
    """
    with pytest.raises(ValueError, match=rf"put it behind the layer, Chain\(Dense.*{act}"):
        Dense(2, 3, act)


SIZES = {
    **{
        f"{kind.__name__} {name}": (
            lambda value, kind=kind, name=name: kind((3, 3), 2, 4, **{name: value})
        )
        for kind in CONVOLUTIONS
        for name in ("stride", "dilation")
    },
    "Conv kernel": lambda value: Conv(value, 1, 1),
    "Conv groups": lambda value: Conv((3,), 1, 1, groups=value),
    "ConvTranspose groups": lambda value: ConvTranspose((3,), 1, 1, groups=value),
    "MaxPool k": lambda value: MaxPool(value),
    "MeanPool stride": lambda value: MeanPool((2, 2), stride=value),
    "AdaptiveMaxPool out": lambda value: AdaptiveMaxPool(value),
    "GroupNorm the number of groups": lambda value: GroupNorm(4, value),
    "MultiHeadAttention nheads": lambda value: MultiHeadAttention(4, nheads=value),
    "PixelShuffle r": lambda value: PixelShuffle(value),
}


@pytest.mark.parametrize("value", [0, -1, 1.5, "2"])
@pytest.mark.parametrize("make", SIZES.values(), ids=list(SIZES))
def test_a_size_is_an_integer_of_at_least_one(make, value):
    """`stride=0` was a ZeroDivisionError, when the layer was called."""
    with pytest.raises(ValueError, match=rf"expects .* got {value!r}"):
        make(value)


@pytest.mark.parametrize("make", SIZES.values(), ids=list(SIZES))
def test_numpy_s_integers_are_sizes(make):
    make(np.int64(1))


@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_padding_is_not_negative(kind):
    with pytest.raises(ValueError, match="expects pad of at least 0, got -1"):
        kind((3, 3), 1, 1, pad=-1)
    assert kind((3, 3), 1, 1, pad=SamePad()).pad
    with pytest.raises(ValueError, match="expects outpad of at least 0"):
        ConvTranspose((3, 3), 1, 1, outpad=-1)


def ones_of(shape):
    return lambda asked, rng=None: np.ones(shape)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 1, 3, 3, 3), (1, 1), (1, 1, 5, 5), (3, 3, 1, 1)])
@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_an_initialiser_makes_the_weight_that_is_asked_for(kind, shape):
    """`Conv((3, 3), 1, 1, init=...)` became a Conv of another rank in silence. Flux 0.16.9: "Weight
    shape mismatch", a DimensionMismatch; its Dense takes a matrix of any size, as here.
    """
    with pytest.raises(ValueError, match=r"expects init to make an array of shape \(1, 1, 3, 3\)"):
        kind((3, 3), 1, 1, init=ones_of(shape))
    assert Dense(2, 3, init=ones_of((4, 5))).weight.shape == (4, 5)


@pytest.mark.parametrize("kind", [RNNCell, RNN, LSTM, GRU, pyimpl.GRUv3])
@pytest.mark.parametrize("option", ["init_kernel", "init_recurrent_kernel"])
def test_an_initialiser_of_a_cell_makes_the_weight_that_is_asked_for(kind, option):
    with pytest.raises(ValueError, match="expects its initialiser to make an array of shape"):
        kind(2, 3, **{option: ones_of((7, 3))})


@pytest.mark.parametrize(
    "make",
    [
        lambda weight: Dense(weight),
        lambda weight: Embedding(weight),
        lambda weight: EmbeddingBag(weight),
        lambda weight: Scale(weight),
        lambda weight: Bilinear(weight[None]),
        lambda weight: Conv(weight[None]),
        lambda weight: RNNCell(2, 2, init_kernel=lambda shape, rng: weight),
        lambda weight: Dense(np.ones((2, 2)), weight[0]),
    ],
)
def test_layers_are_of_real_numbers(make):
    """Rules step complex parameters; layers have no complex arithmetic, and say so."""
    with pytest.raises(ValueError, match="expects real numbers, got an array of complex128"):
        make(np.ones((2, 2), complex))


EMPTY = {
    "GroupNorm": (GroupNorm(4, 2), (0, 4, 3, 3)),
    "InstanceNorm": (InstanceNorm(2), (0, 2, 3, 3)),
    "LayerNorm": (LayerNorm(3), (0, 3)),
    "attention": (MultiHeadAttention(4, nheads=2), (0, 3, 4)),
    "flatten": (pyimpl.flatten, (0, 3, 2)),
    "Conv": (Conv((2, 2), 1, 1), (0, 1, 3, 3)),
    "BatchNorm in use": (BatchNorm(2, active=False), (0, 2, 3)),
    "Upsample": (Upsample("bilinear", scale=2), (0, 2, 3, 3)),
    "LSTM": (LSTM(2, 3), (0, 4, 2)),
}


@pytest.mark.parametrize(("layer", "shape"), EMPTY.values(), ids=list(EMPTY))
def test_an_empty_batch_gives_an_empty_batch(layer, shape):
    """GroupNorm, InstanceNorm, attention and flatten raised an error of `reshape`."""
    x = np.zeros(shape, np.float32)
    y, back = layer.pullback(x)
    first = y[0] if isinstance(y, tuple) else y
    assert len(first) == 0
    dy = tuple(map(np.zeros_like, y)) if isinstance(y, tuple) else np.zeros_like(y)
    assert back(dy)[1].shape == shape


@pytest.mark.parametrize("layer", [BatchNorm(2), InstanceNorm(2, track_stats=True)])
def test_nothing_has_no_statistics(layer):
    """Flux 0.16.9 makes NaN of the running statistics, in silence and for good."""
    with pytest.raises(ValueError, match="expects at least one sample in training"):
        layer.pullback(np.zeros((0, 2, 3), np.float32))
    assert np.isfinite(layer.mean).all() and np.isfinite(layer.var).all()
