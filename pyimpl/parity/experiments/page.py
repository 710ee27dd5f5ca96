"""The index page: every picture with its sentence, the verdicts, the published figures beside
ours.
"""

from pathlib import Path

import jinja2

from ...files.disk import write_text
from ..plain_text import plain
from .running import Comparison

TEMPLATES = Path(__file__).with_name("templates")


def published_rows(result: Comparison) -> list[tuple[str, str, str, str]]:
    """What was published, and what came here on both sides; «-» where this size does not reach
    it.
    """
    rows = []
    for figure in result.experiment.script.PUBLISHED:
        ours = (
            figure.ours(result.size, side.arrays) or "-" for side in (result.python, result.julia)
        )
        rows.append((figure.what, figure.value, *ours, figure.comment))
    return rows


def write_figures(
    result: Comparison, directory: Path, drawing
) -> tuple[Comparison, list[tuple[str, str]]]:
    """Draw and save all pictures of an experiment. Gives (file name, sentence) of each."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    with drawing.styled():
        own = result.experiment.script.figures(
            result.size, result.inputs, (result.python, result.julia)
        )
        for pictures in (own, drawing.overlays(result)):
            for picture in pictures:
                path = drawing.save(picture, directory)
                written.append((f"{directory.name}/{path.name}", picture.sentence))
    return result, written


def write_index(pages: list[tuple[Comparison, list[tuple[str, str]]]], out: Path) -> Path:
    """`index.html` in `out`."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("index.html").render(pages=pages, published=published_rows)
    path = out / "index.html"
    write_text(path, plain(page))
    return path
