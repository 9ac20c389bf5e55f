"""Where a request comes from: the address of the connection, or what our own proxies say of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from fastapi import Request

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

OF_ONE = 64
"""Bits of an IPv6 address that tell its holder: whoever has one has all that begin with them."""


def source_of(request: Request, proxies: Sequence[Network]) -> str:
    """Return the name of who sent a request: the last address on its way that is none of our proxies.

    Everything before that address was written by its holder, and is not believed.
    """
    peer = request.client.host if request.client else ""
    last = read_address(peer)
    if last is None:
        return peer
    for said in _hops(request):
        if not any(last in network for network in proxies):
            break
        hop = read_address(said)
        if hop is None:
            break
        last = hop
    return holder_of(last)


def read_address(text: str) -> Address | None:
    """Return the address in a text, with or without a port; None if it is none.

    >>> read_address("[2001:db8::1]:443"), read_address("::ffff:192.0.2.1"), read_address("unknown")
    (IPv6Address('2001:db8::1'), IPv4Address('192.0.2.1'), None)
    """
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        read = ipaddress.ip_address(bare)
    except ValueError:
        return None
    return getattr(read, "ipv4_mapped", None) or read


def holder_of(address: Address) -> str:
    """Return the name of who has an address.

    >>> holder_of(ipaddress.ip_address("2001:db8::1")), holder_of(ipaddress.ip_address("192.0.2.1"))
    ('2001:db8::/64', '192.0.2.1')
    """
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address), OF_ONE), strict=False))


def _hops(request: Request) -> Iterator[str]:
    """Yield what X-Forwarded-For says, the nearest first."""
    return reversed(",".join(request.headers.getlist("x-forwarded-for")).split(","))
