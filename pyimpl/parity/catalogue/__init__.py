"""The catalogue: one row for everything that has a twin."""

from . import (
    activations,
    attention,
    containers,
    convolution,
    data,
    dense,
    dropout,
    functions,
    initialisers,
    loading,
    losses,
    normalisation,
    pooling,
    programs,
    rules,
    sequences,
    textbook,
    training,
    utilities,
)
from .row import Example, Row, Slack

CATALOGUE: dict[str, Row] = {
    row.key: row
    for rows in (
        dense.ROWS,
        convolution.ROWS,
        pooling.ROWS,
        normalisation.ROWS,
        dropout.ROWS,
        containers.ROWS,
        sequences.ROWS,
        attention.ROWS,
        activations.ROWS,
        losses.ROWS,
        rules.ROWS,
        initialisers.ROWS,
        training.ROWS,
        programs.ROWS,
        functions.ROWS,
        utilities.ROWS,
        data.ROWS,
        loading.ROWS,
        textbook.ROWS,
    )
    for row in rows
}

# Public names of pyimpl without a row of their own, and where they are checked instead.
COVERED_ELSEWHERE: dict[str, str] = {
    "ACTIVATIONS": "the table of activations, each of which has a row",
    "Gradient": "the form in which gradients come: every row",
    "Restructure": "row destructure",
    "Rule": "the base of every rule, each of which has a row",
    "SamePad": "a padding: the rows Conv and CrossCor",
    "adjust": "row optimiser_program",
    "astype": "every layer row in Float64",
    "differentiable": "makes functions: the tests of the contract",
    "f16": "a model in another precision: tests/core/test_tree.py",
    "f32": "a model in another precision: tests/core/test_tree.py",
    "f64": "a model in another precision: tests/core/test_tree.py",
    "fmap": "the walk under destructure: tests/core/test_tree.py",
    "freeze": "row optimiser_program",
    "gradient": "row train",
    "identity": "the default activation: row Dense",
    "loadmodel": "files and states: tests/core/test_loading.py",
    "modules": "a list of layers: tests/core/test_tree.py",
    "onehot": "onehotbatch of one label: tests/training/test_labels.py",
    "pullback": "every row",
    "randobs": "drawn by a generator: tests/training/test_observations.py",
    "read_state": "files: tests/files/test_state_files.py",
    "shuffleobs": "drawn by a generator: tests/training/test_observations.py",
    "semantics": "older versions of Flux: tests/core/test_versions.py",
    "setup": "row optimiser_program",
    "silu": "another name of swish",
    "state": "files and states: tests/core/test_loading.py",
    "supervised": "row train",
    "testmode": "every row with a test mode",
    "thaw": "row optimiser_program",
    "thresholdrelu": "another name of trelu",
    "throttle": "a matter of time: tests/training/test_triggers.py",
    "trainmode": "every row with a train mode",
    "update": "row optimiser_program",
    "withgradient": "row train",
    "write_state": "files: tests/files/test_state_files.py",
    "withjacobian": "row jacobian",
}

TEXTBOOK_COVERED_ELSEWHERE: dict[str, str] = {
    "Variable": "the tape: tests/textbook/test_tape.py",
    "apply": "the tape: tests/textbook/test_tape.py",
    "as_variable": "the tape: tests/textbook/test_tape.py",
    "initial_std": "a formula: tests/textbook/test_layers.py",
    "linear": "the tape: tests/textbook/test_tape.py",
    "mean_squared_error": "the tape: tests/textbook/test_tape.py",
    "numerical_gradient": "central differences: tests/textbook/test_numerical_gradient.py",
}

__all__ = [
    "CATALOGUE",
    "COVERED_ELSEWHERE",
    "TEXTBOOK_COVERED_ELSEWHERE",
    "Example",
    "Row",
    "Slack",
]
