"""Where a project is paid: an address that has signed for it."""

from __future__ import annotations

from dataclasses import replace

from api.access import RoundAsking
from api.applications.reading import shown
from api.applications.schema import ApplicationOut, PayoutAddress
from api.applications.steps import locked, owned, require_going_on
from api.events import EventKind
from api.problems import Invalid, Unavailable
from api.sign_in.chains import wallets_of
from api.sign_in.signatures import NoChainError, SignatureError, verify_text
from api.states import Application as State
from api.tables import Application, Round
from qf.chain.addresses import checksummed, read_address
from qf.chain.types import Address


def message_of(asking: RoundAsking, row: Application, address: str) -> str:
    """Return what a payout address signs.

    Raises:
        Invalid: it is no address.
    """
    try:
        payee = checksummed(read_address(address))
    except ValueError as error:
        raise Invalid.at("address", str(error), "copy it from the wallet, whole") from None
    where = asking.services.settings.domain
    return (
        f"At {where}: pay what the project {row.project} gets in the round {asking.round.id} to this address, {payee}."
    )


def confirm(asking: RoundAsking, name: str, wanted: PayoutAddress) -> ApplicationOut:
    """Return the application with a payout address that was confirmed by its signature.

    No transaction that writes is open while a chain is asked.

    Raises:
        Conflict: the round is over.
        Invalid: somebody else signed, or something else.
        Unavailable: only a chain could tell, and it does not answer.
    """
    text = message_of(asking, owned(asking, name), wanted.address)
    try:
        with wallets_of(asking.services.settings, wanted.chain_id) as wallets:
            verify_text(text, wanted.address, wanted.signature, wallets)
    except SignatureError as error:
        raise Invalid.at("signature", str(error), "sign the message with the address it names") from None
    except NoChainError as error:
        told = f"Whether the address signed cannot be found out: {error}."
        raise Unavailable(told, "chain_unavailable") from None
    with asking.services.database.writing() as session:
        writing = replace(asking, session=session, round=session.get_one(Round, asking.round.id))
        return shown(session, _set(writing, name, Address(wanted.address.lower()), wanted.signature))[0]


def _set(asking: RoundAsking, name: str, payee: Address, signature: str) -> Application:
    row = locked(asking, name)
    require_going_on(asking)
    before, row.payout_address, row.payout_confirmed = row.payout_address, payee, signature
    row.changed_at = asking.at
    asking.session.add(row)
    asking.record("project.payee", subject=f"application/{row.id}", payout_address=payee, before=before)
    if row.state == State.APPROVED:
        asking.tell(EventKind.PROJECT, {"project": row.project, "title": row.title, "payout_address": payee})
    return row
