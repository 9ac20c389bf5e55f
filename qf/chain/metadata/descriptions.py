"""What Allo rounds publish as JSON: the round, an application, a distribution; read strictly, numbers exactly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from qf.chain.types import Address
from qf.errors import InputError

_Text = TypeVar("_Text")

DEEPEST = 50
"""How deep a description may be nested. The decoder of Python has no limit of its own: it crashes where web3 is
loaded, which raises the limit of recursion."""

_MARKS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[][{}]', re.DOTALL)
"""Strings, which may hold brackets, and brackets."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,78}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RoundText:
    """What a round says of itself.

    Attributes:
        title: its name.
        pool_amount: what there is to match with, whole tokens; None if it does not say.
        cap_fraction: the most of it for one project, 0..1; None if there is no cap.
        least_amount: the least donation that counts, dollars; None if any does.
        screening: how donors are screened, in the round's words; "" if it does not say.
    """

    title: str
    pool_amount: Decimal | None
    cap_fraction: Decimal | None
    least_amount: Decimal | None
    screening: str


@dataclass(frozen=True, slots=True)
class ApplicationText:
    """What a project says of itself in an application.

    Attributes:
        title: its name.
        payee: where it is paid.
        project: its id, if it says so.
        website: its page; "" if it has none.
    """

    title: str
    payee: Address
    project: str
    website: str


@dataclass(frozen=True, slots=True)
class Share:
    """What a project gets by a published distribution.

    Attributes:
        project: its id.
        title: its name.
        application: its number in the round, as text; "" if it has none.
        anchor: what Allo v2 calls it; "" if nothing.
        payee: where it is paid.
        amount: base units of the token of the pool.
    """

    project: str
    title: str
    application: str
    anchor: Address
    payee: Address
    amount: int


def round_text(content: bytes) -> RoundText:
    """Return the description of a round.

    Raises:
        InputError: it is malformed; says where.
    """
    return _read(content, "round", _round)


def application_text(content: bytes) -> ApplicationText:
    """Return the description of an application.

    Raises:
        InputError: it is malformed; says where.
    """
    return _read(content, "application", _application)


def distribution(content: bytes) -> tuple[Share, ...]:
    """Return what each project gets by a published distribution.

    Raises:
        InputError: it is malformed; says where.
    """
    return _read(content, "distribution", _distribution)


def _round(document: Any) -> RoundText:
    told = _object(document, "round")
    rules = _object(told, "quadraticFundingConfig") if "quadraticFundingConfig" in told else {}
    cap = _number(rules, "matchingCapAmount") if rules.get("matchingCap") else None
    screening = rules.get("sybilDefense", "")
    return RoundText(
        title=_text(told, "name"),
        pool_amount=_number(rules, "matchingFundsAvailable"),
        cap_fraction=None if cap is None else cap / 100,
        least_amount=_number(rules, "minDonationThresholdAmount") if rules.get("minDonationThreshold") else None,
        screening=screening if isinstance(screening, str) else str(bool(screening)).lower(),
    )


def _application(document: Any) -> ApplicationText:
    told = _object(document, "application")
    project = _object(told, "project")
    return ApplicationText(
        title=_text(project, "title"),
        payee=_address(told, "recipient"),
        project=_text(project, "id") if "id" in project else "",
        website=_text(project, "website") if project.get("website") else "",
    )


def _distribution(document: Any) -> tuple[Share, ...]:
    rows = document.get("matchingDistribution") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise ValueError("'matchingDistribution' is no list")
    shares = []
    for number, row in enumerate(rows, start=1):
        try:
            shares.append(_share(row))
        except ValueError as fault:
            raise ValueError(f"row {number}: {fault}") from None
    return tuple(shares)


def _share(row: Any) -> Share:
    if not isinstance(row, dict):
        raise ValueError("is no object")
    return Share(
        project=_text(row, "projectId"),
        title=_text(row, "projectName"),
        application=_text(row, "applicationId") if row.get("applicationId") is not None else "",
        anchor=_address(row, "anchorAddress") if row.get("anchorAddress") else Address(""),
        payee=_address(row, "projectPayoutAddress"),
        amount=_integer(row, "matchAmountInToken"),
    )


def _read(content: bytes, what: str, read: Callable[[Any], _Text]) -> _Text:
    try:
        text = content.decode()
        if _depth(text) > DEEPEST:
            raise ValueError(f"is nested more than {DEEPEST} deep")
        decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_pairs)
        return read(decoder.decode(text))
    except ValueError as fault:
        raise InputError.at(what, str(fault), "publish it as the program made it") from None


def _depth(text: str) -> int:
    """Return how deep the brackets outside of strings are nested."""
    depth = deepest = 0
    for found in _MARKS.finditer(text):
        depth += (found[0] in "[{") - (found[0] in "]}")
        deepest = max(deepest, depth)
    return deepest


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has a key twice")
    return found


def _object(owner: Any, key: str) -> dict[str, Any]:
    found = owner.get(key) if isinstance(owner, dict) else None
    if not isinstance(found, dict):
        raise ValueError(f"{key!r} is no object")
    return found


def _text(owner: dict[str, Any], key: str) -> str:
    found = owner.get(key)
    if not isinstance(found, str):
        raise ValueError(f"{key!r} is no text")
    return found


def _address(owner: dict[str, Any], key: str) -> Address:
    found = _text(owner, key)
    if not _ADDRESS.fullmatch(found):
        raise ValueError(f"{key!r} is no address: {found!r}")
    return Address(found.lower())


def _integer(owner: dict[str, Any], key: str) -> int:
    found = _text(owner, key)
    if not _DIGITS.fullmatch(found):
        raise ValueError(f"{key!r} is no number of base units: {found!r}")
    return int(found)


def _number(owner: dict[str, Any], key: str) -> Decimal | None:
    found = owner.get(key)
    if found is None:
        return None
    try:
        number = Decimal(found) if isinstance(found, str | int | Decimal) and not isinstance(found, bool) else None
    except ArithmeticError:
        number = None
    if number is None or not number.is_finite() or number < 0:
        raise ValueError(f"{key!r} is no number: {found!r}")
    return number
