"""What options a public name has, read off its signatures."""

from typing import Literal, overload

import numpy as np
import pytest

import pyimpl
from pyimpl import textbook
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.options import bound, call_form, forms, is_opaque, is_same, options
from pyimpl.parity.catalogue.reached import subject_of


@overload
def spread(width: int, kind: Literal["even", "odd"] = "even", *, shift: int | None = None): ...


@overload
def spread(weight: np.ndarray, *more: float, closed=False): ...


def spread(*arguments, **options):
    return arguments, options


def test_options_of_all_forms_have_their_values():
    found = {name: [v.text for v in option.others] for name, option in options(spread).items()}
    assert found == {
        "kind": ["'odd'"],
        "shift": ["int"],
        "more": ["another"],
        "closed": ["True"],
    }
    assert options(spread)["shift"].default is None


def test_a_value_is_what_is_given_and_not_the_default():
    option = options(spread)["shift"]
    assert option.value(None) is None
    assert option.value(np.int64(3)).text == "int"
    assert option.value("a word") is None
    assert not is_same(True, 1) and is_same(np.ones(2), np.ones(2))


@pytest.mark.parametrize(
    ("positional", "named", "which"),
    [
        ((3, "odd"), {}, 0),
        ((3, "none of them"), {}, None),
        ((np.ones(2), 0.5), {"closed": True}, 1),
        ((np.ones(2),), {"shift": 1}, None),
    ],
)
def test_the_form_is_the_one_that_can_be_meant(positional, named, which):
    call = bound(forms(spread), positional, named)
    assert call is None if which is None else call[0] == forms(spread)[which]


def test_the_only_form_is_meant_whatever_its_annotations():
    form = forms(textbook.Convolution)
    assert bound(form, (np.ones(2), np.ones(2)), {"stride": 2}) is not None


def test_the_options_of_an_extended_constructor_are_known():
    assert {"return_state", "bias", "init_kernel"} <= set(options(pyimpl.GRUv3))
    assert call_form(pyimpl.MultiHeadAttention).parameters.keys() == {"xs", "mask"}
    assert call_form(pyimpl.Adam) is None


def test_every_public_name_with_a_row_says_what_it_takes():
    subjects = {row.key: subject_of(row) for row in CATALOGUE.values()}
    opaque = [key for key, subject in subjects.items() if subject and is_opaque(subject)]
    assert opaque == []
