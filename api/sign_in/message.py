"""Sign-In with Ethereum (ERC-4361): the text a wallet signs, read strictly.

The grammar is that of the standard, with what its erratum of 2026 forbids on top: a user name or an empty host in the
domain, which is how `trusted.com@evil.com` looks like trusted.com. Nothing is repaired and nothing is rebuilt: what is
checked is the text as it was received.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from api.sign_in.parts import moment_text, read_domain, read_moment, read_uri
from qf.chain.addresses import checksummed
from qf.chain.types import Address

LONGEST = 4_096
"""Characters of a message that is read at all."""

MAX_AGE = 600
"""Seconds a message is good for after it was issued; the standard has no limit, but old texts are replays."""

SKEW = 60
"""Seconds that the clock of a wallet may be ahead."""

_STATEMENT = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;= -]+", re.ASCII)
_REQUEST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*", re.ASCII)
_FIRST = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<domain>\S+) wants you to sign in with your Ethereum account:",
    re.ASCII,
)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_VERSION = re.compile("1")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_NONCE = re.compile(r"[A-Za-z0-9]{8,128}", re.ASCII)


class MessageError(ValueError):
    """The text is no sign-in message, or not one that is accepted."""


@dataclass(frozen=True, slots=True)
class SignInMessage:
    """What a sign-in message says.

    Attributes:
        text: the message as it was received, which is what the signature is of.
        scheme, domain: where the wallet saw it.
        address: who signs in, in mixed case (EIP-55).
        statement, uri, nonce, request_id, resources: as in the standard; "" or () where there is none.
        chain_id: the chain on which a contract wallet is asked.
        issued_at, expires_at, not_before: whole seconds since 1970 UTC; None where there is none.
    """

    text: str
    scheme: str
    domain: str
    address: str
    statement: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: int
    expires_at: int | None
    not_before: int | None
    request_id: str
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a message has to say to be accepted here.

    Attributes:
        domains: host and port, of which it must name one.
        scheme: of the service: "https", or "http" where it is developed.
        chain_ids: of which it must name one; empty: any.
        statement: its statement, to the letter.
        nonce: that was given out for it.
        now: seconds since 1970 UTC.
    """

    domains: Collection[str]
    scheme: str
    chain_ids: Collection[int]
    statement: str
    nonce: str
    now: int


def read_message(text: str, *, allow_userinfo: bool = False) -> SignInMessage:
    """Return what a sign-in message says.

    Args:
        text: as the wallet signed it.
        allow_userinfo: accept a user name in the domain, as the standard does without its erratum.

    Raises:
        MessageError: it is malformed; says in which line and how.
    """
    if len(text) > LONGEST:
        raise MessageError(f"the message has more than {LONGEST} characters")
    if not all(" " <= letter <= "~" or letter == "\n" for letter in text):
        raise MessageError("the message holds characters other than printable ASCII and line feeds")
    return _Reader(text, allow_userinfo).message()


def write_message(message: SignInMessage) -> str:
    """Return the text of a message, whose own `text` is not looked at.

    >>> from dataclasses import replace
    >>> text = '''qf.test wants you to sign in with your Ethereum account:
    ... 0x9D85ca56217D2bb651b00f15e694EB7E713637D4
    ...
    ... Sign in.
    ...
    ... URI: https://qf.test
    ... Version: 1
    ... Chain ID: 10
    ... Nonce: abcdefgh
    ... Issued At: 2026-04-01T00:00:00Z'''
    >>> write_message(replace(read_message(text), text="")) == text
    True
    """
    scheme = f"{message.scheme}://" if message.scheme else ""
    statement = [message.statement, ""] if message.statement else [""]
    optional = {
        "Expiration Time": None if message.expires_at is None else moment_text(message.expires_at),
        "Not Before": None if message.not_before is None else moment_text(message.not_before),
        "Request ID": message.request_id,
    }
    lines = [
        f"{scheme}{message.domain} wants you to sign in with your Ethereum account:",
        message.address,
        "",
        *statement,
        f"URI: {message.uri}",
        "Version: 1",
        f"Chain ID: {message.chain_id}",
        f"Nonce: {message.nonce}",
        f"Issued At: {moment_text(message.issued_at)}",
        *(f"{name}: {value}" for name, value in optional.items() if value),
        *(["Resources:", *(f"- {uri}" for uri in message.resources)] if message.resources else []),
    ]
    return "\n".join(lines)


def check(message: SignInMessage, expected: Expected) -> None:
    """Raise unless a message is one that was asked for, by this service, just now.

    Raises:
        MessageError: naming everything that is wrong.
    """
    told = [why for wrong, why in _doubts(message, expected) if wrong]
    if told:
        raise MessageError("; ".join(told))


