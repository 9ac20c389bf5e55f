"""Gifts that somebody thinks of: they stand in the address of the page, and are kept nowhere else."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from pydantic import StringConstraints, ValidationError

from api.access import RoundAsking
from api.estimates.estimating import estimated
from api.estimates.schema import Cart, EstimateOut, EstimatesOut, WantedGift
from api.problems import ApiError, of_qf
from api.schema import Line
from api.sources.changes import shown, sources_of
from api.sources.schema import SourceKind
from api.states import State
from qf.errors import QfError

MOST = 50
"""Gifts in a cart."""

LISTED = 100
"""Projects up to which all can be chosen in a list; of more, one is searched for."""

CHAINS = {
    1: "Ethereum",
    10: "OP Mainnet",
    100: "Gnosis",
    137: "Polygon",
    8453: "Base",
    42161: "Arbitrum One",
    11155111: "Sepolia",
}
"""What chains are called."""

Typed = Annotated[str, StringConstraints(max_length=100)]
"""An amount as somebody typed it."""

Chosen = Annotated[str, StringConstraints(max_length=200)]
"""A project as it was chosen; "" where none was."""

Projects = Annotated[list[Chosen], Query(default_factory=list, max_length=MOST)]
Amounts = Annotated[list[Typed], Query(default_factory=list, max_length=MOST)]


@dataclass(frozen=True, slots=True)
class Gift:
    """A gift to a project: the amount as it was typed, and as it is read."""

    project: str
    title: str
    typed: str

    @property
    def amount(self) -> str:
        """The amount as the service reads it."""
        return plain_amount(self.typed)


@dataclass(frozen=True, slots=True)
class Answered:
    """What gifts would do, or why that is not told: `code` of a problem, and what it says."""

    estimates: EstimatesOut | None = None
    code: str = ""
    detail: str = ""

    def of(self, project: str) -> EstimateOut | None:
        """Return the estimate for a project."""
        found = self.estimates.estimates if self.estimates else ()
        return next((each for each in found if each.project == project), None)


@dataclass(frozen=True, slots=True)
class OnChain:
    """A token that is taken on a chain; the name of the chain is "" if it is not a well-known one."""

    chain: int
    name: str
    token: str


@dataclass(frozen=True, slots=True)
class Ways:
    """How gifts reach a round: tokens on chains, and the kinds of other sources."""

    tokens: Sequence[OnChain]
    kinds: frozenset[str]

    @property
    def units(self) -> list[str]:
        """What an amount can be of: "" is the unit of the round."""
        names = list(dict.fromkeys(each.token for each in self.tokens))
        return ["", *names] if self.kinds or not names else names

    def on_chains(self, token: str) -> list[OnChain]:
        """Return where a token is taken."""
        return [each for each in self.tokens if each.token == token]


def plain_amount(typed: str) -> str:
    """Return an amount as the service reads it, from how people type one: with commas, wide digits, a currency.

    >>> plain_amount("１，０００円"), plain_amount("¥ 1,000"), plain_amount("-5")
    ('1000', '1000', '-5')
    """
    narrow = unicodedata.normalize("NFKC", typed)
    return "".join(letter for letter in narrow if letter not in " ,_¥円\t\u3001")


def gifts_of(titles: dict[str, str], projects: Sequence[str], amounts: Sequence[str]) -> list[Gift]:
    """Return the gifts of a cart to projects that there are, those without an amount left out, each project once."""
    found: dict[str, Gift] = {}
    for project, typed in zip(projects, amounts, strict=False):
        if project in titles and typed.strip():
            found[project] = Gift(project, titles[project], typed.strip())
    return list(found.values())


def others_of(titles: dict[str, str], gifts: Sequence[Gift]) -> dict[str, str]:
    """Return the projects that can be added to a cart; none where they are too many to choose from in a list."""
    chosen = {gift.project for gift in gifts}
    return {name: title for name, title in titles.items() if name not in chosen} if len(titles) <= LISTED else {}


def address_of(gifts: Sequence[Gift], token: str) -> str:
    """Return the query of the address of a cart."""
    pairs = [pair for gift in gifts for pair in (("project", gift.project), ("amount", gift.typed))]
    return urlencode([*pairs, *([("token", token)] if token else [])])


def answered(asking: RoundAsking, gifts: Sequence[Gift], token: Line) -> Answered:
    """Return what gifts would do together, or why that is not told."""
    try:
        wanted = [WantedGift(project=gift.project, amount=gift.amount, token=token) for gift in gifts]
        return Answered(estimated(asking, Cart(gifts=wanted)))
    except ValidationError:
        return Answered(code="amount")
    except ApiError as error:
        return Answered(code=error.code, detail=error.detail)
    except QfError as error:
        known = of_qf(error)
        if known is None:
            raise
        return Answered(code=known.code, detail=known.detail)


def ways_of(asking: RoundAsking) -> Ways:
    """Return how gifts reach a round."""
    active = [shown(row) for row in sources_of(asking.session, asking.round.id) if row.state == "active"]
    tokens = [
        OnChain(token["chain"], CHAINS.get(token["chain"], ""), token["name"])
        for source in active
        if source.kind == SourceKind.CHAIN
        for token in source.settings.get("token", ())
    ]
    return Ways(tokens, frozenset(source.kind for source in active if source.kind != SourceKind.CHAIN))


def takes_gifts(asking: RoundAsking) -> bool:
    """Return whether something can be given now."""
    round = asking.round
    return round.state == State.OPEN and (round.opens_at or 0) <= asking.at < (round.closes_at or 0)
