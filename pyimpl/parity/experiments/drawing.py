"""The pictures that every experiment has: both sides' curves on top of each other, and how far
apart they are.
"""

import matplotlib

matplotlib.use("Agg")

import io
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from ...files.disk import read_bytes, write_bytes
from .experiment import Curve, Picture
from .running import Comparison

PYTHON, JULIA, NOISE = "#1f77b4", "#d62728", "#999999"
STYLE: Any = {
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
}
PANELS = 6  # curves in one figure
COLOURS = 128  # of a PNG
FINE = 1000  # points of a curve, beyond which it is drawn with thin lines


def styled():
    """The style of all figures, as a context manager."""
    return plt.rc_context(STYLE)


def overlays(comparison: Comparison) -> Iterator[Picture]:
    """One picture per kind of curve: above, both sides' curves; below, on a log axis, their
    difference beside what one ulp does.
    """
    script = comparison.experiment.script
    by_pattern: dict[str, list[str]] = {}
    for drift in comparison.drifts:
        for pattern in script.CURVES:
            if (
                comparison.experiment.curve(drift.name) is script.CURVES[pattern]
                and not drift.problem
            ):
                by_pattern.setdefault(pattern, []).append(drift.name)
    for pattern, names in by_pattern.items():
        curve = script.CURVES[pattern]
        chosen = (
            names
            if len(names) <= PANELS
            else [names[i] for i in np.linspace(0, len(names) - 1, PANELS).round().astype(int)]
        )
        stem = "-".join(re.findall(r"\w+", pattern)) or "curves"
        sentence = (
            f"{curve.label.capitalize()} of both sides on top of each other, and their "
            "difference beside what one ulp does."
        )
        if len(names) > len(chosen):
            sentence += f" {len(chosen)} of {len(names)} curves are shown; all were compared."
        yield Picture(f"agreement-{stem}", sentence, _overlay(comparison, curve, chosen))


def _overlay(comparison: Comparison, curve: Curve, names: list[str]) -> Figure:
    figure, axes = plt.subplots(
        2,
        len(names),
        figsize=(max(5.5, 3.4 * len(names)), 5.6),
        sharex="col",
        squeeze=False,
        layout="constrained",
        height_ratios=(3, 2),
    )
    drifts = {drift.name: drift for drift in comparison.drifts}
    for column, name in enumerate(names):
        above, below = axes[:, column]
        mine, theirs, drift = (
            comparison.python.arrays[name],
            comparison.julia.arrays[name],
            drifts[name],
        )
        at, fine = curve.positions(len(mine)), len(mine) > FINE
        above.plot(
            at,
            _line(mine),
            color=PYTHON,
            lw=1 if fine else 3,
            alpha=0.6,
            label=comparison.python.name,
        )
        above.plot(
            at,
            _line(theirs),
            color=JULIA,
            lw=0.4 if fine else 1,
            ls="--",
            label=comparison.julia.name,
        )
        above.set_title(name, fontsize=9)
        if curve.log:
            above.set_yscale("log", nonpositive="mask")
        below.fill_between(
            at,
            _visible(drift.allowed),
            0,
            color=NOISE,
            alpha=0.2,
            lw=0,
            label="explained by rounding",
        )
        below.plot(at, _visible(drift.noise), color=NOISE, lw=1.5, label="one ulp, NumPy alone")
        below.plot(
            at, _visible(drift.difference), color="black", lw=0.8, label="difference of the sides"
        )
        if not drift.difference.any():
            below.text(
                0.5, 0.2, "no difference at all", ha="center", transform=below.transAxes, fontsize=8
            )
        if drift.first_beyond is not None:
            where = at[drift.first_beyond]
            below.axvline(where, color=JULIA, lw=1, ls=":")
            below.text(
                where,
                0.95,
                f" beyond from {curve.unit} {where}",
                color=JULIA,
                va="top",
                transform=below.get_xaxis_transform(),
                fontsize=8,
            )
        below.set_yscale("log")
        below.set_xlabel(curve.unit)
    axes[0, 0].set_ylabel(curve.label)
    axes[1, 0].set_ylabel("difference")
    entries = [
        entry for ax in axes[:, 0] for entry in zip(*ax.get_legend_handles_labels(), strict=True)
    ]
    figure.legend(
        *zip(*entries, strict=True),
        loc="outside lower center",
        ncols=5 if len(names) > 2 else 2,
        fontsize=8,
    )
    figure.suptitle(
        f"{comparison.experiment.title}\n{curve.label}, seed {comparison.seed}", fontsize=10
    )
    return figure


def _line(values: np.ndarray) -> np.ndarray:
    """One line of a curve that has several numbers a step: their mean."""
    return values if values.ndim == 1 else values.reshape(len(values), -1).mean(1)


def _visible(values: np.ndarray) -> np.ndarray:
    """On a log axis: zero and infinity have no place."""
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)


def save(picture: Picture, directory: Path) -> Path:
    """Write the picture as PNG, or as GIF where it moves."""
    if picture.frames is None:
        path, drawn = directory / f"{picture.stem}.png", io.BytesIO()
        picture.figure.savefig(drawn)
        packed = io.BytesIO()
        coloured = Image.open(drawn).convert("RGB").quantize(COLOURS)  # a third of the size
        coloured.save(packed, "png", optimize=True)
        write_bytes(path, packed.getvalue())
    else:
        from matplotlib.animation import PillowWriter

        # Frame by frame, with one layout for all: FuncAnimation draws every frame twice, and lays
        # it out anew each time.
        path = directory / f"{picture.stem}.gif"
        picture.frames(0)  # with its title, which needs its place
        picture.figure.draw_without_rendering()
        picture.figure.set_layout_engine("none")
        writer = PillowWriter(fps=12)
        with tempfile.TemporaryDirectory() as folder:  # Pillow's writer wants a file
            drawn_at = Path(folder) / path.name
            with writer.saving(picture.figure, str(drawn_at), dpi=80):
                for number in range(picture.count):
                    picture.frames(number)
                    writer.grab_frame()
            write_bytes(path, read_bytes(drawn_at))
    plt.close(picture.figure)
    return path
