"""The verb `doctor`."""

from julia_parity import run


def test_doctor_gives_remedies(without_julia):
    done = run("doctor", env=without_julia)
    assert done.returncode == 0
    assert "there is no program /no/such/julia" in done.stdout
    assert "remedy:" in done.stdout
    assert "`check` would use: the recording" in done.stdout
