"""The page of pictures."""

from pyimpl.parity.experiments import experiment, images, page, running

DIGITS = images.load("digits")


SEED = 1  # of what is recorded


def compare_recorded(name, size="quick"):
    return running.run(experiment.load(name), size, "digits", DIGITS, SEED, None, lambda *_: None)


def test_the_page_escapes_what_it_shows(tmp_path):
    result = compare_recorded("sine")
    path = page.write_index([(result, [("sine/a.png", "a < b & c")])], tmp_path)
    assert "a &lt; b &amp; c" in path.read_text(encoding="utf-8")
