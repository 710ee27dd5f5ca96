"""Every case of every folder given with --reference-dir agrees."""

from dataclasses import replace

import pytest
from reference_folder.entries import Entry, read

from pyimpl.core.precision import with_epsilon_of
from pyimpl.core.versions import semantics
from pyimpl.parity.case.names import Kind
from pyimpl.parity.case.twin import evaluate
from pyimpl.parity.catalogue.activations import SLACK, activation_slack
from pyimpl.parity.judge.verdict import Allowance, Verdict, compare, sensitivity


def pytest_generate_tests(metafunc):
    folders = metafunc.config.getoption("--reference-dir")
    if not folders:
        metafunc.parametrize(
            "entry", [pytest.param(None, marks=pytest.mark.skip(reason="no --reference-dir given"))]
        )
        return
    for folder in folders:
        if not (folder / "index.json").is_file():
            raise pytest.UsageError(f"{folder} is no reference folder: it has no index.json")
    found = [entry for folder in folders for entry in read(folder)]
    ids = [
        entry.label if isinstance(entry, Entry) else f"{entry}-without-a-twin" for entry in found
    ]
    metafunc.parametrize("entry", found, ids=ids)


def allowance(entry: Entry) -> Allowance:
    """What the catalogue grants the same row; of a layer, what it grants the activation inside."""
    from pyimpl.parity.catalogue import CATALOGUE

    row = CATALOGUE.get(entry.row)
    slack = (
        SLACK.get(entry.row)
        or activation_slack(entry.case.config)
        or (row.slack({}) if row and row.kind != "layer" else None)
    )
    return Allowance(slack.ulps, slack.bound) if slack else Allowance()


def test_the_twin_agrees_with_the_folder(entry):
    assert isinstance(entry, Entry), f"{entry} has no twin"
    with semantics(entry.version):
        verdict = judged(entry)
    assert verdict.agrees, "\n".join(
        str(difference) for difference in verdict.differences if not difference.agrees
    )


def judged(entry: Entry) -> Verdict:
    mine = evaluate(entry.case, entry.build)
    if entry.case.mode == "steps":  # these folders hold the rule's state at the end only
        kept = {
            name: array
            for name, array in mine.arrays.items()
            if name.kind is Kind.INPUT or name in entry.flux.arrays
        }
        mine = replace(mine, arrays=kept)
    with with_epsilon_of(entry.case.dtype.type):  # the folder's own precision is in its formulas
        response = sensitivity(lambda case: evaluate(case, entry.build), entry.case)
    return compare(entry.case, mine, entry.flux, response, allowance(entry))
