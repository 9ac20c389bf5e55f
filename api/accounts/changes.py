"""Linking and forgetting what an account signs in with."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from api.access.keys import revoke_beyond
from api.problems import Conflict, NotFound
from api.sessions.sessions import SignedInWith, new_credential
from api.tables import Account, Credential, Membership, Organisation, RefreshToken, SignIn


def link(session: Session, account: str, proof: SignedInWith, at: int) -> Credential:
    """Return what an account can sign in with from now on.

    Raises:
        Conflict: it belongs to another account.
    """
    wanted = select(Credential).where(Credential.kind == proof.kind, Credential.subject == proof.subject)
    known = session.exec(wanted).first()
    if known is not None and known.account_id != account:
        told = "It signs in to another account; sign in there and remove it first, if that is yours too."
        raise Conflict(told, "belongs_to_another")
    if known is not None:
        return known
    made = new_credential(session, account, proof, at)
    session.add(made)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("Another request is linking it just now; try again.", "belongs_to_another") from None
    return made


def unlink(session: Session, account: str, name: str, at: int) -> None:
    """Forget what an account can sign in with, and end the sessions that began with it.

    Raises:
        NotFound: it is none of this account's.
        Conflict: the account could not be signed in to any more.
    """
    owned = list(session.exec(select(Credential).where(Credential.account_id == account).with_for_update()))
    found = next((each for each in owned if each.id == name), None)
    if found is None:
        raise NotFound(f"There is no credential {name} in this account.")
    if len(owned) == 1:
        raise Conflict("It is the last one; delete the account instead, if that is what you want.", "last_credential")
    began = update(SignIn).where(col(SignIn.credential_id) == name, col(SignIn.revoked_at).is_(None))
    session.execute(began.values(revoked_at=at))
    session.delete(found)


def forget(session: Session, account: str, at: int) -> None:
    """Forget a person: credentials, sessions, memberships and keys. Ledgers keep names without a person.

    Raises:
        Conflict: an organisation would be left without anybody to administer it.
    """
    mine = select(Membership.organisation_id).where(Membership.account_id == account)
    locked = select(Organisation.id).where(col(Organisation.id).in_(mine)).order_by(Organisation.id).with_for_update()
    organisations = session.exec(locked).all()  # so that their members and keys are changed by one request at a time
    alone = _alone_in_charge(session, account)
    if alone:
        told = f"You are the only admin of {', '.join(alone)}; make somebody else an admin first."
        raise Conflict(told, "last_admin")
    for organisation in organisations:
        revoke_beyond(session, organisation, account, (), account, at)
    sessions = select(SignIn.id).where(SignIn.account_id == account)
    session.execute(delete(RefreshToken).where(col(RefreshToken.sign_in_id).in_(sessions)))
    session.execute(delete(SignIn).where(col(SignIn.account_id) == account))
    session.execute(delete(Credential).where(col(Credential.account_id) == account))
    session.execute(delete(Membership).where(col(Membership.account_id) == account))
    session.execute(update(Account).where(col(Account.id) == account).values(version=Account.version + 1))


def _alone_in_charge(session: Session, account: str) -> list[str]:
    """Return the organisations that nobody else administers; their admins stay until this transaction ends."""
    mine = select(Membership.organisation_id).where(Membership.account_id == account, Membership.role == "admin")
    admins = select(Membership).where(col(Membership.organisation_id).in_(mine), Membership.role == "admin")
    rows = session.exec(admins.order_by(Membership.organisation_id, Membership.account_id).with_for_update()).all()
    return sorted({row.organisation_id for row in rows} - {r.organisation_id for r in rows if r.account_id != account})
