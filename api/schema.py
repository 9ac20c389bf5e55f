"""What requests and answers are made of: names, amounts, moments, pages."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic.json_schema import WithJsonSchema

T = TypeVar("T")

LAST_SECOND = 253402300799
"""31 December 9999, 23:59:59 UTC: the last second that RFC 3339 can write."""


UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of what cannot be seen: control characters, what turns the direction of text, line separators."""

SPOKEN = frozenset("\n\t\u200c\u200d\u200e\u200f\u061c")
"""Letters of these categories that languages and emoji need: line ends, joiners, marks of direction."""


class Body(BaseModel):
    """Base of everything that is received: unknown keys are refused, and a number is not a text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Answer(BaseModel):
    """Base of everything that is sent."""

    model_config = ConfigDict(frozen=True)


class Queued(Answer):
    """Work that a worker does next."""

    job: int


class NewSecret(Answer):
    """A new secret, shown this once, and until when the former one is good as well."""

    secret: str
    former_until: Shown | None


class Page(Answer, Generic[T]):
    """A part of a list; `next` is the cursor of what follows, None at the end."""

    items: list[T]
    next: str | None = None


def _printable(text: str) -> str:
    strange = {letter for letter in text if unicodedata.category(letter) in UNSEEN}
    if strange - SPOKEN:
        raise ValueError("holds characters that cannot be seen")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text or text != text.strip():
        raise ValueError("is one line, without white space around it")
    return text


Text = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_printable)]
"""Text of several lines."""

Line = Annotated[str, StringConstraints(max_length=300), AfterValidator(_printable), AfterValidator(_one_line)]
"""Text of one line, which may be empty."""

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(_printable), AfterValidator(_one_line)
]
"""Text of one line that is not empty, such as a donor, a project, a token."""

Reason = Annotated[str, StringConstraints(min_length=3, max_length=2_000, pattern=r"\S"), AfterValidator(_printable)]
"""Why something is done; kept, and public where the endpoint says so."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]
"""A short name in addresses: lower case letters, digits, hyphens."""

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{16}$")]
"""A name that the service gave."""

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$")]
"""An address on a chain."""

Signature = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]*$", max_length=20_000)]
"""A signature of a wallet; that of a contract may be long."""

ChainNumber = Annotated[int, Field(ge=1, le=2**53 - 1)]
"""The number of a chain (EIP-155)."""

SlugPath = Annotated[Slug, Path()]
IdPath = Annotated[Id, Path()]

AtOnce = Annotated[bool, Query(description="whether the former secret ends now, as when somebody else has it")]

Decimals = Annotated[str, StringConstraints(pattern=r"^(?:0|[1-9][0-9]{0,77})(?:\.[0-9]{1,36})?$")]
"""An amount in whole units, such as "12.50": ASCII digits, no sign, no exponent."""


_SHAPE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9:.]{5,15}([Zz]|[+-][0-9]{2}:[0-9]{2})?)?")
"""What RFC 3339 looks like; Python reads more than that, and does not see a NUL behind it."""


def read_moment(value: Any) -> int:
    """Return an RFC 3339 moment as seconds since 1970 UTC.

    >>> read_moment("1970-01-01T09:00:01+09:00")
    1

    Raises:
        ValueError: it is none, or has no time zone.
    """
    if not isinstance(value, str):
        raise ValueError("write it as 2026-04-01T00:00:00Z")
    try:
        if not _SHAPE.fullmatch(value):
            raise ValueError
        read = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is no moment; write it as 2026-04-01T00:00:00Z") from None
    if read.tzinfo is None:
        raise ValueError("has no time zone; write it as 2026-04-01T00:00:00+09:00")
    seconds = int(read.timestamp())
    if not 0 <= seconds <= LAST_SECOND:
        raise ValueError("lies outside the years 1970 to 9999")
    return seconds


def moment_text(seconds: int) -> str:
    """Return seconds since 1970 UTC as RFC 3339.

    >>> moment_text(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_MOMENT = WithJsonSchema({"type": "string", "format": "date-time"})

Moment = Annotated[int, BeforeValidator(read_moment), PlainSerializer(moment_text, return_type=str), _MOMENT]
"""A moment in what is received: RFC 3339 with a time zone; held as seconds since 1970 UTC."""

Shown = Annotated[int, PlainSerializer(moment_text, return_type=str), _MOMENT]
"""A moment in what is sent."""

Units = Annotated[int, PlainSerializer(str, return_type=str), WithJsonSchema({"type": "string", "pattern": "^[0-9]+$"})]
"""Base units in what is sent: decimal text, as JSON numbers lose digits above 2**53."""
