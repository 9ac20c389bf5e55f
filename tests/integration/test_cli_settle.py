"""`qf settle` from files: one result for one round, and nothing at all for a malformed one."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from qf.codec import aside
from tests.unit.cli.command import EVIDENCE, REPOSITORY, files, qf, told, town_files, write_small, write_town

Row = dict[str, str]


def _csv(path: Path, rows: list[Row]) -> Path:
    with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path.with_suffix(".csv")


def _windows_csv(path: Path, rows: list[Row]) -> Path:
    text = _csv(path, rows).read_text("utf-8").replace("\n", "\r\n")
    path.with_suffix(".csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    return path.with_suffix(".csv")


def _json_lines(path: Path, rows: list[Row]) -> Path:
    path.with_suffix(".jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path.with_suffix(".jsonl")


def _parquet(path: Path, rows: list[Row]) -> Path:
    pl.DataFrame(rows).write_parquet(path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


FORMS: list[Callable[[Path, list[Row]], Path]] = [_csv, _windows_csv, _json_lines, _parquet]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def bundle(town: Path) -> Path:
    assert qf("settle", *town_files(town), "-o", town / "bundle").exit_code == 0
    return town / "bundle"


@pytest.mark.parametrize("form", FORMS)
def test_settle_when_the_same_rows_come_shuffled_in_another_form_then_the_bundle_is_the_same(
    form: Callable[[Path, list[Row]], Path], town: Path, bundle: Path, tmp_path: Path
) -> None:
    arguments = town_files(town)
    for name in ("donations", *EVIDENCE):
        with (town / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        random.Random(name).shuffle(rows)
        arguments[arguments.index(f"--{name}") + 1] = form(tmp_path / name, rows)
    done = qf("settle", *arguments, "-o", tmp_path / "bundle")
    assert (done.exit_code, done.stderr) == (0, "")
    assert files(tmp_path / "bundle") == files(bundle)


def test_settle_when_it_is_done_then_the_table_and_the_totals_are_printed(town: Path, tmp_path: Path) -> None:
    done = qf("settle", *town_files(town), "-o", tmp_path / "bundle")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "night-school 102 156,600 221,813 22.18 %" in lines
    for line in ("pool 1,000,000 JPY", "unspent 0 JPY", "excluded 24", "no_weight 20", "mechanism quadratic (integer)"):
        assert line in lines
    assert done.stderr == ""


def test_settle_when_asked_for_json_then_payouts_and_unspent_add_up(town: Path, bundle: Path, tmp_path: Path) -> None:
    document = told("settle", *town_files(town), "-o", tmp_path / "bundle")
    assert sum(map(int, document["payouts"].values())) + int(document["unspent"]) == int(document["pool"]) == 1_000_000
    assert document["excluded"] == {"after_closing": "1", "self_donation": "2", "no_weight": "20", "below_minimum": "1"}
    assert document["digest"] == told("verify", bundle)["digest"]


def test_settle_when_two_rows_are_swapped_between_donors_then_the_digest_is_another(tmp_path: Path) -> None:
    one = told("settle", *write_small(tmp_path / "a"), "-o", tmp_path / "one")
    two = told(
        "settle", *write_small(tmp_path / "b", [("eve", "well", 400), ("bob", "bus", 9)]), "-o", tmp_path / "two"
    )
    assert one["digest"] != two["digest"]


MALFORMED = [("ann", "well", "-5"), ("", "well", "5"), ("bob", "well", "nan"), ("cy", "bus", "100")]


def test_settle_when_rows_are_malformed_then_all_are_named_and_nothing_is_written(tmp_path: Path) -> None:
    arguments = write_small(tmp_path, MALFORMED)
    before = files(tmp_path)
    done = qf("settle", *arguments, "-o", tmp_path / "out/bundle")
    assert (done.exit_code, done.stdout) == (2, "")
    errors = done.stderr.splitlines()
    assert [error.split(": ")[1].removeprefix(f"{tmp_path}/") for error in errors] == [
        "gifts.csv line 2, column amount",
        "gifts.csv line 3, column donor",
        "gifts.csv line 4, column amount",
    ]
    assert files(tmp_path) == before
    assert not (tmp_path / "out").exists()


def test_settle_when_rows_are_malformed_then_the_old_bundle_stays(tmp_path: Path) -> None:
    assert qf("settle", *write_small(tmp_path / "in"), "-o", tmp_path / "bundle").exit_code == 0
    before = files(tmp_path / "bundle")
    assert qf("settle", *write_small(tmp_path / "in", MALFORMED), "-o", tmp_path / "bundle").exit_code == 2
    assert files(tmp_path / "bundle") == before


@pytest.mark.parametrize("what", ["round file", "donations", "weights"])
def test_settle_when_a_file_is_not_there_then_it_is_named_and_nothing_is_written(what: str, tmp_path: Path) -> None:
    arguments = write_small(tmp_path)
    missing = tmp_path / "nowhere.csv"
    match what:
        case "round file":
            arguments[0] = missing
        case "donations":
            arguments[2] = missing
        case "weights":
            arguments += ["--weights", missing]
    done = qf("settle", *arguments, "-o", tmp_path / "bundle")
    assert (done.exit_code, done.stdout) == (2, "")
    assert str(missing) in done.stderr
    assert not (tmp_path / "bundle").exists()


def test_settle_when_something_else_is_in_the_place_of_the_bundle_then_it_stays(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/cat.txt").write_text("meow")
    done = qf("settle", *write_small(tmp_path / "in"), "-o", tmp_path / "photos")
    assert done.exit_code == 2
    assert files(tmp_path / "photos") == {"cat.txt": b"meow"}


def test_settle_when_the_disk_fills_up_while_writing_then_the_old_bundle_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = write_small(tmp_path / "in")
    assert qf("settle", *arguments, "-o", tmp_path / "bundle").exit_code == 0
    before = files(tmp_path)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(aside.os, "fsync", full)
    done = qf("settle", *arguments, "-o", tmp_path / "bundle")
    assert done.exit_code == 2
    assert "No space left" in done.stderr
    assert files(tmp_path) == before


def test_settle_when_it_is_interrupted_then_the_exit_code_says_so_and_the_old_bundle_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = write_small(tmp_path / "in")
    assert qf("settle", *arguments, "-o", tmp_path / "bundle").exit_code == 0
    before = files(tmp_path)

    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(aside.os, "fsync", interrupted)
    assert qf("settle", *arguments, "-o", tmp_path / "bundle").exit_code == 130
    assert files(tmp_path) == before


SLOW = """
import os, time
sync = os.fsync
os.fsync = lambda handle: (print('.', flush=True), time.sleep(0.2), sync(handle))
"""
"""Makes every file of a bundle take a while, so that a signal arrives while it is being written."""


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda stop: stop.name)
def test_settle_when_it_is_stopped_while_writing_then_there_is_no_half_bundle(
    stop: signal.Signals, tmp_path: Path
) -> None:
    arguments = [str(word) for word in (*write_small(tmp_path / "in"), "-o", tmp_path / "bundle")]
    program = f"{SLOW}import sys\nsys.argv = ['qf', 'settle', *{arguments!r}]\nfrom qf.cli import run\nrun()"
    running = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert running.stdout is not None
    with running:
        assert running.stdout.read(1) == b"."
        running.send_signal(stop)
    assert running.returncode == (130 if stop is signal.SIGINT else -stop)
    assert not (tmp_path / "bundle").exists()
    assert qf("settle", *arguments).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "in"]


def test_qf_when_it_is_run_as_a_program_then_data_and_errors_are_apart(tmp_path: Path) -> None:
    arguments = [str(word) for word in write_small(tmp_path)]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        command = [sys.executable, "-m", "qf", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    settled = run("settle", *arguments, "-o", str(tmp_path / "bundle"), "--json")
    assert (settled.returncode, settled.stderr) == (0, "")
    assert json.loads(settled.stdout)["round"] == "spring"
    refused = run("explain", str(tmp_path / "bundle"), "--donor", "anne")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "did you mean ann?" in refused.stderr
    assert "Usage: qf " in run("settle", "--help").stdout


def test_settle_when_the_round_says_more_than_a_table_holds_then_the_rest_is_counted(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [(f"d{n}", f"p{n % 40}", 100) for n in range(80)]
    done = qf("settle", *write_small(tmp_path, rows), "-o", tmp_path / "bundle")
    assert "... and 10 more projects, all in the bundle" in done.stdout


def test_settle_when_a_project_is_named_like_markup_then_it_is_printed_as_it_is(tmp_path: Path) -> None:
    rows = [("ann", "[red]well[/nothing]", 400), ("bob", "[red]well[/nothing]", 900)]
    done = qf("settle", *write_small(tmp_path, rows), "-o", tmp_path / "bundle")
    assert done.exit_code == 0
    assert "[red]well[/nothing]" in done.stdout


SHELL_ROUND = '[round]\nid = "r"\n[mechanism]\npreset = "yen"\n[pool]\namount = "100"\n'


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which $QF is the command, on a small round."""
    (folder / "r.toml").write_text(SHELL_ROUND)
    (folder / "d.csv").write_text("donor,project,amount\nあ,円,5\nb,円,5\n", "utf-8")
    settings = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "QF": f"{sys.executable} -m qf",
        **environment,
    }
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=settings, capture_output=True, text=True, check=False
    )


