"""Sessions: an access token for ten minutes, and a refresh token that is good for one use.

Whoever uses a refresh token twice has copied it, or somebody has copied theirs: the whole session ends.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from api.actor import Actor
from api.clock import new_id
from api.keys import tokens
from api.keys.ring import SigningKey
from api.keys.tokens import Claims, TokenError
from api.problems import Unauthenticated
from api.secrecy import hashed
from api.services import Services
from api.tables import Account, Credential, RefreshToken, SignIn

LIFE = 7 * 86_400
"""Seconds after which one has to sign in again."""

LIFE_OF_CONTRACT = 86_400
"""The same for contract wallets, which may change their mind about who signs for them."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session as its owner gets it."""

    account: str
    sign_in: str
    access_token: str
    refresh_token: str
    access_ends_at: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class SignedInWith:
    """What somebody signed in with; see the columns of `credential`."""

    kind: str
    subject: str
    donor: str
    how: str
    chain_id: int = 0


def open_session(services: Services, proof: SignedInWith, at: int) -> Opened:
    """Return a new session; the first one makes the account."""
    key = services.keys.signing(at)  # before the transaction, as a new key is written in one of its own
    try:
        return _open(services, key, proof, at)
    except IntegrityError:  # another request has made the account just now
        return _open(services, key, proof, at)


def refresh(services: Services, token: str, at: int) -> Opened:
    """Return the session with new tokens.

    Raises:
        Unauthenticated: the token is not known, was used before, or its session has ended.
    """
    key = services.keys.signing(at)
    with services.database.writing() as session:
        used = session.execute(
            update(RefreshToken)
            .where(col(RefreshToken.key) == hashed(token), col(RefreshToken.used_at).is_(None))
            .values(used_at=at)
            .returning(col(RefreshToken.sign_in_id))
        ).scalar_one_or_none()
        found = None if used is None else session.get(SignIn, used)
        if found is not None and found.revoked_at is None and at < found.expires_at:
            return _tokens(services, session, key, found, at)
        known = session.get(RefreshToken, hashed(token))
        if known is not None:
            end(session, known.sign_in_id, at)
    raise Unauthenticated("The session has ended; sign in again.", "session_ended")


def end(session: Session, sign_in: str, at: int) -> None:
    """End a session."""
    session.execute(
        update(SignIn).where(col(SignIn.id) == sign_in, col(SignIn.revoked_at).is_(None)).values(revoked_at=at)
    )


def actor_of(services: Services, session: Session, token: str, at: int) -> Actor:
    """Return who an access token is of.

    Raises:
        Unauthenticated: it is not good, or its session has ended.
    """
    claims = _claims(services, token, at)
    going_on = (
        select(SignIn.id)
        .join(Account, col(Account.id) == SignIn.account_id)
        .where(SignIn.id == claims.sign_in, SignIn.account_id == claims.account)
        .where(col(SignIn.revoked_at).is_(None), col(SignIn.expires_at) > at, Account.version == claims.version)
    )
    if session.exec(going_on).first() is None:
        raise Unauthenticated("The session has ended; sign in again.", "session_ended")
    return Actor(account=claims.account, sign_in=claims.sign_in)


def _claims(services: Services, token: str, at: int) -> Claims:
    issuer = services.settings.public_url
    try:
        return tokens.read(token, services.keys.ring(at), issuer, at)
    except TokenError:
        pass
    try:
        return tokens.read(token, services.keys.reread(at), issuer, at)
    except TokenError as error:
        raise Unauthenticated(f"The access token is not good: {error}.", "bad_token") from error


def credential_of(session: Session, proof: SignedInWith, at: int) -> Credential:
    """Return what somebody signs in with; the first time, the account is made."""
    wanted = select(Credential).where(Credential.kind == proof.kind, Credential.subject == proof.subject)
    known = session.exec(wanted).first()
    if known is not None:
        return known
    account = Account(id=new_id(), created_at=at)
    session.add(account)
    session.flush()
    made = new_credential(session, account.id, proof, at)
    session.add(made)
    session.flush()
    return made


def new_credential(session: Session, account: str, proof: SignedInWith, at: int) -> Credential:
    """Return something new that an account is signed in to with; what one person gives under, no other one does."""
    taken = select(Credential.id).where(Credential.donor == proof.donor, Credential.donor != "")
    return Credential(
        id=new_id(),
        account_id=account,
        kind=proof.kind,
        subject=proof.subject,
        donor="" if session.exec(taken).first() else proof.donor,
        created_at=at,
    )


def on_chain(chain_id: int, address: str) -> str:
    """Return the name of a contract wallet: that of its account on its chain (CAIP-10)."""
    return f"eip155:{chain_id}:{address}"


def _open(services: Services, key: SigningKey, proof: SignedInWith, at: int) -> Opened:
    with services.database.writing() as session:
        credential = credential_of(session, proof, at)
        sign_in = SignIn(
            id=new_id(),
            account_id=credential.account_id,
            credential_id=credential.id,
            how=proof.how,
            chain_id=proof.chain_id,
            created_at=at,
            expires_at=at + (LIFE_OF_CONTRACT if proof.how == "contract" else LIFE),
        )
        session.add(sign_in)
        session.flush()
        return _tokens(services, session, key, sign_in, at)


def _tokens(services: Services, session: Session, key: SigningKey, sign_in: SignIn, at: int) -> Opened:
    account = session.get_one(Account, sign_in.account_id)
    token = secrets.token_urlsafe(32)
    session.add(RefreshToken(key=hashed(token), sign_in_id=sign_in.id, created_at=at))
    claims = Claims(account.id, sign_in.id, account.version, sign_in.how)
    access = tokens.issue(key, services.settings.public_url, claims, at)
    return Opened(account.id, sign_in.id, access, token, at + tokens.LIFE, sign_in.expires_at)
