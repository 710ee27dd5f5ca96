"""Results that are free by nature: singular vectors up to sign or phase, principal components up to
their order, factors up to a rotation.

Both sides are right, and no entry need be the same. An array is held against Julia's after it has
been moved as close to it as its freedom allows:

    >>> u, v = np.array([[3.0, 1.0], [4.0, 2.0]]), np.array([[-3.0, 1.0], [-4.0, 2.0]])
    >>> aligned(u, v, Freedom("sign"))
    array([[-3.,  1.],
           [-4.,  2.]])
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..case.case import Outcome
from ..case.names import Kind, Name

UP_TO = ("sign", "phase", "scale", "order", "rotation")
TURNED = ("transposed", "adjoint")


@dataclass(frozen=True)
class Freedom:
    """How an array may differ: up to a factor for each column (or row), their order, or a rotation;
    and whether it is transposed, or the adjoint, as V and V' are.
    """

    up_to: str = ""  # of UP_TO; nothing: it is turned alone
    turned: str = ""  # of TURNED

    @classmethod
    def parse(cls, text: str) -> "Freedom":
        """From `sign`, `transposed`, `adjoint phase`. Raises ValueError."""
        words = text.split()
        up_to = [word for word in words if word in UP_TO]
        turned = [word for word in words if word in TURNED]
        if len(up_to) > 1 or len(turned) > 1 or not words or len(words) > len(up_to + turned):
            raise ValueError(
                f"a result may be free up to {', '.join(UP_TO)}, and {' or '.join(TURNED)}; "
                f"got {text!r}"
            )
        return cls("".join(up_to), "".join(turned))

    def __str__(self):
        return " ".join(part for part in (self.turned, self.up_to) if part)

    @property
    def words(self) -> str:
        """What it allows, for people."""
        allowed = {
            "sign": "up to the sign of each column",
            "phase": "up to a phase for each column",
            "scale": "up to a factor for each column",
            "order": "up to the order and sign of columns",
            "rotation": "up to a rotation",
        }
        return " and ".join(part for part in (self.turned, allowed.get(self.up_to, "")) if part)


Freedoms = tuple[tuple[Name | None, Freedom], ...]  # by output; None stands for every output


def parse_freedoms(text: str) -> Freedoms:
    """From `sign` (of every output) or `y.0=sign,y.2=adjoint phase`. Raises ValueError."""
    found: list[tuple[Name | None, Freedom]] = []
    for part in re.split(r",(?=\s*y[.=]|[^=]*$)", text):
        name, equals, freedom = part.rpartition("=")
        if equals and not re.fullmatch(r"y(\..+)?", name.strip(), re.DOTALL):
            raise ValueError(f"outputs are called y, y.0, y.1, ...; got {name.strip()!r}")
        found.append(
            (
                Name.parse(name.strip()) if equals else None,
                Freedom.parse(freedom),
            )
        )
    return tuple(found)


def write_freedoms(freedoms: Freedoms) -> str:
    """As `parse_freedoms` reads it."""
    return ",".join(f"{name}={freedom}" if name else str(freedom) for name, freedom in freedoms)


def aligned(mine: np.ndarray, theirs: np.ndarray, freedom: Freedom) -> np.ndarray:
    """The array, moved as close to the other as its freedom allows; as it is where it cannot be."""
    turned = _turned(mine, freedom.turned)
    if turned.shape != theirs.shape or not freedom.up_to or not _finite(turned, theirs):
        return turned
    if freedom.up_to == "rotation":
        return _rotated(turned, theirs) if turned.ndim == 2 else turned
    if turned.ndim == 1:
        return turned * _factors(turned[:, None], theirs[:, None], freedom.up_to)[0]
    if turned.ndim != 2:
        return turned
    by_columns = _columns(turned, theirs, freedom.up_to)
    by_rows = _columns(turned.T, theirs.T, freedom.up_to).T
    return min(by_columns, by_rows, key=lambda one: float(np.sum(np.abs(one - theirs) ** 2)))


def _finite(*arrays: np.ndarray) -> bool:
    return all(np.isfinite(array).all() for array in arrays)


def _turned(array: np.ndarray, how: str) -> np.ndarray:
    if not how:
        return array
    return array.T if how == "transposed" else array.conj().T


def _columns(mine: np.ndarray, theirs: np.ndarray, up_to: str) -> np.ndarray:
    if up_to == "order":
        mine, up_to = mine[:, _order(mine, theirs)], "sign"
    return mine * _factors(mine, theirs, up_to)


def _factors(mine: np.ndarray, theirs: np.ndarray, up_to: str) -> np.ndarray:
    """The factor of every column: that which is closest, of its size 1 unless it is a scale."""
    product = np.sum(mine.conj() * theirs, axis=0)
    if up_to == "scale":
        size = np.sum(np.abs(mine) ** 2, axis=0)
        return np.divide(product, size, out=np.ones_like(product), where=size > 0)
    if up_to == "sign" or product.dtype.kind != "c":
        return np.where(product.real < 0, -1.0, 1.0).astype(mine.real.dtype)
    size = np.abs(product)
    return np.divide(product, size, out=np.ones_like(product), where=size > 0)


def _order(mine: np.ndarray, theirs: np.ndarray) -> list[int]:
    """Which of my columns is each of theirs: the most alike first."""
    sizes = np.linalg.norm(mine, axis=0)[:, None] * np.linalg.norm(theirs, axis=0)[None, :]
    alike = np.abs(mine.conj().T @ theirs) / np.where(sizes > 0, sizes, 1)
    order = [0] * alike.shape[1]
    for _ in range(alike.shape[1]):
        row, column = np.unravel_index(np.argmax(alike), alike.shape)
        order[int(column)] = int(row)
        alike[row, :], alike[:, column] = -1, -1
    return order


def _rotated(mine: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """The orthogonal Procrustes problem: the rotation of my columns that comes closest."""
    u, _, vh = np.linalg.svd(mine.conj().T @ theirs, full_matrices=False)
    return mine @ (u @ vh)


def freed(python: Outcome, julia: Outcome, freedoms: Freedoms) -> Outcome:
    """Python's outcome, its outputs moved as close to Julia's as their freedoms allow."""
    if not freedoms:
        return python
    arrays = dict(python.arrays)
    for name in list(_outputs(arrays)):
        freedom = next((f for named, f in freedoms if named in (None, name)), None)
        both = [_whole(name, outcome) for outcome in (python, julia)]
        if freedom is None or both[0] is None or both[1] is None:
            continue
        moved = aligned(both[0], both[1], freedom)
        if name in arrays:
            arrays[name] = moved.astype(arrays[name].dtype, copy=False)
        else:
            for part, values in (("real", moved.real), ("imag", moved.imag)):
                arrays[name.part(part)] = values.astype(arrays[name.part(part)].dtype, copy=False)
    return replace(python, arrays=arrays)


def _outputs(arrays: dict[Name, np.ndarray]) -> Iterator[Name]:
    """The outputs, complex ones without their parts."""
    seen = set()
    for name, array in arrays.items():
        if name.kind is not Kind.OUTPUT or array.dtype.kind not in "fc":
            continue
        if name.whole not in seen:
            seen.add(name.whole)
            yield name.whole


def _whole(name: Name, outcome: Outcome) -> np.ndarray | None:
    found = outcome.arrays.get(name)
    if found is not None:
        return found
    real, imag = (outcome.arrays.get(name.part(part)) for part in ("real", "imag"))
    if real is None or imag is None or real.shape != imag.shape:
        return real  # which are then real numbers on this side
    return real + 1j * imag
