"""A worker process without Julia: it speaks the worker's protocol, doubles `x1`, and misbehaves on
request.

Its first argument are settings as JSON: `name`; `start` and `each`, the seconds that it takes to
start and for a case; `fails`, why it does not start; `child`, whether it starts a process of its
own. Cases are told by their rows: `crash`, `hang`, `error`, `crash NAME` for the worker of that
name; all others are answered.
"""

import json
import os
import subprocess
import sys
import time
from multiprocessing.connection import Client


def main(name, start=0.0, each=0.0, fails="", child=False):
    """Answer until the supervisor hangs up."""
    if child:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with Client(sys.argv[2], authkey=bytes.fromhex(os.environ["JULIA_PARITY_KEY"])) as supervisor:
        time.sleep(start)
        if fails:
            supervisor.send(("failed", fails))
            return
        supervisor.send(("ready", {"Flux": "0"}))
        while True:
            try:
                request, content = supervisor.recv()
            except EOFError:
                return
            if request == "call":
                time.sleep(each)
                supervisor.send(("answer", name))
            else:
                batch, cases = content
                for row, _, _, arrays in cases:
                    answer = answered(name, row, arrays, each)
                    supervisor.send((batch, answer, 0.0, 0.0))


def answered(name, row, arrays, each):
    """What is sent for a case."""
    if row in ("crash", f"crash {name}"):
        os.abort()
    if row == "hang":
        time.sleep(60)
    time.sleep(each)
    if row == "error":
        return None, [], "DimensionMismatch: no", False
    return {"y": arrays["x1"] * 2, "by": [float(name == "quick")]}, [], None, False


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
