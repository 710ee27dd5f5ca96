"""The process that Julia lives in: started by `live.py` as a script, imports NumPy, juliacall and
what writes TOML, and nothing of ours.

It is given an address to connect to, the directory of the Julia package, and what to load: a module
of the package or the file of a Julia script. It says `("ready", versions)` or `("failed",
message)`, and then answers every `("cases", (batch, [case, ...]))` with one `(batch, outcome,
seconds in Julia, seconds on the way)` per case, in order, and `("call", [name, watched,
arguments...])` of a function of module or script with `("answer", value)` or `("raised", message)`,
before which come, where it is watched, `("step", (done, total))` and `("said", line)`. A case is
(row, config, mode, arrays); an outcome is (arrays or None, names of nothing, error or None, whether
the error is the catalogue's mistake).

The border between the languages is here: `.T` of every array on the way in and out, copies both
ways.
"""

import ctypes
import os
import sys
import time
from multiprocessing.connection import Client

import numpy as np
import tomli_w

# What Julia calls the types of entries, and back.
NUMPY = {
    f"{kind}{bits}": f"{kind}{bits}".lower()
    for kind in ("Float", "Int", "UInt")
    for bits in (16, 32, 64)
}
NUMPY |= {
    "Int8": "int8",
    "UInt8": "uint8",
    "Bool": "bool",
    "ComplexF32": "complex64",
    "ComplexF64": "complex128",
}
JULIA = {ours: theirs for theirs, ours in NUMPY.items()}


def main():
    """Connect, start Julia, answer until the other side hangs up."""
    address, package, subject = sys.argv[1:4]
    with Client(address, authkey=bytes.fromhex(os.environ.pop("JULIA_PARITY_KEY"))) as supervisor:
        try:
            julia = Border(package, subject)
        except Exception as failure:  # whatever went wrong, the supervisor must hear of it
            supervisor.send(
                ("failed", f"{type(failure).__name__}: {first_words(str(failure).strip())}")
            )
            return
        supervisor.send(("ready", julia.versions()))
        while True:
            try:
                request, content = supervisor.recv()
            except EOFError:
                return
            if request == "call":
                name, watched, *arguments = content
                supervisor.send(julia.call(name, Watch(supervisor) if watched else None, arguments))
            else:
                batch, cases = content
                for case in cases:
                    begun, julia.seconds = time.perf_counter(), 0.0
                    outcome = julia.evaluate(*case)
                    supervisor.send(
                        (batch, outcome, julia.seconds, time.perf_counter() - begun - julia.seconds)
                    )


class Watch:
    """Handed to a script, which tells it how far it is and what it has to say."""

    def __init__(self, supervisor):
        self._supervisor = supervisor
        self._next = 0.0

    def step(self, done, total):
        """Pass progress on, at most ten times a second."""
        if time.monotonic() > self._next:
            self._next = time.monotonic() + 0.1
            self._supervisor.send(("step", (int(done), int(total))))

    def say(self, line):
        """Pass a line on."""
        self._supervisor.send(("said", str(line)))


PACKAGE = """
push!(LOAD_PATH, package, joinpath(package, "compiled"))
using JuliaParity
const subject = JuliaParity.eval(Meta.parse(name))
is_mistake(error) = error isa JuliaParity.CaseError
evaluate_block = JuliaParity.evaluate_block
"""
SCRIPT = """
module Script end
Script.include(name)
const subject = Script
Script.eval(:(using Flux: Flux))
Script.eval(:(using LinearAlgebra: BLAS))
Script.include(joinpath(package, "src", "versions.jl"))
is_mistake(error) = false
evaluate_block(evaluate, text, address) = error("a script is called, it evaluates no cases")
"""
DEFINITIONS = """
new_dict() = Dict{String,Any}()
new_vector() = Any[]
message(error) = sprint(showerror, error)
"""


def prepare():
    """Have juliapkg install where the user's own Julia does; only what Julia compiles for us has a
    place of ours.
    """
    depot, juliapkg_is_to = (
        os.environ.pop("JULIA_PARITY_DEPOT", ""),
        os.environ.pop("JULIA_PARITY_JULIAPKG", ""),
    )
    if juliapkg_is_to:
        import juliapkg

        juliapkg.resolve(force=juliapkg_is_to == "install")
    if depot:
        os.environ["JULIA_DEPOT_PATH"] = os.pathsep.join(
            [depot, os.environ.get("JULIA_DEPOT_PATH", "")]
        )


