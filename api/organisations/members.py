"""Who acts for an organisation: people with roles, and programs with keys."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from sqlmodel import col, select

from api.access import ROLES, Asking, OrganisationAsking, Right, Role
from api.access.identify import KEY_PREFIX
from api.access.keys import revoke_beyond
from api.clock import new_id
from api.organisations.schema import KeyOut, NewKey, NewKeyOut, NewOrganisation
from api.problems import Conflict, Forbidden, NotFound, Unauthenticated
from api.secrecy import hashed
from api.tables import Account, ApiKey, Membership, Organisation


def found(asking: Asking, new: NewOrganisation) -> Organisation:
    """Return a new organisation with its first admin.

    Raises:
        Conflict: the name is taken.
        NotFound: there is no such account.
    """
    if asking.session.get(Organisation, new.id) is not None:
        raise Conflict(f"There is an organisation {new.id} already; choose another name.", "name_taken")
    organisation = Organisation(id=new.id, name=new.name, contact=new.contact, created_at=asking.at)
    asking.session.add(organisation)
    asking.session.flush()
    inside = OrganisationAsking(asking.services, asking.session, asking.actor, asking.at, organisation)
    inside.record("organisation.founded", f"organisation/{new.id}")
    set_role(inside, new.admin, Role.ADMIN)
    return organisation


def members(asking: OrganisationAsking) -> list[Membership]:
    """Return the members, oldest first."""
    query = select(Membership).where(Membership.organisation_id == asking.organisation.id)
    return list(asking.session.exec(query.order_by(col(Membership.created_at), col(Membership.account_id))))


def set_role(asking: OrganisationAsking, account: str, role: Role) -> Membership:
    """Return the member with the role; keys they made that can do more than the role are revoked.

    Raises:
        NotFound: there is no such account.
        Conflict: nobody would be left to administer.
    """
    _lock(asking)
    if asking.session.get(Account, account) is None:
        raise NotFound(f"There is no account {account}; it is made when its owner signs in for the first time.")
    member = asking.session.get(Membership, (asking.organisation.id, account))
    if member is None:
        member = Membership(organisation_id=asking.organisation.id, account_id=account, role=role, created_at=asking.at)
    elif role != Role.ADMIN:
        _require_another_admin(asking, account)
    member.role = role
    asking.session.add(member)
    asking.record("member.role", f"account/{account}", role=role)
    _revoke_beyond(asking, account, ROLES[role])
    return member


def remove(asking: OrganisationAsking, account: str) -> None:
    """Remove a member; the keys they made are revoked.

    Raises:
        NotFound: it is none.
        Conflict: nobody would be left to administer.
    """
    _lock(asking)
    member = asking.session.get(Membership, (asking.organisation.id, account))
    if member is None:
        raise NotFound(f"{account} is no member of {asking.organisation.id}.")
    _require_another_admin(asking, account)
    asking.session.delete(member)
    asking.record("member.removed", f"account/{account}")
    _revoke_beyond(asking, account, ())


def keys(asking: OrganisationAsking) -> list[ApiKey]:
    """Return the keys, oldest first."""
    query = select(ApiKey).where(ApiKey.organisation_id == asking.organisation.id)
    return list(asking.session.exec(query.order_by(col(ApiKey.created_at), col(ApiKey.id))))


def make_key(asking: OrganisationAsking, new: NewKey) -> NewKeyOut:
    """Return a new key, which is not shown again.

    Raises:
        Forbidden: it would be able to do more than its maker.
        Unauthenticated: the key that makes it was revoked just now.
    """
    _lock(asking)
    more = set(new.rights) - asking.rights_in(asking.organisation.id)
    if more:
        raise Forbidden(f"You have no right to {', '.join(sorted(more))}, so no key of yours has.")
    token = KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        id=new_id(),
        organisation_id=asking.organisation.id,
        key=hashed(token),
        name=new.name,
        rights=sorted(set(new.rights)),
        created_by=asking.actor.name,
        created_at=asking.at,
        expires_at=new.expires_at,
    )
    asking.session.add(key)
    asking.record("key.made", f"key/{key.id}", rights=key.rights)
    return NewKeyOut(**dict(shown(key)), key=token)


def revoke(asking: OrganisationAsking, name: str) -> None:
    """Make a key useless.

    Raises:
        NotFound: there is no such key.
    """
    key = asking.session.get(ApiKey, name)
    if key is None or key.organisation_id != asking.organisation.id:
        raise NotFound(f"There is no key {name}.")
    key.revoked_at = key.revoked_at or asking.at
    asking.session.add(key)
    asking.record("key.revoked", f"key/{name}")


def shown(key: ApiKey) -> KeyOut:
    """Return a key as it is shown."""
    return KeyOut(**{**key.model_dump(exclude={"key", "organisation_id"}), "rights": [Right(r) for r in key.rights]})


def _lock(asking: OrganisationAsking) -> None:
    """Have members and keys changed by one request at a time: none makes a key for somebody who is being removed.

    Raises:
        Unauthenticated: who asks does so with a key that was revoked meanwhile.
    """
    asking.session.exec(select(Organisation).where(Organisation.id == asking.organisation.id).with_for_update()).one()
    asking.session.expire_all()  # what was read before may be over
    key = asking.session.get(ApiKey, asking.actor.key) if asking.actor.key else None
    if key is not None and key.revoked_at is not None:
        raise Unauthenticated


def _revoke_beyond(asking: OrganisationAsking, account: str, rights: Collection[Right]) -> None:
    revoke_beyond(asking.session, asking.organisation.id, account, rights, asking.actor.name, asking.at)


def _require_another_admin(asking: OrganisationAsking, account: str) -> None:
    query = select(Membership.account_id).where(
        Membership.organisation_id == asking.organisation.id, Membership.role == Role.ADMIN
    )
    admins = set(asking.session.exec(query.with_for_update()))
    if admins == {account}:
        raise Conflict("Nobody would be left to administer; make somebody else an admin first.", "last_admin")
