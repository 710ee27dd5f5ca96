"""Names and patterns of rows on the command line."""

from julia_parity import run


def recorded(*arguments):
    return run("check", "--reference", "recorded", *arguments)


def test_patterns_and_unknown_rows():
    assert "LayerNorm" in recorded("*Norm").stdout
    done = recorded("Dnse")
    assert done.returncode == 2
    assert "no row is called Dnse; did you mean Dense" in done.stderr
    assert "Traceback" not in done.stderr
