"""The verb `benchmarks`."""

from typing import Annotated

import typer
from rich.table import Table

from ..experiments import benchmarks
from ..experiments.training_steps import EXPERIMENTS
from .console import USAGE, fail, screen, working


def run_benchmarks(
    experiments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help=f"Any of {', '.join(EXPERIMENTS)}; none: all."),
    ] = None,
    rounds: Annotated[
        int, typer.Option(min=1, help="Rounds; the best of each contender counts.")
    ] = 7,
):
    """A training step of every experiment: NumPy beside PyTorch and Flux, where they are there, in
    one run.
    """
    for name in experiments or ():
        if name not in EXPERIMENTS:
            raise fail(f"no experiment is called {name}; there are {', '.join(EXPERIMENTS)}", USAGE)
    screen.print(
        "Float32, one core each, the best of the rounds; «to NumPy»: how many times as long as "
        "NumPy",
    )
    measured = benchmarks.measure(experiments or EXPERIMENTS, rounds)
    with working("measuring"):
        for name, results in measured:
            sheet = Table(
                "",
                "per step",
                "steps/s",
                "to NumPy",
                "",
                box=None,
                pad_edge=False,
                header_style="bold",
            )
            fastest = next(result.seconds for result in results if result.contender == "numpy")
            for result in results:
                numbers = ("-", "-", "-")
                if result.seconds and fastest:
                    numbers = (
                        f"{result.seconds * 1e6:.0f} us",
                        f"{1 / result.seconds:.0f}",
                        f"{result.seconds / fastest:.2f}",
                    )
                sheet.add_row(result.contender, *numbers, result.note)
            screen.print(f"\n{EXPERIMENTS[name]}", style="bold")
            screen.print(sheet)
