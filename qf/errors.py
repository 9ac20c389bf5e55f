"""Everything that can go wrong, as a tree.

    QfError
    ├── InputError            something given to us is malformed; names every problem at once
    │   ├── RoundError        the rules of a round
    │   ├── DonationError     the donations
    │   ├── WeightError       weights, scores and account links
    │   ├── ProjectError      the list of projects
    │   └── PayoutError       who is paid, how much, and the files that say so
    ├── MissingPriceError     a token in the ledger has no price; a missing price is never 0
    ├── NoMatchError          the mechanism is undefined on these donations (nobody gave, budget too small)
    ├── UnreconciledError     the ledger differs from its sources, and nobody said why that is no hindrance
    ├── BundleError           a bundle cannot be read or written
    │   └── VerificationError a bundle does not recompute; names the first thing that differs
    ├── ChainError            a chain could not be read
    │   ├── NodeError         a node failed
    │   │   └── NoNodeError   no node is left to ask
    │   ├── ReorganisedError  a block that was read is no longer part of the chain; walk back and read again
    │   ├── StoreError        the file that keeps what was read cannot be used
    │   ├── RevertedError     a contract refused a call, or ran out of gas
    │   └── UnprovableError   what was read cannot be checked; says which blocks, why, and what to do
    ├── MissingExtraError     an optional package is needed; names the extra to install
    └── InvariantError        one of our own promises is broken: a bug here, never the caller's fault

Each exception keeps the offending values as attributes. HTTP status codes live in `api`, exit codes in `qf.cli`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SHOWN_PROBLEMS = 20
"""How many problems an `InputError` spells out in its message; `InputError.problems` always holds them all."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where it is, what is wrong, and what to do.

    >>> str(Problem("donations.csv line 3, column amount", "'-5' is negative", "a donation must be positive"))
    "donations.csv line 3, column amount: '-5' is negative; a donation must be positive"
    """

    where: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        told = f"{self.where}: {self.what}"
        return f"{told}; {self.fix}" if self.fix else told


class QfError(Exception):
    """The base of every error this package raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the error with its values, whatever its class is made from: it may come from another process."""
        return _remade, (type(self), self.args, self.__dict__)


def _remade(kind: type[QfError], args: tuple[Any, ...], values: dict[str, Any]) -> QfError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(values)
    return error


class InputError(QfError):
    """Something given to us is malformed. `problems` lists all of it, not just the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        shown = [str(problem) for problem in self.problems[:SHOWN_PROBLEMS]]
        hidden = len(self.problems) - len(shown)
        more = [f"... and {hidden} more"] if hidden else []
        super().__init__("\n".join(shown + more))

    @classmethod
    def at(cls, where: str, what: str, fix: str = "") -> InputError:
        """Return the error for a single problem."""
        return cls([Problem(where, what, fix)])


class RoundError(InputError):
    """The rules of a round are malformed."""


class DonationError(InputError):
    """Donations are malformed."""


class WeightError(InputError):
    """Weights, scores or account links are malformed."""


class ProjectError(InputError):
    """The list of projects is malformed."""


class PayoutError(InputError):
    """Payouts cannot be made as they are written: payees, amounts, tree or signature."""


class MissingPriceError(QfError):
    """Tokens in the ledger that have no price, so that their value in the round unit is unknown."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self.tokens = tuple(sorted(tokens))
        names = ", ".join(self.tokens)
        super().__init__(f"no price for {names}; add it to the prices file (a missing price is never read as 0)")


class NoMatchError(QfError):
    """The mechanism is undefined on these donations."""


class UnreconciledError(QfError):
    """A round that asks for it was not reconciled. `lines` holds everything that is unresolved."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        hidden = len(self.lines) - SHOWN_PROBLEMS
        more = [f"... and {hidden} more"] if hidden > 0 else []
        super().__init__("\n".join([*self.lines[:SHOWN_PROBLEMS], *more]))


class BundleError(QfError):
    """A bundle cannot be read or written."""


class VerificationError(BundleError):
    """A bundle does not recompute. `where` names the first thing that differs."""

    def __init__(self, where: str, published: str, computed: str) -> None:
        self.where = where
        self.published = published
        self.computed = computed
        super().__init__(f"{where}: published {published}, computed {computed}")


class ChainError(QfError):
    """A chain could not be read."""


class NodeError(ChainError):
    """A node failed. `fault` says in what way (`qf.chain.node.Fault`), `size` how many blocks it would take."""

    def __init__(self, told: str, fault: str = "fatal", size: int | None = None) -> None:
        self.fault = fault
        self.size = size
        super().__init__(told)


class NoNodeError(NodeError):
    """No node is left to ask: all failed, again and again. `fault` says in what way the last one did."""


class ReorganisedError(ChainError):
    """A block that was read is no longer part of the chain. `number` is its height, `hash` what it was."""

    def __init__(self, number: int, hash: str, now: str) -> None:
        self.number = number
        self.hash = hash
        self.now = now
        super().__init__(f"block {number} was {hash} and is now {now}; walk back to a block that stands and read again")


class RevertedError(ChainError):
    """A contract refused a call, or ran out of gas. `reason` is what it says, as far as it says it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class UnprovableError(ChainError):
    """What was read cannot be checked. `where` says which blocks, `why` what fails, `fix` what to do."""

    def __init__(self, where: str, why: str, fix: str) -> None:
        self.where = where
        self.why = why
        self.fix = fix
        super().__init__(f"{where}: {why}; {fix}")


class StoreError(ChainError):
    """The file that keeps what was read from chains cannot be used."""


class MissingExtraError(QfError):
    """An optional package is needed for this call."""

    def __init__(self, package: str, extra: str) -> None:
        self.package = package
        self.extra = extra
        super().__init__(f"this needs the package {package}; install it with: pip install 'qf[{extra}]'")


class InvariantError(QfError):
    """A promise of this package is broken. Always a bug: please report it with the bundle."""
