"""What a worker does for sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.queue import Handler
from api.services import Services
from api.sources.changes import chain_file, refusal
from api.sources.reading import read_chains, record_chains
from api.tables import Round, Source


def sync(services: Services, work: Mapping[str, Any]) -> None:
    """Read the chains of a source as far as they are final, and record the donations on them."""
    with services.database.reading() as session:
        source = session.get_one(Source, work["source"])
        if refusal(session.get_one(Round, source.round_id), source) is not None:
            return
    file = chain_file(services, source)
    with read_chains(services, source, file) as read:
        record_chains(services, source, file, read)


JOBS: Mapping[str, Handler] = {"source.sync": sync}
