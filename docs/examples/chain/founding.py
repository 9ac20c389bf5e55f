"""How the round of the demo begins: tokens and the contract of the round on the chain, and the files about it."""

from __future__ import annotations

from pathlib import Path

from deploy import chain_file_text, deploy_round
from web3.contract import Contract

from chain.blocks import Chain
from chain.giving import Vault
from chain.people import CLOSES, OPENS, person, write_rules
from chain.sending import deploy
from qf.chain.types import NATIVE
from qf.codec.evidence import read_projects


def found(chain: Chain, url: str, folder: Path) -> Vault:
    """Write the rules, deploy two tokens and the contract of the round; return where people give."""
    write_rules(folder)
    operator = person("operator")
    chain.fund([operator], 10**18)
    yen, _ = deploy(chain.w3, operator, "DemoToken", "Demo yen", "JPYX", 18)
    dollar, _ = deploy(chain.w3, operator, "DemoToken", "Demo dollar", "USDX", 6)
    return Vault(chain.w3, _deploy_round(chain, url, folder, {"jpyx": yen, "usdx": dollar}), yen, dollar)


def _deploy_round(chain: Chain, url: str, folder: Path, coins: dict[str, Contract]) -> Contract:
    projects = read_projects(folder / "projects.csv")
    tokens = {name: str(coin.address) for name, coin in coins.items()} | {"eth": NATIVE}
    contract, first = deploy_round(chain.w3, person("operator"), (OPENS, CLOSES), list(tokens.values()), projects)
    text = chain_file_text(chain.w3, url, contract, first, tokens, projects, per_second=1000)
    (folder / "chain.toml").write_text(text, "utf-8")
    return contract
