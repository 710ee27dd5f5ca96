"""A planted text is what every importer gets, and the file stays as it is."""

import subprocess
import sys

from pyimpl.parity.mutants.mutant import PACKAGE

PROGRAM = """
import pyimpl
import pyimpl.layers.dense
right = pyimpl.Dense
from pyimpl.parity.mutants.planting import plant
path = {path!r}
text = open(path, encoding="utf-8").read()
plant("pyimpl.layers.dense", text.replace("z = x @ weight\\n", "z = 2 * (x @ weight)\\n"))
import numpy as np
from pyimpl import Chain, Dense
assert Dense is not right
x = np.ones((1, 2))
print(Chain(Dense(np.ones((2, 1))))(x).item(), right(np.ones((2, 1)))(x).item())
"""


def test_everything_imported_afterwards_has_the_planted_text():
    path = PACKAGE / "layers" / "dense.py"
    before = path.read_bytes()
    program = PROGRAM.format(path=str(path))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["4.0", "2.0"], done.stderr
    assert path.read_bytes() == before
