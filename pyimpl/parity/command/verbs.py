"""The command `julia-parity`: its verbs, each in a file of its own that is loaded when the verb is
used.
"""

import os
import warnings
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True)
class Verb:
    """Where a verb is: the file of this room and the function in it; and what it is for, as
    `--help` says it.
    """

    file: str
    function: str
    help: str


VERBS = {
    "crosscheck": Verb(
        "crosscheck",
        "crosscheck",
        "Check your own pair: a Python function, layer or module against a Julia function or "
        "model.",
    ),
    "locate": Verb(
        "locate",
        "locate_models",
        "Compare two models stage by stage and name the first that differs.",
    ),
    "explain": Verb(
        "crosscheck",
        "explain_bundle",
        "Replay a disagreement from its bundle with the Python side as it is now.",
    ),
    "new": Verb(
        "crosscheck", "new", "Make a pair to start from: NAME.py, NAME.jl and test_NAME.py."
    ),
    "inspect": Verb(
        "inspect",
        "inspect_state_file",
        "List the names, kinds and sizes of all that a file of weights has.",
    ),
    "check": Verb("check", "check", "Check the NumPy twin against Flux, row by row."),
    "mutants": Verb(
        "mutants",
        "try_all",
        "Break the twin and the toolkit, one convention at a time: each mutant must be found.",
    ),
    "list": Verb("list_rows", "list_rows", "The catalogue: every row, and what it covers."),
    "doctor": Verb("doctor", "doctor", "What was found of Python, Julia, PythonCall and Flux."),
    "warm-up": Verb("warm_up", "warm_up", "Compile rows for live checks, once."),
    "record": Verb("record", "record", "Record what live Julia makes of every row."),
    "drift": Verb("drift", "show_drift", "What changed in meaning between two versions of Flux."),
    "compare": Verb(
        "compare",
        "compare",
        "Run the published walk-throughs on both sides, from the same numbers.",
    ),
    "benchmarks": Verb(
        "benchmarks",
        "run_benchmarks",
        "A training step of every experiment: NumPy beside PyTorch and Flux.",
    ),
}


class Lazy(TyperCommand):
    """A verb that is loaded when its arguments are read."""

    def __init__(self, name: str, verb: Verb):
        super().__init__(name, help=verb.help)
        self._verb = verb

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """The context of the verb itself."""
        from .console import NO_VERDICT, fail, last_resort

        try:
            verb = getattr(import_module(f".{self._verb.file}", __package__), self._verb.function)
        except Exception as problem:  # an installation with parts missing, or of other versions
            words = f"{type(problem).__name__}: {problem}"
            raise fail(f"{self.name} cannot be loaded: {words}", NO_VERDICT) from None
        app = typer.Typer(add_completion=False)
        app.command(self.name)(last_resort(verb))
        return typer.main.get_command(app).make_context(info_name, args, parent, **extra)


def run_verb(arguments: list[str]) -> int:
    """Run a verb in this process; its exit code."""
    from .console import INTERRUPTED, NO_VERDICT, UNWRITTEN, USAGE, note, say_wrong
    from .streams import hold_streams

    outlets = hold_streams()
    show = warnings.showwarning
    warnings.showwarning = lambda message, category, *place, **more: (
        note(str(message))
        if category.__name__ == "PassedOver"
        else show(message, category, *place, **more)
    )
    about = "Do the Julia and the Python version agree, and if not, where, by how much and why?"
    group = TyperGroup(
        name="julia-parity",
        help=about,
        commands={name: Lazy(name, verb) for name, verb in VERBS.items()},
        no_args_is_help=True,
    )
    try:
        os.getcwd()
    except OSError as problem:
        say_wrong(f"the directory in which it was started cannot be had: {problem.strerror}")
        return USAGE
    try:
        group.main(arguments, "julia-parity")
        code = 0
    except SystemExit as ended:  # the command line library's: see `last_resort`
        code = ended.code if isinstance(ended.code, int) else NO_VERDICT
    except KeyboardInterrupt:
        code = INTERRUPTED
    for outlet in outlets:
        outlet.flush()
    # what was said did not arrive, on a full disk for example
    return UNWRITTEN if code == 0 and any(outlet.lost for outlet in outlets) else code
