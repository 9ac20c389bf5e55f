"""The sign-in message: every vector of the standard, and what its erratum forbids."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_keys.exceptions import BadSignature

from api.sign_in.message import Expected, MessageError, check, read_message, write_message

TEXT = """qf.test wants you to sign in with your Ethereum account:
0x9D85ca56217D2bb651b00f15e694EB7E713637D4

Sign in.

URI: https://qf.test/sign-in
Version: 1
Chain ID: 10
Nonce: abcdefgh12
Issued At: 2026-04-01T00:00:00Z"""

NOW = 1775001600
EXPECTED = Expected(
    domains=["qf.test"], scheme="https", chain_ids=[10], statement="Sign in.", nonce="abcdefgh12", now=NOW
)


def vectors(shared, name):
    return json.loads((shared / "vectors" / "siwe" / f"{name}.json").read_text("utf-8"))


def text_of(given: dict[str, object]) -> str:
    """Return the text of a message that a vector gives by its fields; a missing one leaves an empty line."""
    names = {
        "uri": "URI", "version": "Version", "chainId": "Chain ID", "nonce": "Nonce", "issuedAt": "Issued At",
        "expirationTime": "Expiration Time", "notBefore": "Not Before", "requestId": "Request ID",
    }  # fmt: skip
    lines = [f"{given.get('domain', '')} wants you to sign in with your Ethereum account:", given.get("address", "")]
    lines += ["", given["statement"], ""] if given.get("statement") else ["", ""]
    for key, name in names.items():
        if key in given:
            lines.append(f"{name}: {given[key]}")
        elif key in {"uri", "version", "chainId", "nonce", "issuedAt"}:
            lines.append("")
    if given.get("resources"):
        lines += ["Resources:", *(f"- {uri}" for uri in given["resources"])]  # type: ignore[attr-defined]
    return "\n".join(str(line) for line in lines)


def test_messages_of_the_standard_are_read(shared):
    for name, vector in vectors(shared, "parsing_positive").items():
        read = read_message(vector["message"], allow_userinfo="userinfo" in name)
        fields = vector["fields"]
        assert (read.domain, read.address, read.uri, read.chain_id, read.nonce) == (
            fields["domain"], fields["address"], fields["uri"], fields["chainId"], fields["nonce"],
        ), name  # fmt: skip
        assert read.statement == (fields.get("statement") or ""), name
        assert read.scheme == (fields.get("scheme") or ""), name
        assert list(read.resources) == (fields.get("resources") or []), name
        assert read.text == vector["message"]


def test_malformed_messages_of_the_standard_are_refused(shared):
    for name, text in vectors(shared, "parsing_negative").items():
        assert refused(text), name


def test_malformed_objects_of_the_standard_are_refused(shared):
    for name, given in vectors(shared, "parsing_negative_objects").items():
        assert refused(text_of(given)), name


STRICTER = {"lower-case address", "userinfo in domain", "chain id 0", "leading zero chain id", "bare Resources"}


def test_what_the_standard_leaves_open_is_decided(shared):
    for name, probe in vectors(shared, "siwe_extra_probes").items():
        accepted = probe["expect"].startswith("accept") and name not in STRICTER - {"bare Resources"}
        try:
            read_message(probe["message"])
        except MessageError:
            assert not accepted, name
        else:
            assert accepted, name


def refused(text: str) -> bool:
    try:
        read_message(text, allow_userinfo=True)
    except MessageError:
        return True
    return False


def signed_by(vector, text) -> str:
    signature = bytes.fromhex(vector["signature"][2:])
    return Account.recover_message(encode_defunct(text=text), signature=signature)


def test_signatures_of_the_standard_are_of_the_text_as_it_is_written(shared):
    for name, vector in vectors(shared, "verification_positive").items():
        text = text_of(vector)
        read = read_message(text)
        assert signed_by(vector, text) == read.address, name
        at = vector.get("time") or ("2022-02-01T00:00:00Z" if "expirationTime" in vector else vector["issuedAt"])
        now = read_message(text.replace(f"Issued At: {vector['issuedAt']}", f"Issued At: {at}")).issued_at
        late = replace(read, issued_at=now)
        check(late, Expected([read.domain, "tally.xyz"], "https", [1], read.statement, read.nonce, now))


def verify(vector) -> None:
    """Do what signing in does with a vector: the message is read, checked at its time, and its signature recovered."""
    text = text_of(vector)
    read = read_message(text)
    now = read_message(text.replace(vector["issuedAt"], vector.get("time", "2022-03-01T00:00:00Z"))).issued_at
    domains, nonce = [vector.get("domainBinding", read.domain)], vector.get("matchNonce", read.nonce)
    check(
        replace(read, issued_at=now, uri=f"https://{read.domain}"),
        Expected(domains, "https", [1], read.statement, nonce, now),
    )
    if signed_by(vector, text) != read.address:
        raise MessageError("signed by somebody else")


def test_what_the_standard_says_must_not_verify_does_not(shared):
    found = vectors(shared, "verification_negative")
    for name, vector in found.items():
        with pytest.raises((MessageError, ValueError, BadSignature)) as caught:
            verify(vector)
        assert caught.value is not None, name
    assert len(found) == 10


def test_a_message_that_was_asked_for_is_accepted():
    check(read_message(TEXT), EXPECTED)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"domains": ["evil.test"]}, "it is for qf.test"),
        ({"chain_ids": [1]}, "its chain 10"),
        ({"statement": "Pay."}, "statement"),
        ({"nonce": "other"}, "nonce"),
        ({"now": NOW - 61}, "future"),
        ({"now": NOW + 601}, "too long ago"),
    ],
)
def test_a_message_for_something_else_is_refused(changed, told):
    with pytest.raises(MessageError, match=told):
        check(read_message(TEXT), replace(EXPECTED, **changed))


def test_everything_that_is_wrong_is_named_at_once():
    with pytest.raises(MessageError) as caught:
        check(read_message(TEXT), replace(EXPECTED, domains=["x"], nonce="y", now=NOW + 10**6))
    assert str(caught.value).count(";") == 3


@pytest.mark.parametrize("uri", ["http://qf.test/", "https://qf.test:8443/", "http://qf.test:443/", "ftp://qf.test"])
def test_the_uri_has_the_scheme_and_port_of_the_service(uri):
    with pytest.raises(MessageError, match=r"is not at https://qf\.test"):
        check(read_message(TEXT.replace("https://qf.test/sign-in", uri)), EXPECTED)


def test_the_uri_may_spell_out_what_it_means_anyway():
    check(read_message(TEXT.replace("https://qf.test/sign-in", "HTTPS://qf.test:443/")), EXPECTED)
    check(read_message(TEXT.replace("qf.test wants", "https://qf.test wants")), EXPECTED)
    with pytest.raises(MessageError, match="its scheme is http, not https"):
        check(read_message(TEXT.replace("qf.test wants", "http://qf.test wants")), EXPECTED)


def test_the_uri_has_to_be_at_the_domain():
    with pytest.raises(MessageError, match=r"is not at https://qf\.test"):
        check(read_message(TEXT.replace("https://qf.test/sign-in", "https://evil.test/qf.test")), EXPECTED)


@pytest.mark.parametrize("filler", ["a", "%", ".", ":", "@", "é", "\n", "- ", "0"])
def test_a_long_message_is_refused_in_no_time(filler):
    begun = time.process_time()
    for text in (filler * 5_000, TEXT.replace("qf.test", filler * 1_000, 1), TEXT + filler * 2_000):
        with pytest.raises(MessageError):
            read_message(text)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "uri",
    [
        "https://[x/", "https://[::::]/", "https://qf.test/[", "https://qf.test#a#b", "https://qf.test/%zz", "https",
        "https://qf.test:http/", "https://qf.test /", "1https://qf.test", "://qf.test", "https://qf.test:1:2/",
        "https://a@b@qf.test/", "https:////[", "https://qf.test/\\evil.test", "",
    ],
)  # fmt: skip
def test_a_uri_that_could_be_read_in_two_ways_is_refused(uri):
    assert refused(TEXT.replace("https://qf.test/sign-in", uri))


@pytest.mark.parametrize(
    "uri", ["https://qf.test.evil.test/", "https://qf.test@evil.test", "https:qf.test", "qf.test:"]
)
def test_a_uri_that_only_looks_like_the_domain_is_not_at_it(uri):
    with pytest.raises(MessageError, match="is not at"):
        check(read_message(TEXT.replace("https://qf.test/sign-in", uri)), EXPECTED)


@pytest.mark.parametrize("domain", ["[::1]:8000", "127.0.0.1", "localhost:3000", "xn--r8jz45g.test", "qf.test:"])
def test_a_domain_may_be_a_number_or_have_a_port(domain):
    assert read_message(TEXT.replace("qf.test wants", f"{domain} wants")).domain == domain


@pytest.mark.parametrize(
    "domain", ["[::::]", "[::1", "::1", "a b", "qf.test/", "qf.test?a", "qf.test:80:80", "[v1.x]", "%z", "a\\b"]
)
def test_a_domain_that_is_none_is_refused(domain):
    assert refused(TEXT.replace("qf.test wants", f"{domain} wants"))


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        ("2026-04-01T00:00:00.123456789012Z", NOW), ("2026-04-01T09:00:00+09:00", NOW),
        ("2026-03-31t14:30:00-09:30", NOW), ("2016-12-31T23:59:60Z", 1_483_228_800),
        ("2017-01-01T08:59:60.5+09:00", 1_483_228_800), ("0001-01-01T00:00:00Z", -62_135_596_800),
    ],
)  # fmt: skip
def test_a_moment_is_read_in_every_spelling_of_its_standard(moment, seconds):
    assert read_message(TEXT.replace("2026-04-01T00:00:00Z", moment)).issued_at == seconds


@pytest.mark.parametrize(
    "moment",
    [
        "2026-04-01T12:00:60Z", "2026-04-01T23:59:60+09:00", "2026-04-01T24:00:00Z", "2026-04-01T00:00:61Z",
        "2026-04-01T00:00:00", "2026-04-01 00:00:00Z", "2026-04-01T00:00Z", "2026-04-01T00:00:00+24:00",
        "2026-04-01T00:00:00+0900", "2026-04-01T00:00:00,5Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:60Z",
        "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-00:01", "2026-04-01T00:00:00.Z", "2026-4-1T00:00:00Z",
    ],
)  # fmt: skip
def test_a_moment_that_never_was_is_refused(moment):
    assert refused(TEXT.replace("2026-04-01T00:00:00Z", moment))


def test_the_line_that_is_wrong_is_named():
    lines = TEXT.split("\n")
    for number in range(1, len(lines) + 1):
        wrong = "\n".join([*lines[: number - 1], "^", *lines[number:]])
        with pytest.raises(MessageError, match=f"^line {number} "):
            read_message(wrong)
    with pytest.raises(MessageError, match=f"^line {len(lines) + 1} is not expected"):
        read_message(TEXT + "\nPS: hello")
    with pytest.raises(MessageError, match="ends too early"):
        read_message("\n".join(lines[:-1]))


def test_what_is_written_is_read_back():
    read = read_message(TEXT + "\nExpiration Time: 2026-04-01T00:10:00Z\nRequest ID: a\nResources:\n- ipfs://a\n- b:c")
    assert read_message(write_message(replace(read, text="nothing"))) == read
