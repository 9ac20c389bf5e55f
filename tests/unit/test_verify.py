"""Verification recomputes everything, and names the first thing that differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("polars", reason="polars is not installed")

from qf.canonical import canonical_json, digest, digest_of_parts
from qf.codec.bundle import write_bundle
from qf.errors import VerificationError
from qf.inputs import Inputs
from qf.ledger import Donation
from qf.round import Round
from qf.rules import round_of
from qf.settle import settle_inputs
from qf.verify import verify

GIFTS = [("ann", "well", 1), ("bob", "well", 4), ("cy", "well", 9), ("ann", "bus", 16), ("bob", "bus", 16)]
EXCLUDED = "exclusions/0000.csv"
LATE = Donation("dee", "well", 5, time=300, id="late")


def a_round(**mechanism: Any) -> Round:
    return round_of({"round": {"id": "demo", "closes": 200}, "pool": {"amount": "1000"}, "mechanism": mechanism})


def write(folder: Path, round: Round | None = None, **facts: Any) -> Path:
    round = round or a_round()
    inputs = Inputs.of(round, [*(Donation(*gift, time=100) for gift in GIFTS), LATE], **facts)
    return write_bundle(folder, round, inputs, settle_inputs(round, inputs))


def forge(folder: Path, name: str, old: bytes, new: bytes) -> None:
    """Change a file, and every digest so that it fits."""
    content = (folder / name).read_bytes()
    assert old in content
    (folder / name).write_bytes(content.replace(old, new, 1))
    document = json.loads((folder / "result.json").read_bytes())
    if name in document["digests"]:
        document["digests"][name] = digest((folder / name).read_bytes())
    for table, parts in document["part_digests"].items():
        parts[:] = [digest((folder / f"{table}/{number:04}.csv").read_bytes()) for number in range(len(parts))]
        document["digests"][table] = digest_of_parts(parts)
    (folder / "result.json").write_bytes(canonical_json(document))


def difference(folder: Path) -> tuple[str, str, str]:
    with pytest.raises(VerificationError) as caught:
        verify(folder)
    return caught.value.where, caught.value.published, caught.value.computed


def test_verify_when_untouched_then_the_result(tmp_path: Path) -> None:
    result = verify(write(tmp_path / "b"))
    assert result.payouts == {"bus": 593, "well": 407}
    assert result.excluded == {"after_closing": 1}


@pytest.mark.parametrize(
    "mechanism",
    [{"id": "pairwise"}, {"id": "cluster_connection", "when_disjoint": "quadratic"}, {"id": "cluster_profile"}],
)
def test_verify_when_the_mechanism_needs_all_contributions_then_the_result(
    tmp_path: Path, mechanism: dict[str, str]
) -> None:
    round = a_round(**mechanism)
    folder = write(tmp_path / "b", round, links={"bob": "cy"}, weights={"ann": "0.5"})
    inputs = Inputs.of(
        round,
        [*(Donation(*gift, time=100) for gift in GIFTS), LATE],
        links={"bob": "cy"},
        weights={"ann": "0.5"},
    )
    assert verify(folder) == settle_inputs(round, inputs)


@pytest.mark.parametrize(
    ("name", "old", "new", "where", "published", "computed"),
    [
        ("result.json", b'"593"', b'"594"', "result.json, project bus, payout", "594", "593"),
        ("result.json", b'"donors":"3"', b'"donors":"4"', "result.json, project well, donors", "4", "3"),
        ("result.json", b'"capped":false', b'"capped":true', "result.json, project bus, capped", "true", "false"),
        ("result.json", b'"donations":"6"', b'"donations":"7"', "result.json, totals, donations", "7", "6"),
        ("result.json", b'"unspent":"0"', b'"unspent":"1"', "result.json, unspent", "1", "0"),
        ("result.json", b'"saturated":false', b'"saturated":null', "result.json, saturated", "nothing", "false"),
        ("result.json", b'"unspent"', b'"more":"x","unspent"', "result.json, more", "x", "nothing"),
        ("result.json", b'"project":"bus"', b'"project":"cab"', "result.json, project bus", "nothing", "bus"),
        (EXCLUDED, b"late,", b"last,", f"{EXCLUDED} line 2", "last,after_closing", "late,after_closing"),
        (EXCLUDED, b"late,after_closing\n", b"", f"{EXCLUDED} line 2", "nothing", "late,after_closing"),
        ("donations/0000.csv", b"well,9", b"well,8", "result.json, project well, contributed", "14", "13"),
        ("round.json", b'"amount":"1000"', b'"amount":"100"', "result.json, project bus, scaled_match", None, None),
        ("weights.csv", b"0.5", b"0.25", "result.json, project bus, ideal_match", None, None),
    ],
)  # fmt: skip
def test_verify_when_forged_with_fitting_digests_then_the_number_that_differs(
    tmp_path: Path, name: str, old: bytes, new: bytes, where: str, published: str | None, computed: str | None
) -> None:
    folder = write(tmp_path / "b", weights={"ann": "0.5"} if name == "weights.csv" else None)
    forge(folder, name, old, new)
    told = difference(folder)
    assert told[0] == where
    assert published is None or told[1:] == (published, computed)


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("round.json", "result.json, digest, round.json"),
        ("weights.csv", "result.json, digest, weights.csv"),
        ("donations/0000.csv", "donations/0000.csv, digest"),
        ("exclusions/0000.csv", "exclusions/0000.csv, digest"),
    ],
)
def test_verify_when_a_file_changed_then_its_digest_is_named(tmp_path: Path, name: str, where: str) -> None:
    folder = write(tmp_path / "b", weights={"ann": "0.5"})
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    assert difference(folder)[0] == where


def test_verify_when_a_file_was_added_or_removed_then_its_digest_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "b", weights={"ann": "0.5"})
    (folder / "weights.csv").rename(folder / "links.csv")
    assert difference(folder)[0] == "result.json, digest, links.csv"


def test_verify_when_not_canonical_though_digests_fit_then_said(tmp_path: Path) -> None:
    folder = write(tmp_path / "b")
    forge(folder, "donations/0000.csv", b"bob/bus/1,", b'"bob/bus/1",')
    where, published, _ = difference(folder)
    assert (where, published.partition(":")[0]) == ("form", "donations/0000.csv line 4")


def test_verify_when_the_published_projects_are_no_objects_then_said(tmp_path: Path) -> None:
    folder = write(tmp_path / "b", projects=["bus", "well"])
    document = json.loads((folder / "result.json").read_bytes())
    document["projects"] += ["well", {"project": []}]
    (folder / "result.json").write_bytes(canonical_json(document))
    assert difference(folder)[0] == "result.json, projects"


def test_verify_when_the_round_no_longer_settles_then_said(tmp_path: Path) -> None:
    folder = write(tmp_path / "b")
    forge(folder, "donations/0000.csv", b"ann,bus,16,,", b"ann,bus,16,ETH,")
    where, published, _ = difference(folder)
    assert where == "form"
    assert "no price for ETH" in published


def test_verify_when_linked_donors_are_in_different_parts_then_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qf.codec.bundle.part_count", lambda rows: 4)
    folder = write(tmp_path / "b", links={"bob": "dee", "cy": "dee"})
    assert len(list((folder / "donations").iterdir())) == 4
    assert verify(folder).donors == 2


def test_verify_when_an_id_occurs_twice_though_digests_fit_then_said(tmp_path: Path) -> None:
    folder = write(tmp_path / "b")
    forge(folder, "donations/0000.csv", b"bob/bus/1,", b"ann/bus/1,")
    where, published, _ = difference(folder)
    assert (where, published) == (
        "form",
        "donation 'ann/bus/1': the id occurs more than once; every donation needs an id of its own",
    )
