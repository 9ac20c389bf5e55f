"""What is received and sent about applications and projects."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from api.schema import Address, Answer, Body, ChainNumber, Id, Line, Name, Reason, Shown, Signature, Slug, Text
from api.states import Application as State


class FieldKind(StrEnum):
    """What is asked for in a field of the form."""

    TEXT = "text"
    PARAGRAPH = "paragraph"
    NUMBER = "number"
    ADDRESS = "address"
    URL = "url"
    EMAIL = "email"
    CHOICE = "choice"
    CHOICES = "choices"
    CHECKBOX = "checkbox"
    FILE = "file"


class FormField(Body):
    """One field of the application form.

    Attributes:
        hidden: its answer is for members and the owner, never public.
        options: what can be chosen, for a field of kind choice or choices.
        max: the most characters of a text, or the most options that are chosen.
    """

    id: Slug
    label: Name
    kind: Annotated[FieldKind, Field(strict=False)] = FieldKind.TEXT
    required: bool = False
    hidden: bool = False
    help: Line = ""
    options: Annotated[list[Name], Field(max_length=100)] = Field(default_factory=list)
    max: Annotated[int, Field(ge=1, le=20_000)] | None = None


class Form(Body):
    """The application form."""

    fields: Annotated[list[FormField], Field(max_length=100)]


Answers = Annotated[dict[Slug, Text | bool | Annotated[list[Name], Field(max_length=100)]], Field(max_length=100)]
"""Field of the form -> answer: a text, yes or no, or the options that are chosen."""


class NewApplication(Body):
    """An application; `project` is what the ledger is going to call it."""

    project: Slug
    title: Name
    summary: Text = ""
    answers: Answers = Field(default_factory=dict)


class ApplicationChange(Body):
    """What is to be changed; what is left out stays, the answers are replaced as a whole."""

    title: Name | None = None
    summary: Text | None = None
    answers: Answers | None = None


class Decision(StrEnum):
    """What a reviewer decides."""

    IN_REVIEW = "in_review"
    APPROVED = "approved"
    REJECTED = "rejected"


class NewReview(Body):
    """A decision, with the reason that the owner is told."""

    decision: Annotated[Decision, Field(strict=False)]
    reason: Reason


class ManyReviews(NewReview):
    """One decision on many applications; all of them, or none."""

    applications: Annotated[list[Id], Field(min_length=1, max_length=500)]


class Appeal(Body):
    """Why a rejection should be looked at again."""

    text: Reason


class Admission(Body):
    """Why an application is taken after the time for it."""

    reason: Reason


class Order(StrEnum):
    """In which order projects are listed."""

    PROJECT = "project"
    TITLE = "title"
    NEWEST = "newest"
    MIXED = "mixed"


class PayoutAddress(Body):
    """Where the match is paid, with the signature of that very address under the message of the service."""

    address: Address
    signature: Signature
    chain_id: ChainNumber = 1


class FileKept(Answer):
    """A file that was kept; what it is was told by its content."""

    name: str
    media_type: str
    sha256: str


class Imported(Answer):
    """How many projects a file brought."""

    projects: int


class PayoutMessage(Answer):
    """What the payout address signs."""

    message: str


class ReviewOut(Answer):
    """One word on an application."""

    at: Shown
    kind: str
    decision: str
    reason: str


class ApplicationOut(Answer):
    """An application, as its owner and members see it."""

    id: str
    project: str
    state: State
    title: str
    summary: str
    answers: dict[str, Any]
    owners: list[str]
    payout_address: str
    payout_confirmed: bool
    files: list[str]
    reviews: list[ReviewOut]
    created_at: Shown
    changed_at: Shown


class MineOut(Answer):
    """One of my applications."""

    round: str
    id: str
    project: str
    title: str
    state: State


class ProjectOut(Answer):
    """A project of a round, as everybody sees it: without hidden answers."""

    project: str
    title: str
    summary: str
    answers: dict[str, Any]
    payout_address: str
    payout_confirmed: bool