def test_verify_when_nobody_reads_the_output_then_not_the_code_of_a_bundle_that_does_not_verify(tmp_path: Path) -> None:
    done = shell("$QF settle r.toml -d d.csv -o b >/dev/null; $QF verify b | true; echo ${PIPESTATUS[0]}", tmp_path)
    assert done.stdout.strip() in {"0", "141"}
    done = shell("$QF settle r.toml -d d.csv -o b --json | true; echo ${PIPESTATUS[0]}", tmp_path)
    assert done.stdout.strip() in {"0", "141"}


def test_settle_when_standard_output_is_full_then_told_that_the_bundle_is_there(tmp_path: Path) -> None:
    done = shell("$QF settle r.toml -d d.csv -o b --json >/dev/full; echo code $?; $QF verify b", tmp_path)
    assert "code 2" in done.stdout
    assert "verified" in done.stdout
    assert "the bundle was written to b" in done.stderr


def test_settle_when_standard_error_is_full_then_the_code_is_the_same(tmp_path: Path) -> None:
    assert shell("$QF settle r.toml -d nope.csv -o x 2>/dev/full; echo $?", tmp_path).stdout.strip() == "2"


def test_settle_when_the_terminal_knows_ascii_only_then_names_are_shown_by_their_codes(tmp_path: Path) -> None:
    done = shell("$QF settle r.toml -d d.csv -o b && $QF explain b -p 円 --json", tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "\\u5186" in done.stdout
    assert '"project":"円"' in done.stdout


def test_report_when_it_would_lie_in_the_bundle_then_refused_and_the_bundle_still_verifies(tmp_path: Path) -> None:
    line = "$QF settle r.toml -d d.csv -o b >/dev/null; $QF report b -o b/report.html; echo $?; $QF verify b"
    done = shell(line, tmp_path)
    assert done.stdout.startswith("2\nverified")
    assert "lies in the bundle" in done.stderr
