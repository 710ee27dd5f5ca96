"""The inputs of a case as they are told: by the names that the Python function gives them, as they
would be written in Python.
"""

import datetime

import numpy as np

from ..case.arguments import (
    DATE,
    MAYBE,
    MOMENT,
    RANDOM,
    SYMBOL,
    TEXT,
    Form,
    arguments_of,
    leaves_of,
)
from ..case.case import Case
from ..case.names import Kind, numbered
from ..case.values import EPOCH, START
from ..pair.pair import Pair, argument_names

SHOWN = 64  # entries of an array; of longer ones the shape
PLAIN = Form()


def inputs(pair: Pair, case: Case) -> list[str]:
    """The inputs, as NumPy would write them; a model's own arrays are only counted."""
    places = argument_names(pair.python.subject)
    arguments = arguments_of(case.config)
    if arguments is None:
        known = {numbered(Kind.INPUT, i): (name, PLAIN) for i, name in enumerate(places, 1)}
    else:
        leaves = leaves_of(arguments, places)
        known = {numbered(Kind.INPUT, i): leaf for i, leaf in enumerate(leaves, 1)}
    own = [name for name in case.arrays if name.kind is Kind.PARAMETER]
    lines: list[str] = []
    missing: set[str] = set()  # the arguments that are None in this case
    for name, array in case.arrays.items():
        if name in own:
            continue
        called, form = known.get(name, (str(name), PLAIN))
        if form.kind == MAYBE:
            argument = called.removesuffix(" is given")
            if not array[()]:
                missing.add(argument)
                lines.append(f"{argument} = None")
        elif not any(called == part or called.startswith(f"{part}.") for part in missing):
            lines += written(called, array, form).splitlines()
    return [*lines, f"and the {len(own)} arrays of the model"] if own else lines


def written(name: str, array: np.ndarray, form: Form = PLAIN) -> str:
    """`name = array`, long ones by their shape."""
    if form.kind == RANDOM:
        return f"{name}: a generator that gives out {array.shape[-1]} numbers, in the bundle"
    if array.size > SHOWN:
        return f"{name}: {array.dtype} of shape {array.shape}, in the bundle"
    if form.kind in (TEXT, SYMBOL, DATE, MOMENT):
        return f"{name} = {_shown(array.tolist(), form)}"
    text = np.array2string(
        array,
        separator=", ",
        threshold=SHOWN + 1,
        max_line_width=100,
        prefix=f"{name} = ",
        floatmode="unique",
    )
    return f"{name} = {text}" + (
        f"  # shape {array.shape}" if array.size == 0 or array.ndim > 2 else ""
    )


def _shown(number: int | list, form: Form) -> str:
    """A text or a date, or a list of them."""
    if isinstance(number, list):
        return f"[{', '.join(_shown(one, form) for one in number)}]"
    if form.kind == DATE:
        return str(EPOCH + datetime.timedelta(number))
    if form.kind == MOMENT:
        return str(START + datetime.timedelta(0, number))
    return repr(form.choices[number])
