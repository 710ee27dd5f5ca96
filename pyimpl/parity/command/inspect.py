"""The verb `inspect`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from ...files.disk import write_json
from .console import USAGE, expect_directories, fail, screen


def inspect_state_file(
    file: Annotated[
        Path,
        typer.Argument(help="JLD2, BSON (of BSON.jl), npz, npy, safetensors, or PyTorch's .pt."),
    ],
    arrays: Annotated[
        bool, typer.Option("--arrays", help="Only arrays, not what they are in, nor other values.")
    ] = False,
    json: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="The list as plain data, too."),
    ] = None,
):
    """List the names, kinds and sizes of all that a file of weights has; nothing in it is run.

    Names and shapes are those that `read_state` gives: Julia's axes are reversed. Exit code: 0 all
    was read, 1 some values could not be, 2 the file is of no known format or damaged.
    """
    from ...files.bounds import StateFileError
    from ...files.inspection import inspect_file

    expect_directories(json)
    try:
        contents = inspect_file(file)
    except (StateFileError, OSError, ImportError) as wrong:
        raise fail(str(wrong), USAGE) from None
    unread = [part for part in contents.parts if part.kind == "not read"]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("name", "kind", "shape", "bytes", "value"):
        table.add_column(title, justify="right" if title == "bytes" else "left", overflow="fold")
    for part in contents.parts:
        if arrays and part.kind not in ("array", "not read"):
            continue
        kind = part.dtype if part.dtype is not None else part.kind
        shape = "" if part.shape is None else str(part.shape if part.dtype else part.shape[0])
        cells = part.path, kind, shape, str(part.size) if part.dtype else "", part.value
        table.add_row(*(cell.replace("[", "\\[") for cell in cells))
    numbers = [part for part in contents.parts if part.dtype is not None and not part.again]
    screen.print(
        f"{contents.path}: {contents.format}, {contents.length} bytes; {len(numbers)} arrays of "
        f"{sum(part.size for part in numbers)} bytes",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    screen.print(table)
    if json is not None:
        listed = [asdict(part) for part in contents.parts]
        about = {"file": str(contents.path), "format": contents.format, "bytes": contents.length}
        write_json(json, {**about, "parts": listed})
    raise typer.Exit(1 if unread else 0)
