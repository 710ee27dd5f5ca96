"""What arrays are made into: forms, their leaves and names, as plain data."""

import json

import pytest

from pyimpl.parity.case.arguments import (
    ITEMS,
    LIST,
    MAYBE,
    NONE,
    RECORD,
    TEXT,
    Argument,
    Form,
    arguments_of,
    as_plain,
    leaves_of,
)

RATE = Form(RECORD, (Form(), Form(MAYBE, (Form(TEXT, choices=("a", "b")),))), ("rate", "name"))
NESTED = Form(ITEMS, (Form(LIST), RATE, Form(NONE)), called="tuple")


@pytest.mark.parametrize(("form", "count"), [(RATE, 3), (NESTED, 4), (Form(NONE), 0)])
def test_every_array_has_one_name(form, count):
    assert form.leaves == count == len(list(form.leaf_names("x")))


def test_names_say_where_an_array_stands():
    arguments = [Argument(), Argument(NESTED), Argument(RATE, "config")]
    names = [name for name, _ in leaves_of(arguments, ["x"])]
    assert names == [
        "x",
        "argument 2[0]",
        "argument 2[1].rate",
        "argument 2[1].name is given",
        "argument 2[1].name",
        "config.rate",
        "config.name is given",
        "config.name",
    ]


def test_plain_data_says_all_of_them_and_nothing_of_plain_ones():
    arguments = [Argument(), Argument(NESTED, "options")]
    assert arguments_of(json.loads(json.dumps(as_plain(arguments)))) == arguments
    assert as_plain([Argument(), Argument()]) == {} and arguments_of({"calls": 2}) is None
