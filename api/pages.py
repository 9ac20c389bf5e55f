"""Cursors of long lists: where a page ended, so that the next one begins there whatever was added meanwhile."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from pydantic import StringConstraints

from api.problems import Invalid

LIMIT = 50
"""Items of a page, unless another number is asked for."""

After = Annotated[str | None, Query(description="the `next` of the page before"), StringConstraints(max_length=400)]
Limit = Annotated[int, Query(ge=1, le=200, description="items of a page")]


def cursor(*place: str | int) -> str:
    """Return the cursor of a place in a list.

    >>> place_of(cursor(7, "ann"), int, str)
    (7, 'ann')
    """
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place_of(text: str, *kinds: type) -> tuple[str | int, ...]:
    """Return the place of a cursor.

    Raises:
        Invalid: it is none that `cursor` made for such a list.
    """
    try:
        place = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        place = None
    if not isinstance(place, list) or [type(part) for part in place] != list(kinds) or not _storable(place):
        raise Invalid.at("after", "is no cursor of this list", "take the `next` of the page before, unchanged")
    return tuple(place)


def _storable(place: Sequence[str | int]) -> bool:
    return all("\0" not in part if isinstance(part, str) else -(2**63) <= part < 2**63 for part in place)
