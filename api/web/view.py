"""A page on its way: in which language it is written, and the frame that all pages share."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.services import Services
from api.web import static
from api.web.language import Language, Words, language_of, wanted_language
from api.web.markdown import in_short, leads_outside, marked_up
from api.web.writing import Writer

POLICY = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
    "script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
)
"""What a page may load: what is ours. Nothing that stands in the page itself runs or styles it."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "private, no-cache",
    "Vary": "Cookie, Accept-Language",
}
"""Headers of every page."""

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
_ENVIRONMENT.tests["leading_outside"] = leads_outside
_ENVIRONMENT.filters.update(marked_up=marked_up, in_short=in_short, fraction=Fraction)


@dataclass(frozen=True, slots=True)
class View:
    """How a request wants its page.

    Attributes:
        path: without the language; "" where the address has none, such as one of the API.
        query: as it was asked.
        has_openid: whether people can sign in with an OpenID provider.
    """

    language: Language
    words: Words
    writer: Writer
    path: str
    query: str
    has_openid: bool

    @classmethod
    def of(cls, request: Request) -> View:
        """Return how a request wants its page."""
        services: Services = request.app.state.services
        path = request.url.path
        named = language_of(path)
        language = named or wanted_language(request.headers.get("accept-language", ""))
        words = Words(language)
        writer = Writer(words, ZoneInfo(services.settings.time_zone), services.clock())
        rest, query = (path.removeprefix(f"/{language}"), request.url.query) if named else ("", "")
        return cls(language, words, writer, rest, query, bool(services.settings.oidc_issuer))

    def page(self, template: str, account: str, status: int = 200, **context: Any) -> HTMLResponse:
        """Return a page for whoever is signed in to an account ("" is nobody)."""
        html = _ENVIRONMENT.get_template(template).render(
            t=self.words,
            w=self.writer,
            view=self,
            root=f"/{self.language}",
            static=static.BASE,
            account=account,
            script_words=self.words.family("script"),
            **context,
        )
        return HTMLResponse(html, status, headers=HEADERS)

    def elsewhere(self, language: Language) -> str:
        """Return where the same page is in another language; on an address without one, that is the front page."""
        return f"/{language}{self.path}" + (f"?{self.query}" if self.query else "")


Viewed = Annotated[View, Depends(View.of)]
