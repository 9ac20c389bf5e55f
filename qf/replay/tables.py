"""Reading the tables of published rounds: text in, text out, nothing rounded on the way."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path
from typing import Any


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file, a byte-order mark removed."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def document(path: Path) -> Any:
    """Return a JSON document."""
    return json.loads(path.read_text("utf-8"))


def number(text: str) -> Fraction:
    """Return a published number exactly as it is written.

    >>> number("1.83e-06") == Fraction(183, 10**8)
    True
    """
    return Fraction(text)
