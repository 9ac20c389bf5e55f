"""What holds for every bundle: it depends on the decision alone, is read back whole, and every change is noticed."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("polars", reason="polars is not installed")

from qf.codec.bundle import read_bundle, write_bundle
from qf.codec.parts import donations_bytes, ledger_parts, part_count, part_name, parts_of
from qf.columns import canonical_name
from qf.contributions import count
from qf.errors import BundleError, InputError, MissingPriceError, NoMatchError
from qf.inputs import Inputs
from qf.ledger import NO_TIME, Donation, DonationLedger
from qf.result import RoundResult
from qf.round import Round
from qf.rules import round_of
from qf.settle import settle_inputs
from qf.verify import verify

DONORS = ["ann", "bob", "cy", "Ünal", "a,b", 'q"q', "a/b", "dé dé", "10", "9", "0x" + "aB" * 20, "=1+1", "z"]
PROJECTS = ["well", "bus", "b/c", "橋", "p,1"]
TOKENS = {"ETH": ("2000.5", 18), "DAI": ("1.01", 2)}

names = st.sampled_from(DONORS)
amounts = st.one_of(st.sampled_from(["1", "2", "3", "5"]), st.integers(1, 5000).map(str), st.just(str(10**25)))


@dataclass
class Case:
    """A round in plain form."""

    round: Round
    donations: list[Donation]
    facts: dict[str, Any]

    def inputs(self, donations: list[Donation] | None = None) -> Inputs:
        return Inputs.of(self.round, self.donations if donations is None else donations, **self.facts)


@st.composite
def donation_lists(draw: st.DrawFn) -> list[Donation]:
    ids = draw(st.sampled_from([st.just(""), st.one_of(st.just(""), st.text("abc/", min_size=1, max_size=3))]))
    times = draw(st.sampled_from([st.none(), st.one_of(st.none(), st.integers(90, 210))]))
    tokens = draw(st.sampled_from([st.just(""), st.sampled_from(["", *TOKENS])]))
    against = draw(st.sampled_from([st.just(False), st.booleans()]))
    one = st.builds(Donation, names, st.sampled_from(PROJECTS), amounts, tokens, times, ids, against)
    drawn = draw(st.lists(one, max_size=25))
    given = {donation.id: donation for donation in drawn if donation.id}
    return [donation for donation in drawn if donation is given.get(donation.id, donation)]


@st.composite
def rounds(draw: st.DrawFn) -> Round:
    mechanism = draw(st.sampled_from([MECHANISMS[0], *MECHANISMS]))
    convention = "inside_root" if mechanism["id"] != "quadratic" else draw(st.sampled_from(CONVENTIONS))
    document: dict[str, Any] = {
        "round": {"id": "case", "unit": "JPY", "unit_decimals": draw(st.sampled_from([0, 2]))},
        "pool": {"amount": str(draw(st.sampled_from([0, 1000, 10**21]))), "decimals": 2},
        "mechanism": mechanism,
        "eligibility": {
            "min_donation": draw(st.sampled_from(["0", "3", "100"])),
            "min_donation_scope": draw(st.sampled_from(["identity_project", "donation"])),
            "excluded_donors": draw(st.lists(names, max_size=1)),
        },
        "weights": {"convention": convention, "default": draw(st.sampled_from(["1", "0.5", "0"]))},
    }
    if draw(st.booleans()):
        document["round"] |= {"opens": 100, "closes": 200}
    if draw(st.booleans()):
        document["pool"]["match_cap_fraction"] = "0.3"
    return round_of(document)


CONVENTIONS = ["inside_root", "on_root", "gate", "per_donation", "pairwise_min"]
MECHANISMS: list[dict[str, Any]] = [
    {"id": "quadratic"},
    {"id": "pairwise"},
    {"id": "quadratic_voting"},
    {"id": "cluster_profile"},
    {"id": "cluster_declared"},
    {"id": "tunable", "boosts": "balance:linear:max=3:threshold=1"},
    {"id": "mix", "first": "pairwise"},
]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A round of any rules, with any of the facts."""
    accounts = draw(st.lists(names, unique=True, max_size=4))
    links = {account: "ann" for account in accounts if account not in ("ann", "z")}
    facts = {
        "weights": draw(st.dictionaries(names, st.sampled_from(["0", "0.25", "0.3333", "1"]), max_size=5)),
        "links": links | ({"z": "nobody else"} if "z" in accounts else {}),
        "prices": TOKENS,
        "projects": draw(st.sampled_from([None, LISTED])),
        "attributes": draw(st.sampled_from([ATTRIBUTES, ATTRIBUTES, {"group": {}}, None])),
    }
    return Case(draw(rounds()), draw(donation_lists()), facts)


