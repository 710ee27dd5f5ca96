"""Max pooling as NNlib differentiates it: of a window, the gradient goes to the first entry that is
nearly the largest, within a relative sqrt(eps). PyTorch gives it to the largest.

In Float32 that is another entry once in some thousand windows. Imported only where PyTorch is.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from .pytorch import TorchSide
from .torch_tracing import name_of

POOLS = {f"max_pool{rank}d": rank for rank in (1, 2, 3)}


class FirstOfNearlyLargest(TorchFunctionMode):
    """While it is active, max pooling is NNlib's."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        rank = POOLS.get(name_of(func))
        if rank is None:
            return func(*args, **(kwargs or {}))
        return pooled(rank, *args, **(kwargs or {}))


def _sizes(value: Any, rank: int) -> Sequence[int]:
    parts = list(value) if isinstance(value, tuple | list) else [value]
    return parts * rank if len(parts) == 1 else parts


def pooled(
    rank: int,
    x: torch.Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> torch.Tensor:
    """The largest entry of every window, with its gradient as NNlib gives it."""
    function = getattr(torch, f"max_pool{rank}d")
    y = function(x, kernel_size, stride or kernel_size, padding, dilation, ceil_mode)
    if return_indices or ceil_mode:
        return y
    kernel, steps, pads, apart = (
        _sizes(setting, rank) for setting in (kernel_size, stride or kernel_size, padding, dilation)
    )
    ends = [pad for size in reversed(pads) for pad in (size, size)]
    windows = torch.nn.functional.pad(x, ends, value=-math.inf)
    for axis in range(rank):  # (..., out, ...) becomes (..., out, ..., within the window)
        place = x.ndim - rank + axis
        out = torch.arange(y.shape[place]) * steps[axis]
        within = torch.arange(kernel[axis]) * apart[axis]
        taken = windows.index_select(place, (out[:, None] + within).reshape(-1))
        shape = [*taken.shape[:place], len(out), len(within), *taken.shape[place + 1 :]]
        windows = taken.reshape(shape).movedim(place + 1, -1)
    windows = windows.reshape(*y.shape, -1)
    top = windows.detach().amax(-1, keepdim=True)
    larger = torch.maximum(windows.detach().abs(), top.abs())
    near = (windows.detach() - top).abs() <= math.sqrt(torch.finfo(x.dtype).eps) * larger
    near &= windows.detach().isfinite() | ~top.isfinite()  # padding is no entry
    first = (near * torch.arange(windows.shape[-1], 0, -1)).argmax(-1, keepdim=True)
    chosen = windows.gather(-1, first).squeeze(-1)
    return y.detach() + (chosen - chosen.detach())


class TiesAsInJulia(TorchSide):
    """A side of PyTorch's in which max pooling is NNlib's."""

    def _outcome(self, case):
        with FirstOfNearlyLargest():
            return super()._outcome(case)
