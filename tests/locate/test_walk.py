"""Models with one wrong layer: the layer at fault is named, and nothing where all are right.
Julia's side is recorded.
"""

import json

import pytest
from located.table import (
    IN_TORCH,
    MISTAKES,
    RIGHT,
    located,
    refused,
)

from pyimpl.parity.command.locate import as_data
from pyimpl.parity.pair.matching import AS_IT_IS, TRANSPOSED
from pyimpl.parity.report.page import write_html
from pyimpl.parity.report.stages import sentence


@pytest.mark.parametrize("name", RIGHT)
def test_where_all_is_right_nothing_is_found_and_every_match_is_proved(name, replayed):
    if name in IN_TORCH:
        pytest.importorskip("torch")
    found = located(name, replayed)
    assert found.agrees and not found.explanations, sentence(found)
    for stage in found.stages:
        assert max(stage.ulps.values()) < 32
        for matched in stage.matches:
            assert matched.proved, str(matched)
    assert "agree" in sentence(found)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_the_stage_at_fault_is_named(mistake, replayed):
    if mistake.model in IN_TORCH:
        pytest.importorskip("torch")
    found = located(mistake.model, replayed, **mistake.wrong)
    assert found.guilty is not None, "nothing was found"
    assert (found.stages[found.guilty].name, found.direction) == (
        mistake.stage,
        mistake.direction,
    ), sentence(found)
    assert mistake.inside in found.inside, found.inside
    guiltless = [stage for i, stage in enumerate(found.stages) if i != found.guilty]
    assert all(stage.agrees for stage in guiltless), [stage.differing for stage in guiltless]
    assert json.loads(json.dumps(as_data(found)))["guilty"] == mistake.stage


def test_errors_are_inherited_after_the_stage_and_added_by_it_alone(replayed):
    stages = located("norms", replayed, batch="corrected").stages
    assert [stage.added["float64"] > 1e-3 for stage in stages] == [False, True, False, False, False]
    assert [stage.inherited["float64"] > 1e-3 for stage in stages] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert [stage.backward_added["float64"] > 1e-3 for stage in stages] == [
        False,
        True,
        False,
        False,
        False,
    ]
    assert stages[0].backward_inherited["float64"] > 1e-3


def test_a_transposed_square_matrix_is_found_by_moving_it(replayed):
    stage = located("dense", replayed, second="transposed").stages[1]
    weight = next(matched for matched in stage.matches if matched.python == "W")
    assert weight.proved is False and weight.instead == "transposed"
    gates = located("memory", replayed, wrong="output before cell").stages[1]
    assert {matched.instead for matched in gates.matches} == {
        "with its 4 blocks in the order 1, 2, 4, 3"
    }
    flipped = located("images", replayed, conv="correlation").stages[0]
    assert flipped.matches[0].instead == "with its kernel flipped"


def test_inputs_that_both_sides_refuse_are_not_agreement(replayed):
    with pytest.raises(ValueError, match="both sides refuse their inputs: «ValueError: matmul"):
        refused(replayed)


def test_what_was_not_compared_is_said(replayed):
    pytest.importorskip("torch")
    notes = [stage.notes for stage in located("remembering", replayed).stages]
    assert notes == [["bias_hh_l0: Julia has no such array, it is set to zero"], []]
    no_way_back = located("weighing", replayed)
    assert [stage.notes for stage in no_way_back.stages] == [
        [],
        [],
        ["no backward pass in Python: its gradients are not compared"],
        [],
    ]
    assert all(stage.backward_added for i, stage in enumerate(no_way_back.stages) if i != 2)
    assert "no backward pass" in sentence(no_way_back)


def test_a_square_weight_of_pytorchs_own_layers_is_transposed(replayed):
    pytest.importorskip("torch")
    weight = located("ported", replayed).stages[2].matches[0]
    assert weight.mapping is TRANSPOSED and weight.proved
    weight = located("ported", replayed, square="transposed").stages[2].matches[0]
    assert weight.mapping is AS_IT_IS and weight.instead == "transposed"


def test_a_page_of_it(replayed, tmp_path):
    write_html(tmp_path / "page.html", [], [located("norms", replayed, batch="corrected")])
    assert "batch variance" in (tmp_path / "page.html").read_text(encoding="utf-8")
