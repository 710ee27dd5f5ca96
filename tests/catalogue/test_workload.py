"""What is compiled of rows ahead of their use, as TOML."""

import tomllib

from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.workload import as_toml, workload_cases


def test_every_structure_and_mode_is_compiled_once():
    row = CATALOGUE["BatchNorm"]
    cases = list(workload_cases([row]))
    assert len(cases) == len(row.structures) * len(row.modes)
    assert {case.mode for case, _ in cases} == set(row.modes)


def test_the_text_has_kinds_and_sizes_of_all_arrays():
    rows = [CATALOGUE[name] for name in ("BatchNorm", "Embedding", "WeightNorm")]
    entries = tomllib.loads(as_toml(rows))["case"]
    for entry, (case, since) in zip(entries, workload_cases(rows), strict=True):
        assert (entry["row"], entry["mode"]) == (case.row, case.mode)
        assert entry.get("since", "0") == since
        assert {name: tuple(array["size"]) for name, array in entry["arrays"].items()} == {
            str(name): array.shape for name, array in case.arrays.items()
        }
    kinds = {name: array["kind"] for entry in entries for name, array in entry["arrays"].items()}
    assert kinds["param.var"] == "positive" and kinds["param.mean"] == "real"
    embedding = next(entry for entry in entries if entry["row"] == "Embedding")
    assert embedding["arrays"]["x1"]["kind"] == "index"
