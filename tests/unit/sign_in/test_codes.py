"""Donor codes: readable, and no slip of one character goes through."""

from __future__ import annotations

import pytest

from api.secrecy import Secrecy
from api.sign_in.codes import ALPHABET, LENGTH, CodeError, code_key, donor_of, new_code, read_code

SECRECY = Secrecy(b"x" * 32)


def wrong(code: str) -> bool:
    try:
        read_code(code)
    except CodeError:
        return True
    return False


def test_every_wrong_character_is_noticed():
    code = read_code(new_code())
    for place in range(LENGTH):
        for letter in set(ALPHABET) - {code[place]}:
            assert wrong(code[:place] + letter + code[place + 1 :])


def test_every_exchange_of_two_different_characters_is_noticed():
    for code in (read_code(new_code()) for _ in range(50)):
        for a in range(LENGTH):
            for b in range(a + 1, LENGTH):
                letters = list(code)
                letters[a], letters[b] = letters[b], letters[a]
                assert code[a] == code[b] or wrong("".join(letters))


def test_a_code_is_read_however_it_is_typed():
    code = new_code()
    assert read_code(code) == read_code(f" {code.lower().replace('-', ' ')} ") == read_code(code.replace("-", "–"))


@pytest.mark.parametrize("text", ["", "7HKM", "O" * 16, "é" * 16, "0" * 16, "2" * 17])
def test_what_is_no_code_is_refused(text):
    assert wrong(text)


def test_what_is_stored_and_shown_does_not_tell_the_code():
    code, other = new_code(), new_code()
    assert code_key(SECRECY, code) == code_key(SECRECY, code.lower()) != code_key(SECRECY, other)
    assert donor_of(SECRECY, code).removeprefix("code-") not in code_key(SECRECY, code)
    assert code_key(Secrecy(b"y" * 32), code) != code_key(SECRECY, code)
