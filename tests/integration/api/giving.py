"""A round that is given to on a chain."""

from __future__ import annotations

from eth_account import Account as Wallet

from api.tables import Source
from qf.chain.types import NATIVE
from tests.integration.api.conftest import START
from tests.integration.chain.vault import project_key

CONTRACT, TOKEN, STRAIGHT, PAYEE = ("0x" + pair * 20 for pair in ("c0", "70", "71", "fa"))
DONOR = Wallet.from_key("0x" + "42" * 32)
PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
PRICES = {"jpyx": ["1", 18], "usdx": ["150", 6], "eth": ["450000", 18]}
RULES = {"eligibility": {"min_donation": "100"}}
TX = "0x" + "ab" * 32


def tables(chain=7, contract=CONTRACT, token=TOKEN, first=0):
    return {
        "chain": [
            {
                "id": chain,
                "requests_per_second": 1000,
                "source": [
                    {"kind": "donation_round", "contract": contract, "tokens": [token, NATIVE], "from_block": first},
                    {
                        "kind": "transfers",
                        "payees": [PAYEE],
                        "tokens": [STRAIGHT],
                        "native": False,
                        "from_block": first,
                    },
                ],
            }
        ],
        "token": [
            {"chain": chain, "address": token, "name": "jpyx", "decimals": 18},
            {"chain": chain, "address": STRAIGHT, "name": "usdx", "decimals": 6},
            {"chain": chain, "address": "native", "name": "eth", "decimals": 18},
        ],
        "projects": {"well": [project_key(0), PAYEE], "bus": [project_key(1)]},
    }


def with_chain(service, settings, **columns):
    service.round(rules=RULES, prices=PRICES, **columns)
    with service.services.database.writing() as session:
        given = {"id": "chain-of-spring", "round_id": "spring", "name": "chain", "kind": "chain", "created_by": "x"}
        session.add(Source(**given, settings=settings, created_at=START))
    return service


def with_nodes(service, number, url):
    services = service.services
    services.settings = services.settings.model_copy(update={"chains": {number: (url,)}})


def wanted(*gifts, **more):
    gifts = gifts or (("well", "200"),)
    listed = [{"project": project, "amount": amount} for project, amount in gifts]
    return {"chain_id": 7, "token": "jpyx", "from": DONOR.address, "gifts": listed, **more}


def offered(service, answered, *gifts, status=200, **more):
    return answered(service.client().post("/v1/rounds/spring/transactions", json=wanted(*gifts, **more)), status)
