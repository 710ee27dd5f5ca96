"""`import pyimpl` brings NumPy and nothing else."""

import json
import subprocess
import sys

PROBE = """
import json, sys
import numpy, numpy.random
before = set(sys.modules)
import pyimpl
pyimpl.Dense
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def test_importing_the_twin_imports_only_numpy():
    output = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=True
    ).stdout
    foreign = set(json.loads(output)) - set(sys.stdlib_module_names) - {"pyimpl", "numpy"}
    assert not foreign
    assert "pyimpl.parity" not in output
