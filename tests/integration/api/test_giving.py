"""Giving on a chain: what a wallet is given to sign does what it says."""

from __future__ import annotations

import json

import pytest
from eth_abi.abi import encode
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_utils.crypto import keccak
from sqlmodel import col, select

from api import queue
from api.states import Application as Approval
from api.states import State
from api.tables import Application, Entry
from tests.integration.api.conftest import START
from tests.integration.api.giving import (
    CONTRACT,
    DONOR,
    PAYEE,
    PERMIT2,
    STRAIGHT,
    TOKEN,
    offered,
    tables,
    wanted,
    with_chain,
    with_nodes,
)
from tests.integration.chain.anvil import REPOSITORY, anvil
from tests.integration.chain.vault import Vault, project_key


@pytest.fixture
def given_to(service):
    with_nodes(service, 7, "http://127.0.0.1:1")
    return with_chain(service, tables())


def test_a_token_is_allowed_and_then_given(given_to, answered):
    found = offered(given_to, answered, ("well", "200"), ("bus", "100.5"))
    allow, give = found["transactions"]
    assert (found["way"], found["sign"], found["notes"]) == ("approve", None, [])
    assert (allow["to"].lower(), give["to"].lower()) == (TOKEN, CONTRACT)
    assert allow["says"] == "Lets the contract of the round take 300.5 jpyx, no more; not needed if it may already."
    assert give["says"] == "Gives 200 jpyx to Well; 100.5 jpyx to Bus."
    for each in (allow, give):
        assert (each["from"], each["chainId"], each["value"], each["gas"]) == (DONOR.address, 7, "0", None)


def test_the_coin_of_the_chain_is_sent_along(given_to, answered):
    (give,) = offered(given_to, answered, ("well", "0.001"), token="eth")["transactions"]
    assert (give["to"].lower(), give["value"]) == (CONTRACT, str(10**15))


def test_what_goes_straight_to_projects_is_one_transaction_each(given_to, answered):
    found = offered(given_to, answered, ("well", "2"), ("well", "3"), token=STRAIGHT.upper().replace("0X", "0x"))
    assert found["way"] == "transfer"
    calls = [bytes.fromhex(each["data"][2:]) for each in found["transactions"]]
    assert calls == [
        keccak(text="transfer(address,uint256)")[:4] + encode(["address", "uint256"], [PAYEE, units])
        for units in (2 * 10**6, 3 * 10**6)
    ]


def test_everything_that_is_wrong_is_named_at_once(given_to, answered):
    mixed = DONOR.address.lower().replace("d", "D", 1)
    gifts = [("wall", "200"), ("well", "0"), ("bus", "0.0000000000000000001")]
    told = offered(given_to, answered, *gifts, status=422, **{"from": mixed})
    assert [each["where"] for each in told["problems"]] == [
        "gifts.0.project",
        "from",
        "gifts.1.amount",
        "gifts.2.amount",
    ]


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"chain_id": 8}, "chain_id"),
        ({"token": "dai"}, "token"),
        ({"way": "native"}, "way"),
        ({"gifts": [{"project": "well", "amount": "9" * 70}]}, "gifts.0.amount"),
        ({"gifts": [{"project": "well", "amount": "5" + "0" * 58}] * 3}, "gifts"),
        ({"gifts": [{"project": "bus", "amount": "2"}], "token": "usdx"}, "gifts"),
        ({"gifts": [{"project": "well", "amount": "99"}]}, "gifts to well"),
        ({"signed": {"signature": "0x" + "11" * 65, "deadline": "1"}}, "signed"),
    ],
)
def test_what_cannot_be_given_is_refused(given_to, answered, more, where):
    told = answered(given_to.client().post("/v1/rounds/spring/transactions", json={**wanted(), **more}), 422)
    assert told["problems"][0]["where"] == where


@pytest.mark.parametrize(
    "signed",
    [
        {"signature": "0x" + "1" * 129, "deadline": str(START + 9)},
        {"signature": "0x" + "11" * 64, "deadline": str(START + 9)},
        {"signature": "0x" + "11" * 65, "deadline": str(START)},
        {"signature": "0x" + "11" * 65, "deadline": "9" * 78},
        {"signature": "0x" + "11" * 65, "deadline": str(START + 9), "nonce": "9" * 78},
    ],
)
def test_what_was_signed_has_a_form(given_to, answered, signed):
    offered(given_to, answered, way="permit", signed=signed, status=422)


