"""Who gives, in the words of the ledger: whoever is signed in, or an address that anybody may name."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement
from sqlmodel import col, exists, select

from api.access import RoundAsking
from api.problems import Forbidden
from api.tables import Credential, Entry

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


def giver_of(asking: RoundAsking, named: str) -> str | None:
    """Return the name under which a gift would be counted, None for somebody new of whom nothing is known.

    All names of one account are one donor as soon as two of them have given: then it is a name that gave already.

    Raises:
        Forbidden: it is the name of somebody else that is not public, such as that of a printed code.
    """
    is_address = _ADDRESS.fullmatch(named) is not None
    name = named.lower() if is_address else named
    own = _own_names(asking)
    if name and name not in own:
        if is_address:
            return name
        told = "What others would do is told for addresses on a chain alone: name one, or sign in."
        raise Forbidden(told, "not_your_name")
    given = exists().where(col(Entry.round_id) == asking.round.id, col(Entry.donor) == Credential.donor)
    gave = _own_names(asking, given)
    known = [each for each in (name, *gave, *own) if each and (each in gave or not gave)]
    return known[0] if known else None


def _own_names(asking: RoundAsking, *conditions: ColumnElement[bool]) -> list[str]:
    """Return the names under which whoever is signed in gives, the oldest first."""
    if not asking.actor.account:
        return []
    query = select(Credential.donor).where(Credential.account_id == asking.actor.account, Credential.donor != "")
    return list(asking.session.exec(query.where(*conditions).order_by(col(Credential.created_at), col(Credential.id))))
