"""The rehearsal, on a chain that is made up: each way in which a payout fails is told, and only where it fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from qf.chain.abi import call as call_data
from qf.chain.abi import decode, encode
from qf.chain.payouts import Finding, PayoutList, check
from qf.chain.payouts.simulator import ATTEMPTS, NodeSimulator
from qf.chain.types import NATIVE, Address, ChainId
from qf.errors import NodeError, RevertedError
from tests.unit.chain.payout_examples import PAYEES, TOKEN, a_list

PAYER = Address("0x" + "77" * 20)
CHAIN = ChainId(10)
YES = (1).to_bytes(32, "big")
BUS, LIBRARY, WELL = PAYEES.values()


@dataclass
class FakeChain:
    """A chain with one token; `transfer` says what the token answers."""

    held: int = 10**30
    decimals: int | None = 6
    codes: dict[str, bytes] = field(default_factory=lambda: {TOKEN: b"\x01"})
    sent_by: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PAYEES.values(), 1))
    transfer: Callable[[Address, Address, int], bytes] = lambda sender, to, amount: YES
    refusing: frozenset[str] = frozenset()
    chain: ChainId = CHAIN
    block: int = 7
    transfers: list[tuple[Address, Address, int]] = field(default_factory=list)

    def code(self, account: Address) -> bytes:
        return self.codes.get(account, b"")

    def sent(self, account: Address) -> int:
        return self.sent_by.get(account, 0)

    def balance(self, account: Address) -> int:
        return self.held

    def call(self, sender: Address, to: Address, data: bytes, value: int = 0, *, rich: bool = False) -> bytes:
        if to != TOKEN:
            assert rich and not data
            self.transfers.append((sender, to, value))
            if to in self.refusing:
                raise RevertedError("reverts: no thanks")
            return b""
        if data[:4] == call_data("decimals()"):
            if self.decimals is None:
                raise RevertedError("reverts")
            return self.decimals.to_bytes(32, "big")
        if data[:4] == call_data("balanceOf(address)", sender)[:4]:
            return self.held.to_bytes(32, "big")
        payee, amount = decode("(address,uint256)", data[4:])
        self.transfers.append((sender, payee, amount))
        return self.transfer(sender, payee, amount)


def findings(chain: FakeChain, payouts: PayoutList | None = None, payer: Address | None = PAYER) -> dict[str, Finding]:
    return {finding.subject: finding for finding in check(payouts or a_list(), chain, payer)}


def faults(*given: Any, **named: Any) -> dict[str, str]:
    return {name: found.fault for name, found in findings(*given, **named).items() if found.fault}


def notes(*given: Any, **named: Any) -> dict[str, tuple[str, ...]]:
    return {name: found.notes for name, found in findings(*given, **named).items() if found.notes}


def test_check_when_all_is_well_then_nothing_is_told() -> None:
    chain = FakeChain()
    assert list(findings(chain)) == ["token", "payer", *PAYEES]
    assert (faults(FakeChain()), notes(FakeChain())) == ({}, {})
    assert chain.transfers == [(PAYER, line.payee, line.amount) for line in a_list().lines]


def test_check_when_a_payee_is_blocked_then_only_its_payout_fails() -> None:
    def transfer(sender: Address, to: Address, amount: int) -> bytes:
        if to == LIBRARY:
            raise RevertedError("reverts: blocked")
        return YES

    told = faults(FakeChain(transfer=transfer))
    assert list(told) == ["library"] and "reverts: blocked" in told["library"]


@pytest.mark.parametrize("answer", [bytes(32), (2).to_bytes(32, "big"), b"\x01"])
def test_check_when_the_token_answers_anything_but_yes_then_it_fails(answer: bytes) -> None:
    assert set(faults(FakeChain(transfer=lambda *_: answer))) == set(PAYEES)


def test_check_when_the_token_answers_nothing_then_it_is_told() -> None:
    chain = FakeChain(transfer=lambda *_: b"")
    assert faults(chain) == {}
    assert all("returns nothing" in notes(chain)[name][0] for name in PAYEES)


def test_check_when_the_token_has_no_code_then_nothing_else_is_asked() -> None:
    chain = FakeChain(codes={})
    assert list(findings(chain)) == ["token"]
    assert "no code on chain 10" in faults(chain)["token"] and not chain.transfers


@pytest.mark.parametrize(("decimals", "fails"), [(6, False), (18, True), (None, False)])
def test_check_when_the_token_counts_otherwise_then_it_fails(decimals: int | None, fails: bool) -> None:
    assert ("decimals" in faults(FakeChain(decimals=decimals)).get("token", "")) is fails
    assert ("token" in notes(FakeChain(decimals=decimals))) is (decimals is None)


@pytest.mark.parametrize("token", [TOKEN, NATIVE])
def test_check_when_the_payer_has_too_little_then_it_is_told_once(token: Address) -> None:
    payouts = replace(a_list(), token=token, decimals=6 if token == TOKEN else 18)
    chain = FakeChain(held=payouts.total - 5)
    assert faults(chain, payouts) == {"payer": f"holds {payouts.total - 5} base units, 5 too few"}


def test_check_when_the_payer_has_nothing_then_blocks_still_show() -> None:
    chain = FakeChain(held=0)
    findings(chain)
    assert [amount for _, _, amount in chain.transfers] == [0, 0, 0]


def test_check_when_nobody_is_said_to_pay_then_payees_send_themselves_nothing() -> None:
    chain = FakeChain()
    assert "payer" not in findings(chain, payer=None)
    assert chain.transfers == [(payee, payee, 0) for payee in PAYEES.values()]


def test_check_when_a_contract_refuses_the_coin_then_its_payout_fails() -> None:
    chain = FakeChain(refusing=frozenset({WELL}))
    told = faults(chain, replace(a_list(), token=NATIVE, decimals=18))
    assert list(told) == ["well"] and "refuses the coin" in told["well"]
    assert chain.transfers == [(PAYER, line.payee, line.amount) for line in a_list().lines]


def test_check_when_the_coin_is_counted_otherwise_then_it_fails() -> None:
    assert "18 decimals" in faults(FakeChain(), replace(a_list(), token=NATIVE))["token"]


def test_check_when_there_may_be_no_safe_then_it_is_told() -> None:
    chain = FakeChain(codes={TOKEN: b"\1", WELL: b"\2"}, sent_by={BUS: 1})
    assert list(notes(chain)) == ["library"] and "a Safe of another chain" in notes(chain)["library"][0]


def test_check_when_an_account_lends_code_then_it_is_told() -> None:
    chain = FakeChain(codes={TOKEN: b"\1", BUS: bytes.fromhex("ef0100" + "12" * 20)})
    assert "0x1212" in notes(chain)["bus"][0]


def test_check_when_a_payee_is_paid_twice_or_pays_then_it_is_told() -> None:
    first, second, third = a_list().lines
    payouts = replace(a_list(), lines=(first, replace(second, payee=BUS), third))
    assert notes(FakeChain(), payouts, payer=WELL) == {
        "bus": ("is paid 2 times",),
        "library": ("is paid 2 times",),
        "well": ("is the payer",),
    }


class Answers:
    """Stands in for the connection to a node: gives out answers in turn."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[Any] = []

    def send(self, calls: Any) -> Any:
        self.asked += calls
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        from qf.chain.node.transport import Reply

        return Reply(status, 0.0, body if isinstance(body, bytes) else json.dumps(body).encode())


