"""What has a state of its own, driven at random: an optimiser's state, a loader, triggers.

A machine of Hypothesis puts a program together, rule by rule, and holds the twin's run of it
against another: against live Julia where there is one; without, the recorded programs are held
against it by `tests/test_parity.py`, and here the laws that every program keeps. The mistakes below
are told by the same machines, from the true twin, in at most 200 programs each.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from state_mistakes import MISTAKES

import pyimpl
from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.case.draws import seeded_fill
from pyimpl.parity.case.names import Kind, Name
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.checking import Live
from pyimpl.parity.catalogue.programs import loader_commands, optimiser_commands
from pyimpl.parity.catalogue.row import Row
from pyimpl.parity.judge.findings import Report, enter

OPTIMISER, LOADER = CATALOGUE["optimiser_program"], CATALOGUE["loader_program"]
TRIGGERS = [CATALOGUE[name] for name in ("patience", "early_stopping", "plateau")]
LONGEST = 10  # commands
LIVE_PROGRAMS, PROGRAMS = 30, 200

Hold = Callable[[Row, Case], None]  # hold the twin's run of a program against something


def expect_agreement(row: Row, case: Case, outcome: Outcome) -> None:
    report = Report(row)
    enter(report, case, {"float64": outcome})
    assert not report.findings, "\n".join(map(str, report.findings))


# The machines.


class Machine(RuleBasedStateMachine):
    """Puts a program together, and in the end holds it against another run of it."""

    hold: Hold
    row: Row
    config: dict[str, Any]

    def start_with(self, row: Row, structure: dict[str, Any], **sizes: int) -> None:
        self.row, self.program = row, []
        self.config = structure | sizes

    def case(self) -> Case:
        config = self.config | {"program": self.program}
        return self.row.complete(config, seeded_fill(f"{self.row.key}/{config}"))

    def teardown(self) -> None:
        if getattr(self, "program", None):
            type(self).hold(self.row, self.case())


def commanded(machine: type[Machine], commands: dict[str, st.SearchStrategy]) -> None:
    """Give a machine one rule for every command for which it has none."""
    for name, command in commands.items():
        if name in vars(machine):
            continue

        def run(self, command):
            self.program.append(command)

        run.__name__ = name
        open_ended = precondition(lambda self: len(self.program) < LONGEST)
        setattr(machine, name, open_ended(rule(command=command)(run)))


def optimiser_machine(hold: Hold) -> type[Machine]:
    class OptimiserPrograms(Machine):
        frozen = Bundle("frozen")

        @initialize(structure=st.sampled_from(OPTIMISER.structures))
        def set_up(self, structure):
            self.start_with(OPTIMISER, structure, batch=3)

        @rule(target=frozen, command=optimiser_commands()["freeze"])
        def freeze(self, command):
            self.program.append(command)
            return command[1]

        @rule(place=consumes(frozen))
        def thaw_it_again(self, place):
            self.program += [["update"], ["thaw", place]]

        def teardown(self):
            if getattr(self, "program", None):
                self.program.append(["update"])  # what a state has become shows in a step
            super().teardown()

    commanded(OptimiserPrograms, optimiser_commands())
    OptimiserPrograms.hold = staticmethod(hold)
    return OptimiserPrograms


def loader_machine(hold: Hold) -> type[Machine]:
    class LoaderPrograms(Machine):
        @initialize(structure=st.sampled_from(LOADER.structures), count=st.integers(3, 7))
        def load(self, structure, count):
            self.start_with(LOADER, structure, count=count)

    commanded(LoaderPrograms, loader_commands())
    LoaderPrograms.hold = staticmethod(hold)
    return LoaderPrograms


def trigger_machine(hold: Hold) -> type[Machine]:
    class TriggerPrograms(Machine):
        @initialize(
            chosen=st.sampled_from([(row, each) for row in TRIGGERS for each in row.structures])
        )
        def set_up(self, chosen):
            self.start_with(*chosen)

        @precondition(lambda self: len(self.program) < LONGEST)
        @rule(eighths=st.integers(-4, 4))
        def score(self, eighths):
            self.program.append(eighths / 8)

        @precondition(lambda self: 0 < len(self.program) < LONGEST)
        @rule()
        def same_score(self):
            self.program.append(self.program[-1])

        def case(self):
            config = self.config | {"rounds": len(self.program)}
            scores = {"x1": np.array(self.program)}
            return self.row.complete(config, seeded_fill(self.row.key), given=scores)

    TriggerPrograms.hold = staticmethod(hold)
    return TriggerPrograms


MACHINES = {
    "optimiser": optimiser_machine,
    "loader": loader_machine,
    "triggers": trigger_machine,
}


def drive(machine: type[Machine], programs: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=programs,
            stateful_step_count=LONGEST,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


# Against Julia, and against the laws.


@pytest.mark.parametrize("name", MACHINES)
def test_programs_agree_with_live_julia(name, live_julia):
    if live_julia is None:
        pytest.skip("no live Julia here; the recorded programs: tests/test_parity.py")
    reference = Live(live_julia)

    def hold(row, case):
        for asked, outcomes in reference.evaluated(row, [(case, ("float64",))]):
            expect_agreement(row, asked, outcomes["float64"])

    with pyimpl.semantics(reference.versions["Flux"]):
        drive(MACHINES[name](hold), LIVE_PROGRAMS)


def test_the_laws_of_an_optimiser_s_state():
    """Only an update moves anything, only what is thawed and has a gradient, and tied arrays stay
    one.
    """
    drive(optimiser_machine(_keep_the_laws), 100)


def _keep_the_laws(row: Row, case: Case) -> None:
    arrays = row.evaluate(case).arrays
    tied = case.config.get("tied", "")
    paths = [f"layers.{i}.{name}" for i in range(3) for name in ("weight", "bias")]
    frozen: set[str] = set()

    def at(path: str, step: int) -> np.ndarray:
        name = Name(Kind.PARAMETER, path, step)
        return arrays[name] if step else turned(path, case.arrays[replaced(path)])

    def turned(path: str, array: np.ndarray) -> np.ndarray:
        """As the array of that place has it, of one of the place that it is tied to."""
        return array.T if tied == "transpose" and path == "layers.1.weight" else array

    def replaced(path: str) -> Name:
        first = "layers.0.weight" if tied and path == "layers.1.weight" else path
        return Name(Kind.PARAMETER, first)

    def parts(place: str) -> set[str]:
        found = {path for path in paths if path == place or path.startswith(f"{place}.")}
        found = found if place else set(paths)
        both = {"layers.0.weight", "layers.1.weight"}
        return found | both if tied and found & both else found

    for step, (verb, *given) in enumerate(case.config["program"], 1):
        if verb == "setup":
            frozen = set()
        elif verb == "freeze":
            frozen |= parts(*given)
        elif verb == "thaw":
            frozen -= parts(*given)
        moving = set() if "update" not in verb else parts(f"layers.{given[0]}" if given else "")
        for path in paths:
            moved = not np.array_equal(at(path, step), at(path, step - 1))
            assert moved == (path in moving - frozen), (path, step, case.config["program"])
        if tied:
            np.testing.assert_array_equal(turned(paths[2], at(paths[0], step)), at(paths[2], step))


# Mistakes.


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.plant.__name__)
def test_a_mistake_is_found_within_200_programs(mistake):
    def hold(plant, row, case):
        truth = row.evaluate(case)
        with pytest.MonkeyPatch.context() as patch:
            plant(patch)
            expect_agreement(row, case, truth)

    machine = MACHINES[mistake.machine]
    with pytest.raises(AssertionError, match="differ|missing|extra|raised"):
        drive(machine(functools.partial(hold, mistake.plant)), PROGRAMS)


@pytest.mark.parametrize("name", MACHINES)
def test_the_true_twin_has_none(name):
    def hold(row, case):
        expect_agreement(row, case, row.evaluate(case))

    drive(MACHINES[name](hold), 20)
