"""One table of a chain file, read key by key, and how each value is read."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from qf.chain.chain_file.entries import FINALITY
from qf.chain.node.reader import BlockId, Trust
from qf.chain.sources.setting import address
from qf.chain.types import NATIVE, Address, Hash
from qf.columns import canonical_name
from qf.errors import Problem
from qf.units import MAX_DECIMALS

NATIVE_NAME = "native"
"""Stands in the file for the coin of the chain."""

_HASH = re.compile(r"0x[0-9a-f]{64}", re.ASCII)
_VARIABLE = re.compile(r"\$\{(\w+)\}", re.ASCII)


class Table:
    """A table of the file being read: each key is taken once, what is left over is unknown."""

    def __init__(self, values: Mapping[str, Any], where: str, problems: list[Problem]) -> None:
        self._left, self.where, self.problems = dict(values), where, problems

    def take(self, key: str, read: Callable[[Any], Any], default: Any = None, *, required: bool = False) -> Any:
        """Return the value of a key, or the default, having noted what is wrong with it."""
        if key not in self._left:
            if required:
                self.problems.append(Problem(f"{self.where}, {key}", "is missing", "say it"))
            return default
        value = self._left.pop(key)
        try:
            return read(value)
        except ValueError as error:
            self.problems.append(Problem(f"{self.where}, {key}", str(error)))
            return default

    def tables(self, key: str) -> list[Table]:
        """Return the tables of a list of tables."""
        given = self._left.pop(key, [])
        if not isinstance(given, list) or not all(isinstance(entry, Mapping) for entry in given):
            self.problems.append(Problem(f"{self.where}, {key}", "is no list of tables", f"write [[{key}]]"))
            return []
        return [Table(entry, f"{self.where}, {key} {number}", self.problems) for number, entry in enumerate(given, 1)]

    def rest(self) -> dict[str, Any]:
        """Return all that was not taken, for somebody else to read."""
        left, self._left = self._left, {}
        return left

    def finish(self) -> None:
        """Note everything that was not taken as unknown."""
        self.problems += [Problem(self.where, f"{key!r} is not known", "remove it") for key in self._left]


def whole(value: Any) -> int:
    """Return a whole number of 0 or more, written as a number or, as in canonical JSON, as text."""
    if isinstance(value, str) and re.fullmatch("0|[1-9][0-9]{0,17}", value, re.ASCII):
        return int(value)
    if type(value) is not int or not 0 <= value < 10**18:
        raise ValueError("is no whole number from 0 to 10**18")
    return value


def positive(value: Any) -> int:
    """Return a whole number of 1 or more."""
    number = whole(value)
    if not number:
        raise ValueError("is 0; give 1 or more")
    return number


def decimals(value: Any) -> int:
    """Return a number of decimal places."""
    number = whole(value)
    if number > MAX_DECIMALS:
        raise ValueError(f"{number} is more than the {MAX_DECIMALS} a uint256 can have")
    return number


def text(value: Any) -> str:
    """Return text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is not text")
    return value


def name(value: Any) -> str:
    """Return a name in its one spelling."""
    return canonical_name(text(value))


def hash32(value: Any) -> Hash:
    """Return 32 bytes as 0x and 64 hex digits."""
    if not isinstance(value, str) or not _HASH.fullmatch(value.lower()):
        raise ValueError(f"{value!r} is not 0x and 64 hex digits")
    return Hash(value.lower())


def token_address(value: Any) -> Address:
    """Return the address of a token, or `NATIVE` for the coin of the chain."""
    return NATIVE if value == NATIVE_NAME else address(value)


def finality(value: Any) -> BlockId:
    """Return a tag, or a number of blocks below the head."""
    if value in FINALITY:
        return value  # type: ignore[no-any-return]
    try:
        return whole(value)
    except ValueError:
        raise ValueError(f"{str(value)[:40]!r} is none of {', '.join(FINALITY)}, and no number of blocks") from None


def proof(value: Any) -> Trust:
    """Return what proves that nothing is missing."""
    if value not in tuple(Trust):
        raise ValueError(f"{value!r} is none of {', '.join(Trust)}")
    return Trust(value)


def endpoints(value: Any) -> tuple[str, ...]:
    """Return the URLs of nodes, with variables filled in from the environment."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError("is no list of texts")
    lacking = sorted({found for each in value for found in _VARIABLE.findall(each)} - os.environ.keys())
    if lacking:
        raise ValueError(f"names {', '.join(lacking)}, which is not set in the environment")
    urls = [_VARIABLE.sub(lambda found: os.environ[found[1]], each) for each in value]
    for place, url in enumerate(urls, 1):
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"number {place} does not begin with http:// or https://")
    return tuple(dict.fromkeys(urls))


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a table."""
    if not isinstance(value, Mapping):
        raise ValueError("is no table")
    return value
