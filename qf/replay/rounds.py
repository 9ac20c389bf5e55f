"""Which published rounds a data folder holds. Adding one is a module with `replays`, and its name here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qf.errors import InputError
from qf.replay import clrfund, quadratic_vote, tec
from qf.replay.cases import Replay

SOURCES = (tec, clrfund, quadratic_vote)
"""The modules that know a published round."""


def replay_folder(data: Path) -> Iterator[Replay]:
    """Yield the replay of every published round found under `data`.

    Raises:
        InputError: the folder is not there or holds none.
    """
    found = False
    for source in SOURCES:
        for replay in source.replays(data):
            found = True
            yield replay
    if not found:
        folders = ", ".join(source.FOLDER for source in SOURCES)
        raise InputError.at(str(data), "holds no published round known here", f"known folders: {folders}")
