"""Where a project is paid: an address that has signed for it."""

from __future__ import annotations

from api.access import RoundAsking
from api.applications.changes import owned
from api.applications.schema import PayoutAddress
from api.problems import Conflict, Invalid, Unavailable
from api.sign_in.chains import wallets_of
from api.sign_in.signatures import NoChainError, SignatureError, verify_text
from api.states import State
from api.tables import Application
from qf.chain.addresses import checksummed, read_address
from qf.chain.types import Address


def message_of(asking: RoundAsking, row: Application, address: str) -> str:
    """Return what a payout address signs.

    Raises:
        Invalid: it is no address.
    """
    try:
        shown = checksummed(read_address(address))
    except ValueError as error:
        raise Invalid.at("address", str(error), "copy it from the wallet, whole") from None
    where = asking.services.settings.domain
    return (
        f"At {where}: pay what the project {row.project} ({row.title}) gets in the round {asking.round.id} "
        f"to this address, {shown}."
    )


def confirm(asking: RoundAsking, name: str, wanted: PayoutAddress) -> Application:
    """Return the application with a payout address that was confirmed by its signature.

    Raises:
        Conflict: the result is public.
        Invalid: somebody else signed, or something else.
        Unavailable: only a chain could tell, and it does not answer.
    """
    row = owned(asking, name)
    if asking.round.state in {State.PUBLISHED, State.CANCELLED}:
        raise Conflict(f"The round is {asking.round.state}.", "round_over")
    text = message_of(asking, row, wanted.address)
    try:
        with wallets_of(asking.services.settings, wanted.chain_id) as wallets:
            verify_text(text, wanted.address, wanted.signature, wallets)
    except SignatureError as error:
        raise Invalid.at("signature", str(error), "sign the message with the address it names") from None
    except NoChainError as error:
        told = f"Whether the address signed cannot be found out: {error}."
        raise Unavailable(told, "chain_unavailable") from None
    row.payout_address, row.payout_confirmed = Address(wanted.address.lower()), wanted.signature
    row.changed_at = asking.at
    asking.session.add(row)
    asking.record("project.payee", subject=f"application/{row.id}", payout_address=row.payout_address)
    return row
