"""The worker's side of the border, as far as it needs no Julia: a block of memory in and out.
(With a Julia: test_live.py.)
"""

import numpy as np
import pytest

from pyimpl.parity.reference import worker


def test_arrays_are_filled_up_to_sixteen_bytes():
    assert [len(worker._aligned(np.zeros(n, np.float32))) for n in (0, 1, 4, 5)] == [0, 16, 16, 32]
    turned = np.arange(6.0).reshape(2, 3).T
    assert worker._aligned(turned)[:48] == np.ascontiguousarray(turned).tobytes()


def test_an_outcome_is_read_from_a_block_of_memory():
    y, n = np.arange(6, dtype=np.float32).reshape(2, 3), np.array(True)
    block = np.frombuffer(worker._aligned(y) + worker._aligned(n), np.uint8)
    words = ["y", "Float32", "3,2", "grad.x1", "nothing", "", "n", "Bool", ""]
    outcome, nothing = worker._unpacked("\0".join([str(block.ctypes.data), *words]))
    np.testing.assert_array_equal(outcome["y"], y, strict=True)
    np.testing.assert_array_equal(outcome["n"], n, strict=True)
    assert nothing == ["grad.x1"]


@pytest.mark.parametrize("dtype", worker.JULIA)
def test_every_type_has_its_name_in_julia(dtype):
    assert worker.NUMPY[worker.JULIA[dtype]] == dtype and np.dtype(dtype)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("one line\nand a stack", "one line"),
        ("the cause:\n  is here\nand a stack", "the cause:   is here"),
        ("", "an error without a message"),
    ],
)
def test_the_first_words_of_an_error(message, words):
    assert worker.first_words(message) == words


def test_progress_is_passed_on_ten_times_a_second_at_most(monkeypatch):
    sent, clock = [], [100.0]
    monkeypatch.setattr(worker.time, "monotonic", lambda: clock[0])
    watch = worker.Watch(type("Supervisor", (), {"send": lambda self, what: sent.append(what)})())
    for done in range(5):
        watch.step(done, 5)
        clock[0] += 0.06
    watch.say("a line")
    assert sent == [("step", (0, 5)), ("step", (2, 5)), ("step", (4, 5)), ("said", "a line")]