def _doubts(message: SignInMessage, expected: Expected) -> Iterator[tuple[bool, str]]:
    now, uri = expected.now, read_uri(message.uri)
    origins = [f"{expected.scheme}://{domain}" for domain in expected.domains]
    ours = {read_uri(origin).origin for origin in origins}
    yield message.domain not in expected.domains, f"it is for {message.domain}, not for {', '.join(expected.domains)}"
    yield uri.origin not in ours, f"its URI {message.uri} is not at {', '.join(origins)}"
    scheme = message.scheme.lower()
    yield scheme not in {"", expected.scheme}, f"its scheme is {message.scheme}, not {expected.scheme}"
    known = not expected.chain_ids or message.chain_id in expected.chain_ids
    yield not known, f"its chain {message.chain_id} is none of {', '.join(map(str, sorted(expected.chain_ids)))}"
    yield message.statement != expected.statement, "its statement is not the one that was offered"
    yield message.nonce != expected.nonce, "its nonce is not the one that was given out"
    yield message.issued_at > now + SKEW, "it was issued in the future, set the clock of this device"
    yield message.issued_at < now - MAX_AGE, "it was issued too long ago, ask for a new one"
    yield message.expires_at is not None and message.expires_at <= now, "it has expired, ask for a new one"
    yield message.not_before is not None and message.not_before > now, "it is not valid yet"


class _Reader:
    """Takes a message apart line by line, in the one order there is."""

    def __init__(self, text: str, allow_userinfo: bool) -> None:
        self._text, self._allow_userinfo = text, allow_userinfo
        self._lines = text.split("\n")
        self._read = 0

    def message(self) -> SignInMessage:
        scheme, domain = self._first()
        address = self._address()
        statement = self._statement()
        uri = self._uri(self._field("URI"))
        self._matched("Version", _VERSION, "the version 1")
        read = SignInMessage(
            text=self._text,
            scheme=scheme,
            domain=domain,
            address=address,
            statement=statement,
            uri=uri,
            chain_id=int(self._matched("Chain ID", _NUMBER, "a chain number above 0 without zeros in front")),
            nonce=self._matched("Nonce", _NONCE, "8 to 128 letters and digits"),
            issued_at=self._moment("Issued At"),
            expires_at=self._moment("Expiration Time") if self._comes("Expiration Time: ") else None,
            not_before=self._moment("Not Before") if self._comes("Not Before: ") else None,
            request_id=self._matched("Request ID", _REQUEST, "an id") if self._comes("Request ID: ") else "",
            resources=self._resources(),
        )
        if self._read < len(self._lines):
            self._read += 1
            raise self._fault("is not expected here")
        return read

    def _fault(self, why: str) -> MessageError:
        """Return the complaint about the line that was read last."""
        return MessageError(f"line {self._read} {why}")

    def _next(self) -> str:
        if self._read == len(self._lines):
            raise MessageError("the message ends too early")
        self._read += 1
        return self._lines[self._read - 1]

    def _comes(self, beginning: str) -> bool:
        return self._read < len(self._lines) and self._lines[self._read].startswith(beginning)

    def _first(self) -> tuple[str, str]:
        read = _FIRST.fullmatch(self._next())
        if read is None:
            raise self._fault("does not name a domain that wants you to sign in")
        try:
            return read["scheme"] or "", read_domain(read["domain"], allow_userinfo=self._allow_userinfo)
        except ValueError as error:
            raise self._fault(f"names no domain: {error}") from None

    def _address(self) -> str:
        text = self._next()
        if not _ADDRESS.fullmatch(text) or checksummed(Address(text)) != text:
            raise self._fault("is no address in mixed case (EIP-55)")
        return text

    def _statement(self) -> str:
        """Return the statement between two empty lines; without one, or with an empty one, they may be next to it."""
        self._empty()
        text = self._next()
        if text and not _STATEMENT.fullmatch(text):
            raise self._fault("is no statement")
        if text or not self._comes("URI: "):
            self._empty()
        return text

    def _empty(self) -> None:
        if self._next():
            raise self._fault("is not empty")

    def _field(self, name: str) -> str:
        text = self._next()
        if not text.startswith(f"{name}: "):
            raise self._fault(f"does not begin with {name!r} and a colon")
        return text.removeprefix(f"{name}: ")

    def _matched(self, name: str, pattern: re.Pattern[str], what: str) -> str:
        text = self._field(name)
        if not pattern.fullmatch(text):
            raise self._fault(f"does not hold {what}")
        return text

    def _uri(self, text: str) -> str:
        try:
            read_uri(text)
        except ValueError as error:
            raise self._fault(f"holds no URI: {error}") from None
        return text

    def _moment(self, name: str) -> int:
        text = self._field(name)
        try:
            return read_moment(text)
        except ValueError as error:
            raise self._fault(f"holds no moment such as 2026-04-01T00:00:00Z: {error}") from None

    def _resources(self) -> tuple[str, ...]:
        if not self._comes("Resources:"):
            return ()
        if self._next() != "Resources:":
            raise self._fault("is no heading of resources")
        found = []
        while self._comes("- "):
            found.append(self._uri(self._next().removeprefix("- ")))
        return tuple(found)
