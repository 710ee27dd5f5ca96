"""Subjects of the user's, loaded from their files."""

import pytest

from pyimpl.parity.pair.loading import SubjectError, load_subject, parse_julia


def test_subjects_that_cannot_be_had(tmp_path):
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    (tmp_path / "fine.py").write_text("def one(): return 1\n")
    for text, message in [
        ("one", "expected my.py:name"),
        (f"{tmp_path}/none.py:f", "there is no Python file"),
        (f"{tmp_path}/broken.py:f", "ModuleNotFoundError"),
        (f"{tmp_path}/fine.py:two", "has no two; there are one"),
    ]:
        with pytest.raises(SubjectError, match=message):
            load_subject(text)
    assert load_subject(f"{tmp_path}/fine.py:one()") == 1
    assert parse_julia("x -> x .^ 2") == (None, "x -> x .^ 2")
    with pytest.raises(SubjectError, match="there is no Julia file"):
        parse_julia("nothing.jl:f")
