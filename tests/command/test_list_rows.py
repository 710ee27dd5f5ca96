"""The verb `list`."""

from julia_parity import run

from pyimpl.parity.catalogue import CATALOGUE


def test_list_shows_every_row():
    done = run("list", env={"COLUMNS": "200", "PATH": ""})
    assert done.returncode == 0
    assert all(key in done.stdout for key in CATALOGUE)
