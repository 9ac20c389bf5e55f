"""Signing in, for whatever is typed, written or forged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from api.keys import tokens
from api.keys.ring import KeyRing, SigningKey
from api.keys.tokens import Claims, TokenError
from api.secrecy import Secrecy
from api.sign_in.codes import ALPHABET, LENGTH, CodeError, code_key, new_code, read_code
from api.sign_in.message import MessageError, SignInMessage, read_message, write_message
from api.sign_in.parts import moment_text, read_moment
from qf.chain.addresses import checksummed
from qf.chain.types import Address

NOW, US = 1_775_000_000, "https://qf.test"
KEY = SigningKey.new(NOW)
RING = KeyRing.of([KEY])
CODE = new_code()

MOMENTS = st.integers(read_moment("0001-01-01T00:00:00Z"), read_moment("9999-12-31T23:59:59Z"))
ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
NAMES = st.text(ALPHANUMERIC + "-._~!$&'()*+,;=", min_size=1, max_size=20)
PATHS = st.text(ALPHANUMERIC + "-._~!$&'()*+,;=:@/", max_size=20).map(lambda text: "/" + text.lstrip("/"))
DOMAINS = st.builds(
    "{}{}".format, NAMES | st.ip_addresses(v=6).map("[{}]".format), st.sampled_from(["", ":", ":80", ":65535"])
)
URIS = st.builds("{}://{}{}{}".format, st.sampled_from(["https", "ipfs", "a+b-c.d"]), DOMAINS, PATHS, st.just("?a#b"))
STATEMENTS = st.text(ALPHANUMERIC + "-._~:/?#[]@!$&'()*+,;= ", max_size=80)

MESSAGES = st.builds(
    SignInMessage,
    text=st.just(""),
    scheme=st.sampled_from(["", "https", "ethereum"]),
    domain=DOMAINS,
    address=st.binary(min_size=20, max_size=20).map(lambda data: checksummed(Address("0x" + data.hex()))),
    statement=STATEMENTS,
    uri=URIS,
    chain_id=st.integers(1, 10**18 - 1),
    nonce=st.text(ALPHANUMERIC, min_size=8, max_size=128),
    issued_at=MOMENTS,
    expires_at=st.none() | MOMENTS,
    not_before=st.none() | MOMENTS,
    request_id=st.text(ALPHANUMERIC + "-._~!$&'()*+,;=:@", max_size=20),
    resources=st.lists(URIS, max_size=3).map(tuple),
)


@given(MESSAGES)
def test_a_message_that_is_written_is_read_as_it_was(message):
    text = write_message(message)
    assert read_message(text) == replace(message, text=text)


@given(MESSAGES, st.data())
def test_a_message_with_one_change_is_refused_or_says_something_else(message, data):
    text = write_message(message)
    place = data.draw(st.integers(0, len(text)))
    changed = text[:place] + data.draw(st.text(max_size=3)) + text[place + data.draw(st.integers(0, 3)) :]
    assume(changed != text)
    try:
        read = read_message(changed)
    except MessageError:
        return
    assert read.text == changed
    again = read_message(write_message(read))
    assert again == replace(read, text=again.text)


@given(st.text(st.characters() | st.sampled_from("\n \r\t:0"), max_size=300))
def test_any_text_is_read_or_refused(text):
    with pytest.raises(MessageError):
        read_message(text)


@given(MOMENTS)
def test_a_moment_that_is_written_is_read_as_it_was(seconds):
    assert read_moment(moment_text(seconds)) == seconds


@given(st.text(ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1), st.data())
def test_every_code_has_one_check_character_and_is_read_in_any_spelling(letters, data):
    good = []
    for letter in ALPHABET:
        try:
            good.append(read_code(letters + letter))
        except CodeError:
            continue
    assert len(good) == 1
    typed = "".join(data.draw(st.sampled_from([each, each.lower(), f" {each}", f"{each}-"])) for each in good[0])
    assert read_code(typed) == good[0]
    secrecy = Secrecy(b"x" * 32)
    assert code_key(secrecy, typed) == code_key(secrecy, good[0])


@given(st.text(max_size=40))
@example("ß" * 8)
@example(CODE.replace("-", "") + "2")
def test_any_text_is_a_code_or_refused(text):
    try:
        read = read_code(text)
    except CodeError:
        return
    assert len(read) == LENGTH and set(read) <= set(ALPHABET)


@given(
    st.builds(
        Claims,
        *[st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)] * 2,
        st.integers(0, 2**53),
        st.sampled_from(["eoa", "contract", "code", "oidc"]),
    ),
    st.integers(0, 600),
)
def test_a_token_says_what_was_put_in_while_it_is_good(claims, age):
    assert tokens.read(tokens.issue(KEY, US, claims, NOW), RING, US, NOW + age) == claims


@given(st.data())
def test_a_token_with_one_change_is_refused(data):
    token = tokens.issue(KEY, US, Claims("ann", "s1", 3, "eoa"), NOW)
    place = data.draw(st.integers(0, len(token)))
    more = data.draw(st.text(st.sampled_from(ALPHANUMERIC + "-_.=") | st.characters(), max_size=2))
    changed = token[:place] + more + token[place + data.draw(st.integers(0, 2)) :]
    assume(changed != token)
    with pytest.raises(TokenError):
        tokens.read(changed, RING, US, NOW)


@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda data: f"{data.hex()}.{data.hex()}.{data.hex()}"))
def test_any_text_is_no_token(text):
    with pytest.raises(TokenError):
        tokens.read(text, RING, US, NOW)
    with pytest.raises(TokenError):
        tokens.read_id_token(text, [KEY.public], US, "client", "nonce", NOW)
