"""The door of every endpoint: opens the transaction, finds out who asks, and lets in who may."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlmodel import Session, select

from api.access.asking import Asking, OrganisationAsking, RoundAsking
from api.access.identify import SAFE, identify
from api.actor import Actor, Right
from api.database import POOL
from api.problems import Forbidden, NotFound, Unauthenticated
from api.schema import SlugPath
from api.services import Services
from api.sessions.cookies import forgotten
from api.states import State
from api.tables import Credential, Organisation, Round


async def _turn() -> AsyncIterator[None]:
    """Wait for a turn."""
    yield


Turn = Annotated[None, Depends(_turn, scope="function", max_concurrency=POOL)]
"""So many requests at once hold a connection to the database; the others wait, and hold neither connection nor thread.

Else those that wait for a connection take all threads, and those that have one get no thread to go on with.
"""


class Guard:
    """Lets anybody in.

    Attributes:
        signed_in: whether only people who signed in come in.
        right: what somebody has to be allowed to do in the organisation.
        reading: whether an endpoint changes nothing in this transaction although its method is not GET.
        identifies: whether it matters who asks; not where one signs in, perhaps with what is left of an old session.
    """

    def __init__(
        self,
        *,
        signed_in: bool = False,
        right: Right | None = None,
        reading: bool = False,
        identifies: bool = True,
    ) -> None:
        self.signed_in, self.right, self.reading, self.identifies = signed_in, right, reading, identifies

    def __call__(self, request: Request, _turn: Turn) -> Iterator[Asking]:
        """Open the door."""
        with self._opened(request) as asking:
            yield asking

    @contextmanager
    def _opened(self, request: Request) -> Iterator[Asking]:
        services: Services = request.app.state.services
        database = services.database
        with database.reading() if self.reading or request.method in SAFE else database.writing() as session:
            at = services.clock()
            actor = self._actor(request, services, session, at) if self.identifies else Actor()
            if self.signed_in and not actor.account:
                raise Unauthenticated
            yield Asking(services, session, actor, at)

    def _actor(self, request: Request, services: Services, session: Session, at: int) -> Actor:
        """Return who asks: nobody, if the cookie of a browser is no longer good and everybody may come in."""
        try:
            return identify(request, services, session, at)
        except Unauthenticated:
            if "authorization" in request.headers:
                raise
            request.state.set_cookies = [forgotten(services.settings, "access")]
            if self.signed_in or self.right is not None:
                raise
            return Actor()


class OrganisationGuard(Guard):
    """Lets in who has a right in the organisation that the path names."""

    def __call__(self, request: Request, _turn: Turn, organisation: SlugPath) -> Iterator[Any]:  # type: ignore[override]
        """Open the door."""
        with self._opened(request) as asking:
            found = asking.session.get(Organisation, organisation)
            if found is None:
                raise NotFound(f"There is no organisation {organisation}.")
            if self.right is not None:
                asking.require(found.id, self.right)
            yield OrganisationAsking(asking.services, asking.session, asking.actor, asking.at, found)


class RoundGuard(Guard):
    """Lets in who may see the round that the path names, and has the right that is asked for; members see drafts."""

    def __call__(self, request: Request, _turn: Turn, round: SlugPath) -> Iterator[Any]:  # type: ignore[override]
        """Open the door."""
        with self._opened(request) as asking:
            found = asking.session.get(Round, round)
            hidden = found is not None and found.state == State.DRAFT
            if found is None or (hidden and Right.READ not in asking.rights_in(found.organisation_id)):
                raise NotFound(f"There is no round {round}.")
            if self.right is not None:
                asking.require(found.organisation_id, self.right)
            yield RoundAsking(asking.services, asking.session, asking.actor, asking.at, found)


class InstallationGuard(Guard):
    """Lets in the administrators of the installation."""

    def __call__(self, request: Request, _turn: Turn) -> Iterator[Asking]:
        """Open the door."""
        with self._opened(request) as asking:
            named = [wallet.lower() for wallet in asking.services.settings.administrators]
            addresses = [wallet.rpartition(":")[2] for wallet in named]  # a key is the same on every chain
            if not {*named, *addresses} & _wallets(asking):
                raise Forbidden("This is for administrators of this installation; QF_ADMINISTRATORS names them.")
            yield asking


def _wallets(asking: Asking) -> set[str]:
    owned = select(Credential).where(Credential.account_id == asking.account, Credential.kind == "wallet")
    return {credential.subject for credential in asking.session.exec(owned)}


def _door(guard: Guard) -> Any:
    """The transaction ends before the answer is sent: what was answered was committed."""
    return Depends(guard, scope="function")


Anyone = Annotated[Asking, _door(Guard())]
Unidentified = Annotated[Asking, _door(Guard(reading=True, identifies=False))]
SignedIn = Annotated[Asking, _door(Guard(signed_in=True))]
SignedInReading = Annotated[Asking, _door(Guard(signed_in=True, reading=True))]
Installation = Annotated[Asking, _door(InstallationGuard(signed_in=True))]

AnyoneOfOrganisation = Annotated[OrganisationAsking, _door(OrganisationGuard())]
MemberReading = Annotated[OrganisationAsking, _door(OrganisationGuard(right=Right.READ))]
OperatingOrganisation = Annotated[OrganisationAsking, _door(OrganisationGuard(right=Right.OPERATE))]
Auditing = Annotated[OrganisationAsking, _door(OrganisationGuard(right=Right.AUDIT))]
Administering = Annotated[OrganisationAsking, _door(OrganisationGuard(right=Right.ADMINISTER))]

AnyoneOfRound = Annotated[RoundAsking, _door(RoundGuard())]
AskingOfRound = Annotated[RoundAsking, _door(RoundGuard(reading=True))]
SignedInToRound = Annotated[RoundAsking, _door(RoundGuard(signed_in=True))]
SignedInReadingRound = Annotated[RoundAsking, _door(RoundGuard(signed_in=True, reading=True))]
ReadingRound = Annotated[RoundAsking, _door(RoundGuard(right=Right.READ))]
Reviewing = Annotated[RoundAsking, _door(RoundGuard(right=Right.REVIEW))]
Operating = Annotated[RoundAsking, _door(RoundGuard(right=Right.OPERATE))]
