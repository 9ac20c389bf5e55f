"""`qf verify`, `explain`, `compare`, `estimate` and `report` on the bundle of the invented town."""

from __future__ import annotations

import csv
import json
import shutil
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.unit.cli.command import files, qf, told, town_files, write_small, write_town


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def bundle(town: Path) -> Path:
    assert qf("settle", *town_files(town), "-o", town / "bundle").exit_code == 0
    return town / "bundle"


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


def lines_of(*arguments: object) -> list[str]:
    done = qf(*arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def replace(path: Path, old: bytes, new: bytes) -> None:
    assert path.read_bytes().count(old)
    path.write_bytes(path.read_bytes().replace(old, new, 1))


def test_verify_when_the_bundle_holds_then_it_says_so(bundle: Path) -> None:
    digest = told("verify", bundle)["digest"]
    assert lines_of("verify", bundle) == [
        "verified: 12 projects, 698 donations, 1,000,000 JPY paid",
        f"digest {digest}",
    ]


@pytest.mark.parametrize(
    "name",
    ["donations/0000.csv", "exclusions/0000.csv", "links.csv", "projects.csv", "round.json", "weights.csv"],
)
def test_verify_when_one_byte_of_a_file_differs_then_the_file_is_named(name: str, copy: Path) -> None:
    changed = bytearray((copy / name).read_bytes())
    changed[len(changed) // 2] ^= 1
    (copy / name).write_bytes(changed)
    done = qf("verify", copy)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error: result.json, digest") or done.stderr.startswith(f"error: {name}")
    assert name.split(".")[0].split("/")[0] in done.stderr
    assert told("verify", copy, code=1)["verified"] is False


def test_verify_when_a_payout_was_raised_then_the_project_is_named(copy: Path) -> None:
    replace(copy / "result.json", b'"payout":"141901"', b'"payout":"141902"')
    document = told("verify", copy, code=1)
    assert document == {
        "verified": False,
        "where": "result.json, project well, payout",
        "published": "141902",
        "computed": "141901",
    }


def test_verify_when_a_file_is_missing_then_it_is_named_and_the_exit_code_is_2(copy: Path) -> None:
    (copy / "exclusions/0000.csv").unlink()
    done = qf("verify", copy)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "exclusions/0000.csv: is missing" in done.stderr


def test_explain_when_a_donor_has_a_linked_account_then_both_are_one_person(bundle: Path) -> None:
    lines = lines_of("explain", bundle, "--donor", "donor-007")
    assert "identity donor-007, accounts donor-007, second-account-07" in lines
    assert "second-account-07/wifi/1 wifi 1,000 JPY counted" in lines
    assert any(line.startswith("donor-007/well/1 well 50 JPY excluded: It is below the minimum") for line in lines)
    assert "seed-bank 800 JPY 8,287 7,631 656 0.82" in lines
    assert told("explain", bundle, "--donor", "second-account-07")["identity"] == "donor-007"


def test_explain_when_the_donor_is_left_out_then_the_payout_is_the_one_explained(town: Path, bundle: Path) -> None:
    explained = told("explain", bundle, "--donor", "donor-007")
    kept = town / "without.csv"
    with (town / "donations.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.reader(lines) if row[0] not in {"donor-007", "second-account-07"}]
    with kept.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows(rows)
    arguments = [kept if word == town / "donations.csv" else word for word in town_files(town)]
    payouts = told("settle", *arguments, "-o", town / "without")["payouts"]
    assert {effect["project"]: effect["payout_without"] for effect in explained["projects"]} == {
        effect["project"]: payouts[effect["project"]] for effect in explained["projects"]
    }


def test_explain_when_a_project_was_flooded_by_bots_then_their_gifts_are_excluded_by_reason(bundle: Path) -> None:
    lines = lines_of("explain", bundle, "--project", "wifi", "--limit", 2)
    assert lines[:3] == [
        "Free network in the market hall",
        "12,700 JPY from 9 donors, 9 donations counted",
        "payout 1,401 JPY",
    ]
    assert lines[3].startswith("1 excluded: self_donation. ")
    assert lines[4].startswith("20 excluded: no_weight. ")
    assert [line.split()[0] for line in lines[-2:]] == ["donor-171", "donor-053"]
    assert told("explain", bundle, "-p", "wifi")["excluded"] == {"no_weight": "20", "self_donation": "1"}


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["explain", "--donor", "donor-0007"], "did you mean donor-007"),
        (["explain", "--project", "wify"], "did you mean wifi?"),
        (["explain"], "explain one donor, or one project"),
        (["explain", "--donor", "donor-007", "--project", "wifi"], "explain one donor, or one project"),
        (["estimate", "--project", "wify", "--amount", "100"], "did you mean wifi?"),
        (["estimate", "--project", "wifi", "--amount", "-3"], "give a positive amount"),
        (["estimate", "--project", "wifi", "--amount", "1,000"], "is not a plain decimal number"),
        (["estimate", "--project", "wifi", "--amount", "1", "--weights", "w.csv"], "a bundle holds this already"),
        (["compare", "--mechanism", "quadratc"], "did you mean quadratic?"),
        (["compare", "--mechanism", "pairwise:strenth=1"], "known: strength, variant"),
        (["compare", "--mechanism", "quadratic", "--plot", "shares.txt"], ".svg or .png"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_when_something_is_unknown_then_the_error_helps(
    arguments: list[str], hint: str, bundle: Path
) -> None:
    done = qf(arguments[0], bundle, *arguments[1:])
    assert (done.exit_code, done.stdout) == (2, "")
    assert hint in done.stderr
    problem = json.loads(qf(arguments[0], bundle, *arguments[1:], "--json").stderr)
    assert hint in problem["message"] and problem["problems"]


def test_estimate_when_somebody_new_gives_then_the_gain_is_what_settling_again_gives(tmp_path: Path) -> None:
    source = write_small(tmp_path)
    document = told("estimate", *source, "--project", "well", "--amount", "500")
    before = told("settle", *source, "-o", tmp_path / "before")["payouts"]["well"]
    with (tmp_path / "gifts.csv").open("a") as lines:
        lines.write("somebody new,well,500\n")
    after = told("settle", *source, "-o", tmp_path / "after")["payouts"]["well"]
    assert abs(Fraction(document["gain"]) - (int(after) - int(before))) <= 1
    assert abs(Fraction(document["match_after"]) - int(after)) <= 1
    assert (document["exact"], document["donor"]) == (True, None)


def test_estimate_when_it_is_printed_then_it_says_what_could_change_it(bundle: Path) -> None:
    lines = lines_of("estimate", bundle, "--project", "well", "--amount", "1000", "--donor", "donor-007")
    assert lines[:3] == [
        "1,000 JPY to well from donor-007",
        "adds about 2,724.21 JPY to its match",
        "match now 141,901.47 JPY, then 144,625.69 JPY",
    ]
    assert any("not a promise" in line for line in lines)


def test_compare_when_rules_are_compared_then_gains_and_losses_are_said(bundle: Path) -> None:
    lines = lines_of("compare", bundle, "--mechanism", "quadratic,proportional")
    assert lines[0] == "Share of the pool, and the difference to quadratic"
    assert "wifi 0.14 % 1.23 % +1.09 %" in lines
    assert "proportional 12 8 4 0.296 14.99 % 0.00 %" in lines
    first, second = told("compare", bundle, "--mechanism", "quadratic,proportional")["outcomes"]
    assert sum(map(Fraction, second["shares"].values())) == 1
    assert sum(Fraction(change) for change in second["differences"].values()) == 0
    assert set(first["differences"].values()) == {"0"}


def test_compare_when_it_reads_the_files_then_it_says_the_same_as_from_the_bundle(town: Path, bundle: Path) -> None:
    rules = ["--mechanism", "quadratic,headcount"]
    assert told("compare", *town_files(town), *rules) == told("compare", bundle, *rules)


def test_compare_when_it_is_drawn_then_the_drawing_is_whole_and_always_the_same(bundle: Path, tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg", "shares.png"):
        lines = lines_of("compare", bundle, "--mechanism", "quadratic,equal", "--plot", tmp_path / name)
        assert lines[-1].startswith("plot ")
    drawn = files(tmp_path)
    assert sorted(drawn) == ["one.svg", "shares.png", "two.svg"]
    assert ElementTree.fromstring(drawn["one.svg"]).tag.endswith("svg")
    assert drawn["one.svg"] == drawn["two.svg"]
    assert drawn["shares.png"].startswith(b"\x89PNG")


def test_report_when_the_bundle_holds_then_one_page_is_written(bundle: Path, tmp_path: Path) -> None:
    document = told("report", bundle, "-o", tmp_path / "new/report.html")
    assert document["digest"] == told("verify", bundle)["digest"]
    assert list(files(tmp_path)) == ["new/report.html"]
    assert document["digest"] in (tmp_path / "new/report.html").read_text("utf-8")


def test_report_when_the_bundle_does_not_verify_then_no_page_is_written(copy: Path, tmp_path: Path) -> None:
    replace(copy / "result.json", b'"payout":"141901"', b'"payout":"141902"')
    done = qf("report", copy, "-o", tmp_path / "report.html")
    assert (done.exit_code, done.stdout) == (1, "")
    assert not (tmp_path / "report.html").exists()
