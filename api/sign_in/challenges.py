"""What a wallet is asked to sign: good for five minutes, one use, one purpose, and the browser that asked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete
from sqlmodel import col

from api.problems import Invalid, Unauthenticated, Unavailable
from api.secrecy import hashed
from api.services import Services
from api.sessions.sessions import SignedInWith, on_chain
from api.sign_in.chains import wallets_of
from api.sign_in.message import Expected, MessageError, SignInMessage, check, read_message, write_message
from api.sign_in.signatures import How, NoChainError, SignatureError, verify_text
from api.tables import Nonce
from qf.chain.addresses import checksummed, read_address

LIFE = 300
"""Seconds in which a message has to be signed and sent."""


class Purpose(StrEnum):
    """What signing a message does."""

    SIGN_IN = "sign_in"
    LINK = "link"


STATEMENTS: Mapping[Purpose, str] = {
    Purpose.SIGN_IN: "Sign in. This costs nothing and moves nothing.",
    Purpose.LINK: "Link this wallet to my account. Linked wallets count as one donor, which published rounds show.",
}
"""What the wallet shows to whoever is about to sign."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A message to sign, and until when it is good."""

    message: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Proved:
    """A wallet that signed what it was asked to sign."""

    address: str
    chain_id: int
    how: How


def with_wallet(proved: Proved) -> SignedInWith:
    """Return what a wallet signs in with.

    A key is the same on every chain. A contract is not: on another chain somebody else may have put another one at its
    address, who must not come into its account.
    """
    subject = proved.address if proved.how == "eoa" else on_chain(proved.chain_id, proved.address)
    return SignedInWith("wallet", subject, proved.address, proved.how, proved.chain_id)


def challenge(services: Services, purpose: Purpose, address: str, chain_id: int, browser: str, at: int) -> Challenge:
    """Return a message for a wallet to sign.

    Raises:
        Invalid: the address is none.
    """
    try:
        wallet = checksummed(read_address(address))
    except ValueError as error:
        raise Invalid.at("address", str(error), "copy it from the wallet") from None
    settings, nonce = services.settings, secrets.token_hex(16)
    give_out(services, purpose, nonce, browser, at + LIFE)
    message = SignInMessage(
        text="",
        scheme="",
        domain=settings.domain,
        address=wallet,
        statement=STATEMENTS[purpose],
        uri=settings.public_url,
        chain_id=chain_id,
        nonce=nonce,
        issued_at=at,
        expires_at=at + LIFE,
        not_before=None,
        request_id="",
        resources=(),
    )
    return Challenge(write_message(message), at + LIFE)


def prove(services: Services, purpose: Purpose, text: str, signature: str, browser: str, at: int) -> Proved:
    """Return the wallet that signed a message; the message is used up, whatever comes of it.

    It asks a chain for contract wallets, and so must not be called within a transaction.

    Raises:
        Unauthenticated: the message or its signature is not good, or only a chain could tell that is not read here.
        Unavailable: only a chain could tell, and it does not answer.
    """
    try:
        message = read_message(text)
        used_up(services, purpose, message.nonce, browser, at)
        settings = services.settings
        domains = (settings.domain, *settings.sign_in_domains)
        scheme = "https" if settings.secure else "http"
        check(message, Expected(domains, scheme, (), STATEMENTS[purpose], message.nonce, at))
        with wallets_of(settings, message.chain_id) as wallets:
            how = verify_text(message.text, message.address, signature, wallets)
    except (MessageError, SignatureError) as error:
        raise Unauthenticated(f"The wallet did not sign in: {error}.", "bad_signature") from error
    except NoChainError as error:
        if message.chain_id not in settings.chains:
            raise Unauthenticated(f"The wallet did not sign in: {error}.", "unknown_chain") from error
        raise Unavailable(f"Whether the wallet signed cannot be found out: {error}.", "chain_unavailable") from error
    return Proved(message.address.lower(), message.chain_id, how)


def give_out(services: Services, purpose: str, nonce: str, browser: str, expires_at: int, kept: str = "") -> None:
    """Make a nonce good for one use by a browser, and keep something until then."""
    row = Nonce(key=hashed(nonce), purpose=purpose, bound_to=hashed(browser), kept=kept, expires_at=expires_at)
    with services.database.writing() as session:
        session.add(row)


def used_up(services: Services, purpose: str, nonce: str, browser: str, at: int) -> str:
    """Return what was kept with a nonce, which is good no more.

    Raises:
        Unauthenticated: it was never given out to this browser, was used, or is too old.
    """
    mine = [col(Nonce.key) == hashed(nonce), col(Nonce.purpose) == purpose, col(Nonce.bound_to) == hashed(browser)]
    with services.database.writing() as session:
        kept: str | None = session.execute(
            delete(Nonce).where(*mine, col(Nonce.expires_at) > at).returning(col(Nonce.kept))
        ).scalar_one_or_none()
    if kept is None:
        raise Unauthenticated("This was used already, or is too old, or was asked for elsewhere; begin anew.", "stale")
    return kept