ATTRIBUTES = {"group": {"ann": "x", "bob": 'line\nand "y"'}, "balance": {"ann": "1", "z": "7", "cy": "3", "9": "20"}}
WELL = {"id": "well", "title": 'A "well", deep', "payout_address": "bob", "owners": ["0x" + "Ab" * 20, "cy"]}
LISTED = [WELL, "bus", "橋"]


@contextmanager
def folders() -> Iterator[Path]:
    """A folder for the time of one example."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def settled(case: Case, inputs: Inputs | None = None) -> tuple[Inputs, RoundResult]:
    """Return inputs and result, or drop the example where the rules cannot be applied to it."""
    inputs = inputs or case.inputs()
    try:
        inputs.ledger.canonical()
        return inputs, settle_inputs(case.round, inputs)
    except (InputError, NoMatchError, MissingPriceError):
        assume(False)
        raise


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def twin_table(ledger: DonationLedger) -> bytes:
    """Return the table of a canonical ledger as Python's csv module writes it."""
    assert ledger.id is not None
    nothing = [""] * len(ledger)
    columns = [
        ledger.id.tolist(),
        ledger.donor.texts().tolist(),
        ledger.project.texts().tolist(),
        [str(amount) for amount in ledger.amount.tolist()],
        nothing if ledger.token is None else ledger.token.texts().tolist(),
        nothing if ledger.time is None else ["" if time == NO_TIME else str(time) for time in ledger.time.tolist()],
        nothing if ledger.against is None else ["against" if side else "" for side in ledger.against.tolist()],
    ]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["id", "donor", "project", "amount", "token", "time", "side"])
    writer.writerows(zip(*columns, strict=True))
    return file.getvalue().encode()


@given(cases(), st.integers(1, 8))
def test_parts_equal_the_canonical_ledger_written_by_the_csv_module(case: Case, part_rows: int) -> None:
    inputs, _ = settled(case)
    ledger = inputs.ledger.canonical()
    parts = part_count(len(ledger), part_rows)
    reason = count(case.round, inputs, takes_against=True).screened.reason
    written = [donations_bytes(frame) for frame in ledger_parts(inputs.ledger, reason, parts)]
    part = parts_of([*ledger.donor.names, ""], parts)[:-1][ledger.donor.codes]
    assert written == [twin_table(ledger.take(part == number)) for number in range(parts)]


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(cases(), st.randoms())
def test_bytes_depend_on_the_decision_alone(case: Case, random: Random) -> None:
    inputs, result = settled(case)
    shuffled = case.inputs(random.sample(case.donations, len(case.donations)))
    with folders() as folder:
        one = write_bundle(folder / "one", case.round, inputs, result)
        other = write_bundle(folder / "other", case.round, shuffled, settle_inputs(case.round, shuffled))
        assert contents(one) == contents(other)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(cases())
def test_a_bundle_read_and_written_again_is_the_same_and_verifies(case: Case) -> None:
    inputs, result = settled(case)
    with folders() as folder:
        first = write_bundle(folder / "first", case.round, inputs, result)
        bundle = read_bundle(first)
        again = settle_inputs(bundle.round, bundle.inputs)
        second = write_bundle(folder / "second", bundle.round, bundle.inputs, again)
        assert contents(first) == contents(second)
        assert bundle.inputs.weights == inputs.weights
        assert bundle.inputs.prices == inputs.prices
        assert verify(first) == replace(result, round=bundle.round)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that has every file."""
    gifts = [Donation(f"d{i % 23}", PROJECTS[i % 5], i % 7 + 1, ["", "DAI"][i % 2], 95 + i % 110) for i in range(60)]
    facts = {
        "weights": {"d1": "0.5", "d2": "0"},
        "links": {"d3": "d4"},
        "prices": TOKENS,
        "projects": LISTED,
        "attributes": {"group": {"d1": "x"}},
    }
    round = round_of({"round": {"id": "all", "opens": 100, "unit_decimals": 2}, "pool": {"amount": "1000"}})
    inputs = Inputs.of(round, gifts, **facts)
    return write_bundle(tmp_path_factory.mktemp("bundle") / "all", round, inputs, settle_inputs(round, inputs))


@settings(max_examples=300)
@given(st.data())
def test_every_changed_byte_is_noticed(published: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(contents(published))))
    content = bytearray((published / name).read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with folders() as folder:
        changed = folder / "changed"
        shutil.copytree(published, changed)
        (changed / name).write_bytes(content)
        with pytest.raises(BundleError):
            verify(changed)


@given(names)
def test_an_untouched_donor_is_in_the_part_of_the_canonical_name(name: str) -> None:
    assert parts_of([canonical_name(name)], 1).tolist() == [0]
    assert part_name("donations", 12) == "donations/0012.csv"
