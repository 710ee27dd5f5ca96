"""One way, tried at one place: told with the names of the user's arguments."""

from pyimpl.parity.explain.edit import Edit
from pyimpl.parity.sides.frameworks import side_of


def test_arguments_are_called_as_the_user_calls_them():
    edit = Edit("axes", "argument x2", "x2 reversed, x10 kept", side_of(abs), 3.0)
    named = edit.of_arguments({"x2": "weights", "x1": "x"})
    assert (named.where, named.change) == ("argument weights", "weights reversed, x10 kept")
    assert named.part is None and not named.of_setting and named.cost == edit.cost
