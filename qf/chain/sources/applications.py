"""The applications of an Allo round: who applied, where it is paid, and what the round said in rows of bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qf.chain.types import ChainProject, Status

ROW_BITS = 256
"""Bits of a row: one word holds the status of many applications, the first in the lowest bits."""


class Applications:
    """What the events so far come to.

    >>> seen = Applications(2, [Status.PENDING, Status.ACCEPTED, Status.REJECTED, Status.CANCELED])
    >>> seen.put(ChainProject("1", application=1))
    >>> seen.row(0, 0b10_00)
    >>> seen.projects[0].status
    <Status.REJECTED: 'rejected'>
    """

    def __init__(self, bits: int, codes: Sequence[Status]) -> None:
        self._bits = bits
        self._codes = codes
        self._projects: dict[str, ChainProject] = {}

    @property
    def projects(self) -> tuple[ChainProject, ...]:
        """The projects, in the order in which they first applied."""
        return tuple(self._projects.values())

    def put(self, project: ChainProject) -> None:
        """Remember a new application, in place of an older one of the same project."""
        self._projects[project.project] = project

    def update(self, project: str, **values: object) -> None:
        """Change what is known of an application.

        Raises:
            ValueError: the project never applied.
        """
        if project not in self._projects:
            raise ValueError(f"{project} changes an application that was never made")
        self._projects[project] = replace(self._projects[project], **values)  # type: ignore[arg-type]

    def status(self, code: int) -> Status:
        """Return what a number stands for.

        Raises:
            ValueError: nothing.
        """
        if code >= len(self._codes):
            raise ValueError(f"{code} is no status; they are 0 to {len(self._codes) - 1}")
        return self._codes[code]

    def row(self, number: int, bits: int) -> None:
        """Set the status of every application in a row.

        Args:
            number: of the row.
            bits: the row; application n is in row n // (256 / bits per application).

        Raises:
            ValueError: one of them has no such status; then none is changed.
        """
        size = ROW_BITS // self._bits
        changed = {
            name: replace(project, status=self.status(self._code(bits, project.application % size)))
            for name, project in self._projects.items()
            if project.application is not None and project.application // size == number
        }
        self._projects.update(changed)

    def _code(self, row: int, place: int) -> int:
        return (row >> (place * self._bits)) & ((1 << self._bits) - 1)
