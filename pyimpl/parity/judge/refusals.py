"""Errors of both sides held against each other: does Python's say what Julia's says?"""

import re

# Python's kind -> those of Julia's that say the same
SAME = {
    "ValueError": "ArgumentError DomainError DimensionMismatch InexactError",
    "IndexError": "BoundsError ArgumentError",
    "KeyError": "KeyError",
    "TypeError": "MethodError TypeError ArgumentError",
    "AttributeError": "FieldError UndefVarError MethodError",
    "NameError": "UndefVarError",
    "ZeroDivisionError": "DivideError DomainError",
    "OverflowError": "OverflowError InexactError",
    "AssertionError": "AssertionError",
    "LinAlgError": "SingularException PosDefException LAPACKException ZeroPivotException "
    "DimensionMismatch",
    "RecursionError": "StackOverflowError",
    "MemoryError": "OutOfMemoryError",
    "StopIteration": "BoundsError ArgumentError",
    "UnicodeDecodeError": "ArgumentError StringIndexError",
    "FileNotFoundError": "SystemError IOError",
    "RuntimeError": "DimensionMismatch",  # PyTorch's for sizes that do not fit
    "NotImplementedError": "MethodError",
}
PLAIN = ("ErrorException", "Exception", "RuntimeError", "ValueError")  # that somebody just raises
WITHOUT_A_NAME = "ErrorException"  # Julia writes the message of `error(...)` alone


def kind_of_error(message: str, of_julia: bool = False) -> str:
    """The kind of an error that is told as `ValueError: what is wrong`.

    >>> kind_of_error("DomainError with -1.0:", True), kind_of_error("no such thing", True)
    ('DomainError', 'ErrorException')
    """
    found = re.match(r"(?:\w+\.)*(\w+)(?=[:(]| with |$)", message)
    if found is None:
        return WITHOUT_A_NAME if of_julia else "Exception"
    known = re.search(r"(Error|Exception|Mismatch|Warning|Interrupt)$", found[1])
    return found[1] if known or not of_julia else WITHOUT_A_NAME


def say_the_same(python: str, julia: str) -> bool:
    """Whether two kinds of errors correspond: by their names, by what libraries raise, or because
    one of them is the plain one of its language.

    >>> say_the_same("IndexError", "BoundsError"), say_the_same("KeyError", "BoundsError")
    (True, False)
    """
    return (
        python == julia
        or julia in SAME.get(python, "").split()
        or (julia == WITHOUT_A_NAME and python in PLAIN)
        or (python == "Exception" and julia in PLAIN)
    )
