"""What the demo prints: headings, sentences, and commands with what they print themselves."""

from __future__ import annotations

import shlex
import subprocess
import sys
import textwrap
from collections.abc import Mapping

from rich.console import Console

from qf.cli.output import amount_text

out = Console(markup=False, highlight=False, emoji=False)
"""Standard output."""

WIDTH = 100
"""Characters in a line of text."""


def heading(number: int, title: str) -> None:
    """Begin a step."""
    out.print(f"{number}  {title}", style="bold cyan")
    out.print("─" * min(WIDTH, out.width), style="cyan")


def say(text: str) -> None:
    """Print a paragraph."""
    for line in textwrap.wrap(" ".join(text.split()), min(WIDTH, out.width)):
        out.print(line)
    out.print()


def facts(values: Mapping[str, object]) -> None:
    """Print names and values, one below the other."""
    width = max(map(len, values))
    for name, value in values.items():
        out.print(f"{name:<{width}}   {value}", soft_wrap=True)
    out.print()


def ether(wei: int) -> str:
    """Return an amount of the chain's coin in whole coins, to the last place.

    >>> ether(1_500_000_000_000_000_000)
    '1.5 ETH'
    """
    return amount_text(wei, 18, "ETH")


def qf(*arguments: str, code: int = 0) -> None:
    """Print a `qf` command and run it; stop the demo if it does not end with `code`."""
    out.print(f"$ qf {shlex.join(arguments)}", style="bold", soft_wrap=True)
    sys.stdout.flush()
    done = subprocess.run([sys.executable, "-m", "qf", *arguments], check=False)
    if done.returncode != code:
        sys.exit(f"qf {arguments[0]} ended with {done.returncode}, and {code} was expected")
    if code:
        out.print(f"(exit code {code}: the answer is no)", style="dim")
    out.print()
