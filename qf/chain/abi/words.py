"""One word of 32 bytes: which values a type has, how they are read, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

WORD = 32
"""Bytes of a word."""

_SIZED = re.compile(r"(uint|bytes)([1-9][0-9]{0,2})", re.ASCII)
_NOTHING = bytes(WORD)


def reader(type: str) -> Callable[[bytes], Any]:
    r"""Return the function that reads a value of `type` from a word, and raises `ValueError` if it holds none.

    >>> reader("address")(bytes(12) + b"\xee" * 20)
    '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'

    Raises:
        ValueError: it is no type of one word that this package knows.
    """
    if type == "address":
        return read_address
    if type == "bool":
        return _read_bool
    kind, size = sized(type)
    return _uint_reader(size) if kind == "uint" else _bytes_reader(size)


@cache
def sized(type: str) -> tuple[str, int]:
    """Return "uint" and a number of bits, or "bytes" and a number of bytes, as `type` says.

    Raises:
        ValueError: it is no such type.
    """
    found = _SIZED.fullmatch(type)
    kind, size = (found[1], int(found[2])) if found else ("", 0)
    if not ((kind == "uint" and size <= 256 and size % 8 == 0) or (kind == "bytes" and size <= WORD)):
        raise ValueError(f"{type!r} is no type this package reads")
    return kind, size


def read_address(word: bytes) -> str:
    """Return the address in a word, as a 0x string in lower case.

    Raises:
        ValueError: the twelve bytes before it are not zero.
    """
    if word[:12] != _NOTHING[:12]:
        raise ValueError(f"0x{word.hex()} is no address: its first 12 bytes are not zero")
    return "0x" + word[12:].hex()


def read_number(word: bytes) -> int:
    """Return the number in a word."""
    return int.from_bytes(word, "big")


def read_hash(word: bytes) -> str:
    """Return a whole word as a 0x string in lower case."""
    return "0x" + word.hex()


def _read_bool(word: bytes) -> bool:
    number = read_number(word)
    if number > 1:
        raise ValueError(f"{number} is no bool")
    return number == 1


def _uint_reader(bits: int) -> Callable[[bytes], int]:
    def read(word: bytes) -> int:
        number = int.from_bytes(word, "big")
        if number >> bits:
            raise ValueError(f"{number} is more than a uint{bits} holds")
        return number

    return read_number if bits == 8 * WORD else read


def _bytes_reader(size: int) -> Callable[[bytes], str]:
    def read(word: bytes) -> str:
        if word[size:] != _NOTHING[size:]:
            raise ValueError(f"0x{word.hex()} is no bytes{size}: the bytes after it are not zero")
        return "0x" + word[:size].hex()

    return read_hash if size == WORD else read


def written(type: str, value: Any) -> bytes:
    """Return `value` as a word: an int, a bool, or a 0x string.

    >>> written("uint8", 255).hex()[-4:]
    '00ff'

    Raises:
        ValueError: `type` does not hold it.
    """
    if type == "bool":
        return written("uint8", _held(type, value, isinstance(value, bool)) + 0)
    if type == "address":
        return octets(value, 20).rjust(WORD, b"\0")
    kind, size = sized(type)
    if kind == "bytes":
        return octets(value, size).ljust(WORD, b"\0")
    is_number = isinstance(value, int) and not isinstance(value, bool)
    number: int = _held(type, value, is_number and value >= 0 and not value >> size)
    return number.to_bytes(WORD, "big")


def octets(text: Any, size: int | None = None) -> bytes:
    r"""Return the bytes a 0x string stands for.

    >>> octets("0x0A")
    b'\n'

    Args:
        text: 0x and hex digits.
        size: how many bytes it has to be; None: any number.

    Raises:
        ValueError: it is no 0x string of that size.
    """
    digits = text[2:] if isinstance(text, str) and text.startswith("0x") else "?"
    try:
        found = bytes.fromhex(digits)
    except ValueError:
        raise ValueError(f"{text!r} is no 0x string") from None
    if len(digits) != 2 * len(found) or size not in (None, len(found)):
        raise ValueError(f"{text!r} is no 0x string of {size} bytes")
    return found


def _held(type: str, value: Any, holds: bool) -> Any:
    if not holds:
        raise ValueError(f"{value!r} is no {type}")
    return value
