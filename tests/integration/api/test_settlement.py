"""From a closed round to a published result that anybody can verify."""

from __future__ import annotations

import csv
import io
import json

import polars as pl
import pytest
from eth_account import Account as Wallet
from eth_account.messages import encode_typed_data
from sqlmodel import select

import qf
from api.states import State
from api.tables import Application, Credential, Job, Round, Settlement
from qf.canonical import digest
from qf.verify import verify
from tests.integration.api.unpacking import unpack

GIFTS = [("ann", "well", 1_000), ("bob", "well", 1_000), ("cy", "bus", 4_000), ("di", "bus", 100)]
PAID = qf.settle(qf.preset("yen", pool=100_000), GIFTS)
BASE = "/v1/rounds/spring/settlements"


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
def computed(service, operator, answered):
    answered(operator.post(BASE), 202)
    service.work()
    return answered(operator.get(f"{BASE}/1"))


@pytest.fixture
def published(operator, second, computed, answered):
    answered(second.post(f"{BASE}/1/approve"))
    return answered(operator.post(f"{BASE}/1/publish"))


def test_what_is_published_is_what_qf_settles(service, published, answered):
    result = answered(service.client().get("/v1/rounds/spring/result"))
    payouts = {each["project"]: int(each["payout"]) for each in result["summary"]["projects"]}
    assert payouts == PAID.payouts and int(result["summary"]["unspent"]) == PAID.unspent
    assert answered(service.client().get("/v1/rounds/spring"))["state"] == "published"
    [notice] = answered(service.client().get("/v1/rounds/spring/notices"))
    assert notice["details"]["result_digest"] == result["result_digest"]


