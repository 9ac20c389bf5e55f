"""Rounds as DAOIP-5 describes grants: a system, its pools, the projects, and what they applied for.

The standard asks for the size of a pool in US dollars. Nobody knows it but at a rate, so it is given with rate and
date, or said not to be known. What it has no word for stands under `extensions`, in the name space of whoever runs
the rounds. DAOIP-5, metagov/daostar (CC0).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from qf.eligibility import Project
from qf.round import Round
from qf.units import format_decimal

CONTEXT = "http://www.daostar.org/schemas"
"""Names the standard in every document."""

MECHANISMS = {
    "proportional": "Direct Grants",
    "headcount": "Direct Grants",
    "equal": "Direct Grants",
}
"""Mechanism -> the nearest word of the standard, where that is not "Quadratic Funding"; our own is an extension."""

UNKNOWN = "unknown"
"""The size of a pool in dollars where no rate is given."""

CENTS = 2
"""Decimal places of dollars."""


@dataclass(frozen=True, slots=True)
class System:
    """Who runs rounds.

    Attributes:
        id: short name in ids.
        name: for people.
        pools_uri: where its pools are listed.
        namespace: in front of the names of extensions, such as "org.example.rounds".
    """

    id: str
    name: str
    pools_uri: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Rate:
    """What one whole token of a pool is worth in US dollars, and on which day (2026-04-01)."""

    usd: Fraction
    date: str


@dataclass(frozen=True, slots=True)
class Pool:
    """A round.

    Attributes:
        round: its rules.
        title, description: for people.
        is_open: whether it takes donations now.
        uri: where its documents are: `uri/pools`, `uri/projects`, `uri/applications`.
        rules_uri: where its rules are.
        extensions: name -> what else is to be told of it, such as digests.
        rate: for its size in dollars; None if there is none.
    """

    round: Round
    title: str
    description: str
    is_open: bool
    uri: str
    rules_uri: str
    extensions: Mapping[str, str]
    rate: Rate | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A project of a round.

    Attributes:
        project: its id, title and payout address.
        summary: what it is.
        uri: where to read more.
        created_at: when it applied, seconds since 1970 UTC.
        payout: base units of the payout token; None while nothing is decided.
        extensions: name -> what else is to be told of its match.
    """

    project: Project
    summary: str
    uri: str
    created_at: int
    payout: int | None
    extensions: Mapping[str, str]


def system_document(system: System) -> dict[str, Any]:
    """Return the document of a grant system."""
    return {**_head(system), "grantPoolsURI": system.pools_uri}


def pools_document(system: System, pools: Iterable[Pool]) -> dict[str, Any]:
    """Return the document of grant pools."""
    return {**_head(system), "grantPools": [_pool(system, pool) for pool in pools]}


def projects_document(system: System, listed: Iterable[Listed]) -> dict[str, Any]:
    """Return the document of projects."""
    projects = [
        {
            "type": "Project",
            "id": _project_id(system, each),
            "name": each.project.title or each.project.id,
            "description": each.summary,
            "contentURI": each.uri,
        }
        for each in listed
    ]
    return {**_head(system), "projects": projects}


def applications_document(system: System, pool: Pool, listed: Iterable[Listed]) -> dict[str, Any]:
    """Return the document of applications that were approved, with what they get once that is decided."""
    applications = [_application(system, pool, each) for each in listed]
    grouped = {"type": "GrantPool", "name": pool.title, "applications": applications}
    return {**_head(system), "grantPools": [grouped]}


def _pool(system: System, pool: Pool) -> dict[str, Any]:
    round = pool.round
    told = {**pool.extensions, "mechanism": round.mechanism.id}
    if pool.rate is not None:
        told |= {"usdRate": format_decimal(pool.rate.usd, 18), "usdRateDate": pool.rate.date}
    return {
        "type": "GrantPool",
        "id": _pool_id(system, pool),
        "name": pool.title,
        "description": pool.description,
        "grantFundingMechanism": MECHANISMS.get(round.mechanism.id, "Quadratic Funding"),
        "isOpen": pool.is_open,
        **({} if round.closes is None else {"closeDate": _moment(round.closes)}),
        "applicationsURI": f"{pool.uri}/applications",
        "governanceURI": pool.rules_uri,
        "totalGrantPoolSize": [_amount(round, round.pool.amount)],
        "totalGrantPoolSizeInUSD": _dollars(pool),
        "extensions": _extensions(system, told),
    }


def _application(system: System, pool: Pool, listed: Listed) -> dict[str, Any]:
    project, address = listed.project, listed.project.payout_address
    decided = {} if listed.payout is None else {"fundsApproved": [_amount(pool.round, listed.payout)]}
    return {
        "type": "GrantApplication",
        "id": f"{_pool_id(system, pool)}:grantApplication:{project.id}",
        "grantPoolsURI": f"{pool.uri}/pools",
        "grantPoolId": _pool_id(system, pool),
        "grantPoolName": pool.title,
        "projectsURI": f"{pool.uri}/projects",
        "projectId": _project_id(system, listed),
        "projectName": project.title or project.id,
        "createdAt": _moment(listed.created_at),
        "contentURI": listed.uri,
        **decided,
        **({"payoutAddress": {"type": "EthereumAddress", "value": address}} if address else {}),
        "status": "approved",
        "extensions": _extensions(system, listed.extensions),
    }


def _head(system: System) -> dict[str, Any]:
    return {"@context": CONTEXT, "name": system.name, "type": "Organization"}


def _pool_id(system: System, pool: Pool) -> str:
    return f"daoip-5:{system.id}:grantPool:{pool.round.id}"


def _project_id(system: System, listed: Listed) -> str:
    return f"daoip-5:{system.id}:project:{listed.project.id}"


def _amount(round: Round, amount: int) -> dict[str, str]:
    places = round.pool.decimals
    whole = format_decimal(Fraction(amount, 10**places), places)
    return {"amount": whole, "denomination": round.pool.token or round.unit}


def _dollars(pool: Pool) -> str:
    if pool.rate is None:
        return UNKNOWN
    return format_decimal(Fraction(pool.round.pool.amount, 10**pool.round.pool.decimals) * pool.rate.usd, CENTS)


def _extensions(system: System, told: Mapping[str, str]) -> dict[str, str]:
    return {f"{system.namespace}.{name}": value for name, value in told.items()}


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
