"""A key can do what its maker may, and no more: also after its maker may less."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, select

from api import audit
from api.actor import Right
from api.tables import ApiKey

OF_PROGRAM = "key:"
"""How the name of an actor begins that is a program; what follows is the name of its key."""


def revoke_beyond(
    session: Session, organisation_id: str, account: str, rights: Collection[Right], actor: str, at: int
) -> None:
    """Revoke the keys of an organisation that an account made and that can do more than it now may.

    A key that was made with a key is its maker's as well.

    Args:
        session: the transaction.
        organisation_id: the organisation.
        account: who made the keys.
        rights: what they may do now; nothing, if they have left.
        actor: who changes that.
        at: now.
    """
    keys = {key.id: key for key in session.exec(select(ApiKey).where(ApiKey.organisation_id == organisation_id))}
    for key in keys.values():
        if key.revoked_at is None and set(key.rights) - set(rights) and maker_of(key, keys) == account:
            key.revoked_at = at
            session.add(key)
            deed = audit.Deed(actor, "key.revoked", f"key/{key.id}", f"its maker, {account}, may do less")
            audit.record(session, organisation_id, deed, at)


def maker_of(key: ApiKey, keys: dict[str, ApiKey]) -> str:
    """Return the account that made a key, or made the key that it was made with."""
    name = key.created_by
    while name.startswith(OF_PROGRAM):
        maker = keys.get(name.removeprefix(OF_PROGRAM))
        name = maker.created_by if maker else ""
    return name
