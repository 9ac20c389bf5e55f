"""What time it is, and new names: the two things that tests replace."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Seconds since 1970 UTC."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""32 letters and digits that are not mistaken for each other."""


def now() -> int:
    """Return the seconds since 1970 UTC."""
    return int(time.time())


def new_id() -> str:
    """Return a random name of 16 characters, 80 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))
