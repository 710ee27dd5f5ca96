"""The process that Julia lives in: started by `live.py` as a script, imports NumPy and juliacall and nothing else of ours.

It connects to the address it is given, loads the Julia package, says `("ready", versions)` or `("failed", message)`, and then answers
every `("cases", [case, ...])` with one `(index, outcome)` per case, and `("call", [name, arguments...])` of a function of the package with
`("answer", number)`. A case is (row, config, mode, arrays); an outcome is
(arrays or None, names of nothing, error or None, whether the error is the catalogue's mistake).

The border between the languages is here: `.T` of every array on the way in and out, copies both ways.
"""

import os
import sys
from multiprocessing.connection import Client

import numpy as np


def main():
    """Connect, start Julia, answer until the other side hangs up."""
    address, source = sys.argv[1:3]
    with Client(address, authkey=bytes.fromhex(os.environ.pop("JULIA_PARITY_KEY"))) as supervisor:
        try:
            julia = Border(source)
        except Exception as failure:  # whatever went wrong, the supervisor must hear of it
            supervisor.send(("failed", f"{type(failure).__name__}: {failure}"))
            return
        supervisor.send(("ready", julia.versions()))
        while True:
            try:
                request, content = supervisor.recv()
            except EOFError:
                return
            if request == "call":
                supervisor.send(("answer", julia.call(*content)))
            else:
                for index, case in enumerate(content):
                    supervisor.send((index, julia.evaluate(*case)))


DEFINITIONS = """
push!(LOAD_PATH, source)
using JuliaParity
new_arrays() = Dict{String,Any}()
new_vector() = Any[]
is_mistake(error) = error isa JuliaParity.CaseError
message(error) = sprint(showerror, error)
"""


class Border:
    """Arrays and plain data to Julia and back."""

    def __init__(self, source: str):
        import juliacall

        self._error = juliacall.JuliaError
        self._main = juliacall.newmodule("JuliaParityBorder")
        self._main.source = source
        for line in DEFINITIONS.strip().splitlines():
            self._main.seval(line)
        self._parity = self._main.JuliaParity
        self._array = self._main.seval("Array")

    def versions(self) -> dict[str, str]:
        found = self._parity.versions()
        return {str(name): str(found[name]) for name in found}

    def call(self, name, *arguments):
        """A function of the Julia package that takes and gives numbers."""
        return getattr(self._parity, name)(*arguments)

    def plain_data(self, value):
        """Dicts and lists as Julia's; numbers and strings cross by themselves."""
        if isinstance(value, dict):
            data = self._parity.Config()
            for name, item in value.items():
                data[name] = self.plain_data(item)
            return data
        if isinstance(value, list | tuple):
            items = self._main.new_vector()
            for item in value:
                items.append(self.plain_data(item))
            return items
        return value

    def evaluate(self, row, config, mode, arrays):
        """One outcome; an error in Julia is part of it, and so is a case that cannot cross the border."""
        try:
            theirs = self._main.new_arrays()
            for name, array in arrays.items():
                theirs[name] = self._array(np.asarray(array).T)
            data = self.plain_data(config)
        except Exception as error:  # whatever it is, only this case is lost
            return None, [], f"the case cannot be handed to Julia: {error}", True
        try:
            found = self._parity.evaluate(row, data, mode, theirs)
        except self._error as error:
            lines = str(self._main.message(error.exception)).strip().splitlines()
            return None, [], lines[0] if lines else "an error without a message", bool(self._main.is_mistake(error.exception))
        outcome, nothing = {}, []
        for name in found:
            value = found[name]
            if value is None:
                nothing.append(str(name))
            else:
                outcome[str(name)] = np.array(np.asarray(value).T, order="C", copy=True)
        return outcome, nothing, None, False


if __name__ == "__main__":
    main()
