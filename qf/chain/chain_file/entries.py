"""What a chain file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from qf.chain.node.reader import BlockId, Trust
from qf.chain.types import Address, ChainId, Source

FINALITY = ("finalized", "safe", "latest")
"""Blocks that a chain itself calls by how sure it is of them."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token that may be given: on which chain, and what the ledger calls it.

    Attributes:
        code_hash: keccak-256 of its code as deployed; "" if it is not pinned.
    """

    chain: ChainId
    address: Address
    name: str
    decimals: int
    code_hash: str = ""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One source of a chain.

    Attributes:
        name: eip155:<chain>/<kind>/<number among those of its chain>.
        kind: a key of `qf.chain.sources.REGISTRY`.
        source: what reads its logs.
        first, last: the blocks its donations are in; `last` None: up to where is read.
        values: what the file says of it, for others to read the same.
        code_hash: keccak-256 of the code of its contract as deployed; "" if it is not pinned.
    """

    name: str
    kind: str
    source: Source
    first: int
    last: int | None
    values: Mapping[str, Any]
    code_hash: str = ""


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One chain.

    Attributes:
        id: its number.
        endpoints: URLs of its nodes, which may hold keys: never shown.
        quorum: how many nodes have to agree on a block; None: two where two hosts are named.
        finality: a tag, or a number of blocks below the head.
        depth: blocks below the head that are final where the chain knows no such tag, or calls its very head so; None:
            the tag is believed.
        requests_per_second: asked of one host at most.
        proof: what proves that no log is missing, where the contract does not count.
        sources: what is read there.
    """

    id: ChainId
    endpoints: tuple[str, ...]
    quorum: int | None
    finality: BlockId
    depth: int | None
    requests_per_second: int
    proof: Trust
    sources: tuple[SourceEntry, ...]


@dataclass(frozen=True, slots=True)
class ChainFile:
    """Everything in a chain file.

    Attributes:
        chains: by number, rising.
        tokens: (chain, address) -> token.
        projects: what a contract calls a project -> project of the round; empty: the contract's words are taken.
    """

    chains: tuple[ChainEntry, ...]
    tokens: Mapping[tuple[ChainId, Address], Token]
    projects: Mapping[str, str]

    @property
    def published(self) -> dict[str, Any]:
        """What others need to read the same donations: the file without its endpoints."""
        names: dict[str, list[str]] = {}
        for key, project in sorted(self.projects.items()):
            names.setdefault(project, []).append(key)
        return {
            "chain": [_published(chain) for chain in self.chains],
            "projects": names,
            "token": [_without_nothing(asdict(token)) for _, token in sorted(self.tokens.items())],
        }


def _published(chain: ChainEntry) -> dict[str, Any]:
    return {
        "finality": chain.finality,
        **({} if chain.depth is None else {"depth": chain.depth}),
        "id": chain.id,
        "proof": chain.proof,
        "source": [
            _without_nothing(
                {
                    **each.values,
                    "code_hash": each.code_hash,
                    "from_block": each.first,
                    "kind": each.kind,
                    "to_block": each.last,
                }
            )
            for each in chain.sources
        ],
    }


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not said."""
    return {key: value for key, value in values.items() if value not in (None, "")}