def test_several_gifts_to_one_project_reach_the_minimum_together(given_to, answered):
    offered(given_to, answered, ("well", "60"), ("well", "60"))
    given_to.give(DONOR.address.lower(), "bus", 99 * 10**18, token="jpyx")
    given_to.services.books.update()
    offered(given_to, answered, ("bus", "1"))


def test_a_gift_that_would_not_be_matched_says_so(service, answered):
    with_chain(service, tables(), projects=())
    with service.services.database.writing() as session:
        given = {"round_id": "spring", "project": "well", "title": "Well", "created_at": 0, "changed_at": 0}
        session.add(Application(id="a", state=Approval.APPROVED, owners=[DONOR.address.lower()], **given))
    (note,) = offered(service, answered)["notes"]
    assert note.startswith("What is given to Well would not be matched. The donor")


@pytest.mark.parametrize("state", [State.FROZEN, State.CLOSED, State.PUBLISHED, State.CANCELLED])
def test_nothing_is_offered_while_the_round_is_not_open(service, answered, state):
    with_chain(service, tables(), state=state)
    assert offered(service, answered, status=409)["code"] == "not_open"


def test_nothing_is_offered_before_it_opens_or_once_it_has_closed(given_to, answered, clock):
    clock.at = START - 1_001
    assert offered(given_to, answered, status=409)["code"] == "not_open"
    clock.at = START + 100_000
    assert offered(given_to, answered, status=409)["code"] == "not_open"


def test_a_round_without_a_chain_says_so(service, answered):
    service.round()
    assert offered(service, answered, status=409)["code"] == "no_chain"


def test_a_permit_needs_a_node(service, answered):
    with_chain(service, tables())
    assert offered(service, answered, way="permit", status=409)["code"] == "no_node"
    assert offered(service, answered, way="approve")["sign"] is None


def test_a_node_that_does_not_answer_is_no_fault_of_ours(given_to, answered):
    assert offered(given_to, answered, way="permit", status=503)["code"] == "chain_unavailable"


def test_what_is_signed_for_permit2_is_what_permit2_checks(given_to, answered):
    found = offered(given_to, answered, ("well", "200"), ("bus", "100"), way="permit2")
    assert [each["to"].lower() for each in found["transactions"]] == [TOKEN]
    nonce, deadline = int(found["sign"]["nonce"]), int(found["sign"]["deadline"])
    assert deadline == START + 1_800
    typed = encode_typed_data(full_message=found["sign"]["typed_data"])
    lines = [
        (bytes.fromhex(project_key(n)[2:]), TOKEN, amount * 10**18, bytes(32)) for n, amount in ((0, 200), (1, 100))
    ]
    assert _hash_eip191_message(typed) == permit2_digest(lines, nonce, deadline)


def permit2_digest(lines, nonce, deadline) -> bytes:
    """EIP-712 once more, as `contracts/test/doubles/Permit2Double.sol` writes it out."""
    line_type = "Line(bytes32 project,address token,uint256 amount,bytes32 memo)"
    cart_type = f"Cart(address donor,Line[] lines,bytes32 salt,uint256 deadline){line_type}"
    permissions_type = "TokenPermissions(address token,uint256 amount)"
    stub = "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,"
    line_types = ["bytes32", "bytes32", "address", "uint256", "bytes32"]
    hashes = [keccak(encode(line_types, [keccak(text=line_type), *line])) for line in lines]
    cart_values = [keccak(text=cart_type), DONOR.address, keccak(b"".join(hashes)), nonce.to_bytes(32, "big"), deadline]
    cart = keccak(encode(["bytes32", "address", "bytes32", "bytes32", "uint256"], cart_values))
    total = sum(line[2] for line in lines)
    permissions = keccak(encode(["bytes32", "address", "uint256"], [keccak(text=permissions_type), lines[0][1], total]))
    typehash = keccak(text=f"{stub}Cart witness){cart_type}{permissions_type}")
    all_types = ["bytes32", "bytes32", "address", "uint256", "uint256", "bytes32"]
    struct = keccak(encode(all_types, [typehash, permissions, CONTRACT, nonce, deadline, cart]))
    domain_type = keccak(text="EIP712Domain(string name,uint256 chainId,address verifyingContract)")
    domain_types = ["bytes32", "bytes32", "uint256", "address"]
    domain = keccak(encode(domain_types, [domain_type, keccak(text="Permit2"), 7, PERMIT2]))
    return keccak(b"\x19\x01" + domain + struct)


