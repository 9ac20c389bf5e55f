"""An event of a contract: its topic, and its values in a log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eth_hash.auto import keccak

from qf.chain.abi.coder import read
from qf.chain.abi.parameters import Parameter, declared, listed
from qf.chain.abi.words import WORD, octets
from qf.chain.types import Hash


@dataclass(frozen=True)
class Event:
    """An event as a contract declares it.

    >>> moved = Event.of("Transfer(address indexed from, address indexed to, uint256 value)")
    >>> moved.signature, moved.topic[:10]
    ('Transfer(address,address,uint256)', '0xddf252ad')
    """

    name: str
    parameters: tuple[Parameter, ...]

    @classmethod
    def of(cls, text: str) -> Event:
        """Return the event declared in `text`, as in Solidity without the word `event`.

        Raises:
            ValueError: it is none, or of a type this package does not read.
        """
        return cls(*declared(text))

    @cached_property
    def signature(self) -> str:
        """The name and the types, which is what its topic is the hash of."""
        return self.name + listed(self.parameters)

    @cached_property
    def topic(self) -> Hash:
        """The first topic of its logs."""
        return Hash("0x" + keccak(self.signature.encode()).hex())

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.parameters)

    @cached_property
    def _indexed(self) -> tuple[tuple[str, Callable[[bytes], Any]], ...]:
        """The name and the reader of each parameter in a topic."""
        return tuple((parameter.name, parameter.read_word) for parameter in self.parameters if parameter.indexed)

    @cached_property
    def _inside(self) -> tuple[tuple[Parameter, int], ...]:
        """The parameters in the data, and where the place of each is."""
        inside = [parameter for parameter in self.parameters if not parameter.indexed]
        places = [sum(before.width for before in inside[:number]) for number in range(len(inside))]
        return tuple(zip(inside, places, strict=True))

    @cached_property
    def _words(self) -> tuple[tuple[str, Callable[[bytes], Any], int], ...]:
        """The name, the reader and the place of each parameter that is one word of the data."""
        return tuple(
            (parameter.name, parameter.read_word, place)
            for parameter, place in self._inside
            if not (parameter.dynamic or parameter.is_tuple)
        )

    @cached_property
    def _others(self) -> tuple[tuple[Parameter, int], ...]:
        """The other parameters in the data, and their places."""
        return tuple((parameter, place) for parameter, place in self._inside if parameter.dynamic or parameter.is_tuple)

    @cached_property
    def _size(self) -> tuple[int, bool]:
        """The bytes of the fixed part of the data, and whether that is all of it."""
        inside = [parameter for parameter, _ in self._inside]
        return sum(parameter.width for parameter in inside), not any(parameter.dynamic for parameter in inside)

    def decode(self, topics: Sequence[str], data: bytes) -> dict[str, Any]:
        """Return the values of a log by name, as declared: ints, bools, text, 0x strings in lower case, tuples of them.

        Args:
            topics: of the log, the one of the event first.
            data: of the log.

        Raises:
            ValueError: it is no log of this event, or malformed; says how.
        """
        self._check(topics, data)
        values: dict[str, Any] = dict.fromkeys(self._names)
        name = ""
        try:
            for (name, read_word), topic in zip(self._indexed, topics[1:], strict=True):
                values[name] = read_word(octets(topic, WORD))
            for name, read_word, place in self._words:
                values[name] = read_word(data[place : place + WORD])
            for parameter, place in self._others:
                name = parameter.name
                values[name] = read(parameter, data, 0, place)
        except ValueError as fault:
            raise ValueError(f"{name}: {fault}") from None
        return values

    def _check(self, topics: Sequence[str], data: bytes) -> None:
        if not topics or topics[0] != self.topic:
            raise ValueError(f"its topic is not that of {self.signature}")
        count = 1 + len(self._indexed)
        if len(topics) != count:
            raise ValueError(f"{len(topics)} topics, not {count}")
        size, is_all = self._size
        if len(data) < size or (is_all and len(data) > size):
            raise ValueError(f"{len(data)} bytes of data, not {size}{'' if is_all else ' or more'}")
