"""How contracts write values in words of 32 bytes: logs are read, calls and leaves written, as exact integers.

Only the types that this package meets: address, bool, uintN, bytesN, bytes, string and tuples of them. An address and
bytes of any length are 0x strings in lower case.
"""

from __future__ import annotations

from eth_hash.auto import keccak

from qf.chain.abi.coder import call, decode, encode
from qf.chain.abi.event import Event
from qf.chain.abi.words import WORD, octets

__all__ = ["WORD", "Event", "call", "decode", "encode", "keccak", "octets"]
