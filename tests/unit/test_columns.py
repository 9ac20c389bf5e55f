"""Names have one spelling, and codes point at them."""

import numpy as np
import pytest

from qf.columns import Column, IntegerNames, canonical_name


def test_canonical_name_when_address_in_two_spellings_then_one_account() -> None:
    checksum = "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"
    assert canonical_name(checksum) == canonical_name(checksum.upper().replace("0X", "0x")) == checksum.lower()


def test_canonical_name_when_not_an_address_then_case_is_kept() -> None:
    assert canonical_name("Ann") == "Ann"
    assert canonical_name("0xABC") == "0xABC"


def test_canonical_name_when_decomposed_then_composed() -> None:
    assert canonical_name("\u304b\u3099") == "\u304c"


@pytest.mark.parametrize("text", ["", " ann", "ann ", "a\nb", "a\tb", "a\u200bb", "　", "a\u2028b", "\ufeffa"])
def test_canonical_name_when_empty_or_invisible_then_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"empty|white space|invisible"):
        canonical_name(text)


def test_column_when_spellings_merge_then_one_code() -> None:
    address = "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"
    column = Column.of([address, "ann", address.lower()])
    assert column.names == (address.lower(), "ann")
    assert column.codes.tolist() == [0, 1, 0]
    assert column.texts().tolist() == [address.lower(), "ann", address.lower()]


def test_column_when_small_integers_then_taken_without_a_copy() -> None:
    values = np.array([3, 10, 3], dtype=np.int32)
    column = Column.of(values)
    assert column.codes is values
    assert isinstance(column.names, IntegerNames)
    assert column.sorted().names == ("10", "3")
    assert column.sorted().texts().tolist() == column.texts().tolist() == ["3", "10", "3"]


@pytest.mark.parametrize("values", [[10**12, 5, 10**12], [-3, 5, 5]])
def test_column_when_wide_integers_then_encoded(values: list[int]) -> None:
    column = Column.of(np.array(values))
    assert column.texts().tolist() == [str(value) for value in values]
    assert list(column.names) == sorted(column.names)


def test_column_when_empty_then_no_codes() -> None:
    for column in (Column.of([]), Column.of(np.array([], dtype=np.int64)), Column.of(np.array([], dtype=int)).sorted()):
        assert len(column) == 0
        assert column.texts().tolist() == []


def test_integer_names_when_sliced_then_text() -> None:
    names = IntegerNames(5)
    assert names[1:3] == ("1", "2")
    assert list(names) == ["0", "1", "2", "3", "4"]
    with pytest.raises(IndexError):
        names[5]
