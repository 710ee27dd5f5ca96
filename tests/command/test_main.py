"""The command's front door: what it needs to begin, and which verbs have a process of their own."""

import json
import subprocess
import sys

import pytest
from julia_parity import run

from pyimpl.parity.command.main import SUPERVISED
from pyimpl.parity.command.verbs import VERBS

BEGUN = """
import json, sys
import pyimpl.parity.command.main, pyimpl.parity.command.supervision
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_waiting_for_another_process_takes_the_standard_library_alone():
    done = subprocess.run([sys.executable, "-c", BEGUN], capture_output=True, text=True, check=True)
    assert not {"numpy", "typer", "rich", "hypothesis"} & set(json.loads(done.stdout))


def test_the_verbs_with_a_process_of_their_own_are_verbs():
    assert set(SUPERVISED) < set(VERBS)


@pytest.mark.parametrize("verb", SUPERVISED)
def test_help_needs_no_other_process(verb):
    done = run(verb, "--help")
    assert done.returncode == 0 and "Usage: julia-parity" in done.stdout
