"""The texts of the pages: both languages have the same, none is missing, none is unused."""

from __future__ import annotations

import re
import string
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.giving.schema import GiftState
from api.history.receipt import Language
from api.sources.schema import SourceKind
from api.states import Application, State
from api.web import writing
from api.web.language import Words, catalogue, wanted_language
from api.web.writing import Writer
from api.weights.schema import Basis, Decision
from qf import REGISTRY
from qf.eligibility import Reason
from qf.round import CapPolicy, PoolPolicy, Rounding

WEB = Path(writing.__file__).parent

FAMILIES = {
    "application": set(Application),
    "basis": set(Basis),
    "cap": set(CapPolicy),
    "credential": {"wallet", "code", "oidc"},
    "date": {"opens_at", "closes_at", "applications_open_at", "applications_close_at"},
    "decision": set(Decision),
    "error_says": {"401", "403", "404", "409", "422", "429", "500", "503", "other"},
    "error": {"401", "403", "404", "409", "422", "429", "500", "503", "other"},
    "mechanism": set(REGISTRY),
    "notice": {"notice", "extended", "cancelled", "prices", "override", "weight", "correction", "published"},
    "policy": set(PoolPolicy),
    "reason": set(Reason),
    "role": {"admin", "operator", "reviewer", "auditor"},
    "rounding": set(Rounding),
    "rounds": set(State),
    "state": set(State),
    "until": {"days", "hours", "minutes"},
    "way": set(SourceKind) - {SourceKind.CHAIN},
    "way_says": set(SourceKind) - {SourceKind.CHAIN},
}
"""Families of texts, of which one is chosen by what is shown, and their members."""

SOME = {"estimate_problem"}
"""Families that need not have all members: there is a text for the others."""


def sources() -> str:
    paths = [path for kind in ("*.py", "templates/*.html") for path in WEB.glob(kind)]
    return "\n".join(path.read_text("utf-8") for path in paths)


def scripts() -> str:
    return "\n".join(path.read_text("utf-8") for path in WEB.glob("static/*.js"))


def used() -> set[str]:
    """Return the keys that templates, Python and scripts name."""
    text = sources()
    keys = set(re.findall(r"""\b(?:t|words)\(\s*["']([a-z_]+\.[a-z_0-9]+)["']""", text))
    keys |= set(re.findall(r'"(rules\.[a-z_]+)"', text)) | set(re.findall(r"t\('([a-z_]+\.[a-z_]+)'\)", text))
    keys |= {f"script.{name}" for name in re.findall(r"\bwords\.([a-z_]+)", scripts())}
    keys |= {f"script.gift_{state}" for state in GiftState}
    return keys | {f"{family}.{member}" for family, members in FAMILIES.items() for member in members}


def test_both_languages_have_the_same_texts() -> None:
    assert set(catalogue(Language.EN)) == set(catalogue(Language.JA))


def test_no_text_is_missing_and_none_is_unused() -> None:
    texts = {key for key in catalogue(Language.EN) if key.partition(".")[0] not in SOME}
    found = {key for key in texts if not key.startswith("script.problem_")}
    assert used() - found == set()
    assert found - used() == set()


def test_every_family_that_is_chosen_from_is_known_here() -> None:
    named = set(re.findall(r"""\.(?:one|has)\(\s*["']([a-z_]+)["']""", sources()))
    assert named - SOME - {"script"} == set(FAMILIES)


def test_every_kind_of_notice_has_a_text() -> None:
    api = "\n".join(path.read_text("utf-8") for path in WEB.parent.rglob("*.py"))
    kinds = re.findall(r'say\(\s*asking,\s*"([a-z]+)"', api) + re.findall(r'Notice\(.*?kind="([a-z]+)"', api)
    assert set(kinds) == FAMILIES["notice"]


def test_a_text_takes_the_same_values_in_both_languages() -> None:
    def values(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    english, japanese = catalogue(Language.EN), catalogue(Language.JA)
    assert {key: values(text) for key, text in english.items()} == {key: values(text) for key, text in japanese.items()}


def test_problems_that_a_script_tells_are_those_of_the_service() -> None:
    api = "\n".join(path.read_text("utf-8") for path in WEB.parent.rglob("*.py"))
    for key in catalogue(Language.EN):
        for family in ("script.problem_", "estimate_problem."):
            if key.startswith(family):
                code = key.removeprefix(family)
                assert f'"{code}"' in api, key


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("ja", "ja"),
        ("en-GB,en;q=0.9,ja;q=0.8", "en"),
        ("ja-JP;q=0.9, en;q=0.5", "ja"),
        ("ja;q=0, fr", "en"),
        ("*", "en"),
        ("\0;;,", "en"),
    ],
)
def test_the_language_is_the_one_that_the_reader_prefers(accepted: str, language: str) -> None:
    assert wanted_language(accepted) == language


def writer(language: Language) -> Writer:

    return Writer(Words(language), ZoneInfo("Asia/Tokyo"), 1_775_000_000)


@pytest.mark.parametrize(
    ("base", "decimals", "token", "english", "japanese"),
    [
        (1_234_567, 0, "JPY", "¥1,234,567", "1,234,567円"),
        ("1234.999", 0, "JPY", "¥1,234", "1,234円"),
        (10**18 * 3 // 2, 18, "ETH", "1.5 ETH", "1.5 ETH"),
        (1, 18, "ETH", "0 ETH", "0 ETH"),
        (123_456, 2, "", "1,234.56", "1,234.56"),
        (-5, 0, "JPY", "¥−5", "−5円"),
        (2**256 - 1, 0, "JPY", f"¥{2**256 - 1:,}", f"{2**256 - 1:,}円"),
    ],
)
def test_money_is_written_in_whole_units(base, decimals, token, english, japanese) -> None:
    for language, shown in ((Language.EN, english), (Language.JA, japanese)):
        assert writer(language).money(base, decimals, token).striptags() == shown


def test_dates_are_of_the_zone_of_the_installation() -> None:
    assert writer(Language.JA).date(1_775_055_600).striptags() == "2026年4月2日（木）0:00"
    assert writer(Language.EN).date(1_775_055_600).striptags() == "2 April 2026, 00:00"


@pytest.mark.parametrize(
    ("left", "told"), [(10 * 86_400, "10 days"), (86_400, "24 hours"), (3_600, "60 min"), (5, "1 min"), (-5, "1 min")]
)
def test_what_is_left_is_told_in_one_number(left, told) -> None:
    assert writer(Language.EN).until(1_775_000_000 + left) == told
