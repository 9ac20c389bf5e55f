"""The chain file: which contracts on which chains the donations of a round come from, and what they call things.

    [[chain]]          id, endpoints, quorum, finality, depth, requests_per_second, proof
    [[chain.source]]   kind, from_block, to_block, code_hash, and what the kind asks for
    [[token]]          chain, address (or "native"), name, decimals, code_hash
    [projects]         project of the round = what a contract calls it, or a list of these

What others need to read the same donations is published with the result: everything but the endpoints.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qf.chain.chain_file import table as values
from qf.chain.chain_file.entries import FINALITY, ChainEntry, ChainFile, SourceEntry, Token
from qf.chain.chain_file.table import Table
from qf.chain.node.reader import Trust
from qf.chain.sources import source
from qf.chain.types import Address, ChainId, LogFilter
from qf.columns import canonical_name
from qf.errors import InputError, Problem

__all__ = [
    "FINALITY",
    "ChainEntry",
    "ChainFile",
    "SourceEntry",
    "Token",
    "chain_file_of",
    "project_key",
    "read_chain_file",
]


def read_chain_file(path: Path | str) -> ChainFile:
    """Return what a chain file says; ${NAME} in an endpoint is taken from the environment.

    Raises:
        InputError: naming everything malformed.
    """
    try:
        document = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise InputError.at(str(path), f"cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise InputError.at(str(path), f"is not TOML in UTF-8: {error}") from None
    return chain_file_of(document, str(path))


def chain_file_of(document: Mapping[str, Any], where: str = "chain file") -> ChainFile:
    """Return what a parsed chain file says, or what was `published` of one.

    Raises:
        InputError: naming everything malformed.
    """
    problems: list[Problem] = []
    table = Table(document, where, problems)
    chains = [_chain(entry) for entry in table.tables("chain")]
    tokens = [_token(entry) for entry in table.tables("token")]
    projects = _projects(table)
    table.finish()
    _refuse_repeated(problems, where, "chain", [chain.id for chain in chains])
    _refuse_repeated(problems, where, "token", [(token.chain, token.address) for token in tokens])
    _refuse_two_decimals(problems, where, tokens)
    if not problems:
        _refuse_twins(problems, where, chains)
    if not any(chain.sources for chain in chains):
        problems.append(Problem(where, "names no source", "write [[chain]] and below it [[chain.source]]"))
    if problems:
        raise InputError(problems)
    by_number = tuple(sorted(chains, key=lambda chain: chain.id))
    return ChainFile(by_number, {(token.chain, token.address): token for token in tokens}, projects)


def project_key(project: str) -> str:
    """Return what a contract calls a project, in one spelling.

    >>> project_key("0xAB"), project_key("7")
    ('0xab', '7')
    """
    return canonical_name(project.lower())


def _chain(table: Table) -> ChainEntry:
    number = ChainId(table.take("id", values.whole, 0, required=True))
    entry = ChainEntry(
        number,
        table.take("endpoints", values.endpoints, ()),
        table.take("quorum", values.positive),
        table.take("finality", values.finality, FINALITY[0]),
        table.take("depth", values.positive),
        table.take("requests_per_second", values.positive, 20),
        table.take("proof", values.proof, Trust.RECEIPTS),
        tuple(_source(each, number, place) for place, each in enumerate(table.tables("source"))),
    )
    if entry.endpoints and (entry.quorum or 1) > len(entry.endpoints):
        told = f"asks {entry.quorum} nodes to agree and names {len(entry.endpoints)}"
        table.problems.append(Problem(f"{table.where}, quorum", told, "name more endpoints"))
    table.finish()
    return entry


def _source(table: Table, chain: ChainId, place: int) -> SourceEntry:
    kind = table.take("kind", values.text, "", required=True)
    first, last = table.take("from_block", values.whole, 0, required=True), table.take("to_block", values.whole)
    code_hash = table.take("code_hash", values.hash32, "")
    given = table.rest()
    reader: Any = None
    try:
        reader = source(kind, given, table.where) if kind else None
    except InputError as error:
        table.problems += error.problems
    if last is not None and last < first:
        table.problems.append(Problem(f"{table.where}, to_block", "is before from_block", "give the later as to_block"))
    return SourceEntry(f"eip155:{chain}/{kind}/{place}", kind, reader, first, last, given, code_hash)


def _token(table: Table) -> Token:
    read = Token(
        ChainId(table.take("chain", values.whole, 0, required=True)),
        table.take("address", values.token_address, Address(""), required=True),
        table.take("name", values.name, "", required=True),
        table.take("decimals", values.decimals, 0, required=True),
        table.take("code_hash", values.hash32, ""),
    )
    table.finish()
    return read


def _projects(table: Table) -> dict[str, str]:
    given = table.take("projects", values.mapping, {})
    projects: dict[str, str] = {}
    for project, keys in given.items():
        where = f"{table.where}, projects, {project}"
        for key in [keys] if isinstance(keys, str) else keys if isinstance(keys, list) else [None]:
            if not isinstance(key, str):
                told = "is neither text nor a list of texts"
                table.problems.append(Problem(where, told, "name it as the contract does"))
            elif projects.setdefault(project_key(key), project) != project:
                told = f"{key} is also {projects[project_key(key)]}"
                table.problems.append(Problem(where, told, "a contract's project is one project of the round"))
    return projects


def _refuse_two_decimals(problems: list[Problem], where: str, tokens: list[Token]) -> None:
    """One name is one price, so that its amounts have to be counted in one unit."""
    for name in sorted({token.name for token in tokens}):
        places = sorted({token.decimals for token in tokens if token.name == name})
        if len(places) > 1:
            told = f"has {' and '.join(map(str, places))} decimals"
            problems.append(Problem(f"{where}, token {name}", told, "give the two tokens different names"))


def _refuse_twins(problems: list[Problem], where: str, chains: list[ChainEntry]) -> None:
    """What two sources read counts twice."""
    for chain in chains:
        read: list[LogFilter] = []
        watched: set[Address] = set()
        for place, each in enumerate(chain.sources, 1):
            twice = any(one.overlaps(other) for one in each.source.filters for other in read)
            if twice or watched & set(each.source.watched):
                told = "reads what another source of this chain reads as well"
                problems.append(Problem(f"{where}, chain {chain.id}, source {place}", told, "keep one of the two"))
            read += each.source.filters
            watched |= set(each.source.watched)


def _refuse_repeated(problems: list[Problem], where: str, what: str, keys: list[Any]) -> None:
    for key in sorted({str(key) for key in keys if keys.count(key) > 1}):
        problems.append(Problem(f"{where}, {what} {key}", "is there twice", "keep one"))
