"""The first organisation of an installation, for who sits at the machine: no account has to exist before."""

from __future__ import annotations

from pydantic import ValidationError

from api.access import Actor, Asking
from api.organisations.members import found
from api.organisations.schema import NewOrganisation
from api.problems import ApiError
from api.services import Services
from api.sessions.sessions import SignedInWith, credential_of
from api.tables import Organisation
from qf.chain.addresses import read_address
from qf.errors import InputError, Problem


def found_organisation(services: Services, id: str, name: str, wallet: str) -> Organisation:
    """Return a new organisation whose admin is who signs in with `wallet`.

    Args:
        services: of this process.
        id: its short name in addresses.
        name: what people call it.
        wallet: the account (CAIP-10) of its admin, such as eip155:10:0x...; the chain does not matter.

    Raises:
        InputError: the name is taken, or something is malformed.
    """
    address, at = _address_of(wallet), services.clock()
    try:
        with services.database.writing() as session:
            admin = credential_of(session, SignedInWith("wallet", address, address, "command"), at).account_id
            asking = Asking(services, session, Actor(account="service"), at)
            organisation = found(asking, NewOrganisation(id=id, name=name, admin=admin))
            session.flush()
            session.expunge(organisation)
    except ApiError as error:
        raise InputError.at(f"organisation {id}", error.detail) from None
    except ValidationError as error:
        raise InputError(Problem(f"organisation, {each['loc'][0]}", each["msg"]) for each in error.errors()) from None
    return organisation


def _address_of(wallet: str) -> str:
    kind, _, rest = wallet.partition(":")
    chain, _, text = rest.rpartition(":")
    if kind != "eip155" or not (chain.isascii() and chain.isdigit()):
        raise InputError.at("--admin", f"{wallet} is no account", "write it like eip155:10:0x...")
    try:
        return read_address(text).lower()
    except ValueError as error:
        raise InputError.at("--admin", f"{wallet}: {error}", "write it like eip155:10:0x...") from None
