"""Who asks: a person who signed in, a program with a key, or anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Right(StrEnum):
    """What a member of an organisation, or a key of it, may do."""

    READ = "read"
    """See drafts, applications in review, and everything a member sees."""
    REVIEW = "review"
    """Decide on applications."""
    OPERATE = "operate"
    """Set up and run rounds: rules, sources, donations, settlement."""
    AUDIT = "audit"
    """Read the audit log."""
    ADMINISTER = "administer"
    """Choose members, make keys."""


class Role(StrEnum):
    """What a member of an organisation is."""

    ADMIN = "admin"
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"


ROLES: Mapping[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset(Right),
    Role.OPERATOR: frozenset({Right.READ, Right.REVIEW, Right.OPERATE, Right.AUDIT}),
    Role.REVIEWER: frozenset({Right.READ, Right.REVIEW}),
    Role.AUDITOR: frozenset({Right.READ, Right.AUDIT}),
}
"""The rights of each role."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks.

    Attributes:
        account: the account that is signed in; "" for a program, and for nobody.
        sign_in: its session.
        key: the API key of a program; "" for a person.
        organisation, rights: what the key is for.
    """

    account: str = ""
    sign_in: str = ""
    key: str = ""
    organisation: str = ""
    rights: frozenset[Right] = frozenset()

    @property
    def name(self) -> str:
        """What the audit log calls it."""
        return self.account or (f"key:{self.key}" if self.key else "")

    @property
    def known(self) -> bool:
        """Whether it is somebody."""
        return bool(self.account or self.key)
