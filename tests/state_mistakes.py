"""Mistakes in what has a state of its own: each is planted by patching the fewest lines."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

import pyimpl
from pyimpl.core.ties import Shared
from pyimpl.optimise import joined
from pyimpl.training import observations, triggers

update = importlib.import_module("pyimpl.optimise.update")  # the module, not the function


def thaw_nothing(patch):
    patch.setattr(pyimpl, "thaw", lambda state: None)


def thaw_the_first_part(patch):
    def thaw(state):
        for part in vars(state).values() if hasattr(state, "weight") else [state]:
            update.thaw(part)
            break

    patch.setattr(pyimpl, "thaw", thaw)


def freeze_the_first_leaf(patch):
    def freeze(state):
        leaf = next(update.leaves_of("freeze", state))
        leaf.part()
        leaf.frozen = True

    patch.setattr(pyimpl, "freeze", freeze)


def freeze_without_leaving_the_group(patch):
    def freeze(state):
        for leaf in update.leaves_of("freeze", state):
            leaf.frozen = leaf.group is None

    patch.setattr(pyimpl, "freeze", freeze)


def frozen_leaves_go_on_in_secret(patch):
    """Their rule's state takes the gradients: thawed, they jump."""
    original = update._collect

    def collect(state, node, gradient, steps, place=()):
        if type(state) is joined.Leaf and state.frozen and gradient is not None:
            state._state, _ = state.rule.apply(state._state, node, gradient)
        original(state, node, gradient, steps, place)

    patch.setattr(update, "_collect", collect)


def adjust_forgets_the_state(patch):
    original = joined.Leaf.keep

    def adjust(state, eta=None, **changes):
        update.adjust(state, eta, **changes)
        for leaf in update.leaves_of("adjust", state):
            leaf.part()
            kept = leaf.state
            original(
                leaf,
                tuple(np.zeros_like(part) for part in kept)
                if isinstance(kept, tuple)
                else kept and np.zeros_like(kept),
            )

    patch.setattr(pyimpl, "adjust", adjust)


def adjust_the_rate_alone(patch):
    patch.setattr(
        pyimpl, "adjust", lambda state, **changes: update.adjust(state, changes.get("eta", 0.0625))
    )


def adjust_every_group_as_a_whole(patch):
    def adjust(state, eta=None, **changes):
        leaves = set(update.leaves_of("adjust", state))
        for leaf in leaves | {
            other for each in leaves if each.group for other in each.group.places
        }:
            update.adjust(leaf, eta, **changes)

    patch.setattr(pyimpl, "adjust", adjust)


def tied_gradients_are_not_summed(patch):
    original = update._collect

    def collect(state, node, gradient, steps, place=()):
        if type(state) is joined.Leaf and state in steps and gradient is not None:
            return
        original(state, node, gradient, steps, place)

    patch.setattr(update, "_collect", collect)


def tied_arrays_have_a_state_each(patch):
    class Apart(Shared):
        def __call__(self, array):
            return Shared(self._make)(array) if array in self else super().__call__(array)

    patch.setattr(update, "Shared", Apart)


def no_gradient_is_a_gradient_of_zeros(patch):
    """Momentum and decay go on in the layers that have none."""
    original = update._collect

    def collect(state, node, gradient, steps, place=()):
        if type(state) is joined.Leaf and gradient is None:
            gradient = np.zeros_like(node)
        elif gradient is None and state is not None:
            for key, part in update.parts(state):
                child = getattr(node, str(key), None) if not isinstance(node, list) else node[key]
                collect(part, child, None, steps, (place, key))
            return
        original(state, node, gradient, steps, place)

    patch.setattr(update, "_collect", collect)


def setup_keeps_what_was_frozen(patch):
    frozen: set[int] = set()

    def freeze(state):
        update.freeze(state)
        frozen.add(len(list(update.leaves_of("freeze", state))))

    def setup(rule, model):
        state = update.setup(rule, model)
        if 6 in frozen:
            update.freeze(state)
        return state

    patch.setattr(pyimpl, "freeze", freeze)
    patch.setattr(pyimpl, "setup", setup)


def a_loader_goes_on_where_it_was_left(patch):
    original = pyimpl.DataLoader.__iter__

    def iterate(self):
        if getattr(self, "going_on", None) is None:
            self.going_on = original(self)
        yield from self.going_on
        self.going_on = None

    patch.setattr(pyimpl.DataLoader, "__iter__", iterate)


def a_loader_keeps_the_partial_batch(patch):
    original = observations.BatchView.__init__

    def make(self, data, batchsize=1, partial=True, collate=None):
        original(self, data, batchsize, True, collate)

    patch.setattr(observations.BatchView, "__init__", make)


def a_buffer_is_filled_once(patch):
    original = pyimpl.DataLoader.__iter__

    def iterate(self):
        first = None
        for batch in original(self):
            first = first or tuple(part.copy() for part in batch)
            yield first if self.buffer else batch

    patch.setattr(pyimpl.DataLoader, "__iter__", iterate)


def patience_counts_all_in_all(patch):
    def patience(predicate, wait):
        count = 0

        def on_trigger(*args):
            nonlocal count
            count += bool(predicate(*args))
            return count >= wait

        return on_trigger

    patch.setattr(pyimpl, "patience", patience)
    patch.setattr(triggers, "patience", patience)


def the_best_is_the_last(patch):
    """Early stopping compares with the score before, as plateau does."""

    def early_stopping(f, delay, distance=lambda best, score: best - score, **options):
        best, least = options.get("init_score", np.inf), options.get("min_dist", 0)

        def no_better(score):
            nonlocal best
            gain, best = distance(best, f(score)), f(score)
            return gain < least

        return triggers.patience(no_better, delay)

    patch.setattr(pyimpl, "early_stopping", early_stopping)


def a_plateau_may_rise_and_fall(patch):
    """Without the size of the step, a fall of any size is no step."""
    patch.setattr(triggers, "abs", lambda step: step, raising=False)


@dataclass(frozen=True)
class Mistake:
    """A mistake, and the machine that has to find it."""

    machine: str
    plant: Callable[[pytest.MonkeyPatch], None]


MISTAKES = [
    *(
        Mistake("optimiser", plant)
        for plant in (
            thaw_nothing,
            thaw_the_first_part,
            freeze_the_first_leaf,
            freeze_without_leaving_the_group,
            frozen_leaves_go_on_in_secret,
            adjust_forgets_the_state,
            adjust_the_rate_alone,
            adjust_every_group_as_a_whole,
            tied_gradients_are_not_summed,
            tied_arrays_have_a_state_each,
            no_gradient_is_a_gradient_of_zeros,
            setup_keeps_what_was_frozen,
        )
    ),
    *(
        Mistake("loader", plant)
        for plant in (
            a_loader_goes_on_where_it_was_left,
            a_loader_keeps_the_partial_batch,
            a_buffer_is_filled_once,
        )
    ),
    *(
        Mistake("triggers", plant)
        for plant in (
            patience_counts_all_in_all,
            the_best_is_the_last,
            a_plateau_may_rise_and_fall,
        )
    ),
]
