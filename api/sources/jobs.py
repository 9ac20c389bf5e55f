"""What a worker does for sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.intake.recording import Origin
from api.jobs import Handler
from api.services import Services
from api.sources.changes import chain_file
from api.sources.reading import donations_in, read_chains, write
from api.states import State
from api.tables import Round, Source


def sync(services: Services, work: Mapping[str, Any]) -> None:
    """Read the chains of a source as far as they are final, and record the donations on them."""
    with services.database.reading() as session:
        source = session.get_one(Source, work["source"])
        round = session.get_one(Round, source.round_id)
    if source.state != "active" or round.state not in {State.FROZEN, State.OPEN, State.CLOSED}:
        return
    file = chain_file(services, source)
    with read_chains(services, source, file) as (store, chains):
        found = donations_in(file, store, chains)
    at = services.clock()
    with services.database.writing() as session:
        round = session.get_one(Round, source.round_id)
        write(session, round, source, found, Origin("service", "sync", at))


JOBS: Mapping[str, Handler] = {"source.sync": sync}
