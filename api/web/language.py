"""Which language a page is in: its address says so, so that pages can be linked, printed and kept without a cookie."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from api.history.receipt import Language

__all__ = ["Language", "Words", "catalogue", "language_of", "wanted_language"]

FOLDER = Path(__file__).parent / "words"
"""One catalogue per language."""

_ACCEPTED = re.compile(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*", re.ASCII)


class Words:
    """All texts of one language, by key."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._texts = catalogue(language)

    def __call__(self, key: str, **values: Any) -> Markup:
        """Return a text with values put in, each escaped unless it is markup of ours.

        Raises:
            KeyError: there is no such text, or a value of it is not given.
        """
        return Markup(escape(self._texts[key])).format(**values)

    def one(self, family: str, member: str, **values: Any) -> Markup:
        """Return the text of a member of a family of texts, such as a state of a round."""
        return self(f"{family}.{member}", **values)

    def has(self, family: str, member: str) -> bool:
        """Return whether a family has a member, where it need not have all."""
        return f"{family}.{member}" in self._texts

    def family(self, name: str) -> dict[str, str]:
        """Return all texts of a family, by member."""
        return {key.removeprefix(f"{name}."): text for key, text in self._texts.items() if key.startswith(f"{name}.")}


@lru_cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Return all texts of a language: section and key -> text."""
    sections = tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))
    return {f"{section}.{key}": text for section, texts in sections.items() for key, text in texts.items()}


def language_of(path: str) -> Language | None:
    """Return the language that a path begins with, None if with none.

    >>> language_of("/ja/rounds/spring"), language_of("/v1/rounds")
    (<Language.JA: 'ja'>, None)
    """
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return Language(first) if first in set(Language) else None


def wanted_language(accepted: str) -> Language:
    """Return the language that `Accept-Language` prefers among ours; English if it names none of them.

    >>> wanted_language("fr, ja;q=0.8, en;q=0.5").value, wanted_language("").value
    ('ja', 'en')
    """
    found: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted[:500].split(",")):
        read = _ACCEPTED.fullmatch(part)
        if read is not None and read[1].lower() in set(Language):
            found.append((-float(read[2] or 1), place, read[1].lower()))
    return Language(min(found)[2]) if found and min(found)[0] < 0 else Language.EN
