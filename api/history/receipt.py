"""A receipt: what somebody gave in a round, to print; it says what it is not."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from sqlmodel import col

from api.access import RoundAsking
from api.inputs import rules_of
from api.ledger import standing
from api.schema import moment_text
from api.tables import Entry, Organisation
from api.wall.wall import CAREFUL
from qf.round import Round as Rules
from qf.units import format_decimal

_FOLDER = Path(__file__).parent


class Language(StrEnum):
    """What a receipt is written in."""

    EN = "en"
    JA = "ja"


WORDS: Mapping[Language, Mapping[str, str]] = {
    Language.EN: {
        "title": "Donation statement",
        "what": "This says which donations were recorded in the name of the donor below.",
        "not": "This is not a tax receipt, and no invoice. It gives no right to a deduction. "
        "Whoever received the donations may issue a tax receipt where the law provides for it.",
        "organisation": "Organisation",
        "round": "Round",
        "donor": "Donor",
        "issued": "As of",
        "date": "Date",
        "project": "Project",
        "amount": "Amount",
        "id": "Number",
        "total": "Total",
        "nothing": "Nothing is recorded.",
    },
    Language.JA: {
        "title": "寄付受領のお知らせ",
        "what": "下記の寄付者のお名前で記録された寄付をお知らせします。",
        "not": "これは税務上の領収書（寄附金受領証明書）ではなく、請求書でもありません。寄附金控除には使えません。"
        "控除に必要な証明書は、法令の定めがある場合に、寄付を受け取った団体が発行します。",
        "organisation": "団体",
        "round": "ラウンド",
        "donor": "寄付者",
        "issued": "発行時点",
        "date": "日時",
        "project": "プロジェクト",
        "amount": "金額",
        "id": "番号",
        "total": "合計",
        "nothing": "記録された寄付はありません。",
    },
}
"""What a receipt says."""


@dataclass(frozen=True, slots=True)
class Line:
    """A donation on a receipt: `amount` of `unit`, which is the token or unit of the round, or its base units."""

    id: str
    donor: str
    project: str
    amount: str
    unit: str
    time: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What somebody gave in a round and still stands.

    Attributes:
        organisation, contact, round: who ran it, and what it is called.
        at: as of when, RFC 3339.
        lines: the donations, by time.
        totals: unit -> sum.
    """

    organisation: str
    contact: str
    round: str
    at: str
    lines: tuple[Line, ...]
    totals: Mapping[str, str]


def receipt_of(asking: RoundAsking, names: Sequence[str]) -> Receipt:
    """Return the receipt for what stands of the donations of somebody of these names."""
    round, session = asking.round, asking.session
    query = standing(round.id).where(col(Entry.donor).in_(names)).order_by(col(Entry.time), col(Entry.position))
    rows = session.scalars(query).all()
    units = _Units(rules_of(round), {name: int(price[1]) for name, price in round.prices.items()})
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row.token] += row.amount
    organisation = session.get_one(Organisation, round.organisation_id)
    return Receipt(
        organisation=organisation.name,
        contact=organisation.contact,
        round=round.title,
        at=moment_text(asking.at),
        lines=tuple(
            Line(row.ledger_id, row.donor, row.project, *units.of(row.amount, row.token), moment_text(row.time))
            for row in rows
        ),
        totals={unit: amount for amount, unit in (units.of(sums[token], token) for token in sorted(sums))},
    )


def page_of(receipt: Receipt, language: Language) -> str:
    """Return a receipt as a page to print, which needs nothing else."""
    return _TEMPLATE.render(receipt=receipt, words=WORDS[language], language=language, style=_STYLE)


@dataclass(frozen=True, slots=True)
class _Units:
    """How amounts are written: in whole tokens where their decimal places are known."""

    rules: Rules
    decimals: Mapping[str, int]

    def of(self, amount: int, token: str) -> tuple[str, str]:
        """Return an amount, and of what it is."""
        if token and token not in self.decimals:
            return str(amount), f"base units of {token}"
        places = self.decimals[token] if token else self.rules.unit_decimals
        return format_decimal(Fraction(amount, 10**places), places), token or self.rules.unit


_ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_TEMPLATE = _ENVIRONMENT.from_string((_FOLDER / "receipt.html.j2").read_text("utf-8"))
_STYLE = Markup((_FOLDER / "receipt.css").read_text("utf-8"))

_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"{CAREFUL['Content-Security-Policy']}; style-src 'sha256-{_DIGEST}'"
"""What the page may load: nothing; its own style is allowed by its digest."""
