"""What a Julia file says, in a hash: a recording is an answer to this content, not to this name."""

import hashlib
import re
from pathlib import Path

from ...files.disk import Unreadable, read_bytes

INCLUDED = re.compile(r'\binclude\(\s*"([^"$]+)"\s*\)')


def content_of(file: Path) -> str:
    """A hash of a Julia file and of the files that it includes by name, whatever their line
    endings.

    A file that cannot be read counts as one that is not there: Julia will say so.
    """
    content = hashlib.sha256()
    seen, waiting = set(), [file.resolve()]
    while waiting:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        try:
            text = read_bytes(path).decode("utf-8", "surrogateescape").replace("\r\n", "\n")
        except Unreadable:
            continue
        content.update(text.encode("utf-8", "surrogateescape") + b"\0")
        waiting += [(path.parent / name).resolve() for name in INCLUDED.findall(text)]
    return content.hexdigest()
