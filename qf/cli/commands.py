"""How every error of a command becomes a message and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Any

from typer.core import TyperGroup

from qf.cli.output import Exit, exit_code, print_error
from qf.errors import QfError


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
