"""The parts of a sign-in message that have standards of their own: domains and URIs (RFC 3986), moments (RFC 3339)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import AddressValueError, IPv6Address

_CHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})"
_PATH_CHAR = rf"(?:{_CHAR}|[:@])"
_SEGMENTS = rf"(?:/{_PATH_CHAR}*)*"
_AUTHORITY = rf"(?P<userinfo>(?:(?:{_CHAR}|:)*@)?)(?P<host>\[[0-9A-Fa-f:.]*\]|{_CHAR}{{0,255}})(?::[0-9]{{0,5}})?"
_DOMAIN = re.compile(_AUTHORITY, re.ASCII)
_URI = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):"
    rf"(?://(?P<authority>{_AUTHORITY}){_SEGMENTS}|/?(?:{_PATH_CHAR}+{_SEGMENTS})?)"
    rf"(?:\?(?:{_PATH_CHAR}|[/?])*)?(?:#(?:{_PATH_CHAR}|[/?])*)?",
    re.ASCII,
)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}):(\d{2})(?:\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)

_PORTS = {"http": ":80", "https": ":443"}
"""What an address means that names no port."""


@dataclass(frozen=True, slots=True)
class Uri:
    """What of a URI is looked at. `authority` is host and port, with the user name if there is one; "" if it has none.

    >>> read_uri("https://qf.test:80/a?b#c")
    Uri(scheme='https', authority='qf.test:80')
    """

    scheme: str
    authority: str

    @property
    def origin(self) -> str:
        """Scheme, host and port in one spelling, as two that mean the same place are the same.

        >>> read_uri("HTTPS://QF.test:443/a").origin, read_uri("http://qf.test:8000").origin
        ('https://qf.test', 'http://qf.test:8000')
        """
        scheme, authority = self.scheme.lower(), self.authority.lower()
        return f"{scheme}://{authority.removesuffix(_PORTS.get(scheme, ':'))}"


def read_uri(text: str) -> Uri:
    """Return what of a URI is looked at.

    Raises:
        ValueError: it is none.
    """
    read = _URI.fullmatch(text)
    if read is None or not _is_host(read["host"] or ""):
        raise ValueError(f"{text!r} is no URI")
    return Uri(read["scheme"], read["authority"] or "")


def read_domain(text: str, *, allow_userinfo: bool) -> str:
    """Return `text`, which is the authority of a URI that names a host.

    Raises:
        ValueError: it is none, or has a user name.
    """
    read = _DOMAIN.fullmatch(text)
    if read is None or not read["host"] or not _is_host(read["host"]):
        raise ValueError(f"{text!r} is no domain")
    if read["userinfo"] and not allow_userinfo:
        raise ValueError(f"{text!r} has a user name in front of the domain")
    return text


def read_moment(text: str) -> int:
    """Return a moment, in seconds since 1970 UTC; what is less than a second is left out.

    The second 60, which some years have before midnight UTC, is the same as the one after it.

    >>> read_moment("1970-01-01T09:00:00.5+09:00")
    0

    Raises:
        ValueError: it is none.
    """
    read = _MOMENT.fullmatch(text)
    if read is None:
        raise ValueError(f"{text!r} is no moment")
    day, minutes, seconds, zone = read.groups()
    inserted = seconds == "60"
    shown = f"{day}T{minutes}:{'59' if inserted else seconds}{'+00:00' if zone in 'Zz' else zone}"
    try:
        moment = datetime.fromisoformat(shown).astimezone(UTC) + timedelta(seconds=inserted)
    except OverflowError:
        raise ValueError(f"{text!r} is no moment of the years 1 to 9999") from None
    if inserted and (moment.hour, moment.minute) != (0, 0):
        raise ValueError(f"{text!r} has a second 60 that no year has")
    return int(moment.timestamp())


def moment_text(seconds: int) -> str:
    """Return a moment as `read_moment` reads it.

    >>> moment_text(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _is_host(text: str) -> bool:
    """Return whether what looks like a host can be one: in brackets stands an address of IPv6."""
    try:
        return not text.startswith("[") or bool(IPv6Address(text[1:-1]).exploded)
    except AddressValueError:
        return False
