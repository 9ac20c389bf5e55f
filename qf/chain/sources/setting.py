"""A source from the values of a configuration: every value checked, everything wrong named at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from qf.chain.addresses import read_address
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

    Raises:
        ValueError: it is none, or its checksum is wrong.
    """
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no address: write 0x and 40 hex digits")
    return read_address(value)


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
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not a number of 0 or more")
    return value


_READERS: dict[Any, Any] = {
    "Address": address,
    "tuple[Address, ...]": _addresses,
    "bool": _of(bool, "true or false"),
    "int": _number,
    "str": _of(str, "text"),
}
"""How a value is read, by the type of its attribute as it is written."""
