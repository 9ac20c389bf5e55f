"""Sign-In with Ethereum (ERC-4361): the text a wallet signs, read strictly.

The grammar is that of the standard, with what its erratum of 2026 forbids on top: a user name or an empty host in the
domain, which is how `trusted.com@evil.com` looks like trusted.com. Nothing is repaired and nothing is rebuilt: what is
checked is the text as it was received.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from qf.chain.addresses import checksummed
from qf.chain.types import Address

LONGEST = 4_096
"""Characters of a message that is read at all."""

MAX_AGE = 600
"""Seconds a message is good for after it was issued; the standard has no limit, but old texts are replays."""

SKEW = 60
"""Seconds that the clock of a wallet may be ahead."""

_PORT = r"(?::[0-9]{0,5})?"
_HOST = r"(?:\[[0-9A-Fa-f:.]{2,45}\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2}){1,255})"
_USERINFO = r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?"
_AUTHORITY = re.compile(f"(?P<userinfo>{_USERINFO}){_HOST}{_PORT}", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+", re.ASCII)
_STATEMENT = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;= -]+", re.ASCII)
_REQUEST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}):(\d{2})(?:\.\d{1,9})?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_FIRST = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<domain>\S+) wants you to sign in with your Ethereum account:",
    re.ASCII,
)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
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
        issued_at, expires_at, not_before: seconds since 1970 UTC; None where there is none.
    """

    text: str
    scheme: str
    domain: str
    address: str
    statement: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: float
    expires_at: float | None
    not_before: float | None
    request_id: str
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a message has to say to be accepted here.

    Attributes:
        domains: host and port, of which it must name one.
        chain_ids: of which it must name one; empty: any.
        statement: its statement, to the letter.
        nonce: that was given out for it.
        now: seconds since 1970 UTC.
    """

    domains: Collection[str]
    chain_ids: Collection[int]
    statement: str
    nonce: str
    now: float


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
        "Expiration Time": _moment_text(message.expires_at),
        "Not Before": _moment_text(message.not_before),
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
        f"Issued At: {_moment_text(message.issued_at)}",
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
    now, uri = expected.now, urlsplit(message.uri)
    yield message.domain not in expected.domains, f"it is for {message.domain}, not for {', '.join(expected.domains)}"
    yield uri.netloc not in expected.domains, f"its URI {message.uri} is not at {', '.join(expected.domains)}"
    yield bool(message.scheme) and message.scheme != uri.scheme, f"its scheme is {message.scheme}, not {uri.scheme}"
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
        self._place = 0

    def message(self) -> SignInMessage:
        scheme, domain = self._first()
        address = self._address()
        statement = self._statement()
        read = SignInMessage(
            text=self._text,
            scheme=scheme,
            domain=domain,
            address=address,
            statement=statement,
            uri=self._uri(self._field("URI")),
            chain_id=self._version_and_chain(),
            nonce=self._matched("Nonce", _NONCE, "8 to 128 letters and digits"),
            issued_at=self._moment("Issued At", self._field("Issued At")),
            expires_at=self._optional_moment("Expiration Time"),
            not_before=self._optional_moment("Not Before"),
            request_id=self._request_id(),
            resources=self._resources(),
        )
        if self._place != len(self._lines):
            raise self._fault("is not expected here")
        return read

    def _fault(self, why: str) -> MessageError:
        return MessageError(f"line {min(self._place, len(self._lines) - 1) + 1} {why}")

    def _next(self) -> str:
        if self._place >= len(self._lines):
            raise MessageError("the message ends too early")
        self._place += 1
        return self._lines[self._place - 1]

    def _peek(self) -> str | None:
        return self._lines[self._place] if self._place < len(self._lines) else None

    def _first(self) -> tuple[str, str]:
        read = _FIRST.fullmatch(self._next())
        authority = _AUTHORITY.fullmatch(read["domain"]) if read else None
        self._place -= 1
        if read is None or authority is None:
            raise self._fault("does not name a domain that wants you to sign in")
        if authority["userinfo"] and not self._allow_userinfo:
            raise self._fault("has a user name in its domain")
        self._place += 1
        return read["scheme"] or "", read["domain"]

    def _address(self) -> str:
        text = self._peek() or ""
        if not _ADDRESS.fullmatch(text) or checksummed(Address(text)) != text:
            raise self._fault("is no address in mixed case (EIP-55)")
        self._place += 1
        return text

    def _statement(self) -> str:
        self._empty()
        text = self._next()
        if not text:
            if self._peek() == "":
                self._place += 1
            return ""
        self._place -= 1
        if not _STATEMENT.fullmatch(text):
            raise self._fault("is no statement")
        self._place += 1
        self._empty()
        return text

    def _empty(self) -> None:
        if self._peek() != "":
            raise self._fault("is not empty")
        self._place += 1

    def _field(self, name: str) -> str:
        text = self._peek()
        if text is None or not text.startswith(f"{name}: "):
            raise self._fault(f"does not begin with {name!r} and a colon")
        self._place += 1
        return text.removeprefix(f"{name}: ")

    def _matched(self, name: str, pattern: re.Pattern[str], what: str) -> str:
        text = self._field(name)
        if not pattern.fullmatch(text):
            self._place -= 1
            raise self._fault(f"does not hold {what}")
        return text

    def _uri(self, text: str) -> str:
        if not _URI.fullmatch(text):
            self._place -= 1
            raise self._fault("holds no URI")
        return text

    def _version_and_chain(self) -> int:
        self._matched("Version", re.compile("1"), "the version 1")
        return int(self._matched("Chain ID", _NUMBER, "a chain number above 0 without zeros in front"))

    def _moment(self, name: str, text: str) -> float:
        read = _MOMENT.fullmatch(text)
        try:
            if read is None:
                raise ValueError
            day, minutes, seconds, zone = read.groups()
            leap = seconds == "60"
            shown = f"{day}T{minutes}:{'59' if leap else seconds}{'+00:00' if zone in 'Zz' else zone}"
            return (datetime.fromisoformat(shown) + timedelta(seconds=leap)).timestamp()
        except (ValueError, OverflowError):
            self._place -= 1
            raise self._fault(f"holds no moment for {name}, such as 2026-04-01T00:00:00Z") from None

    def _optional_moment(self, name: str) -> float | None:
        text = self._peek()
        return self._moment(name, self._field(name)) if text is not None and text.startswith(f"{name}: ") else None

    def _request_id(self) -> str:
        text = self._peek()
        if text is None or not text.startswith("Request ID: "):
            return ""
        return self._matched("Request ID", _REQUEST, "an id")

    def _resources(self) -> tuple[str, ...]:
        if self._peek() != "Resources:":
            return ()
        self._place += 1
        found = []
        while (text := self._peek()) is not None:
            if not text.startswith("- "):
                raise self._fault("is no resource")
            self._place += 1
            found.append(self._uri(text.removeprefix("- ")))
        return tuple(found)


def _moment_text(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
