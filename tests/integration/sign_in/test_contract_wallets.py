"""Contract wallets on a chain of our own: deployed (ERC-1271), not deployed yet (ERC-6492), and hostile ones."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_defunct

from api.settings import Settings
from api.sign_in.chains import wallets_of
from api.sign_in.signatures import WRAPPED, How, NoChainError, SignatureError, verify_text
from qf.chain.abi import keccak
from qf.chain.addresses import checksummed
from qf.chain.types import Address
from tests.integration.chain.anvil import REPOSITORY, Anvil, anvil

OWNER, OTHER = (Account.from_key("0x" + digits * 32) for digits in ("11", "22"))
TEXT = "qf.test wants you to sign in"
CHAIN = 31_337

FACTORY = "0x4e59b44847b379578588920ca78fbf26c0b4956c"
"""What deploys for anybody at an address that follows from the code; anvil has it from the start."""

YES = "0x1626ba7e"

ACCOUNT = json.loads((REPOSITORY / "contracts/test/artifacts/SmartAccount.json").read_text("utf-8"))["bytecode"]


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    with anvil() as running:
        yield running


def signed(owner=OWNER, text=TEXT) -> bytes:
    return bytes(owner.sign_message(encode_defunct(text=text)).signature)


def wrapped(inner: bytes, deployment: bytes, factory: str = FACTORY) -> bytes:
    return encode(["address", "bytes", "bytes"], [factory, deployment, inner]) + WRAPPED


def verify(chain: Anvil, address: str, signature: bytes, text: str = TEXT) -> How:
    settings = Settings(development=True, chains={CHAIN: (chain.url,)}, _env_file=None)
    with wallets_of(settings, CHAIN) as wallets:
        return verify_text(text, address, "0x" + signature.hex(), wallets)


def refused(chain: Anvil, address: str, signature: bytes) -> None:
    with pytest.raises(SignatureError):
        verify(chain, address, signature)


def sent(chain: Anvil, **call: str) -> dict[str, Any]:
    """Return the receipt of a transaction, mined."""
    hash = chain.rpc("eth_sendTransaction", {"from": chain.accounts[0], "gas": hex(8_000_000), **call})
    chain.rpc("evm_mine")
    receipt: dict[str, Any] = chain.rpc("eth_getTransactionReceipt", hash)
    assert receipt["status"] == "0x1"
    return receipt


def deployed(chain: Anvil, owner=OWNER) -> str:
    return str(sent(chain, data=ACCOUNT + encode(["address"], [owner.address]).hex())["contractAddress"])


def counterfactual(salt: int, owner=OWNER) -> tuple[str, bytes]:
    """Return the address of a wallet that nobody has deployed, and what its factory needs for that."""
    code = bytes.fromhex(ACCOUNT[2:]) + encode(["address"], [owner.address])
    told = salt.to_bytes(32, "big")
    address = keccak(b"\xff" + bytes.fromhex(FACTORY[2:]) + told + keccak(code))[12:]
    return checksummed(Address("0x" + address.hex())), told + code


def placed(chain: Anvil, number: int, code: str) -> str:
    address = f"0x{0xC0DE0000 + number:040x}"
    chain.rpc("anvil_setCode", address, code)
    return address


def test_a_wallet_that_is_a_contract_signs_as_its_owner_does(chain):
    wallet = deployed(chain)
    assert verify(chain, wallet, signed()) == "contract"
    refused(chain, wallet, signed(OTHER))
    refused(chain, wallet, signed(text="something else"))
    refused(chain, deployed(chain, OTHER), signed())


def test_a_wallet_that_is_not_deployed_signs_and_stays_undeployed(chain):
    wallet, deployment = counterfactual(1)
    before = chain.head
    assert verify(chain, wallet, wrapped(signed(), deployment)) == "contract"
    assert chain.rpc("eth_getCode", wallet, "latest") == "0x" and chain.head == before
    refused(chain, wallet, wrapped(signed(OTHER), deployment))
    refused(chain, wallet, signed())


def test_what_was_signed_before_deploying_is_good_after_it(chain):
    wallet, deployment = counterfactual(2)
    signature = wrapped(signed(), deployment)
    sent(chain, to=FACTORY, data="0x" + deployment.hex())
    assert chain.rpc("eth_getCode", wallet, "latest") != "0x"
    assert verify(chain, wallet, signature) == verify(chain, wallet, signed()) == "contract"


def test_deploying_something_else_does_not_sign_for_an_address(chain):
    _, deployment = counterfactual(3)
    other, _ = counterfactual(4)
    for victim in (other, OTHER.address, f"0x{1:040x}", f"0x{4:040x}", f"0x{0:040x}", FACTORY):
        refused(chain, victim, wrapped(signed(), deployment))
        refused(chain, victim, wrapped(signed(), b"", victim))


def test_a_factory_that_fails_or_is_none_deploys_nothing(chain):
    wallet, deployment = counterfactual(5)
    refused(chain, wallet, wrapped(signed(), b"\x00", FACTORY))
    refused(chain, wallet, wrapped(signed(), deployment, f"0x{0xFACE:040x}"))


@pytest.mark.parametrize(
    "wrapper", [b"", b"\xff" * 96, encode(["address"], [FACTORY]), bytes(31), bytes(64) + b"\xff" * 32]
)
def test_a_wrapper_that_is_malformed_is_refused(chain, wrapper):
    refused(chain, deployed(chain), wrapper + WRAPPED)


def test_the_wrapper_is_that_of_the_standard(shared):
    told = json.loads((shared / "vectors/auth/erc6492_wrapper.json").read_text("utf-8"))
    deployment, inner = (bytes.fromhex(told[name][2:]) for name in ("factoryCalldata", "inner"))
    assert wrapped(inner, deployment, told["factory"]).hex() == told["wrapped"][2:]


def returning(word: str) -> str:
    """Return code that answers every call with 32 bytes."""
    return f"0x7f{word.removeprefix('0x')}5f5260205ff3"


def test_only_the_answer_of_the_standard_is_a_yes(chain):
    yes = placed(chain, 0, returning(YES + "00" * 28))
    assert verify(chain, yes, b"") == verify(chain, yes, signed(OTHER)) == "contract"
    hostile = {
        "the number 1": returning(f"{1:064x}"),
        "yes at the end": returning("00" * 28 + YES[2:]),
        "yes and more": returning(YES + "00" * 27 + "01"),
        "no": returning("f" * 64),
        "four bytes": "0x63" + YES[2:] + "5f526004601cf3",
        "nothing": "0x00",
        "what it was asked": "0x365f5f37365ff3",
        "a refusal": "0x5f5ffd",
        "yes by refusing": returning(YES + "00" * 28)[:-2] + "fd",
        "no code of the machine": "0xfe",
        "a loop": "0x5b5f56",
        "a change of its state": "0x60015f55" + returning(YES + "00" * 28)[2:],
        "a mountain of answer": "0x62ffffff5ff3",
    }
    for number, (_, code) in enumerate(hostile.items(), 1):
        refused(chain, placed(chain, number, code), signed())


def test_the_key_of_an_account_with_code_signs_as_before(chain):
    yes = placed(chain, 100, returning(YES + "00" * 28))
    chain.rpc("anvil_setCode", OWNER.address, "0xef0100" + yes[2:])
    assert verify(chain, OWNER.address, signed()) == "eoa"
    assert verify(chain, OWNER.address, signed(OTHER)) == "contract"
    chain.rpc("anvil_setCode", OWNER.address, "0x")
    refused(chain, OWNER.address, signed(OTHER))


class Node(BaseHTTPRequestHandler):
    """A node that is slow, or fails what it is asked to run."""

    slow, says, block = 0.0, "execution reverted", {}

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        time.sleep(self.slow)
        answers = {"eth_chainId": {"result": hex(CHAIN)}, "eth_getBlockByNumber": {"result": self.block}}
        told = answers.get(asked["method"], {"error": {"code": 3, "message": self.says}})
        body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], **told}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def node(**how: Any) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Told", (Node,), how)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def newest(chain: Anvil) -> dict[str, Any]:
    block: dict[str, Any] = chain.rpc("eth_getBlockByNumber", "latest", False)
    return block


def ask(*urls: str) -> How:
    settings = Settings(development=True, chains={CHAIN: urls}, _env_file=None)
    with wallets_of(settings, CHAIN) as wallets:
        return verify_text(TEXT, OTHER.address, "0x" + signed().hex(), wallets)


@pytest.mark.parametrize("says", ["execution reverted", "out of gas", "VM Exception: revert", "invalid opcode"])
def test_a_call_that_reverts_is_a_refusal_and_no_silence(chain, says):
    with node(says=says, block=newest(chain)) as url, pytest.raises(SignatureError):
        ask(url)


@pytest.mark.parametrize("says", ["header not found", "api key revoked: forbidden", "internal error"])
def test_a_node_that_does_not_run_it_says_nothing_about_the_signature(chain, says):
    with node(says=says, block=newest(chain)) as url, pytest.raises(NoChainError):
        ask(url)


@pytest.mark.parametrize("slow", [6.0, 1.5])
def test_a_node_that_is_dead_or_slow_is_not_waited_for(chain, slow):
    """One that is dead answers no question, one that is slow answers each in time and all of them too late."""
    with node(slow=slow, block=newest(chain)) as url:
        began = time.monotonic()
        with pytest.raises(NoChainError):
            ask(url)
        assert time.monotonic() - began < 5


def test_a_node_of_another_chain_or_none_is_no_bad_signature(chain):
    wallet = deployed(chain)
    unread = Settings(development=True, chains={1: (chain.url,), 5: ("http://127.0.0.1:9",)}, _env_file=None)
    for chain_id in (1, 5, 7):
        with pytest.raises(NoChainError), wallets_of(unread, chain_id) as wallets:
            verify_text(TEXT, wallet, "0x" + signed().hex(), wallets)
