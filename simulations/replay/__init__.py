"""Published rounds settled again, and published studies made again: what was published, what comes out here."""

from simulations.replay.page import agree, html, markdown
from simulations.replay.suite import Entry, Status, Verdict, replay_all, suite

__all__ = ["Entry", "Status", "Verdict", "agree", "html", "markdown", "replay_all", "suite"]
