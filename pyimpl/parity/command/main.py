"""Where the command begins. What waits for a verb in another process needs no more than this."""

import os
import sys

SUPERVISED = ("crosscheck", "locate", "explain")  # the user's code runs in these


def main() -> None:
    """The entry point: ends the process with the verb's exit code."""
    # Standard handles that are closed would be taken by the next file that is opened.
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)
    try:
        if len(sys.argv) > 1 and sys.argv[1] in SUPERVISED and "--help" not in sys.argv:
            from .supervision import supervise

            code = supervise(sys.argv[1:])
        else:
            from .verbs import run_verb

            code = run_verb(sys.argv[1:])
    except Exception as problem:  # an installation with parts missing, or of other versions
        said = f"error: julia-parity cannot run: {type(problem).__name__}: {problem}"
        print(said, file=sys.stderr)
        code = 3
    sys.exit(code)


if __name__ == "__main__":
    main()
