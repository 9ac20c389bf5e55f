"""Rounds as the tests of pages look at them, and pages as they read them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "link", "input", "br", "img", "rect", "hr"}


class Element:
    """An element of a page: its name, attributes, text, and what is in it."""

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes = name, attributes
        self.inside: list[Element | str] = []

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute]

    @property
    def text(self) -> str:
        """All text in it, white space made one."""
        return " ".join("".join(part if isinstance(part, str) else f" {part.text} " for part in self.inside).split())

    def all(self, name: str, /, **attributes: str) -> list[Element]:
        """Return all elements in it of a name, with attributes."""
        found = []
        for part in self.inside:
            if isinstance(part, Element):
                fits = all(
                    part.attributes.get(key.rstrip("_").replace("_", "-")) == value for key, value in attributes.items()
                )
                found += [part] * (part.name == name and fits) + part.all(name, **attributes)
        return found

    def one(self, name: str, /, **attributes: str) -> Element:
        """Return the one element in it of a name."""
        found = self.all(name, **attributes)
        assert len(found) == 1, f"{len(found)} of {name} {attributes}"
        return found[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        assert len(made.attributes) == len(attrs), f"{tag} has an attribute twice: {attrs}"
        self.open[-1].inside.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.open[-1].inside.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        closed = self.open.pop()
        assert closed.name == tag, f"</{tag}> closes <{closed.name}>"

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def read(answer: Any, status: int = 200) -> Element:
    """Return a page, every element of which is closed."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    reader = _Reader()
    reader.feed(answer.text)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root
