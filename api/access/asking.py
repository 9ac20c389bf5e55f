"""A request on its way: who asks, when, and the transaction it reads or writes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, select

from api import audit, events
from api.actor import ROLES, Actor, Right, Role
from api.problems import Forbidden, Unauthenticated
from api.services import Services
from api.tables import Membership, Organisation, Round


@dataclass(frozen=True, slots=True)
class Asking:
    """What an endpoint works with.

    Attributes:
        services: what one process has one of.
        session: the transaction; it is committed before the answer is sent, and undone if there is an error.
        actor: who asks.
        at: now, seconds since 1970 UTC.
    """

    services: Services
    session: Session
    actor: Actor
    at: int

    @property
    def account(self) -> str:
        """The account that is signed in.

        Raises:
            Unauthenticated: nobody is.
        """
        if not self.actor.account:
            raise Unauthenticated
        return self.actor.account

    def rights_in(self, organisation_id: str) -> frozenset[Right]:
        """Return what the actor may do in an organisation."""
        if self.actor.key:
            return self.actor.rights if self.actor.organisation == organisation_id else frozenset()
        if not self.actor.account:
            return frozenset()
        member = self.session.get(Membership, (organisation_id, self.actor.account))
        return ROLES[Role(member.role)] if member else frozenset()

    def require(self, organisation_id: str, right: Right) -> None:
        """Raise unless the actor has `right` in an organisation.

        Raises:
            Unauthenticated: nobody is signed in.
            Forbidden: somebody else is.
        """
        if not self.actor.known:
            raise Unauthenticated
        if right not in self.rights_in(organisation_id):
            raise Forbidden(f"This takes the right to {right} in the organisation {organisation_id}.")


@dataclass(frozen=True, slots=True)
class OrganisationAsking(Asking):
    """A request about an organisation."""

    organisation: Organisation

    def record(self, action: str, subject: str, reason: str = "", **details: Any) -> None:
        """Write what is being done into the audit log."""
        deed = audit.Deed(self.actor.name, action, subject, reason, details)
        audit.record(self.session, self.organisation.id, deed, self.at)


@dataclass(frozen=True, slots=True)
class RoundAsking(Asking):
    """A request about a round."""

    round: Round

    @property
    def rights(self) -> frozenset[Right]:
        """What the actor may do in the organisation of the round."""
        return self.rights_in(self.round.organisation_id)

    def lock(self) -> Round:
        """Return the round as it is now, which nobody else changes before this transaction ends."""
        found = select(Round).where(Round.id == self.round.id).with_for_update()
        return self.session.exec(found.execution_options(populate_existing=True)).one()

    def record(self, action: str, reason: str = "", subject: str = "", **details: Any) -> None:
        """Write what is being done into the audit log."""
        deed = audit.Deed(self.actor.name, action, subject or f"round/{self.round.id}", reason, details)
        audit.record(self.session, self.round.organisation_id, deed, self.at)

    def tell(self, kind: events.EventKind, data: Mapping[str, Any]) -> None:
        """Tell the world what happened in the round."""
        events.emit(self.session, self.round, kind, dict(data), self.at)
