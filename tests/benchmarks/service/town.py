"""A large round that is open, another that is closed, and who runs them."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Iterator

from sqlalchemy import insert, literal, select
from sqlmodel import Session

from api import signing
from api.clock import new_id
from api.database import upgrade
from api.recording import Gift, Origin, record
from api.schema import moment_text
from api.secrecy import hashed
from api.services import Services
from api.sessions.sessions import SignedInWith, open_session
from api.settings import Settings
from api.tables import Account, ApiKey, Application, Credential, Entry, Membership, Organisation, Round, Source
from qf import round_of
from qf.canonical import canonical_json, digest
from qf.rules import document_of
from tests.benchmarks.service.load import Call

PROJECTS = 2_000
DONORS = 200_000
OPERATOR_KEY = "qf_operator-of-the-benchmark"
WEBHOOK_SECRET = "5eed" * 16
AT_ONCE = 20_000
DAY = 86_400


def fill(settings: Settings, donations: int) -> None:
    """Migrate an empty database and fill it: so many donations in each of the two rounds."""
    services, now = Services.of(settings), int(time.time())
    try:
        upgrade(services.database)
        with services.database.writing() as session:
            _people(session, now)
            for name, closes in (("open", now + DAY), ("closed", now - 60)):
                _round(session, services, name, now, closes)
        _give(services, donations, now)
        with services.database.writing() as session:
            _copy(session, "open", "closed", donations)
    finally:
        services.close()


def donor(number: int) -> str:
    """Return the address of a donor; from `DONORS` on, of somebody who has not given."""
    return "0x" + hashlib.sha256(str(number).encode()).hexdigest()[:40]


def estimates() -> Iterator[Call]:
    """Yield requests for estimates, half of them for donors who gave before."""
    chance = random.Random(11)
    while True:
        gift = {"project": _project(chance), "amount": str(chance.randrange(100, 10_000))}
        yield _json("/v1/rounds/open/estimates", {"gifts": [gift], "donor": donor(chance.randrange(2 * DONORS))})


def lists() -> Iterator[Call]:
    """Yield requests for pages of the list of projects."""
    while True:
        yield Call("GET", "/v1/rounds/open/projects?limit=50")


def deliveries(batch: str, size: int) -> Iterator[Call]:
    """Yield signed deliveries of so many new donations each; `batch` tells them from all others."""
    chance, number = random.Random(batch), 0
    while True:
        at = int(time.time())
        name = f"{batch}-{number}"
        gifts = [
            {
                "id": f"{name}-{each}",
                "donor": donor(chance.randrange(2 * DONORS)),
                "project": _project(chance),
                "amount": str(chance.randrange(100, 10_000)),
                "time": moment_text(at),
            }
            for each in range(size)
        ]
        call = _json("/v1/rounds/open/intake/card", {"donations": gifts})
        signed = {signing.SIGNATURE: signing.sign(WEBHOOK_SECRET, call.body, at), signing.DELIVERY: name}
        yield Call(call.method, call.path, call.body, {**call.headers, **signed})
        number += 1


def second_token(settings: Settings) -> str:
    """Return an access token of the second person, who approves what the operator asked for."""
    services = Services.of(settings)
    try:
        proof = SignedInWith("wallet", _wallet("second"), _wallet("second"), "eoa", 1)
        return open_session(services, proof, int(time.time())).access_token
    finally:
        services.close()


def _json(path: str, body: object) -> Call:
    return Call("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})


def _wallet(account: str) -> str:
    return "0x" + account.encode().hex().ljust(40, "0")


def _project(chance: random.Random) -> str:
    """Return a project; some are liked better than others."""
    return f"p{int(PROJECTS * chance.random() ** 2):04d}"


def _people(session: Session, now: int) -> None:
    session.add(Organisation(id="town", name="Town", created_at=now))
    for name in ("operator", "second"):
        session.add(Account(id=name, created_at=now))
        session.flush()
        known = {"id": name, "account_id": name, "kind": "wallet", "subject": _wallet(name), "donor": _wallet(name)}
        session.add(Credential(**known, created_at=now))
        session.add(Membership(organisation_id="town", account_id=name, role="operator", created_at=now))
    key = {"id": new_id(), "organisation_id": "town", "key": hashed(OPERATOR_KEY), "name": "benchmark"}
    session.add(ApiKey(**key, rights=["operate", "read"], created_by="operator", created_at=now))
    session.flush()


def _round(session: Session, services: Services, name: str, now: int, closes: int) -> None:
    opens = now - 30 * DAY
    told = {"id": name, "title": name.title(), "opens": moment_text(opens), "closes": moment_text(closes)}
    pool = {"amount": "100000000", "match_cap_fraction": "0.1"}
    rules = document_of(round_of({"round": told, "pool": pool, "mechanism": {"preset": "yen"}}))
    session.add(
        Round(
            id=name,
            organisation_id="town",
            title=name.title(),
            state=name,
            rules=rules,
            rules_digest=digest(canonical_json(rules)),
            opens_at=opens,
            closes_at=closes,
            pseudonym_key=services.secrecy.seal("pseudonym", name),
            created_at=now,
            created_by="operator",
        )
    )
    session.flush()
    sealed = services.secrecy.seal("webhook", WEBHOOK_SECRET)
    source = {"id": f"card-{name}", "round_id": name, "name": "card", "kind": "webhook", "secret": sealed}
    session.add(Source(**source, created_at=now, created_by="operator"))
    session.flush()
    session.connection().execute(insert(Application), [_application(name, each, now) for each in range(PROJECTS)])


def _application(round: str, number: int, now: int) -> dict[str, object]:
    return {
        "id": f"{round}-{number}",
        "round_id": round,
        "project": f"p{number:04d}",
        "account_id": "",
        "state": "approved",
        "title": f"Project {number}",
        "summary": "What it is about. " * 20,
        "answers": {},
        "owners": [],
        "payout_address": f"0x{number + 1:040x}",
        "payout_confirmed": "",
        "created_at": now,
        "changed_at": now,
    }


def _give(services: Services, donations: int, now: int) -> None:
    """Record donations in the open round, through the one place that writes them."""
    chance = random.Random(3)
    for first in range(0, donations, AT_ONCE):
        gifts = [
            Gift(
                external_id=str(number),
                donor=donor(chance.randrange(DONORS)),
                project=_project(chance),
                amount=chance.randrange(100, 10_000),
                time=now - 29 * DAY + number % DAY,
            )
            for number in range(first, min(first + AT_ONCE, donations))
        ]
        with services.database.writing() as session:
            round, source = session.get_one(Round, "open"), session.get_one(Source, "card-open")
            record(session, round, source, gifts, Origin("service", "benchmark", now))


def _copy(session: Session, of: str, to: str, donations: int) -> None:
    """Give another round the same donations, from within the database, which takes seconds instead of minutes."""
    table = Entry.__table__  # type: ignore[attr-defined]
    instead = {"round_id": to, "source_id": f"card-{to}"}
    columns = [literal(instead[each.name]) if each.name in instead else each for each in table.columns]
    wanted = select(*columns).where(table.c.round_id == of)
    session.connection().execute(insert(table).from_select([each.name for each in table.columns], wanted))
    session.get_one(Round, to).entries = donations
