"""Builders of optimisation rules, and what else an expression may call or name."""

import inspect
from dataclasses import fields

import numpy as np
from reference_folder.conversions import number, reverse
from reference_folder.layers import given
from reference_folder.tracing import call, value_of

import pyimpl

RULE_NAMES = {"eps": "epsilon", "lam": "lambda_"}  # `lambda` cannot be a name in Python


ONLY_BY_NAME = ("centred", "couple", "throw")  # the flags of Optimisers' rules


def rule(kind):
    """A rule of Optimisers.jl: its settings have the same order there."""
    ours = {RULE_NAMES.get(field.name, field.name): field.name for field in fields(kind)}

    def build(*settings, **named):
        settings = dict(zip(ours, settings, strict=False)) | named
        return kind(**{ours[name]: number(value) for name, value in given(**settings).items()})

    by_name, by_place = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter(name, by_name if name in ONLY_BY_NAME else by_place, default=...)
        for name in ours
    ]
    build.__signature__ = inspect.Signature(parameters)
    return build


def optimiser_chain(*rules):
    return pyimpl.OptimiserChain(*rules)


def mixed_precision(*precision_rule):
    return pyimpl.MixedPrecision(*precision_rule)


def filled(value):
    """`zeros` and `ones`."""

    def build(*sizes):
        dtype, sizes = (np.float64, sizes) if isinstance(sizes[0], int) else (sizes[0], sizes[1:])
        return np.full(reverse(sizes), value, dtype)

    return build


def element_type(x):
    return value_of(x).dtype.type


def size_along(x, d):
    return np.shape(value_of(x))[-d]


def type_of(x):
    """Part of Julia's way to write a type parameter, as in `RNN{false, typeof(cell)}(cell)`; it
    says nothing new.
    """


def fixed_second(function, value):
    """`Base.Fix2`: a function of its first argument."""
    return lambda x: call(function, x, value)


def precision(convert):
    return lambda model: convert(model)


def same_pad():
    return pyimpl.SamePad()
