"""npz, npy, safetensors and PyTorch's files: read, and nothing in them run."""

import json
import pickle
import struct
import zipfile

import numpy as np
import pytest

from pyimpl import read_state
from pyimpl.files.bounds import StateFileError

WEIGHT = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_npz_and_npy(tmp_path):
    arrays = {"layers.0.weight": WEIGHT, "layers.0.bias": np.ones(3), "step": np.array(7)}
    for save in np.savez, np.savez_compressed:
        save(tmp_path / "net.npz", **arrays)
        read = read_state(tmp_path / "net.npz")
        np.testing.assert_array_equal(read["layers"]["0"]["weight"], WEIGHT, strict=True)
        assert read["step"] == 7 and read["step"].shape == ()
        one = read_state(tmp_path / "net.npz", "layers.0.bias")
        np.testing.assert_array_equal(one, np.ones(3), strict=True)
    np.save(tmp_path / "one.npy", np.asfortranarray(WEIGHT))
    np.testing.assert_array_equal(read_state(tmp_path / "one.npy"), WEIGHT, strict=True)


def test_names_that_are_part_of_each_other_stay_as_they_are(tmp_path):
    np.savez(tmp_path / "net.npz", **{"a": np.ones(1), "a.b": np.ones(2)})
    assert list(read_state(tmp_path / "net.npz")) == ["a", "a.b"]


def test_objects_in_npy_are_refused(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(StateFileError, match="has Python objects, which are not read"):
        read_state(tmp_path / "objects.npy")


def test_a_size_that_the_file_cannot_hold_is_refused_before_memory_is_made(tmp_path):
    np.save(tmp_path / "one.npy", WEIGHT)
    content = (tmp_path / "one.npy").read_bytes().replace(b"(2, 3), }    ", b"(2, 9999999)}")
    (tmp_path / "one.npy").write_bytes(content)
    with pytest.raises(StateFileError, match="19999998 entries of float32 are expected in"):
        read_state(tmp_path / "one.npy")


def safetensors(path, entries, data, **about):
    header = json.dumps({**about, **entries}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)
    return path


def entry(kind, shape, start, end):
    return {"dtype": kind, "shape": shape, "data_offsets": [start, end]}


def test_safetensors(tmp_path):
    data = WEIGHT.tobytes() + b"\x80\x3f\x00\xc0" + b"\x01\x00" + b"\x38\x7f" + b"\x3c"
    path = safetensors(
        tmp_path / "net.safetensors",
        {
            "layers.0.weight": entry("F32", [2, 3], 0, 24),
            "layers.0.bias": entry("BF16", [2], 24, 28),
            "mask": entry("BOOL", [2], 28, 30),
            "small": entry("F8_E4M3", [2], 30, 32),
            "smaller": entry("F8_E5M2", [1], 32, 33),
        },
        data,
        __metadata__={"format": "pt"},
    )
    read = read_state(path)
    np.testing.assert_array_equal(read["layers"]["0"]["weight"], WEIGHT, strict=True)
    np.testing.assert_array_equal(
        read["layers"]["0"]["bias"], np.array([1, -2], np.float32), strict=True
    )
    np.testing.assert_array_equal(read["mask"], [True, False], strict=True)
    np.testing.assert_array_equal(read["small"], np.array([1, np.nan], np.float32), strict=True)
    np.testing.assert_array_equal(read["smaller"], np.array([1], np.float32), strict=True)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (entry("F32", [2, 3], 0, 25), r"a is truncated or damaged: 25 bytes are expected at 0"),
        (entry("F32", [2, 3], 0, 20), r"a is damaged: an array of shape \(2, 3\) of F32 has 20"),
        (entry("F32", [10**9, 10**9], 0, 24), r"a claims an array of size"),
        (entry("F99", [6], 0, 24), r"a is of the type 'F99'"),
        (entry("F32", [-6], 0, 24), r"a claims an array of size \(-6,\)"),
        ({"dtype": "F32"}, r"a is damaged: expected dtype, shape and two offsets"),
    ],
)
def test_a_safetensors_header_is_not_believed(bad, message, tmp_path):
    path = safetensors(tmp_path / "net.safetensors", {"a": bad}, WEIGHT.tobytes())
    with pytest.raises(StateFileError, match=message):
        read_state(path)


