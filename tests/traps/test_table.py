"""The table of all traps."""

from pyimpl.parity.traps.table import TOPICS, TRAPS


def test_every_trap_is_there_once_and_does_something():
    entries = [trap for topic in TOPICS for trap in topic.TRAPS]
    assert len({trap.name for trap in entries}) == len({trap.cause for trap in entries})
    assert [TRAPS[trap.name] for trap in entries] == entries
    for trap in entries:
        said = [value for name, value in vars(trap).items() if name not in ("name", "cause")]
        nothing = [value for name, value in vars(type(trap)("", "")).items() if name in vars(trap)]
        assert said != nothing[2:], trap.name
