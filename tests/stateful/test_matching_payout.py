"""The payout of a pool, as it is deployed, against a model in Python: states, payees, bonds and balances."""

from __future__ import annotations

from typing import Any

import eth_abi
from eth_utils import keccak
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from qf.chain.artifacts import artifact
from tests.stateful.evm import NATIVE, Chain, Reverted, account, double

START, PERIOD, ARBITER_PERIOD, SWEEP_AFTER = 1_000, 100, 50, 1_250
BOND = 7
OPERATOR, ARBITER, SPONSOR, ANYBODY = (account(10 + i) for i in range(4))
BLOCKLIST = 8
NONE, PROPOSED, CHALLENGED = range(3)
DIGEST = b"digest".ljust(32, b"\0")


class Tree:
    """A Merkle tree over payouts whose pairs are hashed in sorted order."""

    def __init__(self, payouts: list[tuple[str, int]]) -> None:
        encoded = [eth_abi.encode(["uint256", "address", "uint256"], [i, *one]) for i, one in enumerate(payouts)]
        self.levels = [[keccak(keccak(leaf)) for leaf in encoded]]
        while len(self.levels[-1]) > 1:
            level = self.levels[-1]
            pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
            self.levels.append([keccak(b"".join(sorted(pair))) if len(pair) == 2 else pair[0] for pair in pairs])
        self.root = self.levels[-1][0]

    def proof(self, index: int) -> list[bytes]:
        path = []
        for level in self.levels[:-1]:
            path += level[index ^ 1 : (index ^ 1) + 1]
            index //= 2
        return path


