"""The commands: each is one function, in a file of its own, and one line here."""

from __future__ import annotations

import typer

from qf.cli.commands import Commands
from simulations.cli.attack import attack_command
from simulations.cli.bench import bench_command, fit_command
from simulations.cli.compare import compare_command
from simulations.cli.replay import replay_command, studies_command
from simulations.cli.report import report_command
from simulations.cli.run import run_command

HELP = """The laboratory: simulate donors and attackers, compare mechanisms.

Exit codes: 0 done. 2 the command line or a scenario is wrong, or an experiment could not be finished. \
70 a bug. 130 interrupted. 141 nobody reads the output any more.
"""

app = typer.Typer(cls=Commands, help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
"""The command line application."""

app.command("run")(run_command)
app.command("compare")(compare_command)
app.command("attack")(attack_command)
app.command("report")(report_command)
app.command("bench")(bench_command)
app.command("fit")(fit_command)
app.command("replay")(replay_command)
app.command("studies")(studies_command)
