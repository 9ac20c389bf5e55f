"""Where a hook may point: to the open internet, and to nothing that only this machine, or its network, can reach."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from contextlib import suppress

import httpx2

PORTS = frozenset({443, 8443})
"""The ports of https that are called."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_TRANSLATED = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))
"""Addresses of IPv6 whose last 32 bits are an address of IPv4: mapped, and through NAT64."""

_NEVER = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # of protocols; clouds answer questions about their machines here
            "168.63.129.16/32",  # what a cloud asks of its own machines, under a public address
            "192.88.99.0/24",  # to the nearest relay of 6to4
            "::/96",  # IPv4, as it was once written in IPv6
            "64:ff9b:1::/48",  # NAT64 of a network of its own
            "2001::/32",  # Teredo, a tunnel to IPv4
            "2002::/16",  # 6to4, another
            "fec0::/10",  # site-local
        ),
    )
)
"""What `ipaddress` takes for global, in one version or another, and is not where a hook may point."""


class RefusedError(ValueError):
    """A hook may not point there; says why."""


def read_url(text: str, *, private: bool) -> httpx2.URL:
    """Return the address of a hook, whose host is not resolved yet.

    >>> read_url("https://hooks.example.org/x", private=False).host
    'hooks.example.org'

    Args:
        text: as somebody wrote it.
        private: whether it may be plain http, at any port, in a private network.

    Raises:
        RefusedError: it is no such address.
    """
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL:
        raise RefusedError("is no URL") from None
    if url.scheme not in ({"http", "https"} if private else {"https"}) or not url.host:
        raise RefusedError("does not begin with https://")
    if url.userinfo or url.fragment:
        raise RefusedError("holds a name and password, or a #part, which are not sent")
    if not private and (url.port or 443) not in PORTS:
        raise RefusedError(f"names port {url.port}; only {' and '.join(map(str, sorted(PORTS)))} are called")
    try:
        literal = ipaddress.ip_address(url.host)
    except ValueError:
        return url
    require_public([literal], private=private)
    return url


async def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses of a host, in the order they should be tried.

    A look-up cannot be broken off. It is done in a thread that nobody waits for, so that whoever asks can give up.

    Raises:
        RefusedError: it has none.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Address]] = loop.create_future()

    def tell(found: list[Address]) -> None:
        if not answer.done():
            answer.set_result(found)

    def look_up() -> None:
        found = _addresses_of(host, port)
        with suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=look_up, name="looking up a host", daemon=True).start()
    found = await answer
    if not found:
        raise RefusedError("the name of the host is not known")
    return found


def _addresses_of(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # the latter where the name cannot be one
        return []
    return list(dict.fromkeys(ipaddress.ip_address(entry[4][0]) for entry in found))


def require_public(addresses: list[Address], *, private: bool) -> None:
    """Raise unless all addresses of a host are on the open internet.

    Raises:
        RefusedError: one of them is not.
    """
    if not private and not all(map(is_public, addresses)):
        raise RefusedError("the host is in a private network, or is this machine; only the open internet is called")


def is_public(address: Address) -> bool:
    """Return whether an address is on the open internet.

    >>> is_public(ipaddress.ip_address("9.9.9.9")), is_public(ipaddress.ip_address("64:ff9b::127.0.0.1"))
    (True, False)
    """
    if isinstance(address, ipaddress.IPv6Address) and any(address in network for network in _TRANSLATED):
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
