"""The first organisation of an installation, for who sits at the machine: no account has to exist before."""

from __future__ import annotations

from pydantic import ValidationError
from sqlmodel import Session, select

from api.access import Actor, Asking
from api.organisations.members import found
from api.organisations.schema import NewOrganisation
from api.problems import ApiError
from api.services import Services
from api.sessions.sessions import SignedInWith, credential_of, new_credential
from api.tables import Credential, Organisation
from qf.chain.addresses import read_address
from qf.errors import InputError, Problem


def found_organisation(services: Services, id: str, name: str, wallet: str) -> Organisation:
    """Return a new organisation whose admin is who signs in with `wallet`.

    Args:
        services: of this process.
        id: its short name in addresses.
        name: what people call it.
        wallet: the account (CAIP-10) of its admin, such as eip155:10:0x...; the chain matters if it is a contract.

    Raises:
        InputError: the name is taken, or something is malformed.
    """
    at = services.clock()
    try:
        with services.database.writing() as session:
            admin = _account_of(session, wallet, at)
            asking = Asking(services, session, Actor(account="service"), at)
            organisation = found(asking, NewOrganisation(id=id, name=name, admin=admin))
            session.flush()
            session.expunge(organisation)
    except ApiError as error:
        raise InputError.at(f"organisation {id}", error.detail) from None
    except ValidationError as error:
        raise InputError(Problem(f"organisation, {each['loc'][0]}", each["msg"]) for each in error.errors()) from None
    return organisation


def _account_of(session: Session, wallet: str, at: int) -> str:
    """Return the account that a wallet signs in to, whether it is a key or the contract on its chain."""
    address = _address_of(wallet)
    by_contract = select(Credential).where(Credential.kind == "wallet", Credential.subject == wallet.lower())
    known = session.exec(by_contract).first()
    if known is not None:
        return known.account_id
    account = credential_of(session, SignedInWith("wallet", address, address, "command"), at).account_id
    session.add(new_credential(session, account, SignedInWith("wallet", wallet.lower(), address, "command"), at))
    return account


def _address_of(wallet: str) -> str:
    kind, _, rest = wallet.partition(":")
    chain, _, text = rest.rpartition(":")
    if kind != "eip155" or not (chain.isascii() and chain.isdigit()):
        raise InputError.at("--admin", f"{wallet} is no account", "write it like eip155:10:0x...")
    try:
        return read_address(text).lower()
    except ValueError as error:
        raise InputError.at("--admin", f"{wallet}: {error}", "write it like eip155:10:0x...") from None
