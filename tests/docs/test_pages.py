"""Every example in the README and the docs runs and prints what the page says."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+\.md)(?:#[^)]*)?\)")


def name(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


@pytest.mark.parametrize("page", [page for page in PAGES if ">>>" in page.read_text("utf-8")], ids=name)
def test_page_when_its_python_is_run_then_it_prints_what_is_written(page: Path) -> None:
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried
    assert not failed


@pytest.mark.parametrize("page", [page for page in PAGES if "```console" in page.read_text("utf-8")], ids=name)
def test_page_when_its_commands_are_run_then_they_print_what_is_written(page: Path, tmp_path: Path) -> None:
    told = "".join(CONSOLE.findall(page.read_text("utf-8")))
    assert replayed(told, tmp_path) == told


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_page_when_it_links_to_a_page_then_it_is_there(page: Path) -> None:
    broken = [
        link
        for link in LINK.findall(page.read_text("utf-8"))
        if "://" not in link and not (page.parent / link).resolve().is_file()
    ]
    assert broken == []


def replayed(told: str, folder: Path) -> str:
    """Run each "$ command" of `told` in `folder`; return the text with what they really print.

    A line "..." in the text stands for any number of printed lines.
    """
    lines = []
    for block in re.split(r"^(?=\$ )", told, flags=re.MULTILINE):
        command, _, expected = block.partition("\n")
        if not command:
            continue
        printed = run(command.removeprefix("$ "), folder)
        pattern = "".join(
            r"(?:.*\n)*?" if line == "...\n" else re.escape(line) for line in expected.splitlines(keepends=True)
        )
        matched = re.fullmatch(pattern, printed)
        lines.append(f"{command}\n{expected if matched else printed}")
    return "".join(lines)


def run(command: str, folder: Path) -> str:
    words = shlex.split(command)
    program = {"qf": [sys.executable, "-m", "qf"], "python": [sys.executable]}.get(words[0], [words[0]])
    arguments = [str(REPOSITORY / word) if word.startswith("docs/") else word for word in words[1:]]
    environment = {"PATH": "/usr/bin:/bin", "COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [*program, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return "".join(f"{line.rstrip()}\n" for line in (done.stdout + done.stderr).splitlines())
