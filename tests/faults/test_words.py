"""Markup and control characters: what a file, a name or an exception says is shown as it is.

No markup is read in it, no control character reaches the terminal or XML, no text is endless.
"""

import json
import xml.etree.ElementTree as ET

import pytest
from faults.trials import crosscheck

from pyimpl.parity.plain_text import error_words, one_line, plain


@pytest.mark.parametrize("julia", ["x -> x[end]", "A[/]", "x -> x[:red]", ":smile:", "[link=x]y"])
def test_markup_in_an_expression(desk, julia):
    """`x -> x[end]` and `A[/]` are shown as they were written."""
    desk.file("double.py", "def double(x):\n    return 2 * x\n")
    desk.recorded("double.py:double", julia, "n,3")
    came = desk.run(*crosscheck(julia=julia), code=0)
    assert f"double agrees with {julia}" in came.out


def test_versions_with_markup_and_control_characters(doubled):
    """A version in a recording with brackets, escape sequences, turned writing, a line break."""
    versions = {"Flux": "0.16.9[/] [bold]\x1b]0;title\x07\x1b[2J\u202e\x9b31m", "Julia": "1\r2"}
    doubled.file("double.py", "def double(x):\n    return 2 * x\n")
    (doubled.folder / "julia.npz").unlink()
    doubled.recorded("double.py:double", "x -> 2x", "n,3", versions=versions)
    arguments = [*crosscheck(), "--json", "a.json", "--html", "a.html"]
    came = doubled.run(*arguments, code=0, says="0.16.9[/] [bold]")
    for text in (came.out, came.err, (doubled.folder / "a.html").read_text()):
        assert not set("\x1b\x07\u202e\x9b\r") & set(text)
    about = json.loads((doubled.folder / "a.json").read_text())
    assert about["reference"]["versions"] == versions
    doubled.run("check", "Dense", "--recording", "julia.npz", code=(1, 3))


def test_junit_of_a_recording_with_control_characters(doubled):
    """Control characters in a recording do not break JUnit's XML."""
    from types import SimpleNamespace

    from pyimpl.parity.catalogue import CATALOGUE
    from pyimpl.parity.reference import recorded

    rows = recorded.newest()
    entries = list(rows.pairs(SimpleNamespace(key="Dense"), ("float64", "float32"), 2, 0))
    for _, outcomes in entries:
        for outcome in outcomes.values():
            outcome.arrays, outcome.error = {}, "\x00\x1b[31m ]]> & < \ud800 \ufffe"
    versions = rows.versions | {"NNlib": "\x00\x08]]>&"}
    recorded.write(doubled.folder / "odd.npz", entries, {"versions": versions})
    arguments = ["check", "Dense", "--recording", "odd.npz", "--junit", "a.xml", "--json", "a.json"]
    came = doubled.run(*arguments, code=1)
    assert not set("\x1b\x00") & set(came.out)
    suite = ET.parse(doubled.folder / "a.xml").getroot()
    assert suite.get("failures") == "1" and "Dense" in CATALOGUE
    json.loads((doubled.folder / "a.json").read_text())


def test_file_names_with_markup(desk):
    """Files, directories and rows that are called as markup or with escape sequences."""
    desk.run("crosscheck", "[/].py:f", "x -> x", "--shape", "n", code=2, says="[/].py")
    desk.run("crosscheck", "\x1b[2J.py:f", "x", "--shape", "n", code=2, says="\\x1b[2J.py")
    desk.run("check", "[bold]", code=2, says="[bold]")
    desk.run("check", "Dense", "--recording", "[/].npz", code=3, says="[/].npz")
    desk.run("explain", "[/]", code=3, says="[/]")
    desk.run("drift", "\x1b[0m", "0.16.9", code=2, says="\\x1b[0m")


def test_an_endless_text_is_cut():
    """The text of an exception of 10 MB is cut, and says how long it was."""
    words = error_words(ValueError("x" * 10_000_000))
    assert len(words) < 5000 and "(10000012 characters)" in words


def test_what_is_plain():
    """Control characters are escaped, letters of every language are not."""
    assert plain("γ ñ 漢字 😀\n\tx") == "γ ñ 漢字 😀\n\tx"
    assert (
        plain("\x1b\x00\x7f\x9b\u2028\u202e\ud800") == "\\x1b\\x00\\x7f\\x9b\\u2028\\u202e\\ud800"
    )
    assert one_line("a\nb\rc\td\x0be\x85f\u2029g") == "a\\nb\\x0dc\\td\\x0be\\x85f\\u2029g"

    class Odd(Exception):
        def __str__(self):
            raise KeyboardInterrupt

    assert "KeyboardInterrupt" in error_words(Odd())
