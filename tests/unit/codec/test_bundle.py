"""A bundle is written whole or not at all, read strictly, and refuses what is not a bundle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("polars", reason="polars is not installed")

import qf.codec.aside as aside
from qf.canonical import digest
from qf.codec.bundle import Bundle, read_bundle, result_digest, write_bundle
from qf.codec.parts import part_count
from qf.errors import BundleError, DonationError, InputError
from qf.inputs import Inputs
from qf.ledger import Donation
from qf.mechanisms import Arithmetic
from qf.result import ProjectResult, RoundResult
from qf.round import Pool, Round
from qf.rules import preset
from qf.settle import settle_inputs
from qf.units import BaseUnits, RoundUnits
from qf.verify import verify

ROUND = Round("demo", Pool(BaseUnits(1000)))
GIFTS = [("ann", "well", 1), ("bob", "well", 4), ("cy", "well", 9), ("ann", "bus", 16), ("bob", "bus", 16)]


def write(folder: Path, gifts: Any = GIFTS, **facts: Any) -> Path:
    inputs = Inputs.of(ROUND, gifts, **facts)
    return write_bundle(folder, ROUND, inputs, settle_inputs(ROUND, inputs))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_when_nothing_is_known_but_donations_then_only_those(tmp_path: Path) -> None:
    files = contents(write(tmp_path / "b"))
    assert sorted(files) == ["donations/0000.csv", "exclusions/0000.csv", "result.json", "round.json"]
    assert files["donations/0000.csv"] == (
        b"id,donor,project,amount,token,time,side\n"
        b"ann/bus/1,ann,bus,16,,,\nann/well/1,ann,well,1,,,\nbob/bus/1,bob,bus,16,,,\n"
        b"bob/well/1,bob,well,4,,,\ncy/well/1,cy,well,9,,,\n"
    )
    assert files["exclusions/0000.csv"] == b"id,reason\n"


def test_files_when_everything_is_known_then_one_each(tmp_path: Path) -> None:
    files = contents(
        write(
            tmp_path / "b",
            [Donation("ann", "well", "0.5", "ETH", 7, "x"), ("bob", "bus", 2)],
            weights={"bob": "0.25", "ann": 1},
            links={"cy": "ann"},
            prices={"ETH": (Fraction(1, 3), 18)},
            projects=[{"id": "well", "title": 'deep, "old"', "owners": ["b", "a"]}, "bus"],
            attributes={"group": {"bob": "x"}},
        )
    )
    assert files["donations/0000.csv"].splitlines()[1] == b"x,ann,well,500000000000000000,ETH,7,"
    assert files["weights.csv"] == b"donor,weight\nann,1\nbob,0.25\n"
    assert files["links.csv"] == b"account,identity\ncy,ann\n"
    assert files["prices.json"] == b'{"ETH":{"decimals":"18","price":"1/3"}}\n'
    assert files["projects.csv"] == b'project,title,payout_address,owners\nbus,,,\nwell,"deep, ""old""",,a|b\n'
    assert files["attributes.csv"] == b"donor,attribute,value\nbob,group,x\n"


def test_result_when_rational_then_cut_at_18_places(tmp_path: Path) -> None:
    third = Fraction(2000, 3)
    well = ProjectResult("well", RoundUnits(3), 1, third, third, third, BaseUnits(666), False)
    result = RoundResult(ROUND, (well,), BaseUnits(334), None, Arithmetic.INTEGER, {}, 1, 1, ("a note",))
    document = read_bundle(write_bundle(tmp_path / "b", ROUND, Inputs.of(ROUND, GIFTS), result)).document
    assert document["projects"][0]["ideal_match"] == "666.666666666666666666"
    assert (document["saturated"], document["notes"], document["unspent"]) == (None, ["a note"], "334")


def test_result_digest_is_that_of_result_json(tmp_path: Path) -> None:
    folder = write(tmp_path / "b")
    assert result_digest(folder) == digest((folder / "result.json").read_bytes())


