"""A Julia expression in Python's syntax."""

import ast
import keyword
import re
from functools import cache

from reference_folder.conversions import COLON, Untranslatable

TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<number>(\d+\.?\d*|\.\d+)([ef][+-]?\d+)?)|(?P<name>[^\W\d][\w!]*)|(?P<other>->|=>|\|>|::|\.[-+*/^=]|//|==|.)""",
    re.DOTALL,
)


IN_PYTHON = {
    "=>": "@",
    "|>": "|",
    "^": "**",
    ".^": "**",
    ".+": "+",
    ".-": "-",
    ".*": "%",
    "./": "//",
    ".=": "==",
    "{": "[",
    "}": "]",
}


RANGE = "<<"


BLOCK, PLUS, DOT = "__block__", "__plus__", "__dot__"


def as_python(julia: str) -> str:
    """A Julia expression in Python's syntax, for the parser only.

    >>> as_python("x -> NNlib.leakyrelu.(x, 0.2f0)")
    'lambda x : NNlib.leakyrelu.__dot__(x, Float32(0.2e0))'
    >>> as_python("(c = Dense(p.w; ); SkipConnection(c, +))")
    '__block__(c := Dense(p.w, ), SkipConnection(c, __plus__))'

    Signs that Python lacks become such that are not needed here: `=>` is `@`, `|>` is `|`, a range
    `a:b` is `a << b`, `x .* y` is `x % y` (while `*` is the product of numbers), `x .= y` is `x ==
    y`. What has no counterpart (`for`, `...`, matrices) is left for Python's parser to refuse.
    """
    tokens = [(match.lastgroup, match.group()) for match in TOKEN.finditer(julia.strip())]
    written: list[str] = []
    brackets: list[
        tuple[int, bool]
    ] = []  # where each open one stands in `written`, and whether it is that of a call
    opened = {}  # a closing bracket -> the opening one

    def near(i, step):
        """The nearest token that is no space."""
        i += step
        while 0 <= i < len(tokens) and tokens[i][0] == "space":
            i += step
        return tokens[i] if 0 <= i < len(tokens) else ("end", "")

    last = [0]  # where tokens begin in `written`, spaces apart
    skip = False
    for i, (kind, text) in enumerate(tokens):
        (before_kind, before), (after_kind, after) = near(i, -1), near(i, 1)
        if skip:
            skip = False
            continue
        alone = before in ("(", ",", ";", "=") and after in (")", ",", ";")
        if kind == "number" and "f" in text:
            text = f"Float32({text.replace('f', 'e')})"
        elif kind == "name" and keyword.iskeyword(text):
            text += "_"
        elif text == "->" and before_kind == "name":
            written[last[-1]] = f"lambda {before}"
            text = ":"
        elif text == "->" and last[-1] in opened:
            written[opened[last[-1]]], written[last[-1]] = "lambda ", ": "
            text = ""
        elif text == ":" and alone:
            text = repr(COLON)
        elif text == ":" and after_kind == "name" and before in ("(", ",", ";", "=", "["):
            text, skip = f'"{after}"', True
        elif text == ":":
            text = RANGE
        elif text in ("+", ".+") and alone:
            text = PLUS
        elif text in ("(", "[", "{"):
            brackets.append(
                (
                    len(written),
                    text == "(" and (before_kind == "name" or before in (".", ")", "]", "}")),
                )
            )
            text = f"{DOT}(" if before == "." and text == "(" else IN_PYTHON.get(text, text)
        elif text in (")", "]", "}") and brackets:
            opened[len(written)] = brackets.pop()[0]
            text = IN_PYTHON.get(text, text)
        elif text == "=" and brackets and not brackets[-1][1]:
            text = ":="
        elif text == ";" and brackets:
            start, is_call = brackets[-1]
            if written[start] == "(" and not is_call:
                written[start] = f"{BLOCK}("
            text = "," if written[start].endswith("(") else ";"
        elif kind == "other":
            text = IN_PYTHON.get(text, text)
        if kind != "space":
            last.append(len(written))
        written.append(text)
    return re.sub(r"(\(|,)(\s*),", r"\1\2", "".join(written))


@cache
def parsed(julia: str) -> ast.expr:
    """The syntax tree of a Julia expression.

    Raises Untranslatable for one that `as_python` does not know how to write.
    """
    try:
        return ast.parse(as_python(julia), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise Untranslatable(f"cannot be translated: the syntax of {julia} ({error})") from None
