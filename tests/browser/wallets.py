"""A wallet in the page (EIP-6963), whose keys are in the test."""

from __future__ import annotations

from typing import Any

from eth_account.messages import encode_defunct

from tests.browser.chromium import Page
from tests.integration.api.giving import DONOR, TX

SCRIPT = """
(() => {
  let number = 0;
  const waiting = new Map();
  window.qfWalletAnswer = (asked, { result, error }) => waiting.get(asked)[error ? 1 : 0](error ?? result);
  const provider = {
    request: ({ method, params }) => new Promise((done, failed) => {
      waiting.set(++number, [done, failed]);
      window.qfWallet(JSON.stringify({ number, method, params: params ?? [] }));
    }),
  };
  const info = { uuid: "7e57", name: "Test Wallet", icon: "data:,", rdns: "test.wallet" };
  const announce = () => dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: { info, provider } }));
  addEventListener("eip6963:requestProvider", announce);
  announce();
})();
"""


class Refused(Exception):
    """What a wallet answers whose owner said no (EIP-1193)."""

    code = 4001


class InPage:
    """A wallet on chain 7: signs what it is asked to sign, and notes what it was asked to send."""

    def __init__(self, page: Page) -> None:
        self.sent: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.refuses = False
        page.expose("qfWallet", self._answer)
        page.on_new_document(SCRIPT)

    def _answer(self, asked: dict[str, Any]) -> Any:
        method, parameters = asked["method"], asked["params"]
        self.asked.append(method)
        if self.refuses:
            raise Refused("User rejected the request.")
        match method:
            case "eth_requestAccounts":
                return [DONOR.address]
            case "eth_chainId":
                return "0x7"
            case "personal_sign":
                text = bytes.fromhex(parameters[0][2:]).decode()
                return "0x" + DONOR.sign_message(encode_defunct(text=text)).signature.hex().removeprefix("0x")
            case "eth_call":
                return "0x" + "0" * 64
            case "eth_sendTransaction":
                self.sent.append(parameters[0])
                return TX if len(self.sent) > 1 else "0x" + "cd" * 32
            case "eth_getTransactionReceipt":
                return {"status": "0x1"}
        raise ValueError(f"the wallet knows no {method}")
