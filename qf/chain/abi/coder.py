"""Values to bytes and back, as `abi.encode` and `abi.decode` of a contract do it.

Reading is as strict as a contract is: an address with high bytes, an offset or a length that leads out of the data are
errors; bytes that nothing points to are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_hash.auto import keccak

from qf.chain.abi.parameters import Parameter, declared, listed, parameters
from qf.chain.abi.words import WORD, octets, written


def decode(types: str, data: bytes) -> tuple[Any, ...]:
    """Return the values written in `data`: ints, bools, text, 0x strings in lower case, and tuples of them.

    >>> decode("(uint256,string)", encode("(uint256,string)", [7, "seven"]))
    (7, 'seven')

    Args:
        types: a tuple of types, as in a signature.
        data: what `abi.encode` of a contract gives.

    Raises:
        ValueError: `data` is malformed; says how.
    """
    return _read_all(parameters(types), data, 0)


def encode(types: str, values: Sequence[Any]) -> bytes:
    """Return `values` as `abi.encode` of a contract writes them.

    >>> encode("(uint16,bool)", [258, True]).hex()[60:]
    '01020000000000000000000000000000000000000000000000000000000000000001'

    Args:
        types: a tuple of types, as in a signature.
        values: one for each type, as `decode` gives them.

    Raises:
        ValueError: a value that its type does not hold, or another number of them.
    """
    return _write_all(parameters(types), values)


def call(signature: str, *values: Any) -> bytes:
    """Return the data of a call: four bytes that say which function, then the values.

    >>> call("total(address)", "0x" + "ee" * 20).hex()[:8]
    'd2514e84'

    Raises:
        ValueError: a value that its type does not hold, or another number of them.
    """
    name, wanted = declared(signature)
    return keccak(f"{name}{listed(wanted)}".encode())[:4] + _write_all(wanted, values)


def read(parameter: Parameter, data: bytes, start: int, place: int) -> Any:
    """Return the value of `parameter`.

    Args:
        parameter: what it is.
        data: all of it.
        start: where the tuple begins that it is a part of; offsets count from there.
        place: where its place begins.

    Raises:
        ValueError: `data` is malformed; says how.
    """
    if not parameter.dynamic:
        if parameter.is_tuple:
            return _read_all(parameter.parts, data, place)
        return parameter.read_word(_word(data, place))
    at = start + _size(data, place, "offset")
    if parameter.is_tuple:
        return _read_all(parameter.parts, data, at)
    length = _size(data, at, "length")
    if at + WORD + length > len(data):
        raise ValueError(f"a {parameter.type} of {length} bytes leads out of the data")
    content = data[at + WORD : at + WORD + length]
    return "0x" + content.hex() if parameter.type == "bytes" else _text(content)


def _read_all(wanted: Sequence[Parameter], data: bytes, start: int) -> tuple[Any, ...]:
    place, values = start, []
    for parameter in wanted:
        values.append(read(parameter, data, start, place))
        place += parameter.width
    return tuple(values)


def _word(data: bytes, place: int) -> bytes:
    if place + WORD > len(data):
        raise ValueError(f"the data ends after {len(data)} bytes, before the word at {place}")
    return data[place : place + WORD]


def _size(data: bytes, place: int, what: str) -> int:
    size = int.from_bytes(_word(data, place), "big")
    if size > len(data):
        raise ValueError(f"the {what} {size} leads out of the data")
    return size


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ValueError(f"0x{content[:WORD].hex()} is no UTF-8 text") from None


def _write_all(wanted: Sequence[Parameter], values: Sequence[Any]) -> bytes:
    if len(values) != len(wanted):
        raise ValueError(f"{len(values)} values for the {len(wanted)} types {listed(wanted)}")
    places, tails = [], []
    end = sum(parameter.width for parameter in wanted)
    for parameter, value in zip(wanted, values, strict=True):
        content = _write(parameter, value)
        if parameter.dynamic:
            places.append(end.to_bytes(WORD, "big"))
            tails.append(content)
            end += len(content)
        else:
            places.append(content)
    return b"".join(places + tails)


def _write(parameter: Parameter, value: Any) -> bytes:
    if parameter.is_tuple:
        return _write_all(parameter.parts, value)
    if not parameter.dynamic:
        return written(parameter.type, value)
    content = octets(value) if parameter.type == "bytes" else str(value).encode()
    return len(content).to_bytes(WORD, "big") + content + bytes(-len(content) % WORD)
