"""`julia-parity inspect`: what a file has, without its numbers."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from pyimpl.files.inspection import Part, inspect_file
from pyimpl.parity.command.inspect import inspect_state_file

DATA = Path(__file__).parent / "data"


def run(*arguments):
    import typer

    app = typer.Typer()
    app.command()(inspect_state_file)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("suffix", ["jld2", "bson"])
def test_every_part_has_its_name_kind_and_size(suffix):
    contents = inspect_file(DATA / f"models.{suffix}")
    parts = {part.path: part for part in contents.parts}
    assert parts["chain"] == Part("chain", "Flux.Chain", (1,))
    assert parts["chain.layers.1"].kind == "Flux.BatchNorm"
    assert parts["chain.layers.0.weight"] == Part(
        "chain.layers.0.weight", "array", (2, 3), "float32", 24
    )
    assert parts["chain.layers.0.act"].value == "Base.tanh"
    assert contents.format == suffix.upper()
    assert contents.length == (DATA / f"models.{suffix}").stat().st_size


def test_the_command_prints_the_table_and_writes_plain_data(tmp_path):
    done = run(DATA / "models.jld2", "--json", tmp_path / "parts.json")
    assert done.exit_code == 0
    assert "models.jld2: JLD2" in done.output
    assert "chain.layers.0.weight" in done.output and "float32" in done.output
    listed = json.loads((tmp_path / "parts.json").read_text())
    assert listed["format"] == "JLD2"
    weight = next(p for p in listed["parts"] if p["path"] == "chain.layers.0.weight")
    assert (weight["shape"], weight["dtype"], weight["size"]) == ([2, 3], "float32", 24)


def test_only_arrays(tmp_path):
    np.savez(tmp_path / "net.npz", **{"a.weight": np.ones((2, 3)), "b": np.ones(1)})
    done = run(tmp_path / "net.npz", "--arrays")
    assert done.exit_code == 0 and "a.weight" in done.output and " dict" not in done.output
    assert "2 arrays of 56 bytes" in done.output


def test_a_value_that_cannot_be_read_does_not_hide_the_others(tmp_path):
    content = bytearray((DATA / "groups.jld2").read_bytes())
    # the object of the last value, which nothing else refers to: its header is damaged
    from pyimpl.files.opening import opened

    source = opened(DATA / "groups.jld2")
    place = source.file.start + source.names["run/first/z"]
    content[place + 8] ^= 0xFF
    (tmp_path / "groups.jld2").write_bytes(content)
    parts = {part.path: part for part in inspect_file(tmp_path / "groups.jld2").parts}
    assert parts["run/first/z"].kind == "not read"
    assert "checksum" in parts["run/first/z"].value
    assert parts["run/first/x"].kind == "array"
    assert run(tmp_path / "groups.jld2").exit_code == 1


def test_a_file_that_is_none(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    for path, words in (tmp_path / "notes.txt", "of no format"), (tmp_path / "no.jld2", "No such"):
        done = run(path)
        assert done.exit_code == 2 and words in done.stderr
