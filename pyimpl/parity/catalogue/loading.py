"""Data in batches: BatchView, DataLoader, eachobs, and the ways in which they are told to load."""

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...core.pullback import differentiable
from .data import both, data_row, single
from .row import Config, Example, Row
from .settings import chosen

# Ways to load data, by what DataLoader and eachobs are told.
LOADED: tuple[Config, ...] = (
    {"batchsize": 2, "partial": False, "buffer": True},
    {"batchsize": 2, "collate": True},
    {"batchsize": 3, "partial": False, "collate": False},
    {"batchsize": 2, "partial": False, "collate": "reversed"},
    {"batchsize": 2, "partial": False, "collate": False, "buffer": True},
    {"batchsize": 2, "shuffle": True},
)


def _batches(c: Config, x, y) -> tuple:
    return batches_of(c, pyimpl.BatchView((x, y), **loading(c)))


COLLATED = {"reversed": lambda found: pyimpl.batch(found[::-1])}


def loading(c: Config) -> Config:
    """What a configuration says of how data are loaded."""
    options = chosen(c, "batchsize", "shuffle", "partial", "collate", "buffer")
    if options.get("collate") in COLLATED:
        options["collate"] = COLLATED[options["collate"]]
    return options


def batches_of(c: Config, loader) -> tuple:
    """The arrays of all batches, copied before the next one: it may be the same memory. Of batches
    that are shuffled the entries of all of them, in order of size.
    """
    if c.get("shuffle"):
        xs, ys = zip(*loader, strict=True)
        return tuple(
            np.sort(np.concatenate([part.ravel() for part in parts])) for parts in (xs, ys)
        )
    collate = c.get("collate")
    batches = [
        [[part.copy() for part in pair] for pair in batch]
        if collate is False
        else [[np.array(part) for part in batch]]
        for batch in loader
    ]
    return single(part for batch in batches for pair in batch for part in pair)


def _loader(c: Config):
    told = c if c.get("told", True) else {}

    def batches(x, y):
        return batches_of(told, pyimpl.DataLoader((x, y), **loading(told))), None

    return differentiable(batches)


DATALOADER_ROW = Row(
    "DataLoader",
    "flux",
    "data",
    twin=_loader,
    structures=(
        {"partial": True},
        {"partial": False},
        {},
        {"told": False},
        {"partial": False, "buffer": True},
        {"collate": True},
        {"partial": False, "collate": False},
        {"partial": False, "collate": "reversed"},
        {"partial": False, "collate": False, "buffer": True},
        {"shuffle": True},
    ),
    sizes={"count": st.integers(3, 7), "batchsize": st.integers(1, 3)},
    shapes=lambda c: {"x1": (c["count"], 2, 3), "x2": (c["count"],)},
    differentiable=False,
    examples=(
        Example(
            "different numbers of observations",
            {"partial": True, "count": 4, "batchsize": 2},
            {"x2": np.arange(3.0)},
            refused=True,
        ),
    ),
    covers="batches in order, with and without the partial one, collated in four ways, into one "
    "buffer; of shuffled ones, which are random on both sides, the entries in order of size",
)

ROWS = (
    data_row(
        "BatchView",
        _batches,
        (
            {"batchsize": 2, "partial": True},
            {"batchsize": 3, "partial": False},
            {"batchsize": 2, "partial": False, "collate": True},
            {"batchsize": 3, "partial": True, "collate": False},
            {},
            {"batchsize": 2, "partial": False, "collate": "reversed"},
            {"batchsize": 2, "partial": False, "collate": False},
        ),
        both,
        "with and without the partial batch, collated in four ways",
    ),
    data_row(
        "eachobs",
        lambda c, x, y: batches_of(c, pyimpl.eachobs((x, y), **loading(c))),
        ({}, *LOADED),
        both,
        "one observation after the other, or batches as of DataLoader",
    ),
    DATALOADER_ROW,
)
