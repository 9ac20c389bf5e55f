"""Signing in over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field, StringConstraints

from api.access import SignedIn, Unidentified
from api.problems import Unauthenticated
from api.schema import Address, Answer, Body, ChainNumber, Shown, Signature
from api.services import Services
from api.sessions import cookies, sessions
from api.sessions.sessions import Opened, SignedInWith
from api.sign_in import challenges, openid
from api.sign_in.challenges import Purpose
from api.sign_in.codes import CodeError, code_key, read_code
from api.tables import DonorCode

router = APIRouter(tags=["sign-in"])
well_known = APIRouter(tags=["sign-in"])

Kept = Annotated[
    Literal["token", "cookie"],
    Field(description="token: the answer holds the tokens, for programs. cookie: the browser keeps them, for pages."),
]

LocalPath = Annotated[
    str,
    StringConstraints(
        pattern=r"^/(?:[A-Za-z0-9._~!$&'()*+,;=:@%?-][A-Za-z0-9._~!$&'()*+,;=:@%?/-]*)?$", max_length=300
    ),
]
"""A path of this service, with its query: nothing that a browser takes for another host."""

Opaque = Annotated[str, StringConstraints(pattern=r"^[ -~]*$", max_length=2_048)]
"""What a provider sends along."""


class ChallengeWanted(Body):
    """Which wallet wants to sign, on which chain it lives, and what for."""

    address: Address
    chain_id: ChainNumber = 1
    purpose: Annotated[Purpose, Field(strict=False)] = Purpose.SIGN_IN


class ChallengeOut(Answer):
    """A message to sign as it is (personal_sign)."""

    message: str
    expires_at: Shown


class WalletSignIn(Body):
    """A message as it was given out, and its signature."""

    message: Annotated[str, StringConstraints(max_length=4_096)]
    signature: Signature
    session: Kept = "token"


class CodeSignIn(Body):
    """A donor code, however it is typed."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    session: Kept = "token"


class ProviderOut(Answer):
    """Where to go."""

    url: str


class Refresh(Body):
    """The refresh token; left out by a browser, which sends its cookie."""

    refresh_token: Annotated[str, StringConstraints(max_length=200)] | None = None


class SessionOut(Answer):
    """A session: the tokens, or, where the browser keeps them, the CSRF token alone."""

    account: str
    expires_at: Shown
    access_token: str | None = None
    access_expires_at: Shown
    refresh_token: str | None = None
    csrf_token: str | None = None


@router.post("/sign-in/challenge")
def ask_for_message(
    asking: Unidentified, wanted: ChallengeWanted, request: Request, response: Response
) -> ChallengeOut:
    """A message for a wallet to sign, good for five minutes and one use."""
    browser = cookies.browser_of(asking.services, request, response)
    found = challenges.challenge(asking.services, wanted.purpose, wanted.address, wanted.chain_id, browser, asking.at)
    return ChallengeOut(message=found.message, expires_at=found.expires_at)


@router.post("/sign-in/wallet")
def sign_in_with_wallet(asking: Unidentified, proof: WalletSignIn, request: Request, response: Response) -> SessionOut:
    """Sign in with a message that a wallet signed; a contract wallet is asked on its chain."""
    services = asking.services
    browser = cookies.known_browser(services, request)
    proved = challenges.prove(services, Purpose.SIGN_IN, proof.message, proof.signature, browser, asking.at)
    opened = sessions.open_session(services, challenges.with_wallet(proved), asking.at)
    return _answer(services, response, opened, proof.session, asking.at)


@router.post("/sign-in/code")
def sign_in_with_code(asking: Unidentified, proof: CodeSignIn, response: Response) -> SessionOut:
    """Sign in with a printed donor code."""
    services = asking.services
    try:
        key = code_key(services.secrecy, read_code(proof.code))
    except CodeError as error:
        raise Unauthenticated(f"This is no donor code: {error}.", "bad_code") from None
    known = asking.session.get(DonorCode, key)
    if known is None or known.revoked_at is not None:
        raise Unauthenticated("This donor code is not known, or was revoked.", "bad_code")
    with_code = SignedInWith("code", key, known.donor, "code")
    opened = sessions.open_session(services, with_code, asking.at)
    return _answer(services, response, opened, proof.session, asking.at)


@router.get("/sign-in/openid")
def ask_for_provider(
    asking: Unidentified, request: Request, response: Response, return_to: LocalPath = "/"
) -> ProviderOut:
    """Where a browser goes to sign in with the OpenID provider; it comes back to a path of this service."""
    browser = cookies.browser_of(asking.services, request, response)
    return ProviderOut(url=openid.started(asking.services, return_to, browser, asking.at))


@router.get("/sign-in/openid/return", status_code=303, response_class=RedirectResponse)
def sign_in_with_provider(
    asking: Unidentified, request: Request, state: Opaque, code: Opaque = "", error: Opaque = ""
) -> RedirectResponse:
    """Where the OpenID provider sends a browser back to; its session is kept in cookies."""
    if error or not code:
        raise Unauthenticated("The provider did not sign you in; begin anew.", "bad_openid")
    services = asking.services
    browser = cookies.known_browser(services, request)
    proved, return_to = openid.finished(services, code, state, browser, asking.at)
    response = RedirectResponse(return_to, 303)
    cookies.keep(services, response, sessions.open_session(services, proved, asking.at), asking.at)
    return response


@router.post("/sign-in/refresh")
def refresh_session(asking: Unidentified, wanted: Refresh, request: Request, response: Response) -> SessionOut:
    """New tokens for a refresh token, which is good for one use; using it twice ends the session."""
    services = asking.services
    cookie = request.cookies.get(cookies.name_of(services.settings, "refresh"), "")
    token = wanted.refresh_token or cookie
    if not token:
        raise Unauthenticated
    if wanted.refresh_token is None:
        cookies.require_origin(services, request)
    opened = sessions.refresh(services, token, asking.at)
    return _answer(services, response, opened, "token" if wanted.refresh_token else "cookie", asking.at)


@router.post("/sign-out", status_code=204)
def sign_out(asking: SignedIn, response: Response) -> None:
    """End this session."""
    sessions.end(asking.session, asking.actor.sign_in, asking.at)
    cookies.forget(asking.services, response)


@well_known.get("/.well-known/jwks.json")
def published_keys(asking: Unidentified, response: Response) -> dict[str, list[dict[str, Any]]]:
    """The public parts of the keys that access tokens are signed with."""
    asking.services.keys.signing(asking.at)
    response.headers["Cache-Control"] = "public, max-age=300"
    return asking.services.keys.ring(asking.at).published(asking.at)


def _answer(services: Services, response: Response, opened: Opened, kept: str, at: int) -> SessionOut:
    tokens = {"access_token": opened.access_token, "refresh_token": opened.refresh_token}
    if kept == "cookie":
        tokens = {"csrf_token": cookies.keep(services, response, opened, at)}
    return SessionOut(
        account=opened.account, expires_at=opened.ends_at, access_expires_at=opened.access_ends_at, **tokens
    )
