from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from rich.console import Console

from qf.cli import output
from qf.cli.compare import choices
from qf.cli.output import Exit, amount_text, aside, exit_code, print_error, share_text, show, table
from qf.errors import (
    BundleError,
    DonationError,
    InputError,
    InvariantError,
    MissingExtraError,
    MissingPriceError,
    NoMatchError,
    QfError,
    VerificationError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (VerificationError("result.json", "1", "2"), Exit.NO),
        (BundleError("round.json: is missing"), Exit.INPUT),
        (InputError.at("a", "b"), Exit.INPUT),
        (DonationError.at("a", "b"), Exit.INPUT),
        (MissingPriceError(["ETH"]), Exit.INPUT),
        (NoMatchError("nobody gave"), Exit.INPUT),
        (MissingExtraError("matplotlib", "plot"), Exit.MISSING),
        (InvariantError("paid 2 of 1"), Exit.BUG),
        (QfError("anything"), Exit.INPUT),
    ],
    ids=lambda value: type(value).__name__,
)
def test_exit_code_when_an_error_is_of_a_kind_then_it_has_the_code_of_that_kind(error: QfError, code: Exit) -> None:
    assert exit_code(error) is code


def test_print_error_when_asked_for_json_then_each_problem_has_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(InputError.at("gifts.csv line 2, column amount", "'x' is no number", "write 1"), as_json=True)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert json.loads(printed.err)["problems"] == [
        {"where": "gifts.csv line 2, column amount", "what": "'x' is no number", "fix": "write 1"}
    ]


def test_amount_text_when_the_amount_is_a_fraction_then_it_is_cut_to_the_places() -> None:
    assert amount_text(Fraction(20, 3), 0, "JPY", places=2) == "6.66 JPY"
    assert amount_text(-1_234_567, 2, "USD") == "-12,345.67 USD"
    assert amount_text(-5, 2, places=2) == "-0.05"
    assert amount_text(10**24, 18) == "1,000,000"


def test_share_text_when_a_share_is_given_then_it_is_a_percentage() -> None:
    assert (share_text(Fraction(0)), share_text(Fraction(1))) == ("0.00 %", "100.00 %")


def test_table_when_a_cell_looks_like_markup_then_it_is_printed_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "out", Console(width=60, markup=False, highlight=False, emoji=False))
    made = table("[bold]Title[/bold] :smile:", "project")
    made.add_row("[red]well[/nothing]")
    show(made)
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "[bold]Title[/bold] :smile:",
        "project",
        "[red]well[/nothing]",
    ]


def test_the_consoles_when_they_print_names_of_others_then_they_read_no_markup() -> None:
    assert [(console._markup, console._emoji) for console in (output.out, output.err)] == [(False, False)] * 2


def test_aside_when_writing_fails_then_the_old_file_stays_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("old")
    with pytest.raises(IsADirectoryError), aside(page) as written:
        written.mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert page.read_text() == "old"


def test_aside_when_the_folder_is_not_there_then_it_is_made(tmp_path: Path) -> None:
    with aside(tmp_path / "new/page.html") as written:
        written.write_text("whole")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["page.html"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("quadratic", ["quadratic"]),
        ("quadratic, pairwise", ["quadratic", "pairwise"]),
        ("pairwise:strength=10,variant=bounded,yen", ["pairwise:strength=10,variant=bounded", "yen"]),
        ("mix:parts=a,quadratic:root_bits=8", ["mix:parts=a", "quadratic:root_bits=8"]),
    ],
)
def test_choices_when_parameters_hold_commas_then_they_stay_with_their_rule(text: str, expected: list[str]) -> None:
    assert choices(text) == expected
