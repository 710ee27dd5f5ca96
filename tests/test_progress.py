"""Long work tells what it is busy with: in a log by plain lines, on a terminal by one that is gone
afterwards.
"""

from pyimpl.parity.progress import busy, current


def test_activities_nest_and_count():
    with busy("checking") as step, busy("starting Julia"):
        step(3, 50, "relu")
        assert list(map(str, current())) == ["checking: 3 of 50 (relu)", "starting Julia"]
    assert current() == []


def test_a_generator_that_was_left_does_not_take_what_came_after_it():
    def cases():
        with busy("case"):
            yield 1

    left = cases()
    next(left)
    with busy("shrinking"):
        left.close()
        assert list(map(str, current())) == ["shrinking"]
