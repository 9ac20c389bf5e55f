"""Texts that people write: Markdown without HTML and pictures, so that nothing in it runs or is loaded."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

SMALLEST = 6
"""The lowest heading there is."""

SHORT = 140
"""Characters of a text that is shown in short."""

DEEPER = 2
"""Headings in a text stand below those of the page."""


def marked_up(text: str) -> Markup:
    r"""Return a text as HTML: paragraphs, lists, emphasis, code, quotes, headings, and links to https and http.

    >>> marked_up("<b>a</b>\n\n[b](javascript:c)")
    Markup('<p>&lt;b&gt;a&lt;/b&gt;</p>\n<p>[b](javascript:c)</p>\n')
    """
    return Markup(_READER.render(text))


def in_short(text: str) -> str:
    r"""Return how a text begins, without its marks: of its first paragraph, so much as fits on two lines.

    >>> in_short("# A *map*\n\nof rivers")
    'A map'
    """
    first = marked_up(text.strip().partition("\n\n")[0]).striptags()
    return first if len(first) <= SHORT else f"{first[: SHORT - 1].rstrip()}…"


def _link(self: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: MutableMapping[str, Any]) -> str:
    tokens[place].attrSet("rel", "nofollow noopener ugc")
    return self.renderToken(tokens, place, options, env)


def _heading(
    self: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    tokens[place].tag = f"h{min(SMALLEST, int(tokens[place].tag[1]) + DEEPER)}"
    return self.renderToken(tokens, place, options, env)


def leads_outside(url: str) -> bool:
    """Return whether an address leads to a page of the web, and does nothing else."""
    return " " not in url and url.lower().startswith(("https://", "http://"))


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False})
    reader.disable(["image", "html_block", "html_inline", "entity"])
    reader.validateLink = leads_outside  # type: ignore[method-assign]
    reader.add_render_rule("link_open", _link)
    for name in ("heading_open", "heading_close"):
        reader.add_render_rule(name, _heading)
    return reader


_READER = _reader()
