"""The vault of a round, as it is deployed, against a model in Python: after each step the books are the same."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import eth_abi
from eth_utils import keccak
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from qf.chain.artifacts import artifact
from tests.stateful.evm import NATIVE, Chain, Reverted, account, double

OPENS, CLOSES = 1_000, 2_000
PLAIN, FEE, NO_RETURN = 0, 1, 2
PROJECTS = {name.encode().ljust(32, b"\0"): account(100 + i) for i, name in enumerate(("well", "library", "bridge"))}
UNKNOWN = b"nobody".ljust(32, b"\0")
DONORS = [account(200 + i) for i in range(3)]
SUPPLY = 2**255

amounts = st.one_of(st.integers(0, 100), st.integers(1, 10**24), st.sampled_from([2**128, SUPPLY, 2**256 - 1]))
lines = st.tuples(
    st.sampled_from([*PROJECTS, *PROJECTS, *PROJECTS, UNKNOWN]), st.integers(0, 3), amounts, st.binary(max_size=32)
)
carts = st.one_of(
    st.lists(lines, max_size=4),
    st.lists(lines, min_size=2, max_size=4).map(lambda cart: [(*line[:1], FEE, *line[2:]) for line in cart]),
)


class Refusal(Exception):
    """The model refuses; its text is the name of the error, or "" if any refusal is right."""


class Model:
    """What the specification says the books are."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.count, self.hash = 0, bytes(32)
        self.total: dict[str, int] = defaultdict(int)
        self.withdrawn: dict[str, int] = defaultdict(int)
        self.credited: dict[tuple[bytes, str], int] = defaultdict(int)
        self.paid: dict[tuple[bytes, str], int] = defaultdict(int)
        self.payees = dict(PROJECTS)
        self.wallets: dict[tuple[str, str], int] = defaultdict(int)
        self.surplus: dict[str, int] = defaultdict(int)

    def donate(self, donor: str, cart: list[tuple[bytes, str, int, bytes]], value: int, time: int) -> None:
        if not OPENS <= time < CLOSES:
            raise Refusal("NotOpen")
        if not cart:
            raise Refusal("EmptyCart")
        for run in runs(cart):
            self.take(donor, run)
        if value != sum(amount for _, token, amount, _ in cart if token == NATIVE):
            raise Refusal("WrongValue")

    def take(self, donor: str, run: list[tuple[bytes, str, int, bytes]]) -> None:
        token, asked = run[0][1], sum(amount for _, _, amount, _ in run)
        if any(amount == 0 for _, _, amount, _ in run):
            raise Refusal("ZeroAmount")
        if asked >= 2**256 or (token != NATIVE and self.wallets[donor, token] < asked):
            raise Refusal("")
        received = asked - asked // 40 if token == self.tokens[FEE] else asked
        so_far = shared = 0
        for project, _, amount, memo in run:
            if project not in self.payees:
                raise Refusal("UnknownProject")
            so_far += amount
            share = received * so_far // asked - shared
            if share == 0:
                raise Refusal("NothingReceived")
            shared += share
            self.record(project, donor, token, share, memo)
        self.wallets[donor, token] -= asked
        self.total[token] += received
        if self.total[token] >= 2**256:
            raise Refusal("")

    def record(self, project: bytes, donor: str, token: str, amount: int, memo: bytes) -> None:
        types = ["bytes32", "uint256", "bytes32", "address", "address", "uint256", "bytes32"]
        self.hash = keccak(eth_abi.encode(types, [self.hash, self.count, project, donor, token, amount, memo]))
        self.count += 1
        self.credited[project, token] += amount

    def withdraw(self, project: bytes, token: str) -> None:
        amount = self.credited[project, token] - self.paid[project, token]
        if amount == 0:
            raise Refusal("NothingToWithdraw")
        self.paid[project, token] += amount
        self.withdrawn[token] += amount
        received = amount - amount // 40 if token == self.tokens[FEE] else amount
        self.wallets[self.payees[project], token] += received


def runs(cart: list[tuple[bytes, str, int, bytes]]) -> list[list[tuple[bytes, str, int, bytes]]]:
    """Return the consecutive lines of one token, each together."""
    found: list[list[tuple[bytes, str, int, bytes]]] = []
    for line in cart:
        if not found or found[-1][0][1] != line[1]:
            found.append([])
        found[-1].append(line)
    return found


