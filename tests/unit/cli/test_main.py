"""Whatever goes wrong ends in a message on standard error and a documented exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from qf.cli.commands import Commands
from qf.cli.output import Exit
from qf.errors import InvariantError, MissingExtraError, VerificationError
from tests.unit.cli.command import qf

FAILURES = [
    (VerificationError("result.json", "1", "2"), Exit.NO),
    (MissingExtraError("matplotlib", "plot"), Exit.MISSING),
    (PermissionError(13, "Permission denied", "bundle"), Exit.INPUT),
    (OSError(28, "No space left on device"), Exit.INPUT),
    (MemoryError(), Exit.INPUT),
    (InvariantError("paid 2 of 1"), Exit.BUG),
    (ZeroDivisionError("a bug"), Exit.BUG),
    (KeyboardInterrupt(), 130),
]


@pytest.mark.parametrize(("failure", "code"), FAILURES, ids=lambda value: type(value).__name__)
def test_a_command_when_it_fails_then_the_exit_code_says_how(failure: BaseException, code: int) -> None:
    app = typer.Typer(cls=Commands, pretty_exceptions_enable=False)

    @app.command("break")
    def broken() -> None:
        raise failure

    @app.command("other")
    def other() -> None: ...

    with pytest.raises(SystemExit) as stopped:
        app(["break"])
    assert stopped.value.code == code


def test_qf_when_called_without_anything_then_it_shows_the_commands_and_exit_codes() -> None:
    done = qf()
    assert "settle" in done.output and "Exit codes" in done.output


@pytest.mark.parametrize(
    "arguments",
    [["nothing"], ["settle"], ["verify", "x", "--nothing"], ["explain", "x", "--limit", "0"]],
    ids=lambda words: " ".join(words),
)
def test_qf_when_the_command_line_is_wrong_then_it_exits_with_2(arguments: list[str]) -> None:
    done = qf(*arguments)
    assert (done.exit_code, done.stdout) == (Exit.INPUT, "")
    assert done.stderr


@pytest.mark.parametrize(
    "command",
    ["verify", "explain --donor ann", "compare -m quadratic", "estimate -p well -a 1", "report", "replay"],
)
def test_a_command_when_what_it_reads_is_not_there_then_it_says_so(command: str, tmp_path: Path) -> None:
    name, *rest = command.split()
    done = qf(name, tmp_path / "nowhere", *rest, "--json")
    assert (done.exit_code, done.stdout) == (Exit.INPUT, "")
    assert "there is no such file or folder" in json.loads(done.stderr)["message"]
