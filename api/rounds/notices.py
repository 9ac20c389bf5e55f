"""What operators say in public about a round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from api.access import RoundAsking
from api.clock import new_id
from api.events import EventKind
from api.problems import Conflict
from api.rounds.schema import NoticeOut
from api.states import State
from api.tables import Notice


def say(asking: RoundAsking, kind: str, text: str, details: Mapping[str, Any]) -> Notice:
    """Return a notice that is public from now on."""
    notice = Notice(id=new_id(), round_id=asking.round.id, at=asking.at, kind=kind, text=text, details=dict(details))
    asking.session.add(notice)
    asking.tell(EventKind.NOTICE, {"notice": notice.id, "kind": kind, "text": text})
    return notice


def say_something(asking: RoundAsking, text: str) -> Notice:
    """Return a notice with what an operator wants to say.

    Raises:
        Conflict: nobody outside sees the round yet.
    """
    if asking.lock().state == State.DRAFT:
        raise Conflict("Nobody but members sees a draft; put it into its description.", "draft")
    asking.record("round.notice", text)
    return say(asking, "notice", text, {})


def notices(asking: RoundAsking) -> list[NoticeOut]:
    """Return what was said in public about a round, oldest first."""
    query = select(Notice).where(Notice.round_id == asking.round.id).order_by(col(Notice.at), col(Notice.id))
    return [shown(row) for row in asking.session.exec(query)]


def shown(notice: Notice) -> NoticeOut:
    """Return a notice as it is shown."""
    return NoticeOut(**notice.model_dump(exclude={"round_id"}))
