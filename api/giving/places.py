"""Where a gift goes: the source on a chain that takes a token, and what it calls the projects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from api.problems import Fault
from qf.chain.chain_file import ChainEntry, ChainFile, SourceEntry, Token
from qf.chain.sources.donation_round import DonationRound
from qf.chain.sources.giveth import Giveth
from qf.chain.sources.transfers import Transfers
from qf.chain.types import NATIVE, Address

_KEY = re.compile(r"0x[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """Where gifts in one token go.

    Attributes:
        contract: the `DonationRound`; None if they go straight to the projects.
        keys: project of the round -> its key in the contract, or its address.
    """

    chain: ChainEntry
    token: Token
    contract: Address | None
    keys: dict[str, str]


def chain_in(file: ChainFile, number: int, faults: list[Fault]) -> ChainEntry | None:
    """Return a chain of the round; None, having noted why, if it is none of its chains."""
    for chain in file.chains:
        if chain.id == number:
            return chain
    known = ", ".join(str(chain.id) for chain in file.chains)
    faults.append(Fault(where="chain_id", what=f"{number} is no chain of this round", fix=f"use {known}"))
    return None


def token_in(file: ChainFile, chain: ChainEntry, wanted: str, faults: list[Fault]) -> Token | None:
    """Return a token of a chain by its name or address; None, having noted why, if it is none or several."""
    here = [token for (number, _), token in sorted(file.tokens.items()) if number == chain.id]
    found = [token for token in here if wanted == token.name or wanted.lower() == token.address]
    if len(found) == 1:
        return found[0]
    if found:
        faults.append(Fault(where="token", what=f"{wanted} is the name of several tokens", fix="give its address"))
    else:
        known = ", ".join(token.name for token in here) or "none"
        what = f"{wanted} is not taken on chain {chain.id}"
        faults.append(Fault(where="token", what=what, fix=f"use one of {known}"))
    return None


def place_in(
    file: ChainFile, chain: ChainEntry, token: Token, projects: Iterable[str], faults: list[Fault]
) -> Place | None:
    """Return where gifts in a token to some projects go; None, having noted why, if they go nowhere."""
    wanted = sorted(set(projects))
    lacking = f"no source on chain {chain.id} takes {token.name}"
    for source in filter(lambda each: _takes(each, token), chain.sources):
        keys = {project: key for project in wanted if (key := _key(file, source.source, project))}
        if len(keys) == len(wanted):
            contract = source.source.contract if isinstance(source.source, DonationRound) else None
            return Place(chain, token, contract, keys)
        lacking = f"on chain {chain.id} there is no place for {', '.join(set(wanted) - set(keys))}"
    faults.append(Fault(where="gifts", what=lacking, fix="ask the operator, or give in another token"))
    return None


def _takes(source: SourceEntry, token: Token) -> bool:
    reads: Any = source.source
    if source.last is not None:
        return False
    if isinstance(reads, DonationRound):
        return not reads.tokens or token.address in reads.tokens
    if isinstance(reads, Transfers | Giveth):
        return reads.native if token.address == NATIVE else token.address in reads.tokens
    return False


def _key(file: ChainFile, source: Any, project: str) -> str | None:
    """Return what a source calls a project; a chain file without a list of projects takes the contract's words."""
    names = [key for key, name in sorted(file.projects.items()) if name == project] if file.projects else [project]
    fits: Callable[[str], Any] = _KEY.fullmatch if isinstance(source, DonationRound) else source.payees.__contains__
    return next(filter(fits, names), None)
