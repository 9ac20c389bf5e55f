"""payouts.json, and the table that says what a contract calls each project."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from qf.canonical import canonical_json
from qf.chain.addresses import checksummed, read_address
from qf.chain.payouts.encodings import ENCODINGS
from qf.chain.payouts.from_result import unpayable
from qf.chain.payouts.plan import OnChain, PayoutLine, PayoutList
from qf.chain.types import Address, Hash
from qf.codec.names import Fault
from qf.codec.parquet import Kind
from qf.codec.result_file import read_document
from qf.codec.tables import FilePath, Format, read_table
from qf.errors import BundleError, PayoutError, Problem, VerificationError
from qf.units import MAX_DECIMALS

ON_CHAIN = Format(
    {"project": Kind.NAME, "id": Kind.NAME, "payee": Kind.NAME, "application": Kind.NAME}, required=("project",)
)
"""Columns of the table of what a contract knows of each project."""

DIGITS = 78
"""How many digits the largest uint256 has."""


def payouts_document(payouts: PayoutList) -> dict[str, Any]:
    """Return the content of payouts.json: the list, and for each payout its leaf and the proof of it."""
    return {
        "decimals": payouts.decimals,
        "kind": payouts.kind,
        "leaf": [f"{kind} {name}" for name, kind in ENCODINGS[payouts.kind].fields.items()],
        "payouts": [_line_document(payouts, line) for line in payouts.lines],
        "pool": payouts.pool,
        "result": payouts.result,
        "root": payouts.tree.root,
        "round": payouts.round,
        "symbol": payouts.symbol,
        "token": checksummed(payouts.token),
        "total": payouts.total,
        "unspent": payouts.unspent,
    }


def payouts_bytes(payouts: PayoutList) -> bytes:
    """Return the bytes of payouts.json."""
    return canonical_json(payouts_document(payouts))


def read_payouts(path: FilePath) -> PayoutList:
    """Return the payouts in a payouts.json, with root, leaves, proofs and sums recomputed.

    Raises:
        PayoutError: not a payouts.json; names every payee with a wrong checksum, and every malformed value.
        VerificationError: it does not recompute.
    """
    name = str(path)
    try:
        data = Path(path).read_bytes()
        document = read_document(name, data)
        payouts = _Reading(name).payouts(document)
    except VerificationError:
        raise
    except (BundleError, OSError, KeyError, TypeError, AttributeError) as error:
        raise PayoutError.at(name, f"is no payouts.json: {error}", "write one with `qf payouts tree`") from None
    _compare(name, document, json.loads(payouts_bytes(payouts)))
    return payouts


def read_on_chain(path: FilePath) -> dict[str, OnChain]:
    """Return project -> what a contract knows of it, from a table of project, id, payee and application.

    Raises:
        PayoutError: naming every malformed row by file, line and column. Addresses are read later.
    """
    table = read_table(path, ON_CHAIN)
    columns = {name: table.filled(name).to_list() for name in ON_CHAIN.columns}
    read: dict[str, OnChain] = {}
    for row, (project, key, payee, application) in enumerate(zip(*columns.values(), strict=True)):
        if not project or project in read:
            told = f"{project} stands there twice" if project else "is empty"
            table.fault("project", [Fault(row, told, "name each project once")])
        read[project] = OnChain(key, payee, application)
    table.check(PayoutError)
    return read


def _line_document(payouts: PayoutList, line: PayoutLine) -> dict[str, Any]:
    return {
        "amount": line.amount,
        "application": line.application,
        "donors": line.donors,
        "hash": payouts.tree.leaves[line.index],
        "id": checksummed(Address(line.key)) if len(line.key) == len(payouts.token) else line.key,
        "index": line.index,
        "payee": checksummed(line.payee),
        "project": line.project,
        "proof": list(payouts.tree.proof(line.index)),
        "title": line.title,
    }


_HASH = re.compile("0x[0-9a-f]{64}")

_TEXTS = "title", "id", "application"


class _Reading:
    """Reads what a payouts.json says; what follows from it (root, proofs, sums) is compared afterwards."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._problems: list[Problem] = []

    def payouts(self, document: dict[str, Any]) -> PayoutList:
        kind, token = document["kind"], self._address("token", document["token"])
        if kind not in ENCODINGS:
            self._note("kind", f"{kind!r} is not known", f"known: {', '.join(ENCODINGS)}")
        lines = tuple(self._line(index, entry, token) for index, entry in enumerate(document["payouts"]))
        decimals, pool, unspent = (self._number(key, document[key]) for key in ("decimals", "pool", "unspent"))
        round, symbol, result = (self._text(key, document[key]) for key in ("round", "symbol", "result"))
        if not _HASH.fullmatch(result):
            self._note("result", "is no digest", "it is 0x and 64 hex digits, lower case")
        if decimals > MAX_DECIMALS:
            self._note("decimals", f"are more than {MAX_DECIMALS}", "no token has so many")
        if self._problems:
            raise PayoutError(self._problems)
        total = sum(line.amount for line in lines)
        if total + unspent != pool:
            raise VerificationError(f"{self._name}, pool", str(pool), f"{total + unspent}, which is paid or unspent")
        return PayoutList(kind, round, Hash(result), token, symbol, decimals, pool, unspent, lines)

    def _line(self, index: int, entry: dict[str, Any], token: Address) -> PayoutLine:
        project = self._text(f"payout {index}, project", entry["project"])
        where = f"project {project}"
        payee, amount = self._address(where, entry["payee"]), self._number(f"{where}, amount", entry["amount"])
        if why := unpayable(payee, token):
            self._note(f"{where}, payee", why, "ask the project where to pay")
        donors = self._number(f"{where}, donors", entry["donors"])
        title, key, application = (self._text(f"{where}, {name}", entry[name]) for name in _TEXTS)
        if key and len(key) == len(token):
            key = self._address(f"{where}, id", key)
        return PayoutLine(index, project, title, payee, amount, donors, key, application)

    def _number(self, where: str, given: Any) -> int:
        text = self._text(where, given)
        if text.isascii() and text.isdigit() and len(text) <= DIGITS:
            return int(text)
        self._note(where, f"{_short(text)} is no whole number of at most {DIGITS} digits", "give digits only")
        return 0

    def _address(self, where: str, given: Any) -> Address:
        try:
            return read_address(self._text(where, given))
        except ValueError as error:
            self._note(where, str(error), "copy it again, whole")
            return Address("")

    def _text(self, where: str, given: Any) -> str:
        if isinstance(given, str):
            return given
        self._note(where, f"{_short(given)} is no text", "write the file again with `qf payouts tree`")
        return ""

    def _note(self, where: str, what: str, fix: str) -> None:
        self._problems.append(Problem(f"{self._name}, {where}", what, fix))


def _compare(name: str, published: dict[str, Any], computed: dict[str, Any]) -> None:
    """Raise, naming the first thing that differs."""
    for key in sorted({*published, *computed}):
        given, found = published.get(key), computed.get(key)
        if given == found:
            continue
        if key == "payouts":
            for one, other in zip(published[key], computed[key], strict=True):
                _compare(f"{name}, project {other['project']}", one, other)
        raise VerificationError(f"{name}, {key}", _shown(given), _shown(found))


def _shown(value: Any) -> str:
    return "nothing" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
