"""The types of a signature, as text and as a tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from qf.chain.abi.words import WORD, reader

_PARAMETER = re.compile(r"(\(.*\)|[a-z]+[0-9]*)(?: (indexed))?(?: (\w+))?", re.ASCII)
_SIGNATURE = re.compile(r"(\w+)(\(.*\))", re.ASCII)


@dataclass(frozen=True)
class Parameter:
    """A value of an event, a call or a tuple: its name and its type.

    Attributes:
        name: "" if it has none.
        type: as in a signature, `uint256` or `(uint256,string)`.
        indexed: whether it stands in a topic.
        parts: of a tuple, what it holds.
    """

    name: str
    type: str
    indexed: bool = False
    parts: tuple[Parameter, ...] = ()

    @cached_property
    def dynamic(self) -> bool:
        """Whether its length is not fixed, so that an offset stands in its place."""
        return self.type in ("bytes", "string") or any(part.dynamic for part in self.parts)

    @cached_property
    def width(self) -> int:
        """Bytes of its place."""
        return WORD if self.dynamic or not self.is_tuple else sum(part.width for part in self.parts)

    @property
    def is_tuple(self) -> bool:
        """Whether it holds others."""
        return self.type.startswith("(")

    @cached_property
    def read_word(self) -> Callable[[bytes], Any]:
        """The function that reads it from a word, if it is of one word."""
        return reader(self.type)


@cache
def parameters(types: str) -> tuple[Parameter, ...]:
    """Return what a tuple of types holds.

    >>> [parameter.type for parameter in parameters("(address payee, (uint256 protocol, string pointer))")]
    ['address', '(uint256,string)']

    Raises:
        ValueError: it is no tuple of types this package knows.
    """
    if not (types.startswith("(") and types.endswith(")")):
        raise ValueError(f"{types!r} is no tuple of types")
    return tuple(_parameter(text.strip()) for text in _split(types[1:-1]))


def declared(signature: str) -> tuple[str, tuple[Parameter, ...]]:
    """Return the name and the parameters of a signature.

    Raises:
        ValueError: it is none.
    """
    found = _SIGNATURE.fullmatch(signature)
    if found is None:
        raise ValueError(f"{signature!r} is no signature")
    return found[1], parameters(found[2])


def listed(wanted: Sequence[Parameter]) -> str:
    """Return the types of `wanted` as they stand in a signature.

    >>> listed(parameters("(address payee, uint256)"))
    '(address,uint256)'
    """
    return f"({','.join(parameter.type for parameter in wanted)})"


def _parameter(text: str) -> Parameter:
    found = _PARAMETER.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no type with a name")
    type, indexed, name = found[1], found[2] is not None, found[3] or ""
    parts = parameters(type) if type.startswith("(") else ()
    made = Parameter(name, listed(parts) if type.startswith("(") else type, indexed, parts)
    if made.type not in ("bytes", "string") and not made.is_tuple:
        reader(made.type)
    elif indexed:
        raise ValueError(f"{text!r}: if it is indexed, a log holds only its hash")
    return made


def _split(text: str) -> list[str]:
    parts, depth = [""] if text else [], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
