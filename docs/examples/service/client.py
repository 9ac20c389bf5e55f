"""Somebody who uses the service from Python: signs in with a wallet, asks, sends, waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx2
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

PATIENCE = 60
"""Seconds for which is waited for what a worker does."""


class RefusedError(Exception):
    """The service refused; says why, and what to do about it."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.status, self.problem = answer.status_code, answer.json()
        super().__init__(f"{answer.request.method} {answer.request.url.path}: {self.problem['detail']}")


class Client:
    """One person at the service, or anybody as long as nobody has signed in."""

    def __init__(self, url: str, wallet: LocalAccount | None = None) -> None:
        self._http = httpx2.Client(base_url=f"{url}/v1/", timeout=PATIENCE, trust_env=False)
        if wallet is not None:
            session = self._post_proof(wallet, "sign_in", "sign-in/wallet")
            self._http.headers["Authorization"] = f"Bearer {session['access_token']}"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def link(self, wallet: LocalAccount) -> None:
        """Link another wallet of this person: all of them are one donor from then on."""
        self._post_proof(wallet, "link", "me/wallets")

    def get(self, path: str) -> Any:
        """Return what there is at a path under /v1."""
        return self._asked("GET", path).json()

    def post(self, path: str, body: Any = None) -> Any:
        """Send a body as JSON, or none, and return the answer."""
        return self._asked("POST", path, json=body).json()

    def put(self, path: str, body: Any) -> Any:
        """Put a body, as JSON, in the place of what is there, and return the answer."""
        return self._asked("PUT", path, json=body).json()

    def upload(self, path: str, table: bytes) -> Any:
        """Send a CSV file, and return the answer."""
        return self._asked("POST", path, content=table, headers={"Content-Type": "text/csv"}).json()

    def download(self, path: str) -> bytes:
        """Return the bytes of a file."""
        return self._asked("GET", path).content

    def wait_for(self, path: str, there: Callable[[Any], bool]) -> Any:
        """Return what there is at a path as soon as it is as wanted; what is not there yet is waited for.

        Raises:
            TimeoutError: it takes too long.
        """
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if there(found := self.get(path)):
                    return found
            except RefusedError as error:
                if error.status != httpx2.codes.NOT_FOUND:
                    raise
            time.sleep(0.2)
        raise TimeoutError(f"waited {PATIENCE} seconds for {path}")

    def _post_proof(self, wallet: LocalAccount, purpose: str, path: str) -> Any:
        """Have the wallet sign what the service wants it to sign (ERC-4361), and return the answer to that."""
        challenge = self.post("sign-in/challenge", {"address": wallet.address, "purpose": purpose})
        signed = wallet.sign_message(encode_defunct(text=challenge["message"]))
        return self.post(path, {"message": challenge["message"], "signature": signed.signature.to_0x_hex()})

    def _asked(self, method: str, path: str, **more: Any) -> httpx2.Response:
        answer = self._http.request(method, path, **more)
        if answer.is_error:
            raise RefusedError(answer)
        return answer
