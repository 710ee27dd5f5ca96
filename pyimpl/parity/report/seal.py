"""Whether a bundle was written here: only then is the code that it names run without being asked.

A bundle names Python files and a Julia expression, which a replay runs. One that was downloaded, or
changed since, could name anything. So a bundle is sealed with a key that stays with its user (HMAC
of its description and of the copies of the sources), and what has no seal of this user's is
somebody else's.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from platformdirs import user_data_path

from ...files.disk import Unreadable, Unwritable, read_bytes, write_bytes


def sealed(content: bytes) -> str:
    """The seal of a description; empty where this user can keep no key."""
    key = _key(make=True)
    return hmac.new(key, content, hashlib.sha256).hexdigest() if key else ""


def is_ours(content: bytes, seal: str) -> bool:
    """Whether the description was sealed by this user."""
    key = _key(make=False)
    if not key or not seal:
        return False
    mine = hmac.new(key, content, hashlib.sha256).hexdigest()
    return hmac.compare_digest(mine.encode(), seal.encode("utf-8", "replace"))


def _place() -> Path:
    return user_data_path("julia-parity") / "seal.key"


def _key(make: bool) -> bytes:
    for _ in range(2):
        try:
            key = read_bytes(_place(), 1024)
            return key if len(key) >= 32 else b""
        except Unreadable:
            if not make:
                return b""
        try:
            write_bytes(_place(), secrets.token_bytes(32), new=True)  # of two runs, one makes it
            os.chmod(_place(), 0o600)
        except (Unwritable, OSError):
            make = False
    return b""