class Border:
    """Arrays and plain data to Julia and back."""

    def __init__(self, package: str, subject: str):
        prepare()
        import juliacall

        self._juliacall = juliacall
        self._error = juliacall.JuliaError
        self._main = juliacall.newmodule("JuliaParityBorder")
        self._main.package, self._main.name = package, subject
        self.seconds = 0.0  # spent in Julia's functions, since somebody set it to 0
        for line in (
            ((SCRIPT if subject.endswith(".jl") else PACKAGE) + DEFINITIONS).strip().splitlines()
        ):
            self._main.seval(line)
        self._subject = self._main.subject
        self._array = self._main.seval("Array")
        self._evaluate = self._main.evaluate_block

    def versions(self) -> dict[str, str]:
        found = self._subject.versions()
        return {str(name): str(found[name]) for name in found}

    def call(self, name, watch, arguments):
        """A function of the Julia side; arrays among the arguments and in the answer, in dicts too,
        have their axes reversed.
        """
        given = [self.plain_data(argument) for argument in arguments] + ([watch] if watch else [])
        try:
            return "answer", self._answer(getattr(self._subject, name)(*given))
        except self._error as error:
            return "raised", str(self._main.message(error.exception))

    def _answer(self, value):
        if isinstance(value, self._juliacall.DictValue):
            return {str(name): self._answer(value[name]) for name in value}
        if isinstance(value, self._juliacall.ArrayValue):
            return np.array(np.asarray(value).T, order="C", copy=True)
        return value

    def plain_data(self, value):
        """Dicts, lists and arrays as Julia's; numbers and strings cross by themselves."""
        if isinstance(value, np.ndarray):
            return self._array(value.T)
        if isinstance(value, dict):
            data = self._main.new_dict()
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
        """One outcome; an error in Julia is part of it, and so is a case that cannot cross the
        border.
        """
        try:
            about = [
                {"name": name, "type": JULIA[array.dtype.name], "size": array.shape[::-1]}
                for name, array in arrays.items()
            ]
            text = tomli_w.dumps({"row": row, "mode": mode, "config": config, "arrays": about})
            block = np.frombuffer(b"".join(map(_aligned, arrays.values())) or b"\0", np.uint8)
        except Exception as error:  # whatever it is, only this case is lost
            return (
                None,
                [],
                f"the case cannot be handed to Julia: {type(error).__name__}: {error}",
                True,
            )
        begun = time.perf_counter()
        try:
            said = str(self._evaluate(self._subject.evaluate, text, block.ctypes.data))
        except self._error as error:
            message, mistake = (
                str(self._main.message(error.exception)).strip(),
                bool(self._main.is_mistake(error.exception)),
            )
            return None, [], message if mistake else first_words(message), mistake
        finally:
            self.seconds += time.perf_counter() - begun
        return *_unpacked(said), None, False


def _aligned(array):
    """The memory of an array, filled up to a multiple of 16 bytes.

    Julia's axes are ours reversed, so that nothing has to be turned.
    """
    content = np.ascontiguousarray(array).tobytes()
    return content + b"\0" * (-len(content) % 16)


def _unpacked(said):
    """The arrays of an outcome, and the names of those for which there is nothing: see
    `julia/src/border.jl`.
    """
    address, *words = said.split("\0")
    outcome, nothing, place = {}, [], int(address)
    for name, element, size in zip(words[::3], words[1::3], words[2::3], strict=True):
        if element == "nothing":
            nothing.append(name)
            continue
        shape = [int(part) for part in size.split(",") if part][::-1]
        array = np.empty(shape, NUMPY[element])
        ctypes.memmove(array.ctypes.data, place, array.nbytes)
        outcome[name] = array
        place += array.nbytes + -array.nbytes % 16
    return outcome, nothing


def first_words(message):
    """The first line of an error, with the next one where the first ends in a colon."""
    lines = message.splitlines() or ["an error without a message"]
    return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]


if __name__ == "__main__":
    main()
