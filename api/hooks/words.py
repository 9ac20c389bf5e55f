"""An event in plain words, as a channel of a chat shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.events import EventKind
from api.states import State

STATES: Mapping[str, str] = {
    State.FROZEN: "The rules of the round stand from now on.",
    State.OPEN: "The round is open for donations.",
    State.CLOSED: "The round is closed. Its donations are compared with where they came from, and settled.",
    State.PUBLISHED: "The result of the round is public.",
    State.CANCELLED: "The round was cancelled. It is not settled; what was given is refunded.",
}
"""What a state means."""

TEST = "This is a test: events of rounds will be told here."


def sentence(title: str, kind: str, data: Mapping[str, Any]) -> str:
    """Return what happened in a round, with its title in front.

    >>> sentence("Spring", "reconciliation", {"entries": 3, "unresolved": 0})
    'Spring: 3 donations and corrections were compared with where they came from. Nothing differs.'
    """
    return escaped(f"{title}: {_WORDS[EventKind(kind)](data)}")


def escaped(text: str) -> str:
    """Return text in which a chat finds no links and calls nobody, whoever wrote it.

    >>> escaped("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _state(data: Mapping[str, Any]) -> str:
    return STATES[data["state"]]


def _donations(data: Mapping[str, Any]) -> str:
    return f"{data['recorded']} donations were recorded or corrected, {data['entries']} in all."


def _project(data: Mapping[str, Any]) -> str:
    if "imported" in data:
        return f"{data['imported']} projects were imported."
    return f"The project {data['title']} is {str(data['state']).replace('_', ' ')}."


def _notice(data: Mapping[str, Any]) -> str:
    return str(data["text"])


def _reconciliation(data: Mapping[str, Any]) -> str:
    found = f"{data['unresolved']} differences are not resolved." if data["unresolved"] else "Nothing differs."
    return f"{data['entries']} donations and corrections were compared with where they came from. {found}"


_WORDS = {
    EventKind.STATE: _state,
    EventKind.DONATIONS: _donations,
    EventKind.PROJECT: _project,
    EventKind.NOTICE: _notice,
    EventKind.RECONCILIATION: _reconciliation,
}
