"""The reference pages name every command, option and mechanism there is, and none that there is not."""

from __future__ import annotations

import re
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer

import qf
from qf.chain.chain_file import chain_file_of
from qf.cli import app
from qf.cli.output import Exit
from qf.codec.reconciliation_file import read_overrides
from qf.mechanisms import Axiom
from qf.round import WeightConvention
from tests.unit.cli.command import REPOSITORY, told, write_small

DOCS = REPOSITORY / "docs"


def flat(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Return every command by all its words, those of groups too."""
    for name, command in vars(group)["commands"].items():
        if "commands" in vars(command):
            yield from flat(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


COMMANDS: dict[str, Any] = dict(flat(typer.main.get_command(app)))
PAGE = (DOCS / "reference/commands.md").read_text("utf-8")
MECHANISMS = (DOCS / "mechanisms/index.md").read_text("utf-8")
ANSWERS = {True: "yes", False: "no", None: "unknown"}


def section(command: str) -> str:
    """Return what the page says about one command."""
    return PAGE.split(f"\n## qf {command}\n")[1].split("\n## ")[0]


def cells(page: str, table: str) -> dict[str, list[str]]:
    """Return the rows of the table whose header begins with `table`, by the id in their first cell."""
    rows: dict[str, list[str]] = {}
    for line in page.split(f"\n{table}")[1].split("\n\n")[0].splitlines()[2:]:
        first, *rest = [cell.strip() for cell in line.strip("|").split("|")]
        rows[re.sub(r"\[(\w+)\]\(\1\.md\)", r"\1", first)] = rest
    return rows


def test_commands_page_when_there_is_a_command_then_it_has_a_section() -> None:
    assert re.findall(r"^## qf ([\w ]+)$", PAGE, re.MULTILINE) == list(COMMANDS)
    linked = re.findall(r"^\| \[`qf ([\w ]+)`\]\(#qf-([\w-]+)\)", PAGE, re.MULTILINE)
    assert linked == [(name, name.replace(" ", "-")) for name in COMMANDS]


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_page_when_a_command_has_options_then_its_section_names_just_these(name: str) -> None:
    options = {text for parameter in COMMANDS[name].params for text in parameter.opts if text.startswith("-")}
    rows = [line for line in section(name).splitlines() if line.startswith("|")]
    named = {word for row in rows for word in re.findall(r"`(--?[a-z][a-z-]*)`", row.split("|")[1])}
    assert named == options - {"--help"}
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", section(name)))
    assert used - options == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_page_when_an_option_is_required_then_the_page_says_so(name: str) -> None:
    for parameter in COMMANDS[name].params:
        if parameter.opts[0].startswith("-"):
            row = next(line for line in section(name).splitlines() if f"`{parameter.opts[0]}`" in line and "|" in line)
            assert row.rstrip(" |").endswith("required") == parameter.required, parameter.opts


def test_commands_page_when_there_is_an_exit_code_then_it_is_in_the_table() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    assert codes == {*map(int, Exit), 130}


@pytest.mark.parametrize(
    "arguments",
    [
        "settle",
        "verify",
        "explain --donor ann",
        "explain --project well",
        "compare --mechanism quadratic,equal",
        "estimate --project well --amount 100",
        "report",
    ],
)
def test_commands_page_when_a_command_prints_json_then_every_key_is_on_the_page(
    arguments: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("round")
    bundle = folder / "bundle"
    settled = told("settle", *write_small(folder), "-o", bundle)
    name, *rest = arguments.split()
    output = ["-o", folder / "report.html"] if name == "report" else []
    document = settled if name == "settle" else told(name, bundle, *rest, *output)
    assert {key for key in keys(document) if f"`{key}`" not in section(name)} == set()


def keys(document: Any) -> Iterator[str]:
    """Return the names of fields in a JSON document; where projects or parameters are the keys, not theirs."""
    if isinstance(document, list):
        for item in document:
            yield from keys(item)
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            if key not in {"payouts", "shares", "differences", "excluded", "parameters"}:
                yield from keys(value)


def test_mechanisms_page_when_a_mechanism_is_registered_then_it_is_described_as_it_is() -> None:
    rows = cells(MECHANISMS, "| id | in a sentence |")
    assert list(rows) == list(qf.REGISTRY)
    for id, (sentence, arithmetic, money, adds_up) in rows.items():
        mechanism = qf.REGISTRY[id]
        assert sentence
        assert arithmetic.startswith(mechanism.arithmetic.name.lower()), id
        assert money.startswith("yes") == mechanism.monetary, id
        convention = WeightConvention.GATE
        additive = mechanism.additive(mechanism.terms({}, convention))
        assert adds_up == ANSWERS[additive], id


def test_mechanisms_page_when_a_mechanism_declares_an_axiom_then_the_page_says_the_same() -> None:
    header = MECHANISMS.split("\n| id | single donor")[1].splitlines()[0]
    columns = ["single_donor", *(cell.strip().replace(" ", "_") for cell in header.split("|")[1:-1])]
    columns[0:1] = []
    axioms = [Axiom.SINGLE_DONOR_UNMATCHED, *map(Axiom, columns)]
    rows = cells(MECHANISMS, "| id | single donor")
    assert list(rows) == list(qf.REGISTRY)
    for id, answers in rows.items():
        assert answers == [ANSWERS[qf.REGISTRY[id].axioms[axiom]] for axiom in axioms], id
    for axiom in set(Axiom) - set(axioms):
        assert {mechanism.axioms[axiom] for mechanism in qf.REGISTRY.values()} == {True}, axiom


def test_front_page_when_there_is_a_page_then_it_leads_there() -> None:
    front = (DOCS / "index.md").read_text("utf-8")
    linked = set(re.findall(r"\]\(([^)#]+\.md)\)", front))
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}
    through_mechanisms = {f"mechanisms/{id}.md" for id in qf.REGISTRY}
    assert pages - linked - through_mechanisms - {"index.md"} == set()


GUIDES = {
    path.stem: path.read_text("utf-8")
    for folder in ("how-to", "reference")
    for path in sorted((DOCS / folder).glob("*.md"))
}


@pytest.mark.parametrize("name", [name for name, text in GUIDES.items() if "```toml" in text])
def test_guide_when_it_shows_a_file_then_it_is_one(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPC_URL", "https://rpc.example.org/key")
    for block in re.findall(r"^ *```toml\n(.*?)^ *```", GUIDES[name], re.MULTILINE | re.DOTALL):
        text = textwrap.dedent(block)
        if "[[chain]]" in text:
            assert chain_file_of(tomllib.loads(text)).chains[0].sources
        elif "[[override]]" in text:
            (tmp_path / "overrides.toml").write_text(text, "utf-8")
            assert read_overrides(tmp_path / "overrides.toml")
        else:
            round = replace(qf.round_of(tomllib.loads(text)), reconciled=False)
            assert qf.settle(round, []).unspent == round.pool.amount
