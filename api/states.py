"""What rounds, applications and settlements go through."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a round stands. What is accepted by date (donations, applications) is decided by its dates as well."""

    DRAFT = "draft"
    """Seen by members alone; everything can be changed."""
    FROZEN = "frozen"
    """The rules stand and are public; not open yet."""
    OPEN = "open"
    """Donations come in."""
    CLOSED = "closed"
    """Donations are compared with their sources, and settled."""
    PUBLISHED = "published"
    """The result is public."""
    CANCELLED = "cancelled"
    """It is not settled; what was given is refunded."""


NEXT: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.FROZEN, State.CANCELLED}),
    State.FROZEN: frozenset({State.OPEN, State.CANCELLED}),
    State.OPEN: frozenset({State.CLOSED, State.CANCELLED}),
    State.CLOSED: frozenset({State.OPEN, State.PUBLISHED, State.CANCELLED}),
    State.PUBLISHED: frozenset(),
    State.CANCELLED: frozenset(),
}
"""From each state, the states it can pass into. A closed round opens again when it is extended."""


class Application(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"
    """Seen and changed by its owner."""
    SUBMITTED = "submitted"
    """Waits for a review; its owner can still change it."""
    IN_REVIEW = "in_review"
    """Somebody looks at it; it is not changed any more."""
    APPROVED = "approved"
    """It is a project of the round."""
    REJECTED = "rejected"
    """It is not, and the owner was told why."""
    APPEALED = "appealed"
    """The owner objected to the rejection."""
    WITHDRAWN = "withdrawn"
    """The owner took it back."""


class Settlement(StrEnum):
    """Where a settlement stands."""

    RUNNING = "running"
    FAILED = "failed"
    COMPUTED = "computed"
    """There is a bundle; a second person looks at it."""
    APPROVED = "approved"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
