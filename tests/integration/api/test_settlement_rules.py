"""Who may approve, what stops a settlement, how it is paid and refunded, and that it may die anywhere."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from eth_account import Account as Wallet
from eth_account.messages import encode_typed_data
from sqlmodel import select

import qf
from api.access import Right
from api.clock import new_id
from api.queue import LEASE
from api.reconciliation import reports
from api.secrecy import hashed
from api.settlement import bundles, computing
from api.states import State
from api.tables import ApiKey, Application, Round, Settlement
from qf.chain.attestation import HALF_ORDER
from qf.errors import BundleError
from qf.reconciliation import Finding, Line
from qf.verify import verify

GIFTS = [("ann", "well", 1_000), ("bob", "well", 1_000), ("cy", "bus", 4_000), ("di", "bus", 100)]
PAID = qf.settle(qf.preset("yen", pool=100_000), GIFTS)
BASE = "/v1/rounds/spring/settlements"
TOKEN, CONTRACT, KEY = "0x" + "7" * 40, "0x" + "c" * 40, "0x" + "11" * 32
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def operator(service):
    service.round(state=State.CLOSED)
    for gift in GIFTS:
        service.give(*gift)
    return service.member("operator")


@pytest.fixture
def second(service, operator):
    return service.member("operator", account="second")


@pytest.fixture
def computed(service, operator):
    assert operator.post(BASE).status_code == 202
    service.work()


@pytest.fixture
def approved(service, operator, second, answered):
    """A settlement of projects that have an address, approved."""
    with service.services.database.writing() as session:
        for number, row in enumerate(session.exec(select(Application).order_by(Application.project)).all(), 1):
            row.payout_address = f"0x{number:039x}f"
            session.add(row)
    answered(operator.post(BASE), 202)
    service.work()
    answered(second.post(f"{BASE}/1/approve"))


def keyed(service, made_by):
    """Return a client with a key that somebody made."""
    token = f"qf_{new_id()}"
    with service.services.database.writing() as session:
        key = {"id": new_id(), "organisation_id": "town", "key": hashed(token), "name": "a key"}
        session.add(ApiKey(**key, rights=[Right.READ, Right.OPERATE], created_by=made_by, created_at=0))
    client = service.client()
    client.headers["authorization"] = f"Bearer {token}"
    return client


def test_who_made_the_key_that_asked_is_no_second_person(service, operator, second, answered):
    program = keyed(service, "second")
    answered(program.post(BASE), 202)
    service.work()
    assert answered(program.post(f"{BASE}/1/approve"), 403)["code"] == "not_a_person"
    assert answered(second.post(f"{BASE}/1/approve"), 403)["code"] == "same_person"
    answered(operator.post(f"{BASE}/1/approve"))


def test_a_round_that_was_extended_is_settled_again(service, operator, second, computed, answered):
    answered(second.post(f"{BASE}/1/approve"))
    service.clock.forward(100_000)
    extension = {"closes_at": "2027-01-01T00:00:00Z", "reason": "snow"}
    answered(operator.post("/v1/rounds/spring/extend", json=extension))
    assert answered(operator.post(f"{BASE}/1/publish"), 409)["code"] in {"stale", "not_closed"}
    service.clock.forward(10**8)
    answered(operator.post("/v1/rounds/spring/close"))
    assert answered(operator.post(f"{BASE}/1/publish"), 409)["code"] == "stale"


def reconciliation(service, round, *lines):
    """Keep a reconciliation of the round as it stands, with these lines."""
    with pytest.MonkeyPatch.context() as patch:
        compared = reports.compare_round

        def with_lines(services, round_id):
            report, entries = compared(services, round_id)
            return type(report)(report.donations, report.compared, report.elsewhere, report.evidence, lines), entries

        patch.setattr(reports, "compare_round", with_lines)
        service.clock.forward(1)
        reports.run(service.services, round)


def test_what_a_later_reconciliation_finds_stops_publication(service, operator, second, answered):
    service.round("strict", state=State.CLOSED, rules={"round": {"reconciled": True}})
    with service.services.database.writing() as session:
        row = session.get_one(Round, "strict")
        row.rules = {**row.rules, "round": {**row.rules["round"], "reconciled": True}}
        session.add(row)
    service.give("ann", "well", 5, "strict")
    base = "/v1/rounds/strict/settlements"
    reconciliation(service, "strict")
    answered(operator.post(base), 202)
    service.work()
    answered(second.post(f"{base}/1/approve"))
    reconciliation(service, "strict", Line(Finding.MISSING_IN_LEDGER, "card/9", source="5 units from cy to well"))
    told = answered(operator.post(f"{base}/1/publish"), 409)
    assert told["code"] == "unreconciled" and "card/9" in told["problems"][0]["where"]
    reconciliation(service, "strict")
    answered(operator.post(f"{base}/1/publish"))


def test_a_round_that_asks_for_no_reconciliation_is_settled_whatever_one_says(service, operator, answered):
    reconciliation(service, "spring", Line(Finding.MISSING_IN_LEDGER, "card/9", source="5 units from cy to well"))
    service.give("eve", "bus", 1)
    answered(operator.post(BASE), 202)
    service.work()
    assert answered(operator.get(f"{BASE}/1"))["state"] == "computed"


@pytest.mark.parametrize("step", ["standing_of", "match", "allocate", "write_bundle", "verify", "result_digest"])
def test_a_worker_may_die_at_any_step_and_another_gets_the_same(service, operator, answered, monkeypatch, step):
    answered(operator.post(BASE), 202)

    def dies(*_args, **_kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(computing, step, dies)
        with pytest.raises(KeyboardInterrupt):
            service.work()
    assert answered(operator.get(f"{BASE}/1"))["state"] == "running"
    service.clock.forward(LEASE + 1)
    service.work()
    done = answered(operator.get(f"{BASE}/1"))
    assert done["state"] == "computed"
    [bundle] = (service.services.settings.data_dir / "bundles").iterdir()
    assert verify(bundle).payouts == PAID.payouts


def test_a_disk_that_is_full_fails_the_settlement_and_says_so(service, operator, answered, monkeypatch):
    def full(*_args, **_kwargs):
        raise BundleError("bundles: not written: no space left on device")

    monkeypatch.setattr(computing, "write_bundle", full)
    answered(operator.post(BASE), 202)
    service.work()
    failed = answered(operator.get(f"{BASE}/1"))
    assert failed["state"] == "failed" and "no space left" in failed["problem"]


def test_of_many_who_publish_at_once_one_does(service, operator, second, computed, answered):
    answered(second.post(f"{BASE}/1/approve"))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: client.post(f"{BASE}/1/publish"), [operator, second] * 2))
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
    notices = answered(operator.get("/v1/rounds/spring/notices"))
    assert [each["kind"] for each in notices] == ["published"]


def test_a_settlement_that_was_withdrawn_while_it_ran_stays_withdrawn(service, operator, answered, monkeypatch):
    answered(operator.post(BASE), 202)
    verified = computing.verify

    def withdrawn_meanwhile(path):
        answered(operator.post(f"{BASE}/1/withdraw", json={"reason": "a mistake"}))
        return verified(path)

    monkeypatch.setattr(computing, "verify", withdrawn_meanwhile)
    service.work()
    shown = answered(operator.get(f"{BASE}/1"))
    assert (shown["state"], shown["problem"], shown["result_digest"]) == ("withdrawn", "a mistake", "")


def test_settlements_of_another_round_or_organisation_are_not_there(service, operator, computed, answered):
    service.round("other", state=State.CLOSED)
    answered(operator.get("/v1/rounds/other/settlements/1"), 404)
    answered(operator.get(f"{BASE}/2"), 404)
    stranger = service.member("operator", "city")
    for path in ("", "/1", f"/1/payouts?token={TOKEN}"):
        answered(stranger.get(f"{BASE}{path}"), 403)
    for step in ("approve", "publish"):
        answered(stranger.post(f"{BASE}/1/{step}"), 403)


def test_a_bundle_is_recomputed_once_for_what_it_holds_however_often_it_is_exported(
    service, operator, approved, answered, monkeypatch
):
    recomputed = []
    monkeypatch.setattr(bundles, "verify", lambda path: recomputed.append(path) or verify(path))
    for form in ("tree", "disperse", "tree"):
        assert operator.get(f"{BASE}/1/payouts", params={"token": TOKEN, "form": form}).status_code == 200
    assert len(recomputed) == 1
    with service.services.database.reading() as session:
        folder = bundles.bundle_path(service.services, session.exec(select(Settlement)).one().id)
    projects = folder / "projects.csv"
    kept = projects.read_bytes()
    projects.write_bytes(kept.replace(b"1f", b"2f", 1))  # pay somebody else
    assert operator.get(f"{BASE}/1/payouts", params={"token": TOKEN}).status_code == 500
    projects.write_bytes(kept)
    assert operator.get(f"{BASE}/1/payouts", params={"token": TOKEN}).status_code == 200


def test_a_bundle_of_another_result_than_was_approved_is_not_paid(service, operator, approved, answered):
    with service.services.database.writing() as session:
        row = session.exec(select(Settlement)).one()
        row.result_digest = "0" * 64
        session.add(row)
    answered(operator.get(f"{BASE}/1/payouts", params={"token": TOKEN}), 500)


def test_files_for_a_safe_name_what_they_need(service, operator, approved, answered):
    query = {"token": TOKEN, "form": "propose"}
    told = answered(operator.get(f"{BASE}/1/payouts", params=query), 422)
    assert [each["where"] for each in told["problems"]] == ["chain_id", "contract"]
    query |= {"chain_id": 10, "contract": CONTRACT}
    proposed = json.loads(operator.get(f"{BASE}/1/payouts", params=query).text)
    assert [each["contractMethod"]["name"] for each in proposed["transactions"]] == ["transfer", "propose"]
    pushed = json.loads(operator.get(f"{BASE}/1/payouts", params={**query, "form": "push"}).text)
    assert len(pushed["transactions"]) == 1 and pushed["transactions"][0]["data"].startswith("0x")
    answered(operator.get(f"{BASE}/1/payouts", params={**query, "form": "push", "batch": 2}), 404)
    wrong = "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000dA2"
    told = answered(operator.get(f"{BASE}/1/payouts", params={**query, "contract": wrong}), 422)
    assert "checksum" in told["detail"]
    told = answered(operator.get(f"{BASE}/1/statement", params={**query, "contract": wrong}), 422)
    assert "checksum" in told["detail"]
    told = answered(operator.get(f"{BASE}/1/payouts"), 422)
    assert "token" in told["detail"]


def test_the_other_form_of_a_signature_is_refused(service, operator, approved, answered):
    query = {"token": TOKEN, "chain_id": 10, "contract": CONTRACT}
    data = answered(operator.get(f"{BASE}/1/statement", params=query))
    data["message"]["total"] = int(data["message"]["total"])
    signed = Wallet.sign_message(encode_typed_data(full_message=data), KEY)
    assert signed.s <= HALF_ORDER
    other = f"0x{signed.r:064x}{ORDER - signed.s:064x}{(28 if signed.v == 27 else 27):02x}"
    body = {**query, "signer": Wallet.from_key(KEY).address, "signature": other}
    assert "lower half" in answered(operator.post(f"{BASE}/1/attestations", json=body), 422)["detail"]
    body["signature"] = f"0x{signed.r:064x}{signed.s:064x}{signed.v:02x}"
    answered(operator.post(f"{BASE}/1/attestations", json=body), 201)
    answered(service.client().get("/v1/rounds/spring/attestations"), 404)


def test_refunds_of_a_cancelled_round_add_up_to_what_stands(service, operator, answered):
    path = "/v1/rounds/spring/refunds"
    assert answered(operator.get(path), 409)["code"] == "not_cancelled"
    service.give("ann", "bus", 7)
    service.give("ann", "bus", 2**256 - 1, token="DAI")
    service.give("=SUM(A1)", "bus", 3)
    service.give("bob", "well", 0, external_id="2", ledger_id="desk/2", revision=1)
    answered(operator.post("/v1/rounds/spring/cancel", json={"reason": "too few projects"}))
    found = answered(operator.get(path))
    assert [(each["donor"], each["token"], each["amount_base"], each["donations"]) for each in found] == [
        ("=SUM(A1)", "", "3", ["7"]),
        ("ann", "", "1007", ["1", "5"]),
        ("ann", "DAI", str(2**256 - 1), ["6"]),
        ("cy", "", "4000", ["3"]),
        ("di", "", "100", ["4"]),
    ]
    assert {(each["source"], each["kind"]) for each in found} == {("desk", "desk")}
    rows = list(csv.DictReader(io.StringIO(operator.get(path, params={"format": "csv"}).text)))
    assert [row["amount_base"] for row in rows] == [each["amount_base"] for each in found]
    assert rows[0]["donor"] == "'=SUM(A1)" and rows[1]["donations"] == "1|5"
    answered(service.client().get(path), 401)
    answered(service.member("auditor").get(path), 403)
    answered(service.member("operator", "city").get(path), 403)


def test_a_preview_of_a_draft_that_is_malformed_says_what_is_wrong(service, operator, answered):
    service.round("draft", state=State.DRAFT)
    with service.services.database.writing() as session:
        row = session.get_one(Round, "draft")
        row.rules = {**row.rules, "pool": {"amount": "much"}}
        session.add(row)
    asked = answered(operator.post("/v1/rounds/draft/previews", json={"mechanisms": ["quadratic"]}), 202)
    service.work()
    told = answered(operator.get(f"/v1/rounds/draft/previews/{asked['id']}"))
    assert told["done_at"] and "amount" in told["problem"] and told["result"] == {}
