"""One's own account over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import StringConstraints
from sqlmodel import col, select

from api.access import SignedIn, SignedInReading
from api.accounts import changes
from api.accounts.reading import AccountOut, CredentialOut, account_of, shown
from api.problems import Invalid, NotFound
from api.schema import Answer, Body, IdPath, Shown, Signature
from api.sessions import cookies, sessions
from api.sessions.sessions import SignedInWith
from api.sign_in import challenges
from api.sign_in.challenges import Purpose
from api.sign_in.codes import CodeError, code_key, read_code
from api.tables import DonorCode, SignIn

router = APIRouter(tags=["account"])


class SignInOut(Answer):
    """A session that has not ended."""

    id: str
    how: str
    created_at: Shown
    expires_at: Shown
    current: bool


class WalletLink(Body):
    """A message for linking, as it was given out, and its signature."""

    message: Annotated[str, StringConstraints(max_length=4_096)]
    signature: Signature


class CodeLink(Body):
    """A donor code, however it is typed."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=100)]


@router.get("/me")
def read_account(asking: SignedIn) -> AccountOut:
    """What I sign in with, and what I am a member of."""
    return account_of(asking)


@router.delete("/me", status_code=204)
def forget_me(asking: SignedIn, response: Response) -> None:
    """Delete what ties this account to me. What was given stays in the ledgers, under names without a person."""
    changes.forget(asking.session, asking.account, asking.at)
    cookies.forget(asking.services, response)


@router.post("/me/wallets", status_code=201)
def link_wallet(asking: SignedInReading, proof: WalletLink, request: Request) -> CredentialOut:
    """Link another wallet: the two are one donor from then on, which published rounds show."""
    services = asking.services
    browser = cookies.known_browser(services, request)
    asking.session.close()  # so that no connection waits for a chain
    proved = challenges.prove(services, Purpose.LINK, proof.message, proof.signature, browser, asking.at)
    with services.database.writing() as session:
        return shown(changes.link(session, asking.account, challenges.with_wallet(proved), asking.at))


@router.post("/me/codes", status_code=201)
def link_code(asking: SignedIn, proof: CodeLink) -> CredentialOut:
    """Link a donor code: what was given with it is one's own."""
    try:
        key = code_key(asking.services.secrecy, read_code(proof.code))
    except CodeError as error:
        raise Invalid.at("code", str(error), "type it as it is printed") from None
    known = asking.session.get(DonorCode, key)
    if known is None or known.revoked_at is not None:
        raise NotFound("This donor code is not known, or was revoked.")
    with_code = SignedInWith("code", key, known.donor, "code")
    return shown(changes.link(asking.session, asking.account, with_code, asking.at))


@router.delete("/me/credentials/{credential}", status_code=204)
def unlink(asking: SignedIn, credential: IdPath) -> None:
    """Forget something one signs in with; not the last one."""
    changes.unlink(asking.session, asking.account, credential, asking.at)


@router.get("/me/sign-ins")
def list_sign_ins(asking: SignedIn) -> list[SignInOut]:
    """Where one is signed in, newest first."""
    query = select(SignIn).where(
        SignIn.account_id == asking.account, col(SignIn.revoked_at).is_(None), col(SignIn.expires_at) > asking.at
    )
    rows = asking.session.exec(query.order_by(col(SignIn.created_at).desc(), col(SignIn.id)))
    current = asking.actor.sign_in
    return [
        SignInOut(**row.model_dump(include={"id", "how", "created_at", "expires_at"}), current=row.id == current)
        for row in rows
    ]


@router.delete("/me/sign-ins/{sign_in}", status_code=204)
def end_sign_in(asking: SignedIn, sign_in: IdPath) -> None:
    """End a session, here or elsewhere."""
    found = asking.session.get(SignIn, sign_in)
    if found is None or found.account_id != asking.account:
        raise NotFound(f"There is no session {sign_in} of this account.")
    sessions.end(asking.session, sign_in, asking.at)
