"""Asking several nodes: who fails is passed over, and what one alone could invent must be said by a quorum."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from qf.chain.node.limits import Fault
from qf.chain.node.node import Node
from qf.chain.node.pace import DEFAULT_LIMITS, Limits
from qf.chain.types import ChainId
from qf.errors import InputError, NodeError, NoNodeError, UnprovableError

T = TypeVar("T")
S = TypeVar("S")

FIRST_PAUSE = 0.2
"""Seconds after the first turn without success; doubled after each."""

LONGEST_PAUSE = 10.0
"""Seconds that are waited at most for nodes that asked to be left alone."""


class Panel:
    """The nodes of one chain, the preferred first.

    Args:
        chain_id: the chain all of them must be on.
        urls: of JSON-RPC over HTTP; they are never printed, only their hosts.
        quorum: how many hosts must agree; two where there are two, unless said otherwise.
        limits: what each node is allowed.
    """

    def __init__(
        self, chain_id: ChainId, urls: Sequence[str], quorum: int | None = None, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self.chain_id = chain_id
        self.nodes = [Node(url, chain_id, limits) for url in urls]
        self._turns = limits.turns
        hosts = len({node.name for node in self.nodes})
        self.quorum = max(1, min(2, hosts)) if quorum is None else quorum
        if not 1 <= self.quorum <= hosts:
            what = f"{self.quorum} of {hosts} hosts cannot agree"
            raise InputError.at(f"chain {chain_id}", what, "give RPC URLs of more hosts, or a smaller quorum")

    def close(self) -> None:
        """Return after all connections are closed."""
        for node in self.nodes:
            node.close()

    def ask(self, work: Callable[[Node], T]) -> T:
        """Return what `work` makes of the first node that it succeeds with.

        Raises:
            NoNodeError: it failed with every node, also when asked again.
        """
        return self.gather(work, 1, lambda answers: next(iter(answers.values())))

    def agreed(self, what: str, work: Callable[[Node], T]) -> T:
        """Return what a quorum says alike; `what` names it where they differ.

        Raises:
            UnprovableError: they differ, also when asked again; it says who said what.
        """

        def settled(answers: dict[str, T]) -> T:
            first, *others = answers.values()
            if any(other != first for other in others):
                fix = "ask again later; if they still differ, remove the node that is wrong"
                raise UnprovableError(f"chain {self.chain_id}, {what}", _differing(answers), fix)
            return first

        return self.gather(work, self.quorum, settled)

    def gather(self, work: Callable[[Node], T], count: int, settled: Callable[[dict[str, T]], S]) -> S:
        """Return what `settled` makes of the answers of `count` hosts; where it cannot, they are asked again."""
        for turn in range(self._turns):
            if turn:
                time.sleep(self._pause(turn - 1))
            answers, faults = self._turn(work, count)
            try:
                if len(answers) == count:
                    return settled(answers)
            except UnprovableError:
                # While a chain reorganises, honest nodes differ.
                if turn == self._turns - 1:
                    raise
            if len(answers) < count and all(fault.fault == Fault.FATAL for fault in faults):
                break
        why = "; ".join(dict.fromkeys(map(str, faults)))
        needed = f"{len(answers)} of {count} nodes answered"
        raise NoNodeError(f"chain {self.chain_id}: {needed}: {why}", faults[-1].fault)

    def _turn(self, work: Callable[[Node], T], count: int) -> tuple[dict[str, T], list[NodeError]]:
        """Return the answers of the first `count` hosts that give one, and the faults of the rest."""
        answers: dict[str, T] = {}
        faults: list[NodeError] = []
        now = time.monotonic()
        for node in sorted(self.nodes, key=lambda node: node.rests_until > now):
            if len(answers) < count and node.name not in answers:
                try:
                    answers[node.name] = work(node)
                except NoNodeError:
                    raise
                except NodeError as fault:
                    faults.append(fault)
        return answers, faults

    def _pause(self, turn: int) -> float:
        rested = sorted(node.rests_until for node in self.nodes)[self.quorum - 1] - time.monotonic()
        return min(max(FIRST_PAUSE * (1 << turn), rested), LONGEST_PAUSE)


def _differing(answers: dict[str, T]) -> str:
    """Return who said what; of lists only the first place where they differ."""
    said: dict[str, object] = dict(answers)
    lists = [answer for answer in answers.values() if isinstance(answer, list)]
    if len(lists) == len(answers):
        column = next((column for column in zip(*lists, strict=False) if any(x != column[0] for x in column)), None)
        said = dict(zip(said, column or map(len, lists), strict=True))
    return "; ".join(f"{name} says {str(answer)[:200]}" for name, answer in said.items())