class MatchingPayoutMachine(RuleBasedStateMachine):
    """Everybody does what they can, in any order and at any time, in a token and in coins."""

    @initialize(
        parts=st.lists(st.integers(1, 10**30), min_size=1, max_size=7),
        native=st.booleans(),
        ahead=st.sampled_from([0, 1, 2, 2, 3, 3, 4]),
    )
    def start(self, parts: list[int], native: bool, ahead: int) -> None:
        """Begin where nothing stands, with a proposal, with a challenge, with a final proposal, or after the sweep."""
        self.deploy(parts, native)
        if ahead:
            self.propose(OPERATOR, 0)
        if ahead in (2, 4):
            self.challenge(0, BOND, False)
        if ahead == 3:
            self.wait(PERIOD)
        if ahead == 4:
            self.sweep_beside_a_bond()

    def sweep_beside_a_bond(self) -> None:
        """Come to a final proposal whose pool is swept, while the bond of an earlier challenge is still here."""
        self.answer(True, ARBITER)
        self.propose(OPERATOR, 0)
        self.wait(SWEEP_AFTER - START)
        self.sweep()

    def deploy(self, parts: list[int], native: bool) -> None:
        self.chain, self.native, self.amounts = Chain(START), native, parts
        self.payees = [account(100 + i) for i in range(len(parts))]
        self.pool = sum(parts) + 5
        hostile, payout = double("HostileToken"), artifact("MatchingPayout")
        self.token = self.chain.deploy(hostile["abi"], hostile["bytecode"], BLOCKLIST, 18)
        taken = NATIVE if native else self.token.address
        terms = [taken, OPERATOR, ARBITER, SPONSOR, PERIOD, ARBITER_PERIOD, SWEEP_AFTER, BOND]
        self.payout = self.chain.deploy(payout.abi, payout.bytecode, *terms)
        self.chain.give_coins(ANYBODY, 10**40)
        if native:
            self.chain.give_coins(self.payout.address, self.pool)
        else:
            self.token.call("mint", self.payout.address, self.pool)
        self.tree = Tree(list(zip(self.payees, parts, strict=True)))
        self.state, self.since, self.turn = NONE, 0, 0
        self.blocked: str | None = None
        self.got = dict.fromkeys(self.payees, 0)
        self.swept = self.bonds_in = 0
        self.owed = {ANYBODY: 0, SPONSOR: 0}

    def does(self, allowed: bool, name: str, *arguments: Any, **options: Any) -> bool:
        """Call; it is done exactly if the model allows it."""
        try:
            self.payout.call(name, *arguments, **options)
            done = True
        except Reverted:
            done = False
        assert done == allowed, name
        return done

    def moved(self, state: int) -> None:
        self.state, self.since, self.turn = state, self.chain.time, self.turn + 1

    @property
    def final(self) -> bool:
        return self.state == PROPOSED and self.chain.time >= self.since + PERIOD

    @property
    def sweepable_at(self) -> int:
        claimed = {NONE: 0, PROPOSED: self.since + 2 * PERIOD, CHALLENGED: 2**64 - 1}[self.state]
        return max(SWEEP_AFTER, claimed)

    @property
    def left(self) -> int:
        return self.pool - sum(self.got.values()) - self.swept

    @rule(sender=st.sampled_from([OPERATOR, OPERATOR, ANYBODY]), more=st.sampled_from([0, 6]))
    def propose(self, sender: str, more: int) -> None:
        total = sum(self.amounts) + more
        allowed = sender == OPERATOR and self.state == NONE and self.chain.time < SWEEP_AFTER and total <= self.left
        if self.does(allowed, "propose", self.tree.root, DIGEST, total, len(self.amounts), sender=sender):
            self.moved(PROPOSED)

    @rule(
        wrong=st.sampled_from([0, 0, 1]),
        value=st.sampled_from([BOND, BOND, BOND - 1]),
        same=st.sampled_from([False, False, True]),
    )
    def challenge(self, wrong: int, value: int, same: bool) -> None:
        in_time = self.state == PROPOSED and not self.final
        allowed = in_time and not wrong and value == BOND and not same
        root = self.tree.root if same else b"\x01" * 32
        if self.does(allowed, "challenge", self.turn + wrong, root, "evidence", sender=ANYBODY, value=value):
            self.moved(CHALLENGED)
            self.bonds_in += BOND

    @rule(upheld=st.booleans(), sender=st.sampled_from([ARBITER, ARBITER, OPERATOR]))
    def answer(self, upheld: bool, sender: str) -> None:
        in_time = self.state == CHALLENGED and self.chain.time < self.since + ARBITER_PERIOD
        if self.does(in_time and sender == ARBITER, "uphold" if upheld else "dismiss", self.turn, sender=sender):
            self.owed[ANYBODY if upheld else SPONSOR] += BOND
            self.moved(NONE if upheld else PROPOSED)

    @rule()
    def lapse(self) -> None:
        if self.does(self.state == CHALLENGED and self.chain.time >= self.since + ARBITER_PERIOD, "lapse"):
            self.owed[ANYBODY] += BOND
            self.moved(NONE)

    @rule(owner=st.sampled_from([ANYBODY, SPONSOR]))
    def take_bond(self, owner: str) -> None:
        if self.does(self.owed[owner] > 0, "takeBond", sender=owner):
            self.bonds_in -= self.owed[owner]
            self.owed[owner] = 0

    def payable(self, index: int) -> bool:
        return self.final and not self.got[self.payees[index]] and self.left >= self.amounts[index]

    @rule(at=st.integers(0, 6), wrong=st.sampled_from([0, 0, 1]), own=st.booleans())
    def claim(self, at: int, wrong: int, own: bool) -> None:
        index = at % len(self.amounts)
        payee, amount, proof = self.payees[index], self.amounts[index], self.tree.proof(index)
        allowed = self.payable(index) and not wrong and self.blocked != payee
        if own:
            done = self.does(allowed, "claimTo", index, amount + wrong, proof, payee, sender=payee)
        else:
            done = self.does(allowed, "claim", index, payee, amount + wrong, proof)
        if done:
            self.got[payee] = amount

    @rule()
    def push(self) -> None:
        claims = [(i, self.payees[i], amount, self.tree.proof(i)) for i, amount in enumerate(self.amounts)]
        waiting = [i for i in range(len(claims)) if not self.got[self.payees[i]]]
        if self.does(self.final or not waiting, "push", claims):
            for i in waiting:
                if self.payable(i) and self.blocked != self.payees[i]:
                    self.got[self.payees[i]] = self.amounts[i]

    @rule(at=st.one_of(st.none(), st.integers(0, 6)))
    def block(self, at: int | None) -> None:
        """Let the token refuse one payee; coins refuse nobody."""
        if self.native:
            return
        self.blocked = None if at is None else self.payees[at % len(self.payees)]
        self.token.call("disarm") if at is None else self.token.call("arm", self.blocked, b"", 10_000)

    @rule()
    def sweep(self) -> None:
        if self.does(self.chain.time >= self.sweepable_at and self.left > 0, "sweep"):
            self.swept += self.left

    @rule(seconds=st.sampled_from([1, 30, ARBITER_PERIOD, PERIOD]))
    def wait(self, seconds: int) -> None:
        self.chain.set_time(self.chain.time + seconds)

    def balance(self, owner: str) -> int:
        return self.chain.coins(owner) if self.native else int(self.token.call("balanceOf", owner))

    @invariant()
    def every_payee_has_its_payout_or_nothing(self) -> None:
        for index, payee in enumerate(self.payees):
            assert self.balance(payee) == self.got[payee] in (0, self.amounts[index])
            assert self.payout.call("isPaid", index) == bool(self.got[payee])
        assert self.payout.call("paid") == sum(self.got.values()) <= sum(self.amounts)

    @invariant()
    def the_state_and_the_money_are_the_models(self) -> None:
        assert [self.payout.call(name) for name in ("state", "turn", "isFinal")] == [self.state, self.turn, self.final]
        assert self.payout.call("sweepableAt") == self.sweepable_at
        assert self.payout.call("bonds") == self.bonds_in
        assert {owner: self.payout.call("bondOf", owner) for owner in self.owed} == self.owed
        assert self.balance(self.payout.address) == self.left + self.native * self.bonds_in
        assert self.native or self.chain.coins(self.payout.address) == self.bonds_in


TestMatchingPayout = MatchingPayoutMachine.TestCase
TestMatchingPayout.settings = settings(settings.get_profile("default"), max_examples=200, stateful_step_count=30)
