"""`qf payouts`: what the commands write, print and refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from qf.chain.payouts import ENCODINGS, Finding, checksummed, payouts_bytes, read_payouts
from qf.chain.payouts.safe import BATCH, Step, checksum
from qf.chain.types import ChainId
from qf.cli import payouts as commands
from qf.cli.output import Exit
from tests.unit.chain.payout_examples import PAYEES, TOKEN, a_list, write_bundle
from tests.unit.cli.command import files, qf, told
from tests.unit.cli.test_reference_pages import section

KEY = "01" * 32
SIGNER = Account.from_key(KEY).address
CONTRACT = checksummed(PAYEES["well"])


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("round"))


@pytest.fixture
def payouts_file(tmp_path: Path) -> Path:
    path = tmp_path / "payouts.json"
    path.write_bytes(payouts_bytes(a_list()))
    return path


def test_choices_when_they_are_listed_then_they_are_those_of_the_library() -> None:
    assert [kind.value for kind in commands.Kind] == list(ENCODINGS)
    assert [step.value for step in commands.Step] == list(Step.__args__)
    (size,) = [parameter.default for parameter in commands_of("export").params if "--batch" in parameter.opts]
    assert size == BATCH


def commands_of(name: str) -> Any:
    import typer

    return typer.main.get_command(commands.payouts_app).commands[name]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "command", [("payouts", "signer"), ("chain", "sync", "--store", "s"), ("verify", "--rpc", "http://127.0.0.1:1")]
)
def test_command_when_web3_is_not_installed_then_it_says_what_to_install(
    bundle: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qf.cli.options.find_spec", lambda name: None)
    done = qf(*command, bundle)
    assert done.exit_code == Exit.MISSING and "qf[chain]" in done.stderr


def test_tree_when_a_bundle_is_settled_then_its_payouts_are_written(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "payouts.json"
    document = told("payouts", "tree", bundle, "--token", TOKEN, "-o", path)
    payouts = read_payouts(path)
    assert document["root"] == payouts.tree.root
    assert (document["total"], document["payees"]) == (str(payouts.total), str(len(payouts.lines)))
    assert qf("payouts", "tree", bundle, "--token", TOKEN, "-o", path).exit_code == 0


def test_tree_when_ids_are_given_then_the_tree_is_one_of_allo(bundle: Path, tmp_path: Path) -> None:
    table = tmp_path / "ids.csv"
    table.write_text("project,id\n" + "".join(f"{name},{payee}\n" for name, payee in PAYEES.items()), "utf-8")
    given = ["--token", "native", "--kind", "allo_v2", "--recipients", table]
    told("payouts", "tree", bundle, *given, "-o", tmp_path / "payouts.json")
    assert read_payouts(tmp_path / "payouts.json").kind == "allo_v2"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "is not an address"),
        (["--token", "0x12"], "is not an address"),
        (["--token", "native", "--kind", "allo_v1"], "32 bytes"),
    ],
)
def test_tree_when_something_is_missing_then_nothing_is_written(
    bundle: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    done = qf("payouts", "tree", bundle, *options, "-o", tmp_path / "payouts.json")
    assert (done.exit_code, message in done.stderr, files(tmp_path)) == (Exit.INPUT, True, {})


def test_tree_when_it_would_lie_in_the_bundle_then_it_is_refused(bundle: Path) -> None:
    before = files(bundle)
    done = qf("payouts", "tree", bundle, "--token", TOKEN, "-o", bundle / "payouts.json")
    assert (done.exit_code, files(bundle)) == (Exit.INPUT, before)


def test_tree_when_a_payee_occurs_twice_then_it_is_told(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path, dict.fromkeys(PAYEES, PAYEES["bus"]))
    done = qf("payouts", "tree", bundle, "--token", TOKEN, "-o", tmp_path / "payouts.json")
    assert f"{checksummed(PAYEES['bus'])} is paid 2 times" in done.stderr


def test_export_when_a_safe_reads_it_then_each_file_is_whole(payouts_file: Path) -> None:
    path = payouts_file.parent / "safe.json"
    options = ["--as", "safe", "--chain", 10, "--safe", CONTRACT, "-o", path]
    assert told("payouts", "export", payouts_file, *options)["files"] == [str(path)]
    written = told("payouts", "export", payouts_file, *options, "--batch", 2)["files"]
    assert written == [str(path.with_name(f"safe-{number}-of-2.json")) for number in (1, 2)]
    for name in (path, *written):
        file = json.loads(Path(name).read_text("utf-8"))
        assert file["meta"]["checksum"] == checksum(file)
        assert file["meta"]["createdFromSafeAddress"] == CONTRACT


@pytest.mark.parametrize(
    "options",
    [
        ["--as", "safe"],
        ["--as", "safe", "--chain", "1", "--safe", "0x12"],
        ["--as", "safe", "--chain", "1", "--contract", CONTRACT[:-1]],
        ["--as", "distribution"],
        ["--as", "disperse", "--batch", "0"],
    ],
    ids=" ".join,
)
def test_export_when_it_cannot_be_made_then_nothing_is_written(payouts_file: Path, options: list[str]) -> None:
    done = qf("payouts", "export", payouts_file, *options, "-o", payouts_file.parent / "out")
    assert (done.exit_code, list(files(payouts_file.parent))) == (Exit.INPUT, ["payouts.json"])


@pytest.mark.parametrize(("options", "first"), [([], "12.345678"), (["--base-units"], "12345678")])
def test_export_when_it_is_for_disperse_then_lines_are_written(
    payouts_file: Path, options: list[str], first: str
) -> None:
    path = payouts_file.parent / "lines.csv"
    assert qf("payouts", "export", payouts_file, "--as", "disperse", *options, "-o", path).exit_code == 0
    assert path.read_text("utf-8").splitlines()[0] == f"{checksummed(PAYEES['bus'])},{first}"


def test_export_when_the_file_was_changed_then_the_answer_is_no(payouts_file: Path) -> None:
    payouts_file.write_bytes(payouts_file.read_bytes().replace(b'"12345678"', b'"12345679"'))
    done = qf("payouts", "export", payouts_file, "--as", "disperse", "-o", payouts_file.parent / "x.csv")
    assert (done.exit_code, (payouts_file.parent / "x.csv").exists()) == (Exit.NO, False)


def test_export_when_it_would_replace_what_it_reads_then_it_is_refused(payouts_file: Path) -> None:
    before = payouts_file.read_bytes()
    (payouts_file.parent / "link.json").symlink_to(payouts_file)
    for name in ("payouts.json", "link.json"):
        done = qf("payouts", "export", payouts_file, "--as", "disperse", "-o", payouts_file.parent / name)
        assert (done.exit_code, "is what is exported" in done.stderr) == (Exit.INPUT, True)
        assert payouts_file.read_bytes() == before


class Rehearsal:
    """Stands for a node."""

    def __init__(self, url: str) -> None:
        self.chain, self.block = ChainId(10), 7

    def close(self) -> None: ...


@pytest.mark.parametrize(("fault", "code"), [("", 0), ("is blocked", Exit.NO)])
def test_check_when_payouts_would_fail_then_the_exit_code_says_so(
    payouts_file: Path, monkeypatch: pytest.MonkeyPatch, fault: str, code: int
) -> None:
    def found(payouts: Any, simulator: Any, payer: Any) -> Iterator[Finding]:
        assert payer == PAYEES["well"]
        yield Finding("bus", PAYEES["bus"], 5, fault, ("a note",))

    monkeypatch.setattr("qf.chain.payouts.simulator.NodeSimulator", Rehearsal)
    monkeypatch.setattr("qf.chain.payouts.check", found)
    arguments = ["payouts", "check", payouts_file, "--rpc", "http://127.0.0.1", "--from", CONTRACT]
    document = told(*arguments, code=code)
    assert (document["failed"], document["findings"][0]["fault"]) == (str(int(bool(fault))), fault)
    done = qf(*arguments)
    assert done.exit_code == code
    assert ("FAILS: is blocked" in done.stdout) is bool(fault) and "a note" in done.stdout


@pytest.mark.parametrize("way", ["file", "variable"])
def test_attest_when_it_is_signed_then_the_signer_is_told_and_the_key_is_not(
    payouts_file: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.delenv("QF_KEY", raising=False)
    options: list[object] = ["--chain", 10, "--contract", CONTRACT, "-o", payouts_file.parent / "a.json"]
    if way == "variable":
        monkeypatch.setenv("QF_KEY", f"0x{KEY}")
    else:
        (payouts_file.parent / "key").write_text(f"{KEY}\n", "utf-8")
        options += ["--key-file", payouts_file.parent / "key"]
    done = qf("payouts", "attest", payouts_file, *options)
    assert done.exit_code == 0 and SIGNER in done.stdout and KEY not in done.output
    document = told("payouts", "signer", payouts_file.parent / "a.json", "--payouts", payouts_file)
    assert (document["signer"], document["chain"], document["total"]) == (SIGNER, "10", str(a_list().total))
    assert KEY not in (payouts_file.parent / "a.json").read_text("utf-8")


@pytest.mark.parametrize("key", ["", "ab" * 31, "secret"])
def test_attest_when_there_is_no_key_then_it_is_refused_and_not_printed(
    payouts_file: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("QF_KEY", key)
    path = payouts_file.parent / "a.json"
    done = qf("payouts", "attest", payouts_file, "--chain", 10, "--contract", CONTRACT, "-o", path)
    assert (done.exit_code, path.exists()) == (Exit.INPUT, False)
    assert "key" in done.stderr and not (key and key in done.output)


def test_signer_when_the_attestation_was_changed_or_is_of_others_then_the_answer_is_no(
    payouts_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QF_KEY", KEY)
    path = payouts_file.parent / "a.json"
    qf("payouts", "attest", payouts_file, "--chain", 10, "--contract", CONTRACT, "-o", path)
    other = payouts_file.parent / "other.json"
    other.write_bytes(payouts_bytes(a_list(result="0x" + "5b" * 32)))
    assert qf("payouts", "signer", path, "--payouts", other).exit_code == Exit.NO
    path.write_bytes(path.read_bytes().replace(b'"chain":"10"', b'"chain":"11"'))
    assert qf("payouts", "signer", path).exit_code == Exit.NO


def test_commands_page_when_a_command_prints_json_then_every_key_is_on_the_page(
    bundle: Path, payouts_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QF_KEY", KEY)
    folder = payouts_file.parent
    runs: dict[str, list[object]] = {
        "tree": [bundle, "--token", TOKEN, "-o", folder / "tree.json"],
        "export": [payouts_file, "--as", "disperse", "-o", folder / "lines.csv"],
        "attest": [payouts_file, "--chain", 10, "--contract", CONTRACT, "-o", folder / "a.json"],
        "signer": [folder / "a.json"],
    }
    for name, arguments in runs.items():
        document = told("payouts", name, *arguments)
        assert [key for key in document if f"`{key}`" not in section(f"payouts {name}")] == []
