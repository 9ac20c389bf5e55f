"""Adding, stopping and finding sources."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select

from api import signing
from api.access import RoundAsking
from api.clock import new_id
from api.problems import Conflict, Fault, Invalid, NotFound
from api.recording import lock
from api.schema import NewSecret
from api.secrecy import new_key
from api.services import Services
from api.sources.schema import NewSource, SourceKind, SourceOut
from api.states import State
from api.tables import Round, Source
from qf.chain.chain_file import ChainFile, chain_file_of

SEALED = "webhook"
"""The purpose under which secrets of webhooks are sealed."""

NODES = "leave them out; QF_CHAINS of the installation names nodes"
"""What to do where nodes are named, or are missing."""


def add(asking: RoundAsking, new: NewSource) -> tuple[Source, str | None]:
    """Return a new source, and the secret of its webhook if it has one.

    Raises:
        Conflict: the round is over, or the name is taken.
        Invalid, InputError: its settings are malformed; names everything.
    """
    round = asking.lock()
    if round.state not in {State.DRAFT, State.FROZEN, State.OPEN}:
        raise Conflict(f"The round is {round.state}; no source is added any more.", "round_over")
    if new.name.startswith("eip155"):
        raise Invalid.at("name", "begins like the names of donations on a chain", "give another")
    if find(asking.session, round.id, new.name) is not None:
        raise Conflict(f"The round has a source {new.name} already.", "name_taken")
    if new.kind == SourceKind.CHAIN:
        require_readable(asking.services, new.settings)
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
    asking.lock()
    source = require(asking.session, asking.round.id, name)
    source.state = state
    asking.session.add(source)
    asking.record(f"source.{state}", subject=f"source/{name}")
    return source


def rotate(asking: RoundAsking, name: str, *, at_once: bool) -> NewSecret:
    """Return the new secret of a webhook; deliveries under the former one are taken for another day.

    Raises:
        Conflict: the source has none.
    """
    source = require(asking.session, asking.round.id, name)
    if source.kind != SourceKind.WEBHOOK:
        raise Conflict(f"A source of kind {source.kind} has no secret.", "no_secret")
    secret = signing.replaced(asking.services.secrecy, SEALED, source, asking.at, at_once=at_once)
    asking.session.add(source)
    asking.record("source.rotated", subject=f"source/{name}", at_once=at_once)
    return NewSecret(secret=secret, former_until=source.former_until or None)


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
        Conflict: the round is over.
        Invalid, InputError: the settings are malformed; names everything.
    """
    source = require(asking.session, asking.round.id, name, SourceKind.CHAIN)
    round = asking.lock()
    if round.state in {State.PUBLISHED, State.CANCELLED}:
        raise Conflict(f"The round is {round.state}; nothing is read for it any more.", "round_over")
    require_readable(asking.services, settings)
    source.settings = settings
    asking.session.add(source)
    asking.record("source.changed", subject=f"source/{name}")
    return source


def require_readable(services: Services, settings: dict[str, Any]) -> None:
    """Raise unless settings are a chain file, of chains that this installation has nodes of.

    Which nodes are asked is for who runs the installation to say: the address of one may hold a key, be inside the
    network of the installation, or take a variable of its environment.

    Raises:
        Invalid, InputError: they are not; names everything.
    """
    file = chain_file_of(_with_nodes(services, settings), "settings")
    faults = [
        Fault(where=f"settings, chain {number}, endpoints", what="are not an operator's to name", fix=NODES)
        for number, chain in enumerate(settings["chain"], 1)
        if "endpoints" in chain
    ]
    faults += [
        Fault(where="settings", what=f"this installation has no node of chain {chain.id}", fix=NODES)
        for chain in file.chains
        if not chain.endpoints
    ]
    if faults:
        raise Invalid.of(faults)


def chain_file(services: Services, source: Source) -> ChainFile:
    """Return what a chain source reads, from the nodes of this installation."""
    return chain_file_of(_with_nodes(services, source.settings), f"source {source.name}")


def _with_nodes(services: Services, settings: dict[str, Any]) -> dict[str, Any]:
    known = {str(number): list(nodes) for number, nodes in services.settings.chains.items()}

    def filled(chain: Any) -> Any:
        return {**chain, "endpoints": known.get(str(chain.get("id")), [])} if isinstance(chain, dict) else chain

    chains = settings.get("chain")
    return {**settings, "chain": [filled(chain) for chain in chains]} if isinstance(chains, list) else settings


def shown(source: Source) -> SourceOut:
    """Return a source as everybody may see it."""
    return SourceOut(**source.model_dump(include={"id", "name", "kind", "state", "settings", "created_at"}))


def accepting(session: Session, round: Round, source: Source) -> None:
    """Lock a round for recording donations from a source, both as they are now.

    Raises:
        Conflict: nothing is recorded from it now.
    """
    lock(session, round)
    session.refresh(source)
    told = refusal(round, source)
    if told is not None:
        raise told


def refusal(round: Round, source: Source) -> Conflict | None:
    """Return why nothing is recorded from a source: it was stopped, or the round is a draft, settled or cancelled."""
    if source.state != "active":
        return Conflict(f"The source {source.name} is stopped.", "source_stopped")
    if round.state not in {State.FROZEN, State.OPEN, State.CLOSED}:
        return Conflict(f"The round is {round.state}; nothing is recorded in it.", "round_over")
    return None
