"""The small files of a bundle: the rules, and everything known besides the donations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from qf.canonical import canonical_json, fraction_text
from qf.codec.canonical_csv import read_table, require_canonical, text_table
from qf.codec.reconciliation_file import RECONCILIATION, reconciliation_bytes, reconciliation_in
from qf.codec.result_file import read_document
from qf.codec.text_files import LIST_SEPARATOR
from qf.columns import Column, canonical_name
from qf.eligibility import Project, project_list
from qf.errors import BundleError, InputError
from qf.inputs import Inputs
from qf.ledger import DonationLedger
from qf.prices import Price, PriceSnapshot
from qf.round import Round
from qf.rules import document_of, round_of
from qf.units import WEIGHT_ONE, Bps, parse_decimal
from qf.weights import DonorWeights

ROUND = "round.json"
"""The rules; always there. The others are absent where there is nothing to say."""

HEADERS = {
    "attributes.csv": ("donor", "attribute", "value"),
    "links.csv": ("account", "identity"),
    "projects.csv": ("project", "title", "payout_address", "owners"),
    "weights.csv": ("donor", "weight"),
}
"""Columns of the tables, whose rows are in code-point order."""

PRICES = "prices.json"
"""token -> {"price", "decimals"}."""

FACTS = frozenset({ROUND, PRICES, RECONCILIATION, *HEADERS})
"""Names of all files this module knows."""

NO_DONATIONS = DonationLedger(
    Column(np.zeros(0, np.int32), ()), Column(np.zeros(0, np.int32), ()), np.zeros(0, np.int64)
)
"""The ledger of inputs whose donations are elsewhere."""


@dataclass(frozen=True)
class Facts:
    """The rules and what is known besides the donations: `inputs` has none."""

    round: Round
    inputs: Inputs = field(default_factory=lambda: Inputs(NO_DONATIONS))


def facts_files(round: Round, inputs: Inputs) -> dict[str, bytes]:
    """Return name -> bytes of every small file that has something to say.

    Raises:
        InputError: a value that has no form in a file.
    """
    rows: dict[str, Iterable[tuple[str, ...]] | None] = {
        "attributes.csv": _attribute_rows(inputs) or None,
        "links.csv": inputs.weights.identity.items() or None,
        "projects.csv": None if inputs.projects is None else map(_project_row, inputs.projects),
        "weights.csv": [(donor, weight_text(weight)) for donor, weight in inputs.weights.weight.items()] or None,
    }
    files = {name: _table(name, given) for name, given in rows.items() if given is not None}
    if inputs.prices.prices:
        files[PRICES] = canonical_json(_prices_document(inputs.prices))
    if inputs.reconciliation is not None:
        files[RECONCILIATION] = reconciliation_bytes(inputs.reconciliation)
    return {**files, ROUND: canonical_json(document_of(round_of(document_of(round))))}


def read_facts(files: Mapping[str, bytes]) -> Facts:
    """Return what the small files say.

    Raises:
        BundleError: one is malformed or not in canonical form; names it.
    """
    with _reading(ROUND):
        round = round_of(read_document(ROUND, files[ROUND]))
    columns = {name: _columns(name, files[name]) for name in HEADERS if name in files}
    nothing: list[list[str]] = [[], []]
    with _reading(PRICES):
        prices = _read_prices(files.get(PRICES))
    with _reading("projects.csv"):
        projects = project_list(_read_projects(columns["projects.csv"])) if "projects.csv" in columns else None
    with _reading("links.csv"):
        links = dict(zip(*columns.get("links.csv", nothing), strict=True))
        identity = DonorWeights.of(round.weights, links=links).identity
    with _reading("weights.csv"):
        weight = _read_weights(round, *columns.get("weights.csv", nothing))
    attributes: dict[str, dict[str, str]] = {}
    for donor, attribute, value in zip(*columns.get("attributes.csv", [*nothing, []]), strict=True):
        attributes.setdefault(attribute, {}).update({donor: value} if donor else {})
    reconciled = reconciliation_in(files[RECONCILIATION]) if RECONCILIATION in files else None
    facts = Facts(round, Inputs(NO_DONATIONS, DonorWeights(weight, identity), prices, projects, attributes, reconciled))
    _require_same(files, facts)
    return facts


def weight_text(weight: Bps) -> str:
    """Return a weight as a decimal of at most four places.

    >>> weight_text(Bps(2_500))
    '0.25'
    """
    return fraction_text(Fraction(weight, WEIGHT_ONE))


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Say which file is malformed."""
    try:
        yield
    except (InputError, ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise BundleError(f"{name}: {error}") from None


def _require_same(files: Mapping[str, bytes], facts: Facts) -> None:
    """Writing what was read gives what was read: every name, number, row and choice is in its one form."""
    written = facts_files(facts.round, facts.inputs)
    for name, data in files.items():
        require_canonical(name, data, written.get(name, b""))


def _table(name: str, rows: Iterable[tuple[str, ...]]) -> bytes:
    header = HEADERS[name]
    columns = list(zip(*sorted(rows), strict=True)) or [()] * len(header)
    return text_table(dict(zip(header, columns, strict=True)))


def _columns(name: str, data: bytes) -> list[list[str]]:
    return [column.to_list() for column in read_table(name, data, HEADERS[name]).fill_null("")]


def _attribute_rows(inputs: Inputs) -> list[tuple[str, ...]]:
    """An attribute that nobody has is an answer too: a row without a donor."""
    return [
        (donor, name, value)
        for name, values in inputs.attributes.items()
        for donor, value in (values or {"": ""}).items()
    ]


def _project_row(project: Project) -> tuple[str, ...]:
    owners = sorted({canonical_name(owner) for owner in project.owners if owner})
    for owner in owners:
        if LIST_SEPARATOR in owner:
            told = f"the owner {owner!r} holds {LIST_SEPARATOR!r}, which separates owners in a file"
            raise InputError.at(f"project {project.id}", told, "name the account without it")
    address = canonical_name(project.payout_address) if project.payout_address else ""
    return project.id, project.title, address, LIST_SEPARATOR.join(owners)


def _read_projects(columns: list[list[str]]) -> list[Project]:
    rows = zip(*columns, strict=True)
    return [
        Project(project, title, address, tuple(filter(None, owners.split(LIST_SEPARATOR))))
        for project, title, address, owners in rows
    ]


def _prices_document(prices: PriceSnapshot) -> dict[str, dict[str, str]]:
    return {
        token: {"decimals": str(price.decimals), "price": fraction_text(price.value)}
        for token, price in prices.prices.items()
    }


def _read_prices(data: bytes | None) -> PriceSnapshot:
    if data is None:
        return PriceSnapshot()
    given = read_document(PRICES, data)
    return PriceSnapshot.of({token: Price(_ratio(row["price"]), int(row["decimals"])) for token, row in given.items()})


def _ratio(text: str) -> Fraction:
    """Read what `fraction_text` writes."""
    above, slash, below = text.partition("/")
    return parse_decimal(above) / parse_decimal(below) if slash else parse_decimal(above)


def _read_weights(round: Round, donors: list[str], weights: list[str]) -> dict[str, Bps]:
    known = {text: Bps(int(parse_decimal(text) * WEIGHT_ONE)) for text in set(weights)}
    if max(known.values(), default=0) > round.weights.max_weight:
        raise ValueError(f"a weight is above the maximum of the round, {weight_text(round.weights.max_weight)}")
    return {canonical_name(donor): known[text] for donor, text in zip(donors, weights, strict=True)}
