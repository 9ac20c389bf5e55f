"""The compiled contracts of this project, so that nobody needs a compiler; `contracts/` holds their sources."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

ContractName = Literal["DemoToken", "DonationRound", "MatchingPayout", "SignatureCheck"]
"""A token for test chains, the vault of a round's donations, the payout of its pool, and what asks contract wallets."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A contract as it was compiled.

    Attributes:
        name: of the contract.
        abi: its functions, events and errors, as web3 takes them.
        bytecode: what is sent to deploy it, before the encoded arguments of its constructor.
        runtime: what stands on the chain then, with zeros where `immutables` are written in.
        immutables: (first byte, length) of each place in `runtime` that deploying fills in.
        compiler: the version of solc.
        settings: of the compiler.
        source_sha256: SHA-256 of the list of all sources with their SHA-256, in lower-case hex.
        sources: path -> SHA-256 of each source, the libraries included.
    """

    name: str
    abi: list[dict[str, Any]]
    bytecode: bytes
    runtime: bytes
    immutables: tuple[tuple[int, int], ...]
    compiler: str
    settings: Mapping[str, Any]
    source_sha256: str
    sources: Mapping[str, str]

    def is_code(self, code: bytes) -> bool:
        """Return whether `code`, read from a chain, is this contract, whatever its immutables are.

        >>> artifact("DonationRound").is_code(artifact("MatchingPayout").runtime)
        False
        """
        return len(code) == len(self.runtime) and self._masked(code) == self._masked(self.runtime)

    def _masked(self, code: bytes) -> bytes:
        masked = bytearray(code)
        for first, length in self.immutables:
            masked[first : first + length] = bytes(length)
        return bytes(masked)


@cache
def artifact(name: ContractName) -> Artifact:
    """Return the compiled contract `name`.

    Raises:
        FileNotFoundError: there is none of that name.

    >>> artifact("DonationRound").compiler
    '0.8.37+commit.f401782d.Emscripten.clang'
    """
    stored = json.loads(files(__name__).joinpath(f"{name}.json").read_text("utf-8"))
    stored |= {code: bytes.fromhex(stored[code].removeprefix("0x")) for code in ("bytecode", "runtime")}
    stored["immutables"] = tuple((first, length) for first, length in stored["immutables"])
    return Artifact(**stored)