def simulator(monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, Any]) -> tuple[NodeSimulator, Answers]:
    made = NodeSimulator.__new__(NodeSimulator)
    made._transport = told = Answers(*answers)  # type: ignore[assignment]
    made.chain, made.block = ChainId(1), 255
    monkeypatch.setattr("time.sleep", lambda _: None)
    return made, told


def error(message: str, code: int = -32000, **more: Any) -> tuple[int, Any]:
    return 200, {"jsonrpc": "2.0", "id": 0, "error": {"code": code, "message": message, **more}}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (error("execution reverted", 3, data="0x08c379a0" + encode("(string)", ["blocked"]).hex()), "reverts: blocked"),
        (error("execution reverted", 3, data="0xdeadbeef" + "00" * 32), "reverts with 0xdeadbeef"),
        (error("execution reverted: blocked"), "execution reverted: blocked"),
        (error("VM execution error.", -32015, data="Reverted 0x"), "VM execution error."),
        (error("out of gas"), "out of gas"),
    ],
)
def test_simulator_when_a_call_reverts_then_the_reason_is_told(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, Any], reason: str
) -> None:
    chain, told = simulator(monkeypatch, answer)
    with pytest.raises(RevertedError) as raised:
        chain.call(PAYER, TOKEN, b"\x12", 5, rich=True)
    assert raised.value.reason == reason
    ((method, (asked, block, override)),) = told.asked
    assert (method, block, list(override)) == ("eth_call", "0xff", [PAYER])
    assert asked == {"from": PAYER, "to": TOKEN, "data": "0x12", "value": "0x5"}


@pytest.mark.parametrize(
    "answer",
    [
        error("the method eth_call does not exist", -32601),
        (200, b"<html>"),
        (200, []),
        (200, {"result": None}),
        (200, {"result": "0x1"}),
        (503, b""),
        (429, b""),
    ],
)
def test_simulator_when_a_node_fails_then_that_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, Any]
) -> None:
    chain, told = simulator(monkeypatch, answer)
    with pytest.raises(NodeError):
        chain.call(PAYER, TOKEN, b"")
    assert len(told.asked) == (1 if answer[0] == 200 else ATTEMPTS)


def test_simulator_when_a_node_is_busy_then_it_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    chain, told = simulator(monkeypatch, (429, b""), (503, b""), (200, {"result": "0x0a"}))
    assert (chain.balance(PAYER), len(told.asked)) == (10, 3)
