"""One way to write a value as bytes, so that equal decisions have equal digests.

UTF-8, keys sorted by code point, no spaces, every number a string, floats refused, equal decimals written alike
(0.5 = 0.50, -0 = 0). A digest covers the decision only: no clock, version or machine enters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

from qf.units import MAX_DECIMALS, format_decimal


def canonical_json(value: Any) -> bytes:
    """Return the canonical JSON of `value`, ending in a newline.

    >>> canonical_json({"b": Fraction(1, 2), "a": [1, True, None, "é"]}).decode().strip()
    '{"a":["1",true,null,"é"],"b":"0.5"}'

    Raises:
        TypeError: a float, or a type that has no canonical form.
    """
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def fraction_text(value: Fraction) -> str:
    """Return `value` as a decimal where that is exact, else as numerator/denominator.

    >>> fraction_text(Fraction(1, 4)), fraction_text(Fraction(1, 3))
    ('0.25', '1/3')
    """
    decimal = format_decimal(value, MAX_DECIMALS)
    return decimal if Fraction(decimal) == value else f"{value.numerator}/{value.denominator}"


def digest(data: bytes) -> str:
    """Return the SHA-256 of `data` as 64 hex digits.

    >>> digest(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(data).hexdigest()


def digest_of_parts(part_digests: Iterable[str]) -> str:
    """Return the digest of a table kept in several parts: SHA-256 of the part digests, one per line.

    >>> digest_of_parts([digest(b"a"), digest(b"b")])[:16]
    'bf75fafab8e46555'
    """
    return digest("".join(f"{part}\n" for part in part_digests).encode())


def _plain(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case Enum():
            return _plain(value.value)
        case str():
            return value
        case int():
            return str(value)
        case Fraction():
            return fraction_text(value)
        case Decimal() if value.is_finite():
            return fraction_text(Fraction(value))
        case Mapping():
            return {_key(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} {value!r} has no canonical form")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"key {key!r} is not text")
    return str(key)
