"""A large round that is open, another that is closed, and who runs them: written straight into the database."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator

from sqlalchemy import insert

from api import signing
from api.clock import new_id
from api.database import Database, upgrade
from api.schema import moment_text
from api.secrecy import hashed
from api.services import Services
from api.sessions.sessions import SignedInWith, open_session
from api.settings import Settings
from api.tables import Account, ApiKey, Application, Credential, Entry, Membership, Organisation, Round, Source
from qf import round_of
from qf.canonical import canonical_json, digest
from qf.rules import document_of

PROJECTS = 2_000
DONORS = 200_000
OPERATOR_KEY = "qf_operator-of-the-benchmark"
WEBHOOK_SECRET = "5eed" * 16
NOW = int(time.time())
OPENS, CLOSES = NOW - 86_400 * 30, NOW + 86_400
AT_ONCE = 20_000


def fill(donations: int) -> None:
    """Migrate the database and fill it: `donations` in each of the two rounds."""
    settings = Settings()
    services = Services.of(settings)
    upgrade(services.database)
    with services.database.writing() as session:
        session.add(Organisation(id="town", name="Town", created_at=NOW))
        for account in ("operator", "second"):
            session.add(Account(id=account, created_at=NOW))
            session.flush()
            session.add(
                Credential(
                    id=account, account_id=account, kind="wallet", subject=_wallet(account), donor="", created_at=NOW
                )
            )
            session.add(Membership(organisation_id="town", account_id=account, role="operator", created_at=NOW))
        key = {"id": new_id(), "organisation_id": "town", "key": hashed(OPERATOR_KEY), "name": "benchmark"}
        session.add(ApiKey(**key, rights=["operate", "read"], created_by="operator", created_at=NOW))
    for name in ("open", "closed"):
        _round(services, name, donations)
        _entries(services.database, name, donations)
    services.close()


def deliveries(count: int) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Yield signed deliveries of a thousand donations each."""
    chance = random.Random(7)
    for number in range(count):
        gifts = [
            {
                "id": f"w{number}-{each}",
                "donor": f"d{chance.randrange(DONORS)}",
                "project": f"p{chance.randrange(PROJECTS):04d}",
                "amount": str(chance.randrange(100, 10_000)),
                "time": moment_text(NOW),
            }
            for each in range(1_000)
        ]
        body = json.dumps({"donations": gifts}).encode()
        at = int(time.time())
        headers = {signing.SIGNATURE: signing.sign(WEBHOOK_SECRET, body, at), signing.DELIVERY: f"w{number}"}
        yield body, headers


def second_token() -> str:
    """Return an access token of the second person."""
    services = Services.of(Settings())
    proof = SignedInWith("wallet", _wallet("second"), "", "eoa", 1)
    token = open_session(services, proof, int(time.time())).access_token
    services.close()
    return token


def _wallet(account: str) -> str:
    return "0x" + account.encode().hex().ljust(40, "0")


def _round(services: Services, name: str, donations: int) -> None:
    dates = {"opens": moment_text(OPENS), "closes": moment_text(CLOSES if name == "open" else NOW - 60)}
    rules = document_of(
        round_of(
            {
                "round": {"id": name, "title": name.title(), **dates},
                "pool": {"amount": "100000000", "match_cap_fraction": "0.1"},
                "mechanism": {"preset": "yen"},
            }
        )
    )
    with services.database.writing() as session:
        session.add(
            Round(
                id=name,
                organisation_id="town",
                title=name.title(),
                state=name,
                rules=rules,
                rules_digest=digest(canonical_json(rules)),
                opens_at=OPENS,
                closes_at=CLOSES if name == "open" else NOW - 60,
                pseudonym_key=services.secrecy.seal("pseudonym", name),
                created_at=NOW,
                created_by="operator",
                entries=donations,
            )
        )
        session.flush()
        secret = services.secrecy.seal("webhook", WEBHOOK_SECRET)
        session.add(
            Source(
                id=f"card-{name}",
                round_id=name,
                name="card",
                kind="webhook",
                secret=secret,
                created_at=NOW,
                created_by="operator",
            )
        )
        session.execute(
            insert(Application),
            [
                {
                    "id": f"{name}-{number}",
                    "round_id": name,
                    "project": f"p{number:04d}",
                    "account_id": "",
                    "state": "approved",
                    "title": f"Project {number}",
                    "summary": "What it is about. " * 20,
                    "answers": {},
                    "owners": [],
                    "payout_address": f"0x{number + 1:040x}",
                    "payout_confirmed": "",
                    "created_at": NOW,
                    "changed_at": NOW,
                }
                for number in range(PROJECTS)
            ],
        )


def _entries(database: Database, name: str, donations: int) -> None:
    chance = random.Random(3)
    for first in range(1, donations + 1, AT_ONCE):
        rows = [
            {
                "round_id": name,
                "position": position,
                "source_id": f"card-{name}",
                "external_id": str(position),
                "revision": 0,
                "ledger_id": f"card/{position}",
                "donor": f"d{chance.randrange(DONORS)}",
                "project": f"p{int(PROJECTS * chance.random() ** 2):04d}",
                "token": "",
                "amount": chance.randrange(100, 10_000),
                "against": False,
                "time": OPENS + 1 + position % 86_400,
                "at": NOW,
                "actor": "service",
                "reason": "",
                "origin": "benchmark",
            }
            for position in range(first, min(first + AT_ONCE, donations + 1))
        ]
        with database.writing() as session:
            session.execute(insert(Entry), rows)
