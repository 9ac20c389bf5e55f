"""Accounts, what they sign in with, and their sessions."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from api.tables.base import moment


class Account(SQLModel, table=True):
    """A person, or who acts as one. All that is known of it hangs on its credentials.

    Attributes:
        version: raised to end all sessions of the account at once.
    """

    __tablename__ = "account"
    id: str = Field(primary_key=True)
    created_at: int = moment()
    version: int = 1


class Credential(SQLModel, table=True):
    """One way to sign in. The wallets of one account are one donor, which is public once a round is published.

    Attributes:
        kind: "wallet", "oidc" or "code".
        subject: address in lower case, of a contract with its chain (CAIP-10); HMAC of issuer and subject; HMAC of the
            donor code.
        donor: what this credential is called in the ledger of a round; "" if it gives nothing itself.
    """

    __tablename__ = "credential"
    __table_args__ = (UniqueConstraint("kind", "subject"),)
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    kind: str
    subject: str
    donor: str = Field(default="", index=True)
    created_at: int = moment()


class Nonce(SQLModel, table=True):
    """Something that is good for one use, such as the nonce of a sign-in message or the state of an OpenID request.

    Attributes:
        key: SHA-256 of it.
        purpose: "siwe", "oidc", "link" or "payout".
        bound_to: SHA-256 of the cookie of the browser that asked for it.
        kept: what has to be remembered until it is used, sealed where it is secret.
    """

    __tablename__ = "nonce"
    key: str = Field(primary_key=True)
    purpose: str
    bound_to: str
    kept: str = ""
    expires_at: int = moment(index=True)


class SignIn(SQLModel, table=True):
    """A session: all refresh tokens that follow from one sign-in.

    Attributes:
        credential_id: what it was signed in with.
        how: "eoa", "contract", "oidc" or "code".
        chain_id: of the sign-in message; 0 if there was none.
        revoked_at: when it was ended before its time, by its owner or because a token was used twice.
    """

    __tablename__ = "sign_in"
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    credential_id: str
    how: str
    chain_id: int = moment(default=0)
    created_at: int = moment()
    expires_at: int = moment()
    revoked_at: int | None = moment(default=None)


class RefreshToken(SQLModel, table=True):
    """One refresh token: used once, then replaced; `key` is its SHA-256."""

    __tablename__ = "refresh_token"
    key: str = Field(primary_key=True)
    sign_in_id: str = Field(foreign_key="sign_in.id", index=True)
    created_at: int = moment()
    used_at: int | None = moment(default=None)


class SigningKey(SQLModel, table=True):
    """A key that access tokens are signed with; `sealed` is its PEM, encrypted."""

    __tablename__ = "signing_key"
    kid: str = Field(primary_key=True)
    sealed: str
    starts_at: int = moment()
    ends_at: int = moment()
