"""The commands, and how every error becomes a message and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup

from qf.cli.chain import chain_app
from qf.cli.compare import compare_command
from qf.cli.estimate import estimate_command
from qf.cli.explain import explain_command
from qf.cli.output import Exit, exit_code, print_error
from qf.cli.payouts import payouts_app
from qf.cli.replay import replay_command
from qf.cli.report import report_command
from qf.cli.service import service_app
from qf.cli.settle import settle_command
from qf.cli.verify import verify_command
from qf.errors import QfError

HELP = """Quadratic funding, exact and verifiable.

Exit codes: 0 done. 1 the answer is no: a bundle does not verify, a replay differs, a ledger is not reconciled. \
2 the command line, a file or the rules are wrong, and nothing was written. \
3 an optional package is not installed. 70 a bug in qf. 130 interrupted. 141 nobody reads the output any more.
"""


class Commands(TyperGroup):
    """All commands. Whichever way they are started, an error ends in a message and one of the codes of `Exit`."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a reader that went away is no answer, neither yes nor no."""
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
            return answer
        except BrokenPipeError:
            sys.exit(Exit.PIPE)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        """Run the command line `args`."""
        as_json = "--json" in (sys.argv if args is None else args)
        _print_anything()
        try:
            return super().main(args, *rest, **options)
        except QfError as error:
            print_error(error, as_json)
            sys.exit(exit_code(error))
        except MemoryError:
            print_error(QfError("not enough memory; `qf settle --out-of-core` needs less"), as_json)
            sys.exit(Exit.INPUT)
        except OSError as error:
            print_error(QfError(f"{error.filename or 'the disk'}: {error.strerror or error}"), as_json)
            sys.exit(Exit.INPUT)
        except Exception as error:
            traceback.print_exc()
            print_error(QfError(f"a bug in qf, please report it: {type(error).__name__}: {error}"), as_json)
            sys.exit(Exit.BUG)
        finally:
            _leave_broken_streams()


def _leave_broken_streams() -> None:
    """Point a stream that cannot be written at nothing: else Python ends with 120 in place of our exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _print_anything() -> None:
    """Let a terminal that cannot show a character show its code: a name must not stop a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


app = typer.Typer(cls=Commands, help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
"""The command line application."""

app.command("settle")(settle_command)
app.command("verify")(verify_command)
app.command("explain")(explain_command)
app.command("compare")(compare_command)
app.command("estimate")(estimate_command)
app.command("report")(report_command)
app.command("replay")(replay_command)
app.add_typer(chain_app, name="chain")
app.add_typer(payouts_app, name="payouts")
app.add_typer(service_app)


def run() -> None:
    """Run the command line of this process."""
    app(prog_name="qf")
