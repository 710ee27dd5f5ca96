"""The verb `mutants`, through its real entry point, on a random sample."""

import json
import random

from julia_parity import run

SAMPLE = 16


def test_a_random_sample_is_killed(tmp_path):
    """Every run draws another one; what lives is a hole in the check, and is named here."""
    seed = random.SystemRandom().randrange(10**6)
    options = ("--sample", SAMPLE, "--seed", seed, "--json", tmp_path / "fates.json")
    done = run("mutants", "--named-rows", *options)
    assert done.returncode == 0, f"--seed {seed}\n{done.stdout}{done.stderr}"
    fates = json.loads((tmp_path / "fates.json").read_text())["mutants"]
    assert len(fates) == SAMPLE
    assert all(fate["ended"].startswith("killed") or fate["lives"] for fate in fates)


def test_mutants_are_asked_for_by_name_and_group():
    done = run("mutants", "dense-bias-*", "--named-rows", "--verbose")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "dense-bias-mean" in done.stdout and "grad.bias" in done.stdout
    assert "within 25 %, outputs" in done.stdout


def test_what_is_no_mutant_is_wrong_usage():
    done = run("mutants", "no-such-mutant")
    assert done.returncode == 2
    assert "no mutant or group is called no-such-mutant" in done.stderr
