"""The known ways in which two correct programs differ."""

CAUSES = {
    "corrected": (
        "a standard deviation, variance or covariance is corrected (divided by n - 1) on one "
        "side and not on the other: Julia corrects by default, NumPy does not"
    ),
    "remainder": (
        "the remainder of a negative number: Julia's % has the sign of the dividend, Python's "
        "(Julia's mod) that of the divisor"
    ),
    "integer division": (
        "a division of whole numbers rounds down on one side and towards zero, or not at all, "
        "on the other: Python's // rounds down, Julia's div towards zero"
    ),
    "rounding": (
        "a number is made whole in another way: half to even or away from zero, down, up or "
        "towards zero"
    ),
    "ends": "a range or slice includes its end in Julia, not in Python",
    "index": "something is counted from 1 in Julia and from 0 in Python",
    "matrix": (
        "an operator is one of matrices on one side and entry by entry on the other: *, /, ^, "
        "exp, sqrt without a dot in Julia"
    ),
    "norm": (
        "a norm of a matrix is that of its entries on one side and that of the operator on the "
        "other"
    ),
    "order": "entries are read in another order: Julia goes down the columns, NumPy along the rows",
    "axes": "axes are reversed or swapped, or another axis is meant: Julia counts them from 1",
    "keepdims": (
        "a reduced dimension is kept on one side and dropped on the other: Julia keeps it with "
        "dims, NumPy drops it"
    ),
    "ties": (
        "equal numbers are treated differently: which of them is taken, in which order, or on "
        "which side of a bound they fall"
    ),
    "sorted": "a sorted order is the other way round, or is that of appearance",
    "literals": "a number is written in single precision on one side: Julia's 0.1f0 is not 0.1",
    "overflow": "whole numbers wrap on one side and do not, or at another size, on the other",
    "nan": "NaN or missing values are skipped on one side and spread on the other",
    "log": "a logarithm or power has another base",
    "degrees": "an angle is in degrees on one side and in radians on the other",
    "eps": "epsilon is added elsewhere (inside, outside, squared) or has another value",
    "momentum": (
        "a moving average takes its weight the other way round (momentum, update gate), or a "
        "term is damped on one side only"
    ),
    "mean": (
        "a mean on one side is a sum on the other, or the divisor is another size (of the "
        "batch, of all entries)"
    ),
    "half": "a factor of two: half of it on one side, all of it on the other",
    "sign": "the result has the other sign",
    "nesterov": "momentum looks one step ahead (Nesterov's) on one side only",
    "bias correction": "moving averages are corrected for their start at zero on one side only",
    "coupled": (
        "a term stands inside a product on one side and outside on the other: coupled or "
        "decoupled weight decay, the learning rate inside or outside"
    ),
    "reset": (
        "the reset gate multiplies before the product with the weights or after it, or with the "
        "bias or without"
    ),
    "gates": "the gates stand in another order in the blocks of an array",
    "activation": "another variant of an activation: gelu by erf, tanh or sigmoid, another slope",
    "padding": "padding is on the other side, or of another extent",
    "kernel": "a kernel is flipped: convolution on one side, correlation on the other",
    "dtype": "numbers become Float64, or whole, on one side only",
}
