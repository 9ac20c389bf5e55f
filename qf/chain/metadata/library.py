"""Where content is fetched from: an IPFS gateway over HTTP, or a folder. What does not hash to its CID is refused."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

from qf.chain.metadata.cid import Cid, Codec
from qf.chain.metadata.unixfs import is_content_of
from qf.errors import InputError, NodeError, UnprovableError

SIZE_LIMIT = 1_048_576
"""Bytes a description may have."""

TIMEOUT = 20.0
"""Seconds a description may take to arrive, redirects included."""

REDIRECTS = 3
"""How often a gateway may send us elsewhere."""

PIECE = 65_536
"""Bytes read at once; between two pieces the time is checked."""

Opener = Callable[[str, float], Any]
"""Opens an address within some seconds: what it returns has `read1` and is closed by `with`."""


class Library(Protocol):
    """Where content is fetched from."""

    def fetch(self, cid: Cid) -> bytes:
        """Return the content of `cid`, checked.

        Raises:
            NodeError: it cannot be had.
            UnprovableError: what was found is not the content of `cid`, or cannot be shown to be.
        """


def library(place: str, *, size_limit: int = SIZE_LIMIT, timeout: float = TIMEOUT) -> Library:
    """Return where to fetch from.

    >>> library("https://ipfs.io/ipfs/{cid}").address
    'https://ipfs.io/ipfs/{cid}'

    Args:
        place: the address of a gateway with {cid} in it, or the path of a folder with one file per CID.
        size_limit: bytes a description may have.
        timeout: seconds it may take.

    Raises:
        InputError: it is neither.
    """
    if "://" not in place:
        return Folder(Path(place), size_limit)
    if urlsplit(place).scheme not in ("http", "https") or "{cid}" not in place:
        raise InputError.at("gateway", f"{place!r} is no address with {{cid}} in it", "write https://host/ipfs/{cid}")
    return Gateway(place, size_limit, timeout)


@dataclass(frozen=True)
class Folder:
    """A folder with one file per CID, which is the name of the file.

    Attributes:
        path: of the folder.
        size_limit: bytes a description may have.
    """

    path: Path
    size_limit: int = SIZE_LIMIT

    def fetch(self, cid: Cid) -> bytes:
        """Return the content of `cid`, checked.

        Raises:
            NodeError: there is no such file, or it is too large.
            UnprovableError: it is not the content of `cid`, or cannot be shown to be.
        """
        path = self.path / str(cid)
        try:
            with path.open("rb") as file:
                content = file.read(self.size_limit + 1)
        except OSError as fault:
            raise NodeError(f"{path}: {fault.strerror}; put the file there") from None
        return _checked(cid, content, str(path), self.size_limit)


@dataclass(frozen=True)
class Gateway:
    """A gateway over HTTP.

    Attributes:
        address: with {cid} where the CID goes.
        size_limit: bytes a description may have.
        timeout: seconds it may take.
        open: how addresses are opened.
    """

    address: str
    size_limit: int = SIZE_LIMIT
    timeout: float = TIMEOUT
    open: Opener = field(default_factory=lambda: _open)

    def fetch(self, cid: Cid) -> bytes:
        """Return the content of `cid`, checked.

        Raises:
            NodeError: the gateway fails, is too slow, or sends too much.
            UnprovableError: it sends something else, or what cannot be shown to be the content of `cid`.
        """
        address = self.address.replace("{cid}", str(cid))
        try:
            return _checked(cid, self._content(address), address, self.size_limit)
        except (OSError, HTTPException) as fault:
            raise NodeError(f"{address}: {fault}; try another gateway") from None

    def _content(self, address: str) -> bytes:
        end = time.monotonic() + self.timeout
        content = b""
        with self.open(address, self.timeout) as response:
            while len(content) <= self.size_limit and (piece := response.read1(PIECE)):
                content += piece
                if time.monotonic() > end:
                    raise TimeoutError(f"took more than {self.timeout} seconds")
        return content


def _checked(cid: Cid, content: bytes, where: str, size_limit: int) -> bytes:
    if len(content) > size_limit:
        raise NodeError(f"{where}: more than {size_limit} bytes; raise the limit if you trust it")
    if is_content_of(cid, content):
        return content
    if cid.codec == Codec.RAW:
        raise UnprovableError(where, f"its content is not that of {cid}", "fetch it from somewhere else")
    why = f"its content is not that of {cid}, or was added to IPFS in an unusual way"
    raise UnprovableError(where, why, "fetch it from somewhere else; if it is the same there, add it again")


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = REDIRECTS

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise urllib.error.URLError(f"sends us to {newurl}, which is no http address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(address: str, timeout: float) -> Any:
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener.open(address, timeout=timeout)
