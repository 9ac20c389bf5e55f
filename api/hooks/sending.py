"""Sending to a hook: to the very address that was looked at, once, without following where it leads."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import httpx2

from api.hooks import addresses
from api.hooks.addresses import Address, RefusedError

SECONDS = 10
"""For all of it, from looking up the name to the status of the answer, of which no more is read."""

TRIED = 3
"""Addresses of a host that are tried, one after the other."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the status of the answer, 0 if there was none, and a few words on it."""

    status: int
    told: str

    @property
    def delivered(self) -> bool:
        """Whether the receiver says that it has it."""
        return 200 <= self.status < 300


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> Outcome:
    """Return what came of sending a body; see `read_url` for `private`. It is called where nothing else waits."""
    try:
        return asyncio.run(_post(url, body, headers, private=private))
    except RefusedError as error:
        return Outcome(0, str(error))
    except TimeoutError:
        return Outcome(0, f"no answer within {SECONDS} seconds")
    except httpx2.HTTPError as error:
        return Outcome(0, f"no answer: {type(error).__name__}")


def _trusted() -> ssl.SSLContext:
    """Return the authorities whose certificates are believed: those of this machine."""
    return ssl.create_default_context()


async def _post(text: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> Outcome:
    async with asyncio.timeout(SECONDS):
        url = addresses.read_url(text, private=private)
        found = await addresses.resolve(url.host, url.port or (443 if url.scheme == "https" else 80))
        addresses.require_public(found, private=private)
        async with httpx2.AsyncClient(verify=_trusted(), trust_env=False, timeout=SECONDS) as client:
            for address in found[:TRIED]:
                try:
                    return await _send(client, url, address, body, headers)
                except httpx2.ConnectError as error:
                    last = error
    raise last


async def _send(
    client: httpx2.AsyncClient, url: httpx2.URL, address: Address, body: bytes, headers: Mapping[str, str]
) -> Outcome:
    """Send to an address under the name of its host, which its certificate has to be for."""
    request = client.build_request(
        "POST",
        url.copy_with(host=str(address)),
        content=body,
        headers={**headers, "Host": url.netloc.decode(), "Content-Type": "application/json", "User-Agent": "qf"},
        extensions={"sni_hostname": url.raw_host.decode("ascii")},
    )
    answer = await client.send(request, stream=True)
    await answer.aclose()
    led_away = "; it leads elsewhere, where nothing is sent" if answer.is_redirect else ""
    return Outcome(answer.status_code, f"answered {answer.status_code}{led_away}")
