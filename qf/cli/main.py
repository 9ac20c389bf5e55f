"""The commands, and how every error becomes a message and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from qf.cli.compare import compare_command
from qf.cli.estimate import estimate_command
from qf.cli.explain import explain_command
from qf.cli.output import Exit, exit_code, print_error
from qf.cli.replay import replay_command
from qf.cli.report import report_command
from qf.cli.settle import settle_command
from qf.cli.verify import verify_command
from qf.errors import QfError

HELP = """Quadratic funding, exact and verifiable.

Exit codes: 0 done. 1 the answer is no: a bundle does not verify, a replay differs. \
2 the command line, a file or the rules are wrong, and nothing was written. \
3 an optional package is not installed. 70 a bug in qf. 130 interrupted.
"""


class Commands(TyperGroup):
    """All commands. Whichever way they are started, an error ends in a message and one of the codes of `Exit`."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        """Run the command line `args`."""
        as_json = "--json" in (sys.argv if args is None else args)
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


app = typer.Typer(cls=Commands, help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
"""The command line application."""

app.command("settle")(settle_command)
app.command("verify")(verify_command)
app.command("explain")(explain_command)
app.command("compare")(compare_command)
app.command("estimate")(estimate_command)
app.command("report")(report_command)
app.command("replay")(replay_command)


def run() -> None:
    """Run the command line of this process."""
    app(prog_name="qf")
