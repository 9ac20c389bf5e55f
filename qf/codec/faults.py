"""Why a cell cannot be read as a number, and how to write it."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from qf.units import parse_decimal

SHOWN_CHARACTERS = 120
"""How much of a message about a cell is shown; a cell may hold a whole file."""

MAX_NUMBER_TEXT = 400
"""Characters a number may have. A uint256 with 77 decimal places needs 156; the rest is room for zeros."""

_GROUPED = re.compile(r"[0-9]{1,3}([,_' ][0-9]{3})+(\.[0-9]+)?", re.ASCII)

_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


def shortened(text: str) -> str:
    """Return `text`, cut where it is too long to show."""
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."


def parsed(text: str) -> Fraction:
    """Return a non-negative decimal as an exact fraction; unlike `parse_decimal` also of hostile length.

    >>> parsed("0.50")
    Fraction(1, 2)
    """
    if len(text) > MAX_NUMBER_TEXT:
        raise ValueError(f"has {len(text)} characters")
    return parse_decimal(text)


def number_fault(text: str, error: str, fix: str = "give a positive amount") -> tuple[str, str]:
    """Return what is wrong with `text`, which a reader of numbers refused with `error`, and what to write instead.

    >>> number_fault("-5", "'-5' is not a plain decimal number")
    ("'-5' is negative", 'give a positive amount')
    >>> number_fault("1,000", "")
    ("'1,000' has thousands separators", 'write 1000')
    >>> number_fault("１２", "")
    ("'１２' is not in ASCII digits", 'write 12')
    """
    if len(text) > MAX_NUMBER_TEXT:
        return f"{shortened(text)} has {len(text)} characters", fix
    shown, bare, ascii_form = shortened(repr(text)), text.strip(), _ascii_form(text.strip())
    if not bare:
        return "is empty", fix
    if _is_decimal(text):
        return (f"{shown} {error}" if error.startswith("is ") else shortened(error)), fix
    if _NOT_FINITE.fullmatch(bare):
        return f"{shown} is not a finite number", fix
    if bare != text and _is_decimal(bare):
        return f"{shown} has white space around it", f"write {bare}"
    if _is_decimal(ascii_form):
        return f"{shown} is not in ASCII digits", f"write {ascii_form}"
    if ascii_form[0] == "-" and _is_decimal(ascii_form[1:]):
        return f"{shown} is negative", fix
    if ascii_form[0] == "+" and _is_decimal(ascii_form[1:]):
        return f"{shown} has a sign", f"write {ascii_form[1:]}"
    if _GROUPED.fullmatch(ascii_form):
        return f"{shown} has thousands separators", f"write {re.sub('[^0-9.]', '', ascii_form)}"
    if _is_decimal(f"0{ascii_form}") or _is_decimal(f"{ascii_form}0"):
        return f"{shown} lacks a digit beside its point", "write 0.5 or 5"
    return f"{shown} is not a plain decimal number", "write digits with at most one decimal point, such as 1250.5"


def _is_decimal(text: str) -> bool:
    try:
        parse_decimal(text)
    except ValueError:
        return False
    return True


def _ascii_form(text: str) -> str:
    """Digits of any script as ASCII, full-width signs as ASCII, a minus sign as a hyphen."""
    folded = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    return "".join(str(unicodedata.decimal(character)) if character.isdecimal() else character for character in folded)