@pytest.fixture(params=[True, False], ids=["archive", "old"])
def saved(request, tmp_path):
    torch = pytest.importorskip("torch")

    def save(value):
        torch.save(value, tmp_path / "net.pt", _use_new_zipfile_serialization=request.param)
        return tmp_path / "net.pt"

    return save


def test_the_weights_of_a_torch_module(saved):
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    expected = {name: value.numpy() for name, value in net.state_dict().items()}
    for value in net.state_dict(), net:  # the weights alone, and the module with its classes
        read = read_state(saved(value))
        for name, array in expected.items():
            layer, part = name.split(".")
            np.testing.assert_array_equal(read[layer][part], array, strict=True)
    assert read["1"].julia_type == "torch.nn.modules.batchnorm.BatchNorm1d"
    assert read["1"]["eps"] == 1e-5


def test_a_checkpoint_of_torch(saved):
    torch = pytest.importorskip("torch")
    whole = torch.arange(12.0).reshape(3, 4)
    net = torch.nn.Linear(4, 3)
    path = saved(
        {
            "model": torch.nn.Sequential(net).state_dict(),
            "epoch": 3,
            "part": whole.t()[1:],
            "half": torch.tensor([1.0, -2.0], dtype=torch.bfloat16),
            "tiny": torch.tensor([1.0, 0.5]).to(torch.float8_e4m3fn),
            "complex": torch.tensor([1 + 2j]),
            "flag": torch.tensor([True, False]),
            "size": torch.Size([1, 2]),
            "number": np.float64(2.5),
            "array": WEIGHT,
            "kind": torch.float32,
        }
    )
    read = read_state(path)
    np.testing.assert_array_equal(read["model"]["0"]["weight"], net.weight.detach().numpy())
    np.testing.assert_array_equal(read["part"], whole.numpy().T[1:], strict=True)
    np.testing.assert_array_equal(read["half"], np.array([1, -2], np.float32), strict=True)
    np.testing.assert_array_equal(read["tiny"], np.array([1, 0.5], np.float32), strict=True)
    np.testing.assert_array_equal(read["complex"], np.array([1 + 2j], np.complex64), strict=True)
    np.testing.assert_array_equal(read["flag"], [True, False], strict=True)
    np.testing.assert_array_equal(read["array"], WEIGHT, strict=True)
    assert (read["epoch"], read["size"], read["number"]) == (3, [1, 2], 2.5)
    assert read["kind"] == "torch.float32" and read_state(path, "epoch") == 3


class Harm:
    """What a pickle can make Python do."""

    def __reduce__(self):
        return exec, ("raise SystemExit('it was run')",)


def test_nothing_that_a_pickle_asks_for_is_run(tmp_path):
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
        archive.writestr("net/data.pkl", pickle.dumps({"a": Harm(), "b": 1}, protocol=2))
    read = read_state(tmp_path / "net.pt")
    assert read["b"] == 1 and read["a"].julia_type.endswith(".exec")
    (tmp_path / "bare.pt").write_bytes(pickle.dumps(Harm()))
    with pytest.raises(StateFileError, match="is a pickle that PyTorch did not write"):
        read_state(tmp_path / "bare.pt")


def test_a_pickle_cannot_ask_for_a_table_without_an_end(tmp_path):
    content = b"\x80\x02Nr\xff\xff\xff\x7f."  # put None at place 2147483647
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
        archive.writestr("net/data.pkl", content)
    with pytest.raises(StateFileError, match="is damaged: it fills place 2147483647"):
        read_state(tmp_path / "net.pt")


def test_an_archive_that_unfolds_beyond_measure_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "net.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(10_000))
    content = bytearray((tmp_path / "net.npz").read_bytes())
    place = content.index(struct.pack("<L", 10_000), content.index(b"PK\1\2"))
    content[place : place + 4] = b"\xff\xff\xff\x7f"
    (tmp_path / "net.npz").write_bytes(content)
    with pytest.raises(StateFileError, match="claims that [0-9]+ bytes unfold to 2147483647"):
        read_state(tmp_path / "net.npz")


@pytest.mark.parametrize("name", ["notes.txt", "net.bson", "net.pt", "net.jld2", "net.npz"])
def test_a_file_of_no_known_format(name, tmp_path):
    for content in b"", b"\0", b"hello, this is no file of weights":
        (tmp_path / name).write_bytes(content)
        with pytest.raises(StateFileError, match=f"{name} is (not|of no format)"):
            read_state(tmp_path / name)
