"""Whether every payee can be paid, found out before anything is signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qf.chain.abi import WORD, call
from qf.chain.addresses import checksummed
from qf.chain.payouts.plan import PayoutLine, PayoutList
from qf.chain.payouts.simulator import Simulator
from qf.chain.types import NATIVE, ZERO_ADDRESS, Address
from qf.errors import RevertedError

DELEGATED = bytes.fromhex("ef0100")
"""How the code of an ordinary account begins that lent itself a contract's (EIP-7702)."""

TRUE = (1).to_bytes(32, "big")
"""What a transfer returns that was made."""

COIN_DECIMALS = 18
"""Decimals of the coin of the chain: wei, on every chain that runs Ethereum's machine."""

SOMEBODY = Address("0x" + "51" * 20)
"""Stands for whoever pays in the coin of the chain, where it is not said who."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came out of simulating one payout, or of looking at token and payer.

    Attributes:
        subject: the project, "token" or "payer".
        account: whose address this is about.
        amount: what is to be paid, in base units.
        fault: why it cannot be paid; "" if it can.
        notes: what should be known before signing.
    """

    subject: str
    account: Address
    amount: int
    fault: str = ""
    notes: tuple[str, ...] = ()


def check(payouts: PayoutList, chain: Simulator, payer: Address | None = None) -> Iterator[Finding]:
    """Return what is found: about the token, the payer if it is known, then about each payee.

    Each payout is simulated alone, so that one that fails says nothing of the others. Without a payer, a payee of a
    token sends itself nothing, which shows a blocked address, but not a token that only the payer may not send.

    Args:
        payouts: what is to be paid.
        chain: where.
        payer: who pays: the Safe, or the contract.
    """
    token = _token(payouts, chain)
    yield token
    if token.fault:
        return
    held = payouts.total
    if payer is not None:
        held = _balance(chain, payouts.token, payer)
        yield _payer(payouts, payer, held)
    repeated = payouts.repeated
    for line in payouts.lines:
        paid = _native(chain, line, payer) if payouts.token == NATIVE else _transfer(payouts, chain, line, payer, held)
        notes = [*paid.notes, *_account(chain, line.payee)]
        if line.payee in repeated:
            notes.append(f"is paid {repeated[line.payee]} times")
        if line.payee == payer:
            notes.append("is the payer")
        yield Finding(line.project, line.payee, line.amount, paid.fault, tuple(notes))


@dataclass(frozen=True, slots=True)
class _Paid:
    fault: str = ""
    notes: tuple[str, ...] = ()


def _token(payouts: PayoutList, chain: Simulator) -> Finding:
    decimals: int | None = COIN_DECIMALS
    fault = ""
    if payouts.token != NATIVE:
        if chain.code(payouts.token):
            decimals = _asked(chain, payouts.token, "decimals()")
        else:
            fault = f"has no code on chain {chain.chain}; is this the right chain?"
    if not fault and decimals is not None and decimals != payouts.decimals:
        fault = f"has {decimals} decimals, and the round counts in {payouts.decimals}: every amount would be wrong"
    notes = ("does not say how many decimals it has",) if decimals is None else ()
    return Finding("token", payouts.token, payouts.total, fault, notes)


def _payer(payouts: PayoutList, payer: Address, held: int) -> Finding:
    short = payouts.total - held
    fault = f"holds {held} base units, {short} too few" if short > 0 else ""
    return Finding("payer", payer, payouts.total, fault)


def _balance(chain: Simulator, token: Address, account: Address) -> int:
    if token == NATIVE:
        return chain.balance(account)
    return _asked(chain, token, "balanceOf(address)", account) or 0


def _asked(chain: Simulator, token: Address, function: str, *values: str) -> int | None:
    """Return the number with which a token answers, or None if it has no answer."""
    try:
        answer = chain.call(ZERO_ADDRESS, token, call(function, *values))
    except RevertedError:
        return None
    return int.from_bytes(answer, "big") if len(answer) == WORD else None


def _native(chain: Simulator, line: PayoutLine, payer: Address | None) -> _Paid:
    """Send the coin of the chain. Whether the payer has enough of it is told once, so here it is given enough."""
    try:
        chain.call(payer or SOMEBODY, line.payee, b"", line.amount, rich=True)
    except RevertedError as error:
        return _Paid(f"refuses the coin of the chain: {error.reason}")
    return _Paid()


def _transfer(payouts: PayoutList, chain: Simulator, line: PayoutLine, payer: Address | None, held: int) -> _Paid:
    """Send a token. A payer who has not enough sends what there is: a block shows all the same."""
    amount = 0 if payer is None else min(line.amount, held)
    data = call("transfer(address,uint256)", line.payee, amount)
    try:
        returned = chain.call(payer or line.payee, payouts.token, data)
    except RevertedError as error:
        return _Paid(f"the token refuses the transfer: {error.reason}")
    if not returned:
        return _Paid(notes=("the token returns nothing: pay with something that takes that, as a Safe does",))
    return _Paid("" if returned == TRUE else f"the token answers 0x{returned.hex()[:64]}, which is not true")


def _account(chain: Simulator, payee: Address) -> Iterator[str]:
    """Return what a payee is, where that may surprise."""
    code = chain.code(payee)
    if code.startswith(DELEGATED):
        yield f"is an account that acts by the code of {checksummed(Address('0x' + code[3:23].hex()))}"
    elif not code and not chain.sent(payee):
        yield f"has no code and never sent anything on chain {chain.chain}: a Safe of another chain would not be here"
