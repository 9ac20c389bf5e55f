"""Content of IPFS: its CID, where it is fetched from, and what Allo publishes there."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from qf.chain.metadata import (
    Cid,
    Codec,
    Folder,
    Gateway,
    application_text,
    distribution,
    is_content_of,
    library,
    round_text,
)
from qf.chain.metadata.unixfs import LAYOUTS, file_cid, possible_cids
from qf.errors import InputError, NodeError, UnprovableError

KNOWN = [
    (0, 262_144, 174, 0, True, "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"),
    (0, 262_144, 174, 1, False, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
    (0, 262_144, 174, 1, True, "bafybeif7ztnhq65lumvvtr4ekcwd2ifwgm3awq4zfr3srh462rwyinlb4y"),
    (10, 262_144, 174, 0, True, "QmeLs5MZxBaNXGPMRF2iiCiMT4Rur3TfRh83G6JbYWbpUr"),
    (10, 262_144, 174, 1, False, "bafkreia7qjnkf4acb3347eo7umg2izunpeof2sbe7shecnklrhwak6k2wm"),
    (10, 262_144, 174, 1, True, "bafybeihnzd4tpua6wv7gg276i4v7xkld5udswjxfkxwhmwzfxaoykggunm"),
    (262_145, 262_144, 174, 0, True, "QmUSjGawaz4ptvREcMKSMJneWCa5j8dAz2wSAAvHtW2rnB"),
    (262_145, 262_144, 174, 1, False, "bafybeiexg2oqkfnj56l7fcmawswqbijt5shq4b5rg6a546uwpkqqzwjioi"),
    (262_145, 262_144, 174, 1, True, "bafybeidas2dvcqxlierzany6rt2e43v3yojj5ls4b7o7owukcgsgiarvrq"),
    (262_145, 262_144, 174, 0, False, "QmYWva9EpT9EDJtdehdyQSBfq6iUrm2kiVQkYZw1wBTgxH"),
    (2_500, 100, 3, 0, True, "QmcXUstNgua8yjQBYKBfKoDvxPYbwASz2qreg9E8Fk42PG"),
    (2_500, 100, 3, 1, False, "bafybeidiq2w7yqx5zn62vh7radm4pfut2qtzzsvlwz4uilspm7j2nlwhuq"),
    (2_500, 100, 3, 1, True, "bafybeictpjs5c7o2gv2f6nf7l57omxg7gh32vyecn545amk7j3w775bkzy"),
    (2_500, 100, 3, 0, False, "QmSR8jdtfVW7UqJcMWrkQPqJg1mDUmGckvtNDcjPeuCd5X"),
    (2_500_000, 1_048_576, 1_024, 0, True, "QmQXVrtwKRsPiuzHEudDdEagFGam2jWebqogA1fymqqyGG"),
    (2_500_000, 1_048_576, 1_024, 1, False, "bafybeih7ahcm3l4fztng26so42m3uy3evbq4hfrubw2z4j7hbrq2xyxixe"),
    (2_500_000, 1_048_576, 1_024, 1, True, "bafybeihwd7sd3ocn374c7v5rzvnajfvn53ev3kekb4hpxdlt6nzoxtdmim"),
    (2_500_000, 1_048_576, 1_024, 0, False, "QmfW6EgkPQLHLZyjh367Pxa4zwnmERPgMLW8dLLwP6vxWL"),
    (45_613_057, 262_144, 174, 0, False, "Qmebm53z8uPPhxiw5yenzGEj9mRp3gQn4kets9jWBYUTyR"),
]
"""Bytes of a file, bytes of a block, links of a node, CID version, whether blocks are wrapped, and the CID that
ipfs-unixfs-importer (the JavaScript program) gives."""

HELLO = b"hello world\n"
HELLO_CIDS = (
    "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
    "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
)


def content(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


@pytest.mark.parametrize(("size", "block", "links", "version", "wrapped", "cid"), KNOWN)
def test_cid_of_a_file_is_that_of_another_program(
    size: int, block: int, links: int, version: int, wrapped: bool, cid: str
) -> None:
    assert str(file_cid(content(size), block, links, version, wrapped)) == cid
    assert str(Cid.of(f"ipfs://{cid}")) == cid
    if (block, links) in LAYOUTS:
        assert is_content_of(Cid.of(cid), content(size))
        assert not is_content_of(Cid.of(cid), content(size) + b"x")


@pytest.mark.parametrize("cid", HELLO_CIDS)
def test_content_of_a_published_cid(cid: str) -> None:
    assert is_content_of(Cid.of(cid), HELLO)
    assert not is_content_of(Cid.of(cid), HELLO[:-1])


def test_all_ways_to_add_a_file_of_several_blocks_differ() -> None:
    assert len(set(possible_cids(content(2_500_000)))) == 8


def test_cid_in_base_58_of_version_1_is_read() -> None:
    assert Cid.of("zb2rhi36Gc9GJWijLEL6zW45MBux5FcFv5gJmjXA7VAMozEXY") == Cid.of(HELLO_CIDS[1])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        "bafkreiexamplecid",
        "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff50",
        "Qm" + "z" * 44,
        "z" * 60,
        "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4/a.json",
        "bafyreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
        "b" + "a" * 5_000,
        "\u0131" * 46,
    ],
)
def test_cid_when_it_is_none_or_of_another_kind_then_it_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="give a CID of a file"):
        Cid.of(text)


class Answer(io.BytesIO):
    """What a gateway sends."""


def gateway(sent: bytes, **values: Any) -> Gateway:
    return Gateway("https://gate.example/ipfs/{cid}", open=lambda address, timeout: Answer(sent), **values)


def test_gateway_when_it_sends_the_content_then_it_is_returned() -> None:
    asked: list[str] = []

    def opened(address: str, timeout: float) -> Answer:
        asked.append(address)
        return Answer(HELLO)

    assert Gateway("https://gate.example/ipfs/{cid}", open=opened).fetch(Cid.of(HELLO_CIDS[0])) == HELLO
    assert asked == [f"https://gate.example/ipfs/{HELLO_CIDS[0]}"]


def test_gateway_when_it_sends_something_else_then_it_is_named_and_refused() -> None:
    with pytest.raises(UnprovableError, match=r"https://gate.example/ipfs/Qm.*or was added to IPFS in an unusual way"):
        gateway(b"hello").fetch(Cid.of(HELLO_CIDS[0]))
    with pytest.raises(UnprovableError, match=r"its content is not that of bafk[a-z0-9]*; fetch it"):
        gateway(b"hello").fetch(Cid.of(HELLO_CIDS[1]))


def test_gateway_when_it_sends_too_much_then_that_is_said() -> None:
    assert gateway(HELLO, size_limit=12).fetch(Cid.of(HELLO_CIDS[0])) == HELLO
    with pytest.raises(NodeError, match="more than 11 bytes"):
        gateway(HELLO, size_limit=11).fetch(Cid.of(HELLO_CIDS[0]))


def test_gateway_when_it_is_too_slow_then_that_is_said() -> None:
    with pytest.raises(NodeError, match=r"took more than -1 seconds; try another gateway"):
        gateway(HELLO, timeout=-1).fetch(Cid.of(HELLO_CIDS[0]))


def test_gateway_when_it_fails_then_it_is_named() -> None:
    def fails(address: str, timeout: float) -> Answer:
        raise URLError("no route")

    with pytest.raises(NodeError, match=r"https://gate.example/ipfs/Qm.*no route"):
        Gateway("https://gate.example/ipfs/{cid}", open=fails).fetch(Cid.of(HELLO_CIDS[0]))


def test_folder_holds_a_file_per_cid(tmp_path: Path) -> None:
    (tmp_path / HELLO_CIDS[0]).write_bytes(HELLO)
    (tmp_path / HELLO_CIDS[1]).write_bytes(HELLO * 2)
    folder = library(str(tmp_path))
    assert folder == Folder(tmp_path)
    assert folder.fetch(Cid.of(HELLO_CIDS[0])) == HELLO
    with pytest.raises(UnprovableError, match=HELLO_CIDS[1]):
        folder.fetch(Cid.of(HELLO_CIDS[1]))
    with pytest.raises(NodeError, match="put the file there"):
        folder.fetch(Cid(1, Codec.RAW, bytes(32)))
    with pytest.raises(NodeError, match="more than 5 bytes"):
        library(str(tmp_path), size_limit=5).fetch(Cid.of(HELLO_CIDS[0]))


def test_library_when_the_place_is_no_gateway_then_it_is_refused() -> None:
    assert isinstance(library("http://127.0.0.1:8080/ipfs/{cid}"), Gateway)
    for place in ("ftp://gate.example/{cid}", "https://gate.example/ipfs/", "file:///etc/{cid}"):
        with pytest.raises(InputError, match="write https://host/ipfs/"):
            library(place)


POOL = b'{"round": {"name": "a", "quadraticFundingConfig": {"matchingFundsAvailable": %s}}}'


def published(document: Any) -> bytes:
    return json.dumps(document).encode()


def test_round_is_read_exactly() -> None:
    rules = {
        "matchingFundsAvailable": 100000.10,
        "matchingCap": True,
        "matchingCapAmount": "4.35",
        "minDonationThreshold": False,
        "minDonationThresholdAmount": 1,
        "sybilDefense": "passport-mbds",
    }
    told = round_text(published({"round": {"name": "Open", "quadraticFundingConfig": rules}, "application": {}}))
    assert (told.title, told.pool_amount, told.cap_fraction) == ("Open", Decimal("100000.1"), Decimal("0.0435"))
    assert (told.least_amount, told.screening) == (None, "passport-mbds")
    bare = round_text(published({"round": {"name": "Open"}}))
    assert (bare.pool_amount, bare.cap_fraction, bare.screening) == (None, None, "")


def test_application_is_read() -> None:
    project = {"title": "Well", "id": "0x12", "website": "https://well.example", "more": [1]}
    document = {"signature": "0x", "application": {"round": "1", "recipient": "0x" + "Ab" * 20, "project": project}}
    told = application_text(published(document))
    assert (told.title, told.payee, told.project) == ("Well", "0x" + "ab" * 20, "0x12")
    assert told.website == "https://well.example"


ROW = {
    "projectId": "0x12",
    "projectName": "Well",
    "applicationId": "3",
    "anchorAddress": "0x" + "Cd" * 20,
    "projectPayoutAddress": "0x" + "Ab" * 20,
    "matchPoolPercentage": 0.25,
    "matchAmountInToken": str(2**200),
}


def test_distribution_is_read_exactly() -> None:
    (share,) = distribution(published({"matchingDistribution": [ROW]}))
    assert (share.project, share.title, share.application, share.amount) == ("0x12", "Well", "3", 2**200)
    assert (share.anchor, share.payee) == ("0x" + "cd" * 20, "0x" + "ab" * 20)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"matchAmountInToken": 5}, "row 1: 'matchAmountInToken' is no text"),
        ({"matchAmountInToken": "1e18"}, "is no number of base units: '1e18'"),
        ({"matchAmountInToken": "-5"}, "is no number of base units"),
        ({"projectPayoutAddress": "0x12"}, "is no address"),
        ({"projectName": None}, "'projectName' is no text"),
    ],
)
def test_distribution_when_a_row_is_wrong_then_it_is_named(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        distribution(published({"matchingDistribution": [ROW | changed]}))


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"[" * 100_000, "nested more than 50 deep"),
        (b'{"a": ' * 51, "nested more than 50 deep"),
        (b'{"round": {"name": 1, "\\\\": "' + b"[" * 60, "Unterminated string"),
        (b"\xff", "utf-8"),
        (b'{"round": {"name": "a", "name": "b"}}', "a key twice"),
        (b'{"round": {"name": NaN}}', "NaN is no number"),
        (b'{"round": []}', "'round' is no object"),
        (b"[]", "'round' is no object"),
        (b'{"round": {"name": 1' + b"0" * 5_000 + b"}}", "limit"),
        (
            b'{"round": {"name": "a", "quadraticFundingConfig": {"matchingFundsAvailable": "lots"}}}',
            "no number: 'lots'",
        ),
        (b'{"round": {"name": "a", "quadraticFundingConfig": {"matchingFundsAvailable": true}}}', "no number: True"),
    ],
)
def test_description_when_it_is_malformed_then_that_is_said(sent: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why):
        round_text(sent)
