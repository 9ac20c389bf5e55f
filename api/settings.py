"""What an operator sets: environment variables that begin with QF_, or a file .env; checked before anything starts."""

from __future__ import annotations

import ipaddress
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.secrecy import Secrecy

SECRET_BYTES = 32
"""Least length of the secret of an installation; `openssl rand -hex 32` gives twice as much."""

_GUESSABLE = {"change", "secret", "default", "password", "example"}
"""Words that nobody's secret holds unless it was copied from a page."""


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("write it like https://rounds.example.org")
    return text.rstrip("/")


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        raise ValueError("is no time zone; write it like Asia/Tokyo") from None


class Settings(BaseSettings):
    """The settings of one installation.

    Attributes:
        database_url: `sqlite:///path` or `postgresql://user:password@host/name`.
        data_dir: where bundles and what was read from chains are kept.
        public_url: how browsers reach the service; links, cookies and sign-in messages are made of it.
        secret: from which every key of the installation is derived; losing it signs everybody out and makes donor
            codes, webhook secrets and pseudonyms useless.
        development: accept a weak secret and plain http; never where money is.
        administrators: accounts (CAIP-10, such as eip155:10:0x...) that may found organisations.
        chains: chain number -> URLs of nodes, for wallets that are contracts and for following transactions.
        sign_in_domains: further domains whose sign-in messages are accepted; that of `public_url` always is.
        oidc_issuer, oidc_client_id, oidc_client_secret: the OpenID provider; none if the issuer is empty.
        proxies: networks whose X-Forwarded-For is believed.
        max_body_bytes: largest request body.
        requests_per_minute: of one address, account or key; reading costs one, writing five, signing in ten.
        time_zone: in which pages write dates, such as Europe/Berlin.
        chain_lag_seconds: age of the newest block read of a chain from which on the service says it is not ready.
        metrics_token: with which /metrics is read; without one, only this machine reads it.
        otlp_endpoint: collector of OpenTelemetry that traces are sent to; none if it is empty.
        allow_private_addresses: let outgoing webhooks go to private networks; never where strangers set them.
    """

    model_config = SettingsConfigDict(env_prefix="QF_", env_file=".env", extra="ignore", frozen=True)

    database_url: str = "sqlite:///qf-data/qf.db"
    data_dir: Path = Path("qf-data")
    public_url: Annotated[str, AfterValidator(_base_url)] = "http://127.0.0.1:8000"
    secret: SecretStr = SecretStr("")
    development: bool = False
    administrators: tuple[str, ...] = ()
    chains: dict[int, tuple[str, ...]] = Field(default_factory=dict)
    sign_in_domains: tuple[str, ...] = ()
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    max_body_bytes: int = 8 * 1024 * 1024
    requests_per_minute: int = 600
    time_zone: Annotated[str, AfterValidator(_zone)] = "Asia/Tokyo"
    chain_lag_seconds: int = 3_600
    metrics_token: SecretStr = SecretStr("")
    otlp_endpoint: str = ""
    allow_private_addresses: bool = False

    @model_validator(mode="after")
    def _refuse_what_strangers_know(self) -> Self:
        if self.development:
            return self
        text = self.secret.get_secret_value()
        if len(text.encode()) < SECRET_BYTES or len(set(text)) < 8 or any(word in text.lower() for word in _GUESSABLE):
            raise ValueError(f"QF_SECRET is missing or weak; give {SECRET_BYTES} random bytes: openssl rand -hex 32")
        if urlsplit(self.public_url).scheme != "https" and not _is_loopback(self.public_url):
            raise ValueError("QF_PUBLIC_URL is not https; sign-in cookies would travel in the clear")
        return self

    @property
    def domain(self) -> str:
        """Host and port of `public_url`, as a sign-in message names it."""
        return urlsplit(self.public_url).netloc

    @property
    def secure(self) -> bool:
        """Whether browsers reach the service over https."""
        return self.public_url.startswith("https://")

    @cached_property
    def secrecy(self) -> Secrecy:
        """The keys derived from the secret."""
        return Secrecy(self.secret.get_secret_value().encode() or b"development only" * 2)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")
