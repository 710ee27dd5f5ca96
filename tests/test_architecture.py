"""The worked example of the architecture's page gives what the page says."""

import contextlib
import io
import re
from pathlib import Path

TEXT = (Path(__file__).parents[1] / "pyimpl" / "parity" / "ARCHITECTURE.md").read_text(
    encoding="utf-8"
)


def test_the_worked_example():
    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    (printed,) = re.findall(r"```\n(S = .*?)```", TEXT, re.S)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(program, "ARCHITECTURE.md", "exec"), {})
    assert out.getvalue() == printed
