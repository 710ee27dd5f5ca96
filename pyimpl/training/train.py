"""The training loop. Flux: `src/train.jl`."""

from collections.abc import Iterable

import numpy as np

from ..core.pullback import withgradient
from ..optimise.update import update

__all__ = ["train"]


def train(loss, model, data: Iterable, opt_state) -> None:
    """One step for every element of `data`: gradient of `loss(model, *batch)`, then `update`, in
    place. Flux: `train!`.

    `loss` is a differentiable function such as `supervised(mse)`; a batch that is no tuple is
    passed whole. Raises FloatingPointError, before the model is changed, where the loss is not
    finite.

    >>> data = DataLoader((x, y), batchsize=20)  # doctest: +SKIP
    >>> train(supervised(mse), model, data, setup(Adam(), model))  # doctest: +SKIP
    """
    for step, batch in enumerate(data):
        value, gradients = withgradient(
            loss, model, *(batch if isinstance(batch, tuple) else (batch,))
        )
        if not np.isfinite(value):
            raise FloatingPointError(
                f"the loss is {value} at batch {step}: the model was left as it was"
            )
        update(opt_state, model, gradients[0])
