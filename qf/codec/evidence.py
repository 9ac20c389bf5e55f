"""Files of weights, links, prices, projects and attributes -> the types they become."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial
from typing import Any

from qf.canonical import fraction_text
from qf.codec.faults import number_fault, parsed, shortened
from qf.codec.names import Fault, names
from qf.codec.parquet import Kind
from qf.codec.tables import FilePath, Format, Table, read_table
from qf.codec.text_files import LIST_SEPARATOR
from qf.columns import canonical_name
from qf.eligibility import Project
from qf.errors import InputError, Problem, ProjectError, WeightError
from qf.prices import Price, PriceSnapshot
from qf.round import WeightRule
from qf.units import MAX_DECIMALS, WEIGHT_ONE, Bps, to_units
from qf.weights import curve_weight

WEIGHTS = Format({"donor": Kind.NAME, "weight": Kind.NUMBER, "score": Kind.NUMBER}, ("donor",), ("weight", "score"))
"""A weight, or a score that the curve of the round turns into one, per donor."""

LINKS = Format({"account": Kind.NAME, "identity": Kind.NAME}, ("account", "identity"))
"""Which accounts belong to one person."""

PRICES = Format({"token": Kind.NAME, "price": Kind.NUMBER, "decimals": Kind.NUMBER}, ("token", "price", "decimals"))
"""What a whole token is worth in whole round units, and how many decimal places it has."""

PROJECTS = Format(
    {"project": Kind.NAME, "title": Kind.NAME, "payout_address": Kind.NAME, "owners": Kind.LIST}, ("project",)
)
"""What can be funded, where it is paid, and the accounts of its owners."""

ATTRIBUTES = Format({"donor": Kind.NAME, "attribute": Kind.NAME, "value": Kind.NAME}, ("donor", "attribute", "value"))
"""What a mechanism may ask about donors besides their weight."""


def read_weights(path: FilePath, rule: WeightRule) -> dict[str, Bps]:
    """Return the weight of each donor in bps.

    Raises:
        WeightError: naming every malformed row by file, line and column.
    """
    table = read_table(path, WEIGHTS)
    donors = _keys(table, "donor")
    weights = _numbers(table, "weight", partial(_weight, rule), "give a weight of 0 or more", may_be_empty=True)
    if not rule.curve and (table.filled("score") != "").any():
        told, fix = "the round has no curve that turns a score into a weight", "set [weights] curve, or give weights"
        table.problems.append(Problem(f"{table.name}, column score", told, fix))
        table.check(WeightError)
    scores = _numbers(table, "score", partial(_score, rule), "give a score of 0 or more", may_be_empty=True)
    if table.has("weight", "score"):
        neither = ((table.filled("weight") == "") & (table.filled("score") == "")).arg_true().to_list()
        told = "there is neither a weight nor a score"
        table.fault("weight", [Fault(row, told, "give one, or leave the donor out") for row in neither])
    table.check(WeightError)
    chosen = (score if weight is None else weight for weight, score in zip(weights, scores, strict=True))
    return dict(zip(donors, chosen, strict=True))


def read_links(path: FilePath) -> dict[str, str]:
    """Return the identity behind each account.

    Raises:
        WeightError: naming every malformed row by file, line and column.
    """
    table = read_table(path, LINKS)
    accounts, identities = _keys(table, "account"), _texts(table, "identity")
    read = dict(zip(accounts, identities, strict=True))
    for row, (account, identity) in enumerate(zip(accounts, identities, strict=True)):
        if identity and read.get(identity, identity) != identity:
            told = f"{account} is linked to {identity}, which is itself linked to {read[identity]}"
            table.fault("identity", [Fault(row, told, "link every account to the identity itself")])
    table.check(WeightError)
    return read


def read_prices(path: FilePath) -> PriceSnapshot:
    """Return the price of each token.

    Raises:
        InputError: naming every malformed row by file, line and column.
    """
    table = read_table(path, PRICES)
    tokens = _keys(table, "token")
    prices = _numbers(table, "price", _price, "give a positive price")
    decimals = _numbers(table, "decimals", _places, f"give 0 to {MAX_DECIMALS}")
    table.check(InputError)
    return PriceSnapshot(dict(zip(tokens, map(Price, prices, decimals), strict=True)))


def read_projects(path: FilePath) -> tuple[Project, ...]:
    """Return the projects of a round, sorted by id.

    Raises:
        ProjectError: naming every malformed row by file, line and column.
    """
    table = read_table(path, PROJECTS)
    ids = _keys(table, "project")
    titles = _cells(table, "title", _title)
    payees = _cells(table, "payout_address", _account)
    owners = _cells(table, "owners", _accounts)
    table.check(ProjectError)
    return tuple(sorted(map(Project, ids, titles, payees, owners), key=lambda project: project.id))


def read_attributes(path: FilePath) -> dict[str, dict[str, str]]:
    """Return attribute -> donor -> value.

    Raises:
        InputError: naming every malformed row by file, line and column.
    """
    table = read_table(path, ATTRIBUTES)
    donors, attributes, values = (_texts(table, name) for name in ATTRIBUTES.required)
    read: dict[str, dict[str, str]] = {}
    for row, (donor, attribute, value) in enumerate(zip(donors, attributes, values, strict=True)):
        if donor and donor in read.setdefault(attribute, {}):
            table.fault("donor", [Fault(row, f"{donor} has its {attribute} already", "give it once")])
        read.setdefault(attribute, {})[donor] = value
    table.check(InputError)
    return read


def _keys(table: Table, column: str) -> list[str]:
    """Return the names in a column, each of which must occur once."""
    found = _texts(table, column)
    first: dict[str, int] = {}
    for row, name in enumerate(found):
        if name and first.setdefault(name, row) != row:
            told = f"{name} stands in {table.where(first[name])} too"
            table.fault(column, [Fault(row, told, "give it once")])
    return found


def _texts(table: Table, column: str) -> list[str]:
    """Return the names in a column; as they are written if some are malformed, so that the rest can be checked."""
    texts = table.text(column)
    read = None if texts is None else table.read(column, names(texts))
    return table.filled(column).to_list() if read is None else list(read.texts())


def _numbers(
    table: Table, column: str, read: Callable[[str], Any], fix: str, *, may_be_empty: bool = False
) -> list[Any]:
    """Return what `read` makes of each number, None where it is empty or cannot be read, which is noted."""
    return _read_each(table, column, read, lambda text, error: number_fault(text, error, fix), may_be_empty)


def _cells(table: Table, column: str, read: Callable[[str], Any]) -> list[Any]:
    """Return what `read` makes of each text, "" of an empty one."""
    read_or_empty = _read_each(table, column, read, lambda _, error: (shortened(error), "write it plainly"), False)
    return read_or_empty if table.has(column) else [read("")] * len(table)


def _read_each(
    table: Table,
    column: str,
    read: Callable[[str], Any],
    explain: Callable[[str, str], tuple[str, str]],
    may_be_empty: bool,
) -> list[Any]:
    read_once = cache(read)
    values: list[Any] = [None] * len(table)
    for row, text in enumerate(table.filled(column).to_list() if table.has(column) else ()):
        try:
            values[row] = None if may_be_empty and not text else read_once(text)
        except ValueError as error:
            table.fault(column, [Fault(row, *explain(text, str(error)))])
    return values


def _weight(rule: WeightRule, text: str) -> Bps:
    bps = Bps(int(parsed(text) * WEIGHT_ONE))
    if bps > rule.max_weight:
        raise ValueError(f"{text} is above {fraction_text(Fraction(rule.max_weight, WEIGHT_ONE))}, the maximum")
    return bps


def _score(rule: WeightRule, text: str) -> Bps:
    return curve_weight(parsed(text), rule.curve)


def _price(text: str) -> Fraction:
    price = parsed(text)
    if price == 0:
        raise ValueError("is zero")
    return price


def _places(text: str) -> int:
    places = to_units(parsed(text), 0)
    if places > MAX_DECIMALS:
        raise ValueError(f"{places} is more than {MAX_DECIMALS}")
    return places


def _title(text: str) -> str:
    title = unicodedata.normalize("NFC", " ".join(text.split()))
    if any(unicodedata.category(character) == "Cc" for character in title):
        raise ValueError(f"{title!r} holds control characters")
    return title


def _account(text: str) -> str:
    return canonical_name(text) if text else ""


def _accounts(text: str) -> tuple[str, ...]:
    return tuple(canonical_name(owner) for owner in text.replace(LIST_SEPARATOR, " ").split())
