"""Dates, money and shares as readers of a language write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from markupsafe import Markup

from api.schema import moment_text
from api.web.language import Language, Words
from qf.units import WEIGHT_ONE, format_decimal

PLACES = 6
"""Most decimal places of money on a page; files have all of them."""

MINUTE, HOUR, DAY = 60, 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Writer:
    """How numbers and dates are written.

    Attributes:
        words: the texts of the language.
        zone: the time zone of the installation.
        now: seconds since 1970 UTC.
    """

    words: Words
    zone: ZoneInfo
    now: int

    @property
    def is_japanese(self) -> bool:
        """Whether the page is in Japanese."""
        return self.words.language is Language.JA

    def date(self, seconds: int) -> Markup:
        """Return a moment, to the minute."""
        at = datetime.fromtimestamp(seconds, self.zone)
        if self.is_japanese:
            shown = f"{at.year}年{at.month}月{at.day}日（{'月火水木金土日'[at.weekday()]}）{at.hour}:{at.minute:02}"
        else:
            shown = f"{at.day} {at:%B %Y}, {at:%H:%M}"
        return Markup('<time datetime="{}">{}</time>').format(moment_text(seconds), shown)

    def day(self, seconds: int) -> Markup:
        """Return a moment, to the day."""
        at = datetime.fromtimestamp(seconds, self.zone)
        shown = f"{at.year}年{at.month}月{at.day}日" if self.is_japanese else f"{at.day} {at:%B %Y}"
        return Markup('<time datetime="{}">{}</time>').format(moment_text(seconds), shown)

    def zone_name(self) -> str:
        """Return what the time zone is called."""
        if self.is_japanese and self.zone.key == "Asia/Tokyo":
            return "日本時間"
        return f"{self.zone.key.replace('_', ' ')} ({datetime.fromtimestamp(self.now, self.zone):%Z})"

    def until(self, seconds: int) -> Markup:
        """Return how long it is until a moment, in whole days, hours or minutes."""
        left = max(0, seconds - self.now)
        for unit, name in ((DAY, "days"), (HOUR, "hours")):
            if left >= 2 * unit:
                return self.words.one("until", name, n=left // unit)
        return self.words.one("until", "minutes", n=max(1, left // MINUTE))

    def number(self, value: int | str) -> str:
        """Return a whole number with its thousands apart."""
        return f"{int(value):,}"

    def money(self, base: int | str | Fraction, decimals: int, token: str) -> Markup:
        """Return an amount of base units in whole ones, cut after some places: never more than there is."""
        value = Fraction(base) / 10**decimals
        whole, _, part = format_decimal(value, min(decimals, PLACES)).partition(".")
        sign = "−" if whole.startswith("-") else ""
        number = f"{sign}{int(whole.lstrip('-')):,}{'.' if part else ''}{part}"
        yen = f"{number}円" if self.is_japanese else f"¥{number}"
        shown = yen if token == "JPY" else f"{number} {token}".strip()
        return Markup('<span class="money">{}</span>').format(shown)

    def unit(self, name: str) -> str:
        """Return what a unit or token is called."""
        yen = "円" if self.is_japanese else "yen"
        return yen if name == "JPY" else name

    def share(self, part: Fraction) -> str:
        """Return a fraction of a whole, in hundredths."""
        return f"{format_decimal(part * 100, 2)}%"

    def weight(self, bps: int) -> str:
        """Return how much somebody counts, in hundredths."""
        return self.share(Fraction(bps, WEIGHT_ONE))

    def short(self, text: str) -> Markup:
        """Return a long name made of digits, with its middle left out where it is read, not where it is copied."""
        if len(text) <= 20:
            return Markup("<code>{}</code>").format(text)
        return Markup('<code title="{}">{}…{}</code>').format(text, text[:10], text[-6:])
