"""What a worker does for rounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.queue import Handler
from api.rounds.dates import TICK, tick
from api.services import Services


def open_or_close(services: Services, work: Mapping[str, Any]) -> None:
    """Pass a round into the states whose date has come; doing it again changes nothing."""
    with services.database.writing() as session:
        tick(session, work["round"], services.clock())


JOBS: Mapping[str, Handler] = {TICK: open_or_close}
