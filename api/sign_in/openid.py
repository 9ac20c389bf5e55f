"""Signing in with the OpenID provider of the settings: what is remembered while the browser is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from api.problems import NotFound, Unauthenticated, Unavailable
from api.services import Services
from api.sessions.sessions import SignedInWith
from api.sign_in import challenges, oidc
from api.sign_in.oidc import Line, NoProviderError, OpenIdError, Provider

PURPOSE = "oidc"

LIFE = 900
"""Seconds to sign in at the provider."""


def started(services: Services, return_to: str, browser: str, at: int) -> str:
    """Return where a browser goes to sign in, and comes back from to a path of this service.

    Raises:
        NotFound: there is no provider.
        Unavailable: it does not answer.
    """
    with _provider(services, at) as (provider, line):
        begun = oidc.begin(provider, line)
    kept = services.secrecy.seal(PURPOSE, json.dumps([begun.verifier, return_to]))
    challenges.give_out(services, PURPOSE, begun.state, browser, at + LIFE, kept)
    return begun.url


def finished(services: Services, code: str, state: str, browser: str, at: int) -> tuple[SignedInWith, str]:
    """Return who came back from the provider, and the path they wanted to go to.

    Raises:
        Unauthenticated: it was not this browser that went there, or it did not sign in.
        NotFound: there is no provider.
        Unavailable: it does not answer.
    """
    with _provider(services, at) as (provider, line):
        kept = challenges.used_up(services, PURPOSE, state, browser, at)
        verifier, return_to = json.loads(services.secrecy.open(PURPOSE, kept))
        subject = oidc.finish(provider, line, code, verifier, services.secrecy)
    return SignedInWith("oidc", subject, "", "oidc"), return_to


@contextmanager
def _provider(services: Services, at: int) -> Iterator[tuple[Provider, Line]]:
    settings = services.settings
    if not settings.oidc_issuer:
        raise NotFound("Nobody signs in here with an OpenID provider; use a wallet or a donor code.", "no_provider")
    secret = settings.oidc_client_secret.get_secret_value()
    back = f"{settings.public_url}/v1/sign-in/openid/return"
    provider = Provider(settings.oidc_issuer, settings.oidc_client_id, secret, back, loopback=settings.development)
    try:
        with httpx2.Client(trust_env=False, follow_redirects=False) as http:
            yield provider, Line(http, services.documents, at)
    except OpenIdError as error:
        raise Unauthenticated(f"The provider did not sign you in: {error}.", "bad_openid") from error
    except NoProviderError as error:
        raise Unavailable(f"The provider cannot be asked: {error}.", "provider_unavailable") from error
