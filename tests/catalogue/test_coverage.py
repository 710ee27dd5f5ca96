"""The coverage table."""

import re

from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.checking import check_row
from pyimpl.parity.catalogue.coverage import markdown
from pyimpl.parity.catalogue.public_names import PUBLIC_NAMES


def test_every_public_name_is_there_with_its_error_or_its_reason(recording):
    reports = [check_row(CATALOGUE[name], recording, count=1) for name in ("Dense", "glu")]
    table = markdown(reports, "recorded Flux 1.2.3")
    for public in PUBLIC_NAMES:
        with_error = rf"^\| `{public.name}` \| `{public.twin}` \| "
        with_reason = rf"^\*.*`{public.name}`.*: ."
        assert re.search(with_error if public.twin else with_reason, table, re.M), public
    assert re.search(r"^\| `Dense` \| `Dense` \| [\d.]+ \| [\d.]+ \|", table, re.M)
    assert "the worst error of recorded Flux 1.2.3" in table
    assert re.search(r"^\| `glu` \| [\d.]+ \| [\d.]+ \| ", table, re.M)
