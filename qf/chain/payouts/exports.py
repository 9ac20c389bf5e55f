"""The payouts in the files that other programs read. In each, the amounts add up to the total."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

from qf.chain.addresses import checksummed
from qf.chain.payouts.plan import PayoutLine, PayoutList
from qf.chain.types import Address
from qf.errors import PayoutError
from qf.units import format_decimal

POOL_PLACES = 6
"""Decimal places of a share of the pool in a distribution."""

_SHARE = re.compile(r'("matchPoolPercentage": )"([0-9.]+)"')
"""The share as text; the file wants a number, which is written without passing through a float."""


def distribution_text(payouts: PayoutList) -> str:
    """Return the distribution that an Allo round points to: JSON of all payouts in the order of their leaves.

    Raises:
        PayoutError: the tree is not one of Allo.
    """
    if not payouts.kind.startswith("allo_"):
        raise PayoutError.at("kind", f"{payouts.kind} is not of Allo", "write payouts.json with --kind allo_v2")
    return _SHARE.sub(r"\1\2", json_text({"matchingDistribution": [_entry(payouts, line) for line in payouts.lines]}))


def disperse_text(payouts: PayoutList, *, base_units: bool = False) -> str:
    """Return the payouts as lines of address and amount, as disperse.app and its like take them, without a header.

    Args:
        payouts: what is paid.
        base_units: write amounts in base units, for a contract; else in whole tokens, as these pages want them.
    """
    decimals = 0 if base_units else payouts.decimals
    amounts = (format_decimal(Fraction(line.amount, 10**decimals), decimals) for line in payouts.lines)
    return "".join(f"{checksummed(line.payee)},{amount}\n" for line, amount in zip(payouts.lines, amounts, strict=True))


def json_text(document: Any) -> str:
    """Return JSON that people can look through."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _entry(payouts: PayoutList, line: PayoutLine) -> dict[str, Any]:
    """Return one payout in the words of Allo."""
    is_anchor = payouts.kind != "allo_v1"
    return {
        "projectId": line.project if is_anchor else line.key,
        "projectName": line.title or line.project,
        "applicationId": line.application or line.project,
        "anchorAddress": checksummed(Address(line.key)) if is_anchor else "",
        "projectPayoutAddress": checksummed(line.payee),
        "contributionsCount": line.donors,
        "matchPoolPercentage": format_decimal(Fraction(line.amount, payouts.pool), POOL_PLACES),
        "matchAmountInToken": str(line.amount),
        "originalMatchAmountInToken": str(line.amount),
    }