def test_the_downloaded_bundle_verifies(service, published, answered, tmp_path):
    client = service.client()
    folder = tmp_path / "by file"
    for file in answered(client.get("/v1/rounds/spring/bundle")):
        target = folder / file["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(client.get(f"/v1/rounds/spring/bundle/{file['path']}").content)
    assert verify(folder).payouts == PAID.payouts
    archive = client.get("/v1/rounds/spring/bundle.tar")
    assert archive.content == client.get("/v1/rounds/spring/bundle.tar").content
    unpack(io.BytesIO(archive.content), tmp_path / "tar")
    assert verify(tmp_path / "tar" / "spring").payouts == PAID.payouts
    result = client.get("/v1/rounds/spring/bundle/result.json").content
    assert digest(result) == published["result_digest"]


@pytest.mark.parametrize(
    "path", ["../qf.db", "..%2f..%2fqf.db", "result.json%2f..", "%2fetc%2fpasswd", "donations", "x"]
)
def test_nothing_else_than_the_bundle_is_served(service, published, path):
    assert service.client().get(f"/v1/rounds/spring/bundle/{path}").status_code == 404


def test_nothing_is_public_before_it_is_published(service, computed, answered):
    for path in ("result", "bundle", "bundle.tar", "bundle/result.json", "attestations"):
        answered(service.client().get(f"/v1/rounds/spring/{path}"), 404)


def test_a_second_person_approves(service, operator, second, computed, answered):
    assert answered(operator.post(f"{BASE}/1/approve"), 403)["code"] == "same_person"
    assert answered(operator.post(f"{BASE}/1/publish"), 409)["code"] == "wrong_state"
    assert answered(second.post(f"{BASE}/1/approve"))["approved_by"] == "second"
    assert answered(second.post(f"{BASE}/1/publish"))["state"] == "published"


def test_a_round_is_settled_once_it_is_closed_and_one_settlement_at_a_time(service, operator, answered):
    service.round("open", state=State.OPEN)
    assert answered(operator.post("/v1/rounds/open/settlements"), 409)["code"] == "not_closed"
    answered(operator.post(BASE), 202)
    assert answered(operator.post(BASE), 409)["code"] == "under_way"
    answered(operator.post(f"{BASE}/1/withdraw", json={"reason": "too early"}))
    service.work()
    assert answered(operator.get(f"{BASE}/1"))["state"] == "withdrawn"
    assert answered(operator.post(BASE), 202)["number"] == 2


@pytest.mark.parametrize("what", ["donation", "project", "price", "link"])
def test_what_changed_since_stops_publication(service, operator, second, computed, answered, what):
    answered(second.post(f"{BASE}/1/approve"))
    with service.services.database.writing() as session:
        if what == "project":
            row = session.exec(ordered(Application)).first()
            row.payout_address = "0x" + "9" * 40
            session.add(row)
        if what == "link":
            service.client("ann")
            session.add_all(
                Credential(id=n, account_id="ann", kind="wallet", subject=n, donor=n, created_at=0)
                for n in ("ann", "bob")
            )
    if what == "donation":
        service.give("eve", "bus", 1)
    if what == "price":
        prices = {"prices": {"ETH": {"price": "2", "decimals": 18}}, "reason": "was missing"}
        answered(operator.put("/v1/rounds/spring/prices", json=prices))
    assert answered(operator.post(f"{BASE}/1/publish"), 409)["code"] == "stale"


def ordered(table):
    return select(table).order_by(table.id)


def test_a_settlement_that_cannot_be_made_says_why(service, operator, answered):
    service.give("eve", "bus", 1, token="ETH")
    answered(operator.post(BASE), 202)
    service.work()
    failed = answered(operator.get(f"{BASE}/1"))
    assert failed["state"] == "failed" and "no price for ETH" in failed["problem"]
    assert not (service.services.settings.data_dir / "bundles").exists()
    assert answered(operator.post(BASE), 202)["number"] == 2


def test_settling_twice_gives_the_same_bytes(service, operator, computed, answered):
    with service.services.database.writing() as session:
        row = session.exec(ordered(Settlement)).one()
        row.state, row.result_digest = "running", ""
        job = session.exec(ordered(Job)).one()
        job.state = "queued"
        session.add_all([row, job])
    service.work()
    assert answered(operator.get(f"{BASE}/1"))["result_digest"] == computed["result_digest"]


def test_a_round_that_asks_for_it_is_settled_only_when_reconciled(service, operator, answered):
    service.round("strict", state=State.CLOSED, rules={"round": {"reconciled": True}})
    with service.services.database.writing() as session:
        row = session.get_one(Round, "strict")
        row.rules = {**row.rules, "round": {**row.rules["round"], "reconciled": True}}
        session.add(row)
    service.give("ann", "well", 5, "strict")
    base = "/v1/rounds/strict/settlements"
    answered(operator.post(base), 202)
    service.work()
    assert "asks for a reconciliation" in answered(operator.get(f"{base}/1"))["problem"]
    answered(operator.post("/v1/rounds/strict/reconciliation"), 202)
    service.work()
    answered(operator.post(base), 202)
    service.work()
    assert answered(operator.get(f"{base}/2"))["state"] == "computed"
    service.clock.forward(1)
    service.give("bob", "well", 5, "strict")
    answered(operator.post(f"{base}/2/withdraw", json={"reason": "more came"}))
    answered(operator.post(base), 202)
    service.work()
    assert "of other donations" in answered(operator.get(f"{base}/3"))["problem"]


def test_mechanisms_are_compared_before_settling(service, operator, answered):
    body = {"mechanisms": ["quadratic", "proportional", "nonsense"]}
    asked = answered(operator.post("/v1/rounds/spring/previews", json=body), 202)
    service.work()
    found = answered(operator.get(f"/v1/rounds/spring/previews/{asked['id']}"))
    assert found["done_at"] and "nonsense" in found["problem"]
    asked = answered(operator.post("/v1/rounds/spring/previews", json={"mechanisms": body["mechanisms"][:2]}), 202)
    service.work()
    outcomes = answered(operator.get(f"/v1/rounds/spring/previews/{asked['id']}"))["result"]["outcomes"]
    assert {name: int(paid) for name, paid in outcomes[0]["payouts"].items()} == PAID.payouts
    answered(service.client().get(f"/v1/rounds/spring/previews/{asked['id']}"), 401)


def test_payouts_and_signatures(service, operator, second, computed, answered):
    contract, token = "0x" + "c" * 40, "0x" + "7" * 40
    query = {"token": token, "chain_id": 10, "contract": contract}
    assert answered(operator.get(f"{BASE}/1/payouts", params={"token": token}), 409)["code"] == "not_approved"
    answered(second.post(f"{BASE}/1/approve"))
    told = answered(operator.get(f"{BASE}/1/payouts", params={"token": token}), 422)
    assert {each["where"] for each in told["problems"]} == {"project bus, payee", "project well, payee"}
    answered(operator.post(f"{BASE}/1/withdraw", json={"reason": "payees are missing"}))
    with service.services.database.writing() as session:
        for number, row in enumerate(session.exec(ordered(Application)).all(), 1):
            row.payout_address = f"0x{number:040x}"[:-1] + "f"
            session.add(row)
    answered(operator.post(BASE), 202)
    service.work()
    answered(second.post(f"{BASE}/2/approve"))
    tree = json.loads(operator.get(f"{BASE}/2/payouts", params={"token": token}).text)
    assert int(tree["total"]) == 100_000
    assert len(operator.get(f"{BASE}/2/payouts", params={"token": token, "form": "disperse"}).text.split()) == 2
    answered(operator.get(f"{BASE}/2/payouts", params={"token": token, "form": "safe"}), 422)
    safe = operator.get(f"{BASE}/2/payouts", params={"token": token, "form": "safe", "chain_id": 10})
    assert safe.status_code == 200 and json.loads(safe.text)["chainId"] == "10"
    data = answered(operator.get(f"{BASE}/2/statement", params=query))
    data["message"]["total"] = int(data["message"]["total"])
    key = "0x" + "11" * 32
    signature = Wallet.sign_message(encode_typed_data(full_message=data), key).signature.hex().removeprefix("0x")
    signer = Wallet.from_key(key).address
    body = {"chain_id": 10, "contract": contract, "token": token, "signer": signer, "signature": "0x" + signature}
    answered(operator.post(f"{BASE}/2/attestations", json={**body, "signer": "0x" + "1" * 40}), 422)
    answered(operator.post(f"{BASE}/2/attestations", json={**body, "chain_id": 1}), 422)
    answered(operator.post(f"{BASE}/2/attestations", json=body), 201)
    answered(operator.post(f"{BASE}/2/attestations", json=body), 409)
    answered(operator.post(f"{BASE}/2/publish"))
    [shown] = answered(service.client().get("/v1/rounds/spring/attestations"))
    assert shown["signer"] == signer.lower() and shown["statement"]["total"] == "100000"


def test_donations_are_exported_without_names_in_three_forms(service, operator, answered):
    client = service.client()
    text = client.get("/v1/rounds/spring/donations/export").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["project"], int(row["amount_base"])) for row in rows] == [gift[1:] for gift in GIFTS]
    assert not {row["donor"] for row in rows} & {"ann", "bob", "cy", "di"} and len({r["donor"] for r in rows}) == 4
    lines = client.get("/v1/rounds/spring/donations/export", params={"format": "jsonl"}).text.splitlines()
    assert [json.loads(line)["donor"] for line in lines] == [row["donor"] for row in rows]
    data = client.get("/v1/rounds/spring/donations/export", params={"format": "parquet"}).content
    assert pl.read_parquet(io.BytesIO(data))["donor"].to_list() == [row["donor"] for row in rows]
    service.round("autumn")
    service.give("ann", "well", 1, "autumn")
    other = client.get("/v1/rounds/autumn/donations/export").text
    assert rows[0]["donor"] not in other


def test_what_has_not_changed_is_not_sent_again(service, operator, answered):
    client = service.client()
    first = client.get("/v1/rounds/spring/donations/export")
    known = {"if-none-match": first.headers["etag"]}
    again = client.get("/v1/rounds/spring/donations/export", headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    service.give("eve", "bus", 1)
    assert client.get("/v1/rounds/spring/donations/export", headers=known).status_code == 200


def test_donations_come_in_pages(service, operator, answered):
    page = answered(service.client().get("/v1/rounds/spring/donations", params={"limit": 3}))
    rest = answered(service.client().get("/v1/rounds/spring/donations", params={"limit": 3, "after": page["next"]}))
    assert [int(each["amount_base"]) for each in page["items"] + rest["items"]] == [1_000, 1_000, 4_000, 100]
    assert rest["next"] is None
