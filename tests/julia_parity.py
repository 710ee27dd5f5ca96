"""The command through its real entry point, as a user's shell starts it."""

import subprocess
import sys
from pathlib import Path

COMMAND = Path(sys.executable).with_name("julia-parity")


def run(*arguments, timeout=300, **options):
    """The finished process of `julia-parity ARGUMENTS`, with what it printed."""
    return subprocess.run(
        [str(COMMAND), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        **options,
    )
