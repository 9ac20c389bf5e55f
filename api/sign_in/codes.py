"""Donor codes: what somebody without a wallet gives with, and signs in with. They are printed, read aloud and typed.

    7HKM-2QXR-9DPW-4TZA      fifteen characters that chance chose, and one that checks them

The alphabet has 29 letters and digits, none of which looks or sounds like another. 29 is a prime, and so the check
character, the sum of place times character modulo 29, catches every single wrong character and every two that were
exchanged. Fifteen characters are 72 bits.
"""

from __future__ import annotations

import secrets

from api.secrecy import Secrecy

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXZ"
"""No 0 and O, no 1, I and L, no U and Y."""

LENGTH = 16
"""Characters of a code, the one that checks it included."""


class CodeError(ValueError):
    """The text is no donor code."""


def new_code() -> str:
    """Return a new code, in groups of four.

    >>> read_code(new_code().lower().replace("-", " ")) != ""
    True
    """
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    whole = letters + _check(letters)
    return "-".join(whole[start : start + 4] for start in range(0, LENGTH, 4))


def read_code(text: str) -> str:
    """Return a code in its one spelling, however it was typed: 16 capital letters and digits.

    Raises:
        CodeError: it is none; says whether it is too short, has a strange character, or is mistyped.
    """
    letters = "".join(letter for letter in text.upper() if letter not in " -\u2010\u2011\u2013\t")
    if len(letters) != LENGTH:
        raise CodeError(f"a donor code has {LENGTH} characters, and this has {len(letters)}")
    strange = sorted(set(letters) - set(ALPHABET))
    if strange:
        raise CodeError(f"a donor code holds no {', '.join(strange)}")
    if _check(letters[:-1]) != letters[-1]:
        raise CodeError("a character is wrong, or two are exchanged; type it again")
    return letters


def code_key(secrecy: Secrecy, code: str) -> str:
    """Return what is stored of a code: it can be looked up, and not be read back."""
    return secrecy.mark("donor code", read_code(code))


def donor_of(secrecy: Secrecy, code: str) -> str:
    """Return what a code is called in ledgers; nothing of the code can be learnt from it."""
    return f"code-{secrecy.mark('donor of code', read_code(code))[:16]}"


def _check(letters: str) -> str:
    total = sum(place * ALPHABET.index(letter) for place, letter in enumerate(letters, 2))
    return ALPHABET[total % len(ALPHABET)]
