"""Sources over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from api import queue
from api.access import AnyoneOfRound, Operating
from api.schema import AtOnce, NewSecret, Queued, SlugPath
from api.sources import changes
from api.sources.schema import ChainSettings, NewSource, SourceKind, SourceOut, SourceWithSecret

router = APIRouter(tags=["sources"])


@router.get("/rounds/{round}/sources")
def list_sources(asking: AnyoneOfRound) -> list[SourceOut]:
    """Where donations of the round come from."""
    return [changes.shown(source) for source in changes.sources_of(asking.session, asking.round.id)]


@router.post("/rounds/{round}/sources", status_code=201)
def add_source(asking: Operating, new: NewSource) -> SourceWithSecret:
    """Add a source; the secret of a webhook is shown this once."""
    source, secret = changes.add(asking, new)
    return SourceWithSecret(**dict(changes.shown(source)), secret=secret)


@router.put("/rounds/{round}/sources/{source}/settings")
def replace_settings(asking: Operating, source: SlugPath, settings: ChainSettings) -> SourceOut:
    """Make a chain source read other contracts: the tables of a chain file."""
    return changes.shown(changes.replace_settings(asking, source, settings.settings))


@router.post("/rounds/{round}/sources/{source}/stop")
def stop_source(asking: Operating, source: SlugPath) -> SourceOut:
    """Take nothing more from a source."""
    return changes.shown(changes.set_state(asking, source, "stopped"))


@router.post("/rounds/{round}/sources/{source}/start")
def start_source(asking: Operating, source: SlugPath) -> SourceOut:
    """Take from a source again."""
    return changes.shown(changes.set_state(asking, source, "active"))


@router.post("/rounds/{round}/sources/{source}/secret")
def rotate_secret(asking: Operating, source: SlugPath, at_once: AtOnce = False) -> NewSecret:
    """Give a webhook a new secret; the former one is good for another day."""
    return changes.rotate(asking, source, at_once=at_once)


@router.post("/rounds/{round}/sources/{source}/sync", status_code=202)
def sync_source(asking: Operating, source: SlugPath) -> Queued:
    """Read a chain now instead of at the next minute."""
    found = changes.require(asking.session, asking.round.id, source, SourceKind.CHAIN)
    changes.accepting(asking.session, asking.round, found)
    work = {"source": found.id}
    return Queued(job=queue.enqueue(asking.session, "source.sync", f"{found.id}/now/{asking.at}", work, asking.at))