class Donor:
    """A wallet on a chain of its own, which signs what it is given."""

    def __init__(self, chain) -> None:
        self.chain = chain
        chain.rpc("anvil_setBalance", DONOR.address, hex(10**20))

    def send(self, transaction) -> str:
        """Sign and send a transaction as it was offered, mine it, and return its hash."""
        nonce = int(self.chain.rpc("eth_getTransactionCount", DONOR.address, "latest"), 16)
        fields = {key: transaction[key] for key in ("to", "data", "chainId")}
        fees = {"gas": 900_000, "maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": 10**9}
        signed = DONOR.sign_transaction({**fields, **fees, "value": int(transaction["value"]), "nonce": nonce})
        tx_hash = self.chain.rpc("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex())
        self.chain.rpc("evm_mine")
        assert self.chain.rpc("eth_getTransactionReceipt", tx_hash)["status"] == "0x1", transaction["says"]
        return tx_hash

    def sign(self, sign) -> dict[str, str]:
        """Sign what is to be signed, and return it as it is sent back."""
        signature = DONOR.sign_typed_data(full_message=sign["typed_data"]).signature.hex().removeprefix("0x")
        return {"signature": f"0x{signature}", "deadline": sign["deadline"], "nonce": sign["nonce"]}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_offered_is_signed_sent_followed_recorded_and_reconciled(service, answered, clock):
    with anvil("--timestamp", str(START), "--slots-in-an-epoch", "8") as chain:
        vault, donor = Vault.deploy(chain), Donor(chain)
        mint = keccak(text="mint(address,uint256)")[:4] + encode(["address", "uint256"], [DONOR.address, 10**24])
        chain.rpc("eth_sendTransaction", {"from": chain.accounts[0], "to": vault.token, "data": "0x" + mint.hex()})
        chain.rpc("evm_mine")
        number = int(chain.rpc("eth_chainId"), 16)
        with_nodes(service, number, chain.url)
        with_chain(service, tables(number, vault.contract, vault.token, vault.first))
        sent = []

        def give(*gifts, signed_first=False, **more):
            more = {"chain_id": number, **more}
            offer = offered(service, answered, *gifts, **more)
            hashes = [donor.send(each) for each in offer["transactions"]]
            if signed_first:
                offer = offered(service, answered, *gifts, **more, signed=donor.sign(offer["sign"]))
                hashes = [donor.send(each) for each in offer["transactions"]]
            sent.append(hashes[-1])

        give(("well", "0.01"), token="eth")
        give(("well", "200"), ("bus", "300.25"), way="approve")
        give(("bus", "150"), way="permit", signed_first=True)
        permit2 = REPOSITORY / "contracts/out/Permit2Double.sol/Permit2Double.json"
        if permit2.exists():
            chain.rpc("anvil_setCode", PERMIT2, json.loads(permit2.read_text())["deployedBytecode"]["object"])
            give(("well", "125"), ("bus", "130"), way="permit2", signed_first=True)
        client = service.client("ann")
        for tx_hash in sent:
            found = answered(client.post("/v1/rounds/spring/gifts", json={"chain_id": number, "tx_hash": tx_hash}), 201)
            assert found["state"] == "sent"
        clock.forward(5)
        service.work()
        assert states(client, answered) == dict.fromkeys(sent, "seen")
        chain.rpc("anvil_mine", "0x40")
        clock.forward(5)
        service.work()
        assert states(client, answered) == dict.fromkeys(sent, "final")
        with service.services.database.writing() as session:
            queue.enqueue(session, "source.sync", "now", {"source": "chain-of-spring"}, clock())
        service.work()
        assert states(client, answered) == dict.fromkeys(sent, "final")
        with service.services.database.writing() as session:
            queue.enqueue(session, "round.reconcile", "now", {"round": "spring"}, clock())
        service.work()
        assert states(client, answered) == dict.fromkeys(sent, "reconciled")
    with service.services.database.reading() as session:
        entries = session.exec(select(Entry).order_by(col(Entry.position))).all()
    rows = [(row.project, row.token, row.amount) for row in entries]
    assert {row.donor for row in entries} == {DONOR.address.lower()}
    expected = [("well", "eth", 10**16), ("well", "jpyx", 200 * 10**18), ("bus", "jpyx", 30025 * 10**16)]
    expected += [("bus", "jpyx", 150 * 10**18)]
    if len(sent) == 4:
        expected += [("well", "jpyx", 125 * 10**18), ("bus", "jpyx", 130 * 10**18)]
    assert rows == expected


def states(client, answered):
    found = answered(client.get("/v1/rounds/spring/gifts/mine"))["items"]
    return {each["tx_hash"]: each["state"] for each in found}
