"""Text from elsewhere - a file, a name, an exception, Julia - made fit to be shown or written.

A terminal obeys control characters, XML cannot have them, a line of a program ends with a line
break, and the text of an exception may be 10 MB long or raise. So what was not written in this
project goes through here before it is shown:

    >>> plain("\\x1b[2Jx\\n")
    '\\\\x1b[2Jx\\n'
    >>> one_line("a\\nb")
    'a\\\\nb'
"""

import re

MOST = 4000  # characters of the text of an exception
# Control characters but for line break and tab; what turns the direction of writing round; line
# breaks of Unicode; halves of characters; what XML cannot have.
CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
    "\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)


def plain(text: str, most: int | None = None) -> str:
    """The text with control characters written as `\\\\x1b`; of a long one the first `most`
    characters, and how many there are.
    """
    if most is not None and len(text) > most:
        text = f"{text[:most]} ... ({len(text)} characters)"
    return CONTROL.sub(lambda found: _escaped(found.group()), text)


def one_line(text: str, most: int | None = 300) -> str:
    """The same without line breaks and tabs, for a comment in a program or a cell of a table."""
    return plain(text, most).replace("\n", "\\n").replace("\t", "\\t")


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def error_words(error: BaseException) -> str:
    """Type and text of an exception, `ValueError: no`, also where asking for its text raises."""
    try:
        text = str(error)
    # whatever that is: it is the user's class
    except BaseException as another:
        text = f"its text cannot be had: asking for it raises {type(another).__name__}"
    return plain(f"{type(error).__name__}: {text}" if text else type(error).__name__, MOST)
