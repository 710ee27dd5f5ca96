"""What a check was held against, in a line."""

from types import SimpleNamespace

from pyimpl.parity.reference.provenance import versions_line


def test_the_line_says_all_that_is_known():
    full = SimpleNamespace(
        name="recorded",
        versions={"Flux": "1.2", "Zygote": "3", "Julia": "1.10"},
        provenance={"made": "2026-01-02"},
        manner="compiled",
    )
    assert versions_line(full) == (
        "recorded Flux 1.2 (Julia 1.10, Zygote 3), made 2026-01-02, compiled"
    )
    assert versions_line(SimpleNamespace(name="live", versions={})) == "live Flux ? ()"
