"""Linking and forgetting what an account signs in with."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from api.clock import new_id
from api.problems import Conflict, NotFound
from api.sign_in.sessions import SignedInWith
from api.tables import Account, Credential, Membership, SignIn


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
    made = Credential(
        id=new_id(), account_id=account, kind=proof.kind, subject=proof.subject, donor=proof.donor, created_at=at
    )
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
    _end_sign_ins(session, at, col(SignIn.credential_id) == name)
    session.delete(found)


def forget(session: Session, account: str, at: int) -> None:
    """Forget a person: what it signed in with, its sessions and memberships. Ledgers keep names without a person.

    Raises:
        Conflict: an organisation would be left without anybody to administer it.
    """
    alone = _alone_in_charge(session, account)
    if alone:
        told = f"You are the only admin of {', '.join(alone)}; make somebody else an admin first."
        raise Conflict(told, "last_admin")
    _end_sign_ins(session, at, col(SignIn.account_id) == account)
    session.execute(delete(Credential).where(col(Credential.account_id) == account))
    session.execute(delete(Membership).where(col(Membership.account_id) == account))
    session.execute(update(Account).where(col(Account.id) == account).values(version=Account.version + 1))


def _alone_in_charge(session: Session, account: str) -> list[str]:
    mine = select(Membership.organisation_id).where(Membership.account_id == account, Membership.role == "admin")
    admins = select(Membership).where(col(Membership.organisation_id).in_(mine), Membership.role == "admin")
    others = {row.organisation_id for row in session.exec(admins) if row.account_id != account}
    return sorted(set(session.exec(mine)) - others)


def _end_sign_ins(session: Session, at: int, which: object) -> None:
    ended = update(SignIn).where(which, col(SignIn.revoked_at).is_(None))  # type: ignore[arg-type]
    session.execute(ended.values(revoked_at=at))