def test_part_count_when_rows_exceed_a_power_of_two_then_doubled() -> None:
    assert [part_count(rows, 10) for rows in (0, 10, 11, 20, 21, 80, 81)] == [1, 1, 2, 2, 4, 8, 16]


def test_write_when_an_id_occurs_twice_then_refused_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(DonationError, match="'x': the id occurs more than once"):
        write(tmp_path / "b", [Donation("ann", "well", 1, id="x"), Donation("bob", "well", 1, id="x")])
    assert list(tmp_path.iterdir()) == []


def test_write_when_an_id_holds_a_line_break_then_refused(tmp_path: Path) -> None:
    with pytest.raises(DonationError, match="control characters"):
        write(tmp_path / "b", [Donation("ann", "well", 1, id="x\ny")])


def test_write_when_an_owner_holds_the_separator_then_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="separates owners"):
        write(tmp_path / "b", projects=[{"id": "well", "owners": ["a|b"]}])


def test_write_when_the_round_leaves_defaults_then_they_are_spelled_out(tmp_path: Path) -> None:
    assert read_bundle(write(tmp_path / "b")).round.mechanism.parameters["root_bits"] == "24"


@pytest.mark.parametrize("made", ["empty folder", "folder", "file", "dangling link", "bundle with more in it"])
def test_write_when_something_else_is_there_then_refused_and_left_alone(tmp_path: Path, made: str) -> None:
    place = tmp_path / "b"
    if made == "file":
        place.write_text("mine")
    elif made == "dangling link":
        place.symlink_to(tmp_path / "nowhere")
    elif made == "bundle with more in it":
        (write(place) / "notes.txt").write_text("mine")
    else:
        place.mkdir()
        if made == "folder":
            (place / "notes.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    if made == "dangling link":
        assert verify(write(place)).unspent == 0
    else:
        with pytest.raises(BundleError, match="not a bundle"):
            write(place)
        assert sorted(tmp_path.rglob("*")) == before


def test_write_when_a_bundle_is_there_then_replaced(tmp_path: Path) -> None:
    old = contents(write(tmp_path / "b"))
    new = contents(write(tmp_path / "b", [*GIFTS, ("dee", "bus", 3)]))
    assert old != new == contents(write(tmp_path / "c", [*GIFTS, ("dee", "bus", 3)]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "c"]


def test_write_when_folders_cannot_be_exchanged_then_replaced_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "b")
    monkeypatch.setattr(aside, "_exchanged", lambda one, other: False)
    new = contents(write(tmp_path / "b", [("dee", "bus", 3)]))
    assert b"dee" in new["donations/0000.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("exchange", [False, True])
def test_write_when_any_step_fails_then_the_old_bundle_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bool, exchange: bool
) -> None:
    place = tmp_path / "b"
    before = contents(write(place)) if old else {}
    done = 0
    failing = 0

    def step(real: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            nonlocal done
            done += 1
            if done == failing:
                raise OSError(28, "No space left on device")
            return real(*args, **options)

        return call

    for owner, name in ((os, "fsync"), (Path, "rename"), (Path, "open"), (Path, "mkdir"), (aside, "_exchanged")):
        real = getattr(owner, name) if exchange or name != "_exchanged" else lambda *_: False
        monkeypatch.setattr(owner, name, step(real))
    while True:
        done, failing = 0, failing + 1
        try:
            write(place, [("dee", "bus", 3)])
            break
        except BundleError:
            pass
        after = contents(place)
        assert after in (before, contents_of_new(after)), f"step {failing}"
        assert [path.name for path in tmp_path.iterdir()] == (["b"] if after else [])
        if after != before:
            before = after
    assert failing > 10


def contents_of_new(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return `files` if they are those of the new bundle: a step after the rename may fail too."""
    return files if b"dee" in files.get("donations/0000.csv", b"") and "result.json" in files else {"": b""}


CHILD = """
import resource, sys
from pathlib import Path
from qf.inputs import Inputs
from qf.round import Pool, Round
from qf.settle import settle_inputs
from qf.codec.bundle import write_bundle
place, limit, rows = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
round = Round("demo", Pool(1000))
inputs = [Inputs.of(round, [(f"d{i}", "well", n) for i in range(rows)]) for n in (1, 2)]
results = [settle_inputs(round, one) for one in inputs]
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
print("ready", flush=True)
while True:
    for pair in zip(inputs, results):
        write_bundle(place, round, *pair)
    if limit:
        break
"""


def child(place: Path, limit: int = 0, rows: int = 2000) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(place), str(limit), str(rows)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd())


def test_write_when_files_may_not_be_that_large_then_the_old_bundle(tmp_path: Path) -> None:
    before = contents(write(tmp_path / "b"))
    with child(tmp_path / "b", limit=20_000) as process:
        _, told = process.communicate()
    assert process.returncode == 1
    assert "BundleError" in told and "not written" in told and "File too large" in told
    assert contents(tmp_path / "b") == before
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_write_when_killed_at_any_moment_then_a_whole_bundle_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    place = tmp_path / "b"
    write(place)
    for turn in range(6):
        with child(place, rows=300) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.003 * turn * turn)
            process.send_signal(signal.SIGKILL)
        verify(place)
    write(place)
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_write_when_another_process_is_writing_then_its_folder_is_left_alone(tmp_path: Path) -> None:
    with aside.written_aside(tmp_path / "b") as one:
        (one / "round.json").write_text("{}")
        write(tmp_path / "b")
        assert (one / "round.json").exists()
        (one / "round.json").unlink()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("notes.txt", b"x", "does not belong"),
        (".hidden", b"x", "does not belong"),
        ("donations/0001.csv", b"x", "0001.csv: is missing"),
        ("donations/1.csv", b"x", "does not belong"),
        ("round.json", None, "round.json: is missing"),
        ("result.json", None, "result.json: is missing"),
        ("donations/0000.csv", None, "donations/0000.csv: is missing"),
        ("exclusions/0000.csv", None, "exclusions/0000.csv: is missing"),
        ("round.json", b'{"a": "1"}\n', "round.json: not an object in canonical JSON"),
        ("round.json", b'{"round":{}}\n', "round.json: .*is missing"),
        ("round.json", b"[" * 100_000, "round.json: not canonical JSON"),
        ("round.json", b"\xff", "round.json: not canonical JSON"),
        ("result.json", b"{}\n", "result.json: digests, part_digests or projects are missing"),
        ("prices.json", b'{"ETH":"1"}\n', "prices.json"),
        ("prices.json", b'{"ETH":{"decimals":"18","price":"1/0"}}\n', "prices.json"),
        ("prices.json", b'{"ETH":{"decimals":"18","price":"2/4"}}\n', "prices.json line 1: not in canonical form"),
        ("weights.csv", b"donor,weight\nann,2\n", "weights.csv: a weight is above the maximum"),
        ("weights.csv", b"donor,weight\nann,0.50\n", "weights.csv line 2: not in canonical form"),
        ("weights.csv", b"donor,weight\nbob,1\nann,1\n", "weights.csv line 2: not in canonical form"),
        ("weights.csv", b"donor,weight\n", "weights.csv line 1: not in canonical form"),
        ("weights.csv", b"donor,weight\nann,x\n", "weights.csv: 'x' is not a plain decimal number"),
        ("links.csv", b"account,identity\na,b\nb,c\n", "links.csv"),
        ("links.csv", b"account,person\na,b\n", "links.csv: the columns are account,person"),
        ("projects.csv", b"project,title,payout_address,owners\nwell,,,\nwell,,,\n", "projects.csv: .*more than once"),
        ("projects.csv", b"project,title,payout_address,owners\nwell,,,b|a\n", "projects.csv line 2"),
        ("attributes.csv", b"donor,attribute,value\nb,x,\na,x,\n", "attributes.csv line 2"),
    ],
)
def test_read_when_a_file_is_not_as_written_then_named(
    tmp_path: Path, name: str, content: bytes | None, told: str
) -> None:
    folder = write(tmp_path / "b")
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(BundleError, match=told):
        read_bundle(folder)


HEADER = b"id,donor,project,amount,token,time,side\n"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (b"x,ann,well,1,,,\n\n", "not"),
        (b"x,ann,well,1,,,\r\n", "not in canonical form"),
        (b'"x",ann,well,1,,,\n', "line 2: not in canonical form"),
        (b"x,ann,well,01,,,\n", "amount is not a whole number of 0 or more"),
        (b"x,ann,well,-1,,,\n", "amount is not a whole number of 0 or more"),
        (b"x,ann,well,,,,\n", "empty"),
        (b"x,ann,well,1.0,,,\n", "amount is not a whole number of 0 or more"),
        (b"x,ann,well,1,,1.5,\n", "time is not whole seconds"),
        (b"x,ann,well,1,,01,\n", "time is not whole seconds"),
        (b"x,ann,well,1,,,for\n", "side is not against"),
        (b",ann,well,1,,,\n", "empty"),
        (b"x, ann,well,1,,,\n", "white space"),
        (b"x,0x" + b"A" * 40 + b",well,1,,,\n", "in canonical form"),
        (b"y,bob,well,1,,,\nx,ann,well,1,,,\n", "not in canonical order"),
        (b"y,ann,well,1,,,\nx,ann,well,1,,,\n", "not in canonical order"),
        (b"x,ann,well,10,,,\ny,ann,well,9,,,\n", "not in canonical order"),
        (b"x,ann,well,1,,,\nx,bob,well,1,,,\n", "'x': the id occurs more than once"),
        (b"x,ann,well,1,,\n", "not in canonical form"),
        (b"x,ann,well,1,,,,\n", "not a CSV table"),
        (b"x,\xff,well,1,,,\n", "not a CSV table"),
    ],
)
def test_read_when_donations_are_not_canonical_then_said(tmp_path: Path, rows: bytes, told: str) -> None:
    folder = write(tmp_path / "b")
    (folder / "donations/0000.csv").write_bytes(HEADER + rows)
    with pytest.raises(BundleError, match=told) as caught:
        read_bundle(folder)
    assert str(caught.value).startswith("donations")


def test_read_when_a_donor_is_in_the_wrong_part_then_said(tmp_path: Path) -> None:
    folder = write(tmp_path / "b")
    for table in ("donations", "exclusions"):
        (folder / table / "0001.csv").write_bytes((folder / table / "0000.csv").read_bytes())
    with pytest.raises(BundleError, match=r"donations/0000.csv: donor '.*' belongs into another part"):
        read_bundle(folder)


def test_read_when_it_is_no_folder_then_said(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="missing"):
        read_bundle(tmp_path / "nowhere")


def test_read_when_whole_then_round_inputs_and_document(tmp_path: Path) -> None:
    bundle = read_bundle(write(tmp_path / "b", weights={"ann": "0.5"}))
    assert isinstance(bundle, Bundle)
    assert bundle.inputs.weights.weight == {"ann": 5000}
    assert bundle.document["totals"]["donations"] == "5"


def test_bundle_when_a_gift_of_zero_came_through_the_library_then_excluded_and_verified(tmp_path: Path) -> None:
    round = preset("yen", pool=100)
    inputs = Inputs.of(round, [("a", "p", 4), ("b", "p", 9), ("c", "p", 0)])
    write_bundle(tmp_path / "b", round, inputs, settle_inputs(round, inputs))
    assert "c/p/1,nothing_given" in (tmp_path / "b/exclusions/0000.csv").read_text()
    assert verify(tmp_path / "b").payouts == {"p": 100}


def test_bundle_when_it_would_lie_in_a_bundle_then_refused(tmp_path: Path) -> None:
    round = preset("yen", pool=100)
    inputs = Inputs.of(round, [("a", "p", 4)])
    result = settle_inputs(round, inputs)
    write_bundle(tmp_path / "b", round, inputs, result)
    with pytest.raises(BundleError, match="lies in the bundle"):
        write_bundle(tmp_path / "b" / "inside", round, inputs, result)
    verify(tmp_path / "b")
