"""What the commands of `qf payouts` share: arguments, addresses, files."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qf.cli.options import is_there
from qf.cli.output import aside
from qf.errors import PayoutError

if TYPE_CHECKING:
    from qf.chain.types import Address

PayoutsFile = Annotated[
    Path, typer.Argument(metavar="PAYOUTS.json", help="Written by `qf payouts tree`.", callback=is_there)
]
Contract = Annotated[str, typer.Option(metavar="ADDRESS", help="The MatchingPayout contract.")]


def address_of(option: str, text: str) -> Address:
    """Return the address that was given for an option."""
    from qf.chain.payouts import read_address

    try:
        return read_address(text)
    except ValueError as error:
        raise PayoutError.at(option, str(error), "copy it again, whole") from None


def write_files(files: Mapping[Path, bytes]) -> None:
    """Write all files before the first one takes its place; none of them lies in a bundle."""
    from qf.codec.bundle import refuse_inside_bundle

    with ExitStack() as stack:
        for path, data in files.items():
            refuse_inside_bundle(path)
            stack.enter_context(aside(path)).write_bytes(data)
