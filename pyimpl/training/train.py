"""The training loop. Flux: `src/train.jl`."""

import warnings
from collections.abc import Iterable

import numpy as np

from ..core.pullback import withgradient
from ..core.tree import leaves
from ..optimise.rules import Rule
from ..optimise.update import leaves_of, setup, update

__all__ = ["train"]


def train(loss, model, data: Iterable, opt_state) -> None:
    """One step for every element of `data`: gradient of `loss(model, *batch)`, then `update`, in
    place. Flux: `train!`.

    `opt_state` is what `setup` made; a rule stands for a state of its own, which is gone after the
    call: a rule that keeps one warns. `loss` is a differentiable function such as
    `supervised(mse)`; a batch that is no tuple is passed whole. Raises FloatingPointError, before
    the model is changed, where the loss is not finite.

    >>> data = DataLoader((x, y), batchsize=20)  # doctest: +SKIP
    >>> train(supervised(mse), model, data, setup(Adam(), model))  # doctest: +SKIP
    """
    if isinstance(opt_state, Rule):
        opt_state = _state_of(opt_state, model)
    for step, batch in enumerate(data):
        value, gradients = withgradient(
            loss, model, *(batch if isinstance(batch, tuple) else (batch,))
        )
        if not np.isfinite(value):
            raise FloatingPointError(
                f"train expects a finite loss, got {value} at batch {step}: the model was left as "
                "it was"
            )
        update(opt_state, model, gradients[0])


def _state_of(rule: Rule, model):
    """The state of a rule for one call of `train`."""
    state = setup(rule, model)
    kept = (leaf.state for leaf in leaves_of("train", state))
    if any(isinstance(part, np.ndarray) for one in kept for _, part in leaves(one)):
        name = type(rule).__name__
        warnings.warn(
            f"{name} has a state that is gone after this call of train: state = setup({name}(...), "
            "model) keeps one",
            stacklevel=3,
        )
    return state
