"""Adding, stopping and finding sources."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select

from api.access import RoundAsking
from api.clock import new_id
from api.problems import Conflict, Invalid, NotFound
from api.secrecy import new_key
from api.services import Services
from api.sources.schema import NewSource, SourceKind, SourceOut
from api.states import State
from api.tables import Round, Source
from qf.chain.chain_file import ChainFile, chain_file_of

SEALED = "webhook"
"""The purpose under which secrets of webhooks are sealed."""


def add(asking: RoundAsking, new: NewSource) -> tuple[Source, str | None]:
    """Return a new source, and the secret of its webhook if it has one.

    Raises:
        Conflict: the round is over, or the name is taken.
        Invalid, InputError: its settings are malformed; names everything.
    """
    round = asking.lock()
    if round.state not in {State.DRAFT, State.FROZEN, State.OPEN}:
        raise Conflict(f"The round is {round.state}; no source is added any more.", "round_over")
    if find(asking.session, round.id, new.name) is not None:
        raise Conflict(f"The round has a source {new.name} already.", "name_taken")
    if new.kind == SourceKind.CHAIN:
        chain_file_of(new.settings, "settings")
        _require_first_chain(asking, round)
    elif new.settings:
        raise Invalid.at("settings", f"a source of kind {new.kind} has none", "leave them out")
    secret = new_key() if new.kind == SourceKind.WEBHOOK else None
    source = Source(
        id=new_id(),
        round_id=round.id,
        name=new.name,
        kind=new.kind,
        settings=new.settings,
        secret=asking.services.secrecy.seal(SEALED, secret) if secret else "",
        created_at=asking.at,
        created_by=asking.actor.name,
    )
    asking.session.add(source)
    asking.record("source.added", subject=f"source/{new.name}", kind=new.kind)
    asking.session.flush()
    return source, secret


def set_state(asking: RoundAsking, name: str, state: str) -> Source:
    """Return a source that is active or stopped from now on."""
    source = require(asking.session, asking.round.id, name)
    source.state = state
    asking.session.add(source)
    asking.record(f"source.{state}", subject=f"source/{name}")
    return source


def rotate(asking: RoundAsking, name: str) -> str:
    """Return the new secret of a webhook; the old one is good no more.

    Raises:
        Conflict: the source has none.
    """
    source = require(asking.session, asking.round.id, name)
    if source.kind != SourceKind.WEBHOOK:
        raise Conflict(f"A source of kind {source.kind} has no secret.", "no_secret")
    secret = new_key()
    source.secret = asking.services.secrecy.seal(SEALED, secret)
    asking.session.add(source)
    asking.record("source.rotated", subject=f"source/{name}")
    return secret


def find(session: Session, round_id: str, name: str) -> Source | None:
    """Return a source of a round by its name."""
    return session.exec(select(Source).where(Source.round_id == round_id, Source.name == name)).first()


def require(session: Session, round_id: str, name: str, *kinds: SourceKind) -> Source:
    """Return a source of a round by its name.

    Raises:
        NotFound: there is none, or it is of another kind.
    """
    source = find(session, round_id, name)
    if source is None or (kinds and source.kind not in kinds):
        what = " or ".join(kinds) + " " if kinds else ""
        raise NotFound(f"The round has no {what}source {name}.")
    return source


def sources_of(session: Session, round_id: str) -> list[Source]:
    """Return the sources of a round, in the order they were added."""
    query = select(Source).where(Source.round_id == round_id)
    return list(session.exec(query.order_by(col(Source.created_at), col(Source.id))))


def _require_first_chain(asking: RoundAsking, round: Round) -> None:
    """One source reads all chains of a round, as one chain file names them, so that nothing is read twice."""
    if any(source.kind == SourceKind.CHAIN for source in sources_of(asking.session, round.id)):
        told = "The round has a chain source; add the contract to its settings instead."
        raise Conflict(told, "second_chain_source")


def replace_settings(asking: RoundAsking, name: str, settings: dict[str, Any]) -> Source:
    """Return a chain source that reads something else from now on.

    Raises:
        InputError: the settings are malformed; names everything.
    """
    source = require(asking.session, asking.round.id, name, SourceKind.CHAIN)
    chain_file_of(settings, "settings")
    source.settings = settings
    asking.session.add(source)
    asking.record("source.changed", subject=f"source/{name}")
    return source


def chain_file(services: Services, source: Source) -> ChainFile:
    """Return what a chain source reads; nodes that it does not name are those of this installation."""
    return chain_file_of(with_endpoints(services, source.settings), f"source {source.name}")


def with_endpoints(services: Services, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the tables of a chain file with the nodes of this installation where they name none."""

    def filled(chain: dict[str, Any]) -> dict[str, Any]:
        if chain.get("endpoints"):
            return chain
        known = services.settings.chains.get(chain.get("id", 0), ())
        return {**chain, "endpoints": list(known)} if known else chain

    return {**settings, "chain": [filled(chain) for chain in settings.get("chain", [])]}


def shown(source: Source) -> SourceOut:
    """Return a source as everybody may see it."""
    chains = [
        {key: value for key, value in chain.items() if key != "endpoints"} for chain in source.settings.get("chain", [])
    ]
    settings = {**source.settings, "chain": chains} if source.kind == SourceKind.CHAIN else {}
    return SourceOut(**source.model_dump(include={"id", "name", "kind", "state", "created_at"}), settings=settings)


def accepting(round: Round, source: Source) -> None:
    """Raise unless donations are recorded from a source now.

    Raises:
        Conflict: it was stopped, or the round is a draft, settled or cancelled.
    """
    if source.state != "active":
        raise Conflict(f"The source {source.name} is stopped.", "source_stopped")
    if round.state not in {State.FROZEN, State.OPEN, State.CLOSED}:
        raise Conflict(f"The round is {round.state}; nothing is recorded in it.", "round_over")
