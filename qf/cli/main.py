"""The commands."""

from __future__ import annotations

import typer

from qf.cli.chain import chain_app
from qf.cli.commands import Commands
from qf.cli.compare import compare_command
from qf.cli.estimate import estimate_command
from qf.cli.explain import explain_command
from qf.cli.payouts import payouts_app
from qf.cli.replay import replay_command
from qf.cli.report import report_command
from qf.cli.service import service_app
from qf.cli.settle import settle_command
from qf.cli.verify import verify_command

HELP = """Quadratic funding, exact and verifiable.

Exit codes: 0 done. 1 the answer is no: a bundle does not verify, a replay differs, a ledger is not reconciled. \
2 the command line, a file or the rules are wrong, and nothing was written. \
3 an optional package is not installed. 70 a bug in qf. 130 interrupted. 141 nobody reads the output any more.
"""


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
