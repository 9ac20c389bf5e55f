"""The nodes that are asked about tokens and transactions: those of the round, or those of this installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from api.problems import Conflict
from qf.chain.abi import call, decode, encode, keccak
from qf.chain.chain_file import ChainEntry
from qf.chain.logs import Chain
from qf.chain.node import Fault, Limits
from qf.chain.node.reader import ChainReader
from qf.chain.types import Address, BlockStamp
from qf.errors import NodeError

SECONDS = 8
"""For one question."""

_DOMAIN_TYPE = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")


@contextmanager
def node_of(entry: ChainEntry) -> Iterator[ChainReader]:
    """Open a chain while the block runs.

    Raises:
        Conflict: there is no node of it.
    """
    require_node(entry)
    limits = Limits(seconds=SECONDS, silence=SECONDS, per_second=entry.requests_per_second)
    chain = Chain(entry.id, entry.endpoints, entry.quorum, limits)
    try:
        yield chain
    finally:
        chain.close()


def require_node(entry: ChainEntry) -> None:
    """Raise unless there is a node of a chain.

    Raises:
        Conflict: there is none.
    """
    if not entry.endpoints:
        raise Conflict(f"This service reads no node of chain {entry.id}; ask its operator.", "no_node")


def permit_domain(entry: ChainEntry, token: Address, owner: Address) -> tuple[dict[str, object], int]:
    """Return under which domain permits of a token are signed (EIP-712), and the number of the next one of `owner`.

    Raises:
        Conflict: the token does not take permits as EIP-2612 has them, or there is no node.
        ChainError: the chain does not answer.
    """
    with node_of(entry) as reader:
        at = reader.stamp("latest")
        try:
            nonce = decode("(uint256)", _answer(reader, token, call("nonces(address)", owner), at))[0]
            name = decode("(string)", _answer(reader, token, call("name()"), at))[0]
            domain = decode("(bytes32)", _answer(reader, token, call("DOMAIN_SEPARATOR()"), at))[0]
        except ValueError:
            raise _takes_none() from None
        version = _version(reader, token, at)
    values = ["0x" + part.hex() for part in (_DOMAIN_TYPE, keccak(name.encode()), keccak(version.encode()))]
    ours = keccak(encode("(bytes32,bytes32,bytes32,uint256,address)", [*values, int(entry.id), token]))
    if "0x" + ours.hex() != domain:
        raise _takes_none()
    return {"name": name, "version": version, "chainId": int(entry.id), "verifyingContract": token}, nonce


def _version(reader: ChainReader, token: Address, at: BlockStamp) -> str:
    try:
        return str(decode("(string)", _answer(reader, token, call("version()"), at))[0])
    except ValueError:
        return "1"


def _answer(reader: ChainReader, token: Address, data: bytes, at: BlockStamp) -> bytes:
    """Return what a token answers; nothing if it refuses, which a node that just named its block says for it."""
    try:
        return reader.call(token, data, at)
    except NodeError as error:
        if error.fault != Fault.FATAL:
            raise
        return b""


def _takes_none() -> Conflict:
    return Conflict("The token takes no permits as EIP-2612 has them; give another way, such as approve.", "no_permit")
