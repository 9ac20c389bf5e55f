"""A source from the values of a configuration: every value checked, everything wrong named at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from qf.chain.abi import keccak
from qf.chain.types import Address
from qf.errors import InputError, Problem


def make(kind: type[Any], values: Mapping[str, Any], where: str) -> Any:
    """Return an instance of the dataclass `kind`, whose attributes are addresses, numbers, text or yes and no.

    Raises:
        InputError: names everything that is wrong.
    """
    known = {field.name: field for field in fields(kind)}
    problems = [
        Problem(f"{where}, {name}", "is unknown", f"use {', '.join(known)}") for name in values if name not in known
    ]
    given: dict[str, Any] = {}
    for name, field in known.items():
        if name in values:
            try:
                given[name] = _READERS[field.type](values[name])
            except ValueError as fault:
                problems.append(Problem(f"{where}, {name}", str(fault)))
        elif field.default is MISSING:
            problems.append(Problem(f"{where}, {name}", "is missing", "say which"))
    if not problems:
        try:
            return kind(**given)
        except ValueError as fault:
            problems.append(Problem(where, str(fault)))
    raise InputError(problems)


def address(value: Any) -> Address:
    """Return an address in lower case.

    >>> address("0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1")
    '0xda10009cbd5d07dd0cecc66161fc93d7c9000da1'

    Raises:
        ValueError: it is none, or the case of its letters, which is a checksum by EIP-55, is wrong.
    """
    digits = value[2:] if isinstance(value, str) and value[:2] == "0x" else ""
    if len(digits) != 40 or not set(digits) <= set("0123456789abcdefABCDEF"):
        raise ValueError(f"{value!r} is no address: write 0x and 40 hex digits")
    if digits not in (digits.lower(), digits.upper()) and digits != checksummed(digits):
        raise ValueError(f"{value!r} has a wrong checksum: copy the address again")
    return Address(value.lower())


def checksummed(digits: str) -> str:
    """Return the 40 digits of an address with their case by EIP-55.

    >>> checksummed("da10009cbd5d07dd0cecc66161fc93d7c9000da1")
    'DA10009cBd5D07dd0CeCc66161FC93D7c9000da1'
    """
    digits = digits.lower()
    marks = keccak(digits.encode()).hex()
    return "".join(digit.upper() if mark > "7" else digit for digit, mark in zip(digits, marks, strict=False))


def _addresses(value: Any) -> tuple[Address, ...]:
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise ValueError(f"{value!r} is no list of addresses")
    return tuple(dict.fromkeys(address(each) for each in value))


def _of(kind: type, what: str) -> Any:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"{value!r} is not {what}")
        return value

    return read


def _number(value: Any) -> int:
    """Return a whole number; in canonical JSON, which a result is published in, numbers are text."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if type(value) is not int:
        raise ValueError(f"{value!r} is not a number")
    return value


_READERS: dict[Any, Any] = {
    "Address": address,
    "tuple[Address, ...]": _addresses,
    "bool": _of(bool, "true or false"),
    "int": _number,
    "str": _of(str, "text"),
}
"""How a value is read, by the type of its attribute as it is written."""
