"""One's own account over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import StringConstraints
from sqlmodel import col, select

from api.access import Role, SignedIn, SignedInReading
from api.accounts import changes
from api.problems import Invalid, NotFound
from api.schema import Answer, Body, IdPath, Shown, Signature
from api.sessions import cookies, sessions
from api.sessions.sessions import SignedInWith
from api.sign_in import challenges
from api.sign_in.challenges import Purpose
from api.sign_in.codes import CodeError, code_key, read_code
from api.tables import Credential, DonorCode, Membership, SignIn

router = APIRouter(tags=["account"])


class CredentialOut(Answer):
    """Something one can sign in with; `donor` is what it is called in ledgers, "" if it gives nothing itself."""

    id: str
    kind: str
    subject: str
    donor: str
    created_at: Shown


class RoleOut(Answer):
    """What one is in an organisation."""

    organisation: str
    role: Role


class AccountOut(Answer):
    """One's own account; all its credentials that give are one donor."""

    account: str
    credentials: list[CredentialOut]
    memberships: list[RoleOut]


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
    owned = select(Credential).where(Credential.account_id == asking.account).order_by(col(Credential.created_at))
    member = select(Membership).where(Membership.account_id == asking.account)
    return AccountOut(
        account=asking.account,
        credentials=[_credential(row) for row in asking.session.exec(owned)],
        memberships=[
            RoleOut(organisation=row.organisation_id, role=Role(row.role)) for row in asking.session.exec(member)
        ],
    )


@router.delete("/me", status_code=204)
def forget_me(asking: SignedIn, response: Response) -> None:
    """Delete what ties this account to me. What was given stays in the ledgers, under names without a person."""
    changes.forget(asking.session, asking.account)
    cookies.forget(asking.services, response)


@router.post("/me/wallets", status_code=201)
def link_wallet(asking: SignedInReading, proof: WalletLink, request: Request) -> CredentialOut:
    """Link another wallet: the two are one donor from then on, which published rounds show."""
    services = asking.services
    browser = cookies.known_browser(services, request)
    proved = challenges.prove(services, Purpose.LINK, proof.message, proof.signature, browser, asking.at)
    with_wallet = SignedInWith("wallet", proved.address, proved.address, proved.how, proved.chain_id)
    with services.database.writing() as session:
        return _credential(changes.link(session, asking.account, with_wallet, asking.at))


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
    return _credential(changes.link(asking.session, asking.account, with_code, asking.at))


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


def _credential(row: Credential) -> CredentialOut:
    """A code is not shown by what it is looked up with."""
    subject = row.donor if row.kind == "code" else row.subject if row.kind == "wallet" else ""
    return CredentialOut(id=row.id, kind=row.kind, subject=subject, donor=row.donor, created_at=row.created_at)
