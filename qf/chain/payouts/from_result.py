"""The result of a round -> the list of payouts; whatever cannot be paid is named, all of it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from qf.chain.addresses import checksummed, read_address
from qf.chain.payouts.encodings import ENCODINGS
from qf.chain.payouts.plan import OnChain, PayoutLine, PayoutList
from qf.chain.types import NATIVE, ZERO_ADDRESS, Address, Hash
from qf.codec import read_bundle, result_digest
from qf.eligibility import Project
from qf.errors import PayoutError, Problem
from qf.result import ProjectResult, RoundResult
from qf.verify import verify

COIN = "native"
"""How the coin of the chain is named where a token is asked for."""

_ELSEWHERE = "a payee that the bundle names cannot be changed afterwards; leave it out, or correct and settle again"


def payouts_of_bundle(
    folder: Path | str, kind: str = "qf", on_chain: Mapping[str, OnChain] | None = None, token: str = ""
) -> PayoutList:
    """Return who is paid how much by the result in a bundle, which is verified first; see `payout_list`.

    Raises:
        VerificationError: the bundle does not recompute.
        PayoutError: as `payout_list`.
    """
    result = verify(folder)
    projects = read_bundle(folder).inputs.projects or ()
    return payout_list(result, result_digest(folder), projects, kind=kind, on_chain=on_chain, token=token)


def payout_list(
    result: RoundResult,
    digest: str,
    projects: Iterable[Project],
    *,
    kind: str = "qf",
    on_chain: Mapping[str, OnChain] | None = None,
    token: str = "",
) -> PayoutList:
    """Return who is paid how much. A project whose payout is 0 is not in the list.

    Args:
        result: what the round decided.
        digest: SHA-256 of result.json, 64 hex digits.
        projects: with their payout addresses.
        kind: which contract pays, a key of `ENCODINGS`.
        on_chain: project -> what the contract knows of it.
        token: address of what is paid, or "native"; if "", the token that the pool of the round names.

    Raises:
        PayoutError: naming every payee and id that is missing or wrong, and the token.
        InvariantError: the list does not add up to the payouts of the round.
    """
    known, pool = on_chain or {}, result.round.pool
    reading = _Reading({project.id: project for project in projects}, known, kind)
    address = reading.token(token, pool.token)
    for name in sorted(known.keys() - result.payouts.keys()):
        reading.note(f"project {name}", "is not in the round", "leave it out, or correct its id")
    paid = [project for project in result.projects if project.payout]
    lines = tuple(reading.line(index, project, address) for index, project in enumerate(paid))
    if not lines:
        reading.note("payouts", "nobody is paid", "there is nothing to do")
    if reading.problems:
        raise PayoutError(reading.problems)
    symbol = "" if pool.token.lower() == address else pool.token
    return PayoutList(
        kind, result.round.id, Hash(f"0x{digest}"), address, symbol, pool.decimals, pool.amount, result.unspent, lines
    )


def unpayable(payee: Address, token: Address) -> str:
    """Return why money sent to `payee` would be lost whatever the chain says, or ""."""
    if payee in (ZERO_ADDRESS, NATIVE):
        return "is nobody's address"
    return "is the token itself" if payee == token else ""


class _Reading:
    """Reads what people wrote, and notes what is wrong with it."""

    def __init__(self, projects: Mapping[str, Project], known: Mapping[str, OnChain], kind: str) -> None:
        self.problems: list[Problem] = []
        self._projects, self._known, self._kind = projects, known, kind

    def note(self, where: str, what: str, fix: str) -> None:
        self.problems.append(Problem(where, what, fix))

    def token(self, given: str, of_pool: str) -> Address:
        """Return the address of what is paid."""
        fix = f"name its address with --token, or --token {COIN} for the coin of the chain"
        if not given and not of_pool.startswith("0x"):
            self.note("token", f"the pool is in {of_pool or 'no token'}, which is not an address", fix)
            return ZERO_ADDRESS
        read = NATIVE if given == COIN else self._read("token", read_address, given or of_pool, fix)
        if read and of_pool.startswith("0x") and read != of_pool.lower():
            self.note("token", f"{given} is not that of the pool, {of_pool}", "leave it out")
        return read or ZERO_ADDRESS

    def line(self, index: int, result: ProjectResult, token: Address) -> PayoutLine:
        """Return the payout of a project."""
        name = result.project
        project, known = self._projects.get(name, Project(name)), self._known.get(name, OnChain())
        payee = self._payee(project, known, token)
        key = self._key(name, known.key)
        return PayoutLine(index, name, project.title, payee, result.payout, result.donors, key, known.application)

    def _payee(self, project: Project, known: OnChain, token: Address) -> Address:
        where = f"project {project.id}, payee"
        fix = "copy its address again, whole"
        read = [self._read(where, read_address, text, fix) for text in (project.payout_address, known.payee) if text]
        payee = read[0] if read else None
        if not read:
            self.note(where, "is missing", "give its payout_address when settling, or payee in the recipients file")
        elif len(read) > 1 and None not in read and read[0] != read[1]:
            self.note(where, f"{known.payee} is not the published {project.payout_address}", _ELSEWHERE)
        elif payee and (why := unpayable(payee, token)):
            self.note(where, f"{checksummed(payee)} {why}", "ask the project where to pay")
        return payee or ZERO_ADDRESS

    def _key(self, project: str, key: str) -> str:
        """Return the id of the project in the contract, which must be there just if the contract has one."""
        where, fields = f"project {project}, id", ENCODINGS[self._kind].fields
        kinds = [fields[name] for name in ("projectId", "recipientId") if name in fields]
        if not kinds:
            if key:
                self.note(where, f"is given, and {self._kind} knows none", "leave it out, or choose another kind")
            return ""
        if kinds == ["address"]:
            return self._read(where, read_address, key, "give the anchor or id the contract has registered") or ""
        if len(key) != 66 or not key.startswith("0x") or set(key[2:].lower()) - set("0123456789abcdef"):
            self.note(where, f"{key!r} is not 32 bytes", "give 0x and 64 hex digits")
        return key.lower()

    def _read(self, where: str, read: Callable[[str], Address], text: str, fix: str) -> Address | None:
        try:
            return read(text)
        except ValueError as error:
            self.note(where, str(error), fix)
            return None
