"""A ledger and a source are compared both ways, and a round that asks for it is not settled before they agree."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("polars", reason="polars is not installed")

from qf.codec.bundle import read_bundle, write_bundle
from qf.codec.reconciliation_file import (
    donations_digest,
    read_overrides,
    read_reconciliation,
    reconciliation_bytes,
    reconciliation_in,
)
from qf.errors import BundleError, InputError, UnreconciledError, VerificationError
from qf.inputs import Inputs
from qf.reconciliation import (
    ADVICE,
    Evidence,
    Finding,
    Line,
    Override,
    Reconciliation,
    Record,
    compare_records,
    resolved,
)
from qf.round import Round
from qf.rules import round_of
from qf.settle import settle, settle_inputs
from qf.verify import verify
from tests.unit.test_verify import forge

GIFTS = [("ann", "well", 1), ("bob", "well", 4), ("cy", "well", 9), ("ann", "bus", 16), ("bob", "bus", 16)]
HERE = Record("a", "ann", "well", "jpyc", 5, 100)
LINE = Line(Finding.UNBACKED, "eip155:10/0x01/3", source="5 base units")


def a_round(reconciled: bool = True) -> Round:
    return round_of({"round": {"id": "demo", "reconciled": reconciled}, "pool": {"amount": "1000"}})


def report(*lines: Line, digest: str = "") -> Reconciliation:
    donations = digest or donations_digest(Inputs.of(a_round(), GIFTS).ledger)
    evidence = (Evidence("eip155:10/0xaa", "donation_round", 5, 77, "0x01", "count and running hash"),)
    return Reconciliation(donations, 5, 0, evidence, lines)


def inputs(found: Reconciliation | None) -> Inputs:
    return Inputs.of(a_round(), GIFTS, reconciliation=found)


def test_every_finding_has_its_advice() -> None:
    assert set(ADVICE) == set(Finding)


def test_page_when_there_is_a_finding_then_it_has_a_row_there() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/how-to/reconcile-and-resolve.md").read_text("utf-8")
    cells = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == set(Finding)


def test_equal_records_when_compared_then_no_line() -> None:
    assert not list(compare_records([HERE], [HERE]))


@pytest.mark.parametrize(
    ("field", "value", "finding"),
    [
        ("amount", 6, Finding.DIFFERENT_AMOUNT),
        ("donor", "bob", Finding.DIFFERENT_DONOR),
        ("project", "bus", Finding.DIFFERENT_PROJECT),
        ("token", "usdc", Finding.DIFFERENT_TOKEN),
        ("time", 101, Finding.DIFFERENT_TIME),
    ],
)
def test_records_when_one_field_differs_then_that_is_the_line(field: str, value: object, finding: Finding) -> None:
    there = replace(HERE, **{field: value})  # type: ignore[arg-type]
    lines = list(compare_records([HERE], [there]))
    assert [(line.finding, line.place) for line in lines] == [(finding, "a")]
    assert (lines[0].ledger, lines[0].source) == (str(getattr(HERE, field)), str(value))


def test_records_when_a_time_is_unknown_then_only_the_ledger_has_to_learn_it() -> None:
    assert not list(compare_records([HERE], [replace(HERE, time=None)]))
    (line,) = compare_records([replace(HERE, time=None)], [HERE])
    assert (line.finding, line.ledger, line.source) == (Finding.DIFFERENT_TIME, "", "100")


def test_records_when_one_side_lacks_one_then_it_is_missing_there() -> None:
    assert [line.finding for line in compare_records([HERE], [])] == [Finding.MISSING_IN_SOURCE]
    assert [line.finding for line in compare_records([], [HERE])] == [Finding.MISSING_IN_LEDGER]


def test_records_when_the_ledger_repeats_one_then_each_repetition_is_a_line() -> None:
    assert [line.finding for line in compare_records([HERE] * 3, [HERE])] == [Finding.DUPLICATED] * 2


def test_overrides_when_given_then_only_their_lines_are_resolved() -> None:
    other = Line(Finding.INCOMPLETE, "eip155:10/0xaa")
    lines = resolved([other, LINE], [Override(LINE.finding, LINE.place, " looked at it ")])
    assert [line.override for line in lines] == ["looked at it", ""]
    assert report(*lines).unresolved == (other,)


def test_overrides_when_malformed_then_all_are_named() -> None:
    stray = Override(Finding.ORPHANED, "nowhere", "why not")
    silent = Override(LINE.finding, LINE.place, "  ")
    with pytest.raises(InputError) as caught:
        resolved([LINE], [stray, silent])
    told = str(caught.value)
    assert "there is no such line" in told
    assert "has no reason" in told


def test_override_when_given_twice_then_refused() -> None:
    twice = [Override(LINE.finding, LINE.place, reason) for reason in ("one", "another")]
    with pytest.raises(InputError, match="more than once"):
        resolved([LINE], twice)


def test_settle_when_the_round_asks_and_there_is_no_report_then_refused() -> None:
    with pytest.raises(UnreconciledError, match="there is none"):
        settle(a_round(), GIFTS)
    assert settle(a_round(reconciled=False), GIFTS).payouts


def test_settle_when_a_line_is_unresolved_then_refused_with_advice() -> None:
    with pytest.raises(UnreconciledError, match=f"unbacked at {LINE.place}: look at the transaction"):
        settle_inputs(a_round(), inputs(report(LINE)))


def test_bundle_when_every_line_is_overridden_then_the_reasons_are_published_and_it_verifies(tmp_path: Path) -> None:
    found = report(replace(LINE, override="a transfer by hand, receipt 17"))
    folder = write_bundle(tmp_path / "b", a_round(), inputs(found), settle_inputs(a_round(), inputs(found)))
    assert b"receipt 17" in (folder / "reconciliation.json").read_bytes()
    assert read_bundle(folder).inputs.reconciliation == found
    assert verify(folder).payouts


def test_bundle_when_the_report_is_of_other_donations_then_refused_and_nothing_written(tmp_path: Path) -> None:
    found = inputs(report(digest="00" * 32))
    with pytest.raises(UnreconciledError, match="other donations"):
        write_bundle(tmp_path / "b", a_round(), found, settle_inputs(a_round(), found))
    assert not list(tmp_path.iterdir())


def test_verify_when_the_published_report_is_not_of_these_donations_then_it_says_so(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b", a_round(), inputs(report()), settle_inputs(a_round(), inputs(report())))
    forge(folder, "reconciliation.json", report().donations.encode(), b"00" * 32)
    with pytest.raises(VerificationError, match="other donations"):
        verify(folder)


def test_report_when_written_and_read_then_the_same() -> None:
    found = report(LINE, replace(LINE, place="x", override="because"))
    assert reconciliation_in(reconciliation_bytes(found)) == found


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"compared":"5"', b'"compared":"05"'), (b"unbacked", b"unbaked"), (b'"place"', b'"palace"'), (b'"5"', b"5")],
)
def test_report_when_it_is_not_as_written_then_refused(old: bytes, new: bytes) -> None:
    data = reconciliation_bytes(report(LINE))
    assert old in data
    with pytest.raises(BundleError, match=r"reconciliation\.json"):
        reconciliation_in(data.replace(old, new, 1))


def test_report_file_when_edited_or_missing_then_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    with pytest.raises(InputError, match="cannot be read"):
        read_reconciliation(path)
    path.write_bytes(b"{}")
    with pytest.raises(InputError, match="not an object in canonical JSON"):
        read_reconciliation(path)


def test_overrides_file_when_right_then_read(tmp_path: Path) -> None:
    path = tmp_path / "o.toml"
    path.write_text('[[override]]\nfinding = "unbacked"\nplace = "p"\nreason = "r"\n')
    assert read_overrides(path) == (Override(Finding.UNBACKED, "p", "r"),)


def test_overrides_file_when_wrong_then_all_is_named(tmp_path: Path) -> None:
    path = tmp_path / "o.toml"
    path.write_text(
        "[extra]\n"
        '[[override]]\nfinding = "unbaked"\nplace = "p"\nreason = "r"\n'
        '[[override]]\nfinding = "unbacked"\nplace = "p"\n'
    )
    with pytest.raises(InputError) as caught:
        read_overrides(path)
    assert len(caught.value.problems) == 3


def test_settle_when_the_report_held_gifts_to_other_projects_then_refused() -> None:
    found = replace(report(), sources={"chain": []}, projects={"well": "0x" + "ab" * 20, "bus": ""})
    right = [{"id": "well", "payout_address": "0x" + "AB" * 20}, {"id": "bus"}]
    assert settle(a_round(), GIFTS, projects=right, reconciliation=found).payouts
    for projects in ([*right, {"id": "pier"}], [{"id": "well"}, {"id": "bus"}]):
        with pytest.raises(UnreconciledError, match="reconcile with these --projects"):
            settle(a_round(), GIFTS, projects=projects, reconciliation=found)
    with pytest.raises(UnreconciledError, match="reconcile with these --projects"):
        settle(a_round(), GIFTS, projects=right, reconciliation=replace(found, projects=None))
