"""A round at the service, as its operators run it: set up, watched, reconciled, settled, approved, published."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from chain.people import read_table
from eth_account.signers.local import LocalAccount

from service.client import Client

TOWN = "harbour-town"
"""The organisation that runs the round."""


class Office:
    """The operators of a round, and the service."""

    def __init__(self, url: str, operator: LocalAccount, second: LocalAccount) -> None:
        self._url, self._anybody = url, Client(url)
        self._operator, self._second = Client(url, operator), Client(url, second)
        account, other = (client.get("me")["account"] for client in (self._operator, self._second))
        self._operator.post("organisations", {"id": TOWN, "name": "Harbour town", "admin": account})
        self._operator.put(f"organisations/{TOWN}/members/{other}", {"role": "operator"})

    def set_up(self, folder: Path) -> None:
        """Draft the round that the files in a folder describe, and freeze it."""
        rules = tomllib.loads((folder / "round.toml").read_text("utf-8"))
        named = {"id": rules["round"]["id"], "title": rules["round"]["title"]}
        self._operator.post(f"organisations/{TOWN}/rounds", {**named, "rules": rules})
        self.round = f"rounds/{named['id']}"
        prices = {
            row["token"]: {"price": row["price"], "decimals": int(row["decimals"])}
            for row in read_table(folder / "prices.csv")
        }
        self._operator.put(f"{self.round}/prices", {"prices": prices, "reason": "Prices of the day the round opened."})
        self._operator.upload(f"{self.round}/projects", (folder / "projects.csv").read_bytes())
        source = {"name": "vault", "kind": "chain", "settings": _settings(folder / "chain.toml")}
        self._operator.post(f"{self.round}/sources", source)
        self._operator.post(f"{self.round}/freeze")

    def wait_for_opening(self) -> dict[str, Any]:
        """Return the round as everybody sees it once it has opened, which it does by itself at its date."""
        found: dict[str, Any] = self._anybody.wait_for(self.round, lambda round: round["state"] != "frozen")
        return found

    def read_chain(self, donations: int) -> None:
        """Have the chain read now, not at the next minute, and wait until so many donations are recorded."""
        self._operator.post(f"{self.round}/sources/vault/sync")
        self._operator.wait_for(self.round, lambda round: round["entries"] == donations)

    def link(self, wallets: Sequence[LocalAccount]) -> None:
        """Have a person sign in with one wallet and link the others to it."""
        first, *others = wallets
        with closing(Client(self._url, first)) as owner:
            for wallet in others:
                owner.link(wallet)

    def settle(self) -> dict[str, Any]:
        """Reconcile and settle the closed round, have the second person approve that, publish it; return the result."""
        self._operator.wait_for(self.round, lambda round: round["state"] == "closed")
        self._operator.post(f"{self.round}/reconciliation")
        self._operator.wait_for(f"{self.round}/reconciliation", lambda found: found["current"])
        settlement = f"{self.round}/settlements/{self._operator.post(f'{self.round}/settlements')['number']}"
        self._operator.wait_for(settlement, lambda found: found["state"] != "running")
        self._second.post(f"{settlement}/approve")
        self._operator.post(f"{settlement}/publish")
        result: dict[str, Any] = self._anybody.get(f"{self.round}/result")
        return result

    def download(self, folder: Path) -> None:
        """Write the files of the published bundle into a folder, as anybody can."""
        for file in self._anybody.get(f"{self.round}/bundle"):
            target = folder / file["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self._anybody.download(f"{self.round}/bundle/{file['path']}"))


def _settings(chain_file: Path) -> dict[str, Any]:
    """Return a chain file as the service takes it: which nodes are asked is not for operators to say."""
    settings = tomllib.loads(chain_file.read_text("utf-8"))
    for chain in settings["chain"]:
        del chain["endpoints"]
    return settings