class DonationRoundMachine(RuleBasedStateMachine):
    """Gives, withdraws, moves payees and sends past the books; a model does the same."""

    @initialize()
    def deploy(self) -> None:
        self.chain = Chain(OPENS)
        hostile, vault = double("HostileToken"), artifact("DonationRound")
        self.coins = [
            self.chain.deploy(hostile["abi"], hostile["bytecode"], kind, decimals)
            for kind, decimals in ((PLAIN, 0), (FEE, 18), (NO_RETURN, 6))
        ]
        self.tokens = [*(token.address for token in self.coins), NATIVE]
        self.vault = self.chain.deploy(
            vault.abi, vault.bytecode, account(1), OPENS, CLOSES, self.tokens, list(PROJECTS.items())
        )
        self.model = Model(self.tokens)
        self.coins[FEE].call("arm", account(0), b"", 10_000)
        for donor in DONORS:
            self.fund(donor)

    def fund(self, donor: str) -> None:
        self.chain.give_coins(donor, SUPPLY // 4)
        self.model.wallets[donor, NATIVE] = SUPPLY // 4
        for token in self.coins:
            token.call("mint", donor, SUPPLY // 4)
            token.call("approve", self.vault.address, 2**256 - 1, sender=donor)
            self.model.wallets[donor, token.address] = SUPPLY // 4

    @rule(cart=carts, donor=st.sampled_from(DONORS), astray=st.sampled_from([0, 0, 0, 1]))
    def donate(self, cart: list[tuple[bytes, int, int, bytes]], donor: str, astray: int) -> None:
        named = [(project, self.tokens[at], amount, memo.ljust(32, b"\0")) for project, at, amount, memo in cart]
        value = sum(amount for _, token, amount, _ in named if token == NATIVE) + astray
        if value > self.model.wallets[donor, NATIVE]:
            return
        self.both(
            lambda model: model.donate(donor, named, value, self.chain.time), "donate", named, sender=donor, value=value
        )

    @rule(project=st.sampled_from([*PROJECTS, UNKNOWN]), at=st.integers(0, 3))
    def withdraw(self, project: bytes, at: int) -> None:
        self.both(lambda model: model.withdraw(project, self.tokens[at]), "withdraw", project, self.tokens[at])

    @rule(
        project=st.sampled_from([*PROJECTS]),
        to=st.integers(300, 303),
        sender=st.sampled_from(DONORS),
        own=st.booleans(),
    )
    def move_payee(self, project: bytes, to: int, sender: str, own: bool) -> None:
        sender = self.model.payees[project] if own else sender

        def moved(model: Model) -> None:
            if not own:
                raise Refusal("NotPayee")
            model.payees[project] = account(to)

        self.both(moved, "movePayee", project, account(to), sender=sender)

    @rule(donor=st.sampled_from(DONORS), at=st.integers(0, 2), amount=st.integers(1, 10**6))
    def send_past_the_books(self, donor: str, at: int, amount: int) -> None:
        token = self.tokens[at]
        if amount > self.model.wallets[donor, token]:
            return
        self.coins[at].call("transfer", self.vault.address, amount, sender=donor)
        self.model.wallets[donor, token] -= amount
        self.model.surplus[token] += amount - amount // 40 if at == FEE else amount

    @rule(time=st.sampled_from([OPENS - 1, OPENS, OPENS, OPENS, CLOSES - 1, CLOSES]))
    def wait(self, time: int) -> None:
        self.chain.set_time(time)

    def both(self, expected: Any, name: str, *arguments: Any, **options: Any) -> None:
        """Do it in a copy of the model and in the contract; both do it, or both refuse for the same reason."""
        before = snapshot(self.model)
        try:
            expected(self.model)
            reason = None
        except Refusal as refusal:
            self.model.__dict__.update(before)
            reason = str(refusal)
        try:
            self.vault.call(name, *arguments, **options)
            refused = None
        except Reverted as error:
            refused = str(error)
        assert (reason is None) == (refused is None), (reason, refused)
        assert reason in (None, "", refused), (reason, refused)

    @invariant()
    def the_books_are_the_same(self) -> None:
        assert self.vault.call("count") == self.model.count
        assert self.vault.call("runningHash") == self.model.hash
        for token in self.tokens:
            total, withdrawn = self.model.total[token], self.model.withdrawn[token]
            assert self.vault.call("total", token) == total
            assert self.vault.call("held", token) == total - withdrawn
            assert self.balance(token, self.vault.address) == total - withdrawn + self.model.surplus[token]

    @invariant()
    def every_project_and_wallet_has_what_the_model_says(self) -> None:
        for token in self.tokens:
            for project in PROJECTS:
                assert self.vault.call("credited", project, token) == self.model.credited[project, token]
                assert self.vault.call("payeeOf", project) == self.model.payees[project]
            for owner in {*DONORS, *self.model.payees.values(), *map(account, range(300, 304))}:
                assert self.balance(token, owner) == self.model.wallets[owner, token]

    def balance(self, token: str, owner: str) -> int:
        if token == NATIVE:
            return self.chain.coins(owner)
        return int(self.coins[self.tokens.index(token)].call("balanceOf", owner))


def snapshot(model: Model) -> dict[str, Any]:
    return {name: value.copy() if isinstance(value, dict) else value for name, value in vars(model).items()}


TestDonationRound = DonationRoundMachine.TestCase
TestDonationRound.settings = settings(settings.get_profile("default"), max_examples=30, stateful_step_count=25)
