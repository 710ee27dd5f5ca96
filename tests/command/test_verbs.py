"""Every verb, its help and wrong usage."""

import inspect
from importlib import import_module

import pytest
from julia_parity import run

from pyimpl.parity.command.verbs import VERBS


@pytest.mark.parametrize("name", VERBS)
def test_help_says_of_a_verb_what_the_verb_says_of_itself(name):
    verb = VERBS[name]
    function = getattr(import_module(f"pyimpl.parity.command.{verb.file}"), verb.function)
    assert inspect.getdoc(function).startswith(verb.help.rstrip("."))


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "--dtype", "float16"],
        ["check", "--cases", "0"],
        ["chek"],
        ["check", "--json", "/no/such/x.json"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
