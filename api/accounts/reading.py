"""One's own account, as it is shown."""

from __future__ import annotations

from sqlmodel import col, select

from api.access import Asking, Role
from api.schema import Answer, Shown
from api.tables import Credential, Membership


class CredentialOut(Answer):
    """Something one can sign in with; `donor` is what it is called in ledgers, "" if it gives nothing itself."""

    id: str
    kind: str
    subject: str
    donor: str
    created_at: Shown


class RoleOut(Answer):
    """What one is in an organisation."""

    organisation: str
    role: Role


class AccountOut(Answer):
    """One's own account; all its credentials that give are one donor."""

    account: str
    credentials: list[CredentialOut]
    memberships: list[RoleOut]


def account_of(asking: Asking) -> AccountOut:
    """Return the account of whoever is signed in."""
    owned = select(Credential).where(Credential.account_id == asking.account).order_by(col(Credential.created_at))
    member = select(Membership).where(Membership.account_id == asking.account)
    return AccountOut(
        account=asking.account,
        credentials=[shown(row) for row in asking.session.exec(owned)],
        memberships=[
            RoleOut(organisation=row.organisation_id, role=Role(row.role)) for row in asking.session.exec(member)
        ],
    )


def shown(row: Credential) -> CredentialOut:
    """Return something one signs in with; a code is not shown by what it is looked up with."""
    subject = row.donor if row.kind == "code" else row.subject if row.kind == "wallet" else ""
    return CredentialOut(id=row.id, kind=row.kind, subject=subject, donor=row.donor, created_at=row.created_at)
