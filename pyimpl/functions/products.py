"""Products of many matrices at once. Source: NNlib.jl `src/batched/`."""

from ..core.broadcasting import unbroadcast
from ..core.expect import as_float
from ..core.pullback import differentiable

__all__ = ["batched_mul", "batched_vec"]


@differentiable
def batched_mul(a, b):
    """`b @ a`, matrix by matrix: a (batch, j, i), b (batch, k, j), the result (batch, k, i). NNlib:
    `batched_mul(A, B)`, `A ⊠ B`.

    The matrices are the transposes of Julia's, so their order is the other one. A batch of size 1,
    or a single matrix, serves for all of the other batch. Raises ValueError for sizes that do not
    fit.
    """
    a, b = as_float("batched_mul", a), as_float("batched_mul", b)
    one, two = ((1,) * (3 - x.ndim) + x.shape for x in (a, b))
    batches = all(m == n or 1 in (m, n) for m, n in zip(one[:-2], two[:-2], strict=False)) and len(
        one
    ) == len(two)
    if min(a.ndim, b.ndim) < 2 or one[-2] != two[-1] or not batches:
        raise ValueError(
            f"batched_mul expects a of shape (batch, j, i) and b (batch, k, j), got {a.shape} "
            f"and {b.shape}"
        )

    def batched_mul_back(dy):
        return (
            None,
            unbroadcast(b.swapaxes(-1, -2) @ dy, a.shape),
            unbroadcast(dy @ a.swapaxes(-1, -2), b.shape),
        )

    return b @ a, batched_mul_back


@differentiable
def batched_vec(a, b):
    """Every matrix times its vector: a (batch, j, i), b (batch, j) or (j,), the result (batch, i).

    NNlib: `batched_vec(A, B)`.
    """
    a, b = as_float("batched_vec", a), as_float("batched_vec", b)
    if a.ndim < 3 or b.shape not in (a.shape[:-1], a.shape[-2:-1]):
        raise ValueError(
            "batched_vec expects a of shape (batch, j, i) and b (batch, j) or (j,), got "
            f"{a.shape} and {b.shape}"
        )

    def batched_vec_back(dy):
        da = b[..., :, None] * dy[..., None, :]
        return None, da, unbroadcast((a @ dy[..., :, None])[..., 0], b.shape)

    return (b[..., None, :] @ a)[..., 0, :], batched_vec_back
