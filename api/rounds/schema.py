"""What is received and sent about rounds."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from api.schema import Answer, Body, Decimals, Line, Moment, Name, Reason, Shown, Slug, Text
from api.states import State

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
"""A section or a key of a round file."""

Number = Annotated[int, Field(ge=0, lt=2**256)]

Plain = Line | Number | bool


def _no_float(value: Any) -> Any:
    """A number with a point in it is not what was written once it is read as a float."""
    if isinstance(value, str | int | list):
        return value
    raise ValueError("is neither text nor a whole number, true, false or a list; put a number in quotes")


Value = Annotated[
    Plain | Annotated[list[Plain | Annotated[list[Plain], Field(max_length=2)]], Field(max_length=10_000)],
    BeforeValidator(_no_float),
]
"""A value of a round file, a list of names, or a curve."""

Rules = Annotated[dict[Key, Annotated[dict[Key, Value], Field(max_length=200)]], Field(max_length=10)]
"""The sections of a round file: round, pool, mechanism, eligibility, weights."""


class Price(Body):
    """What one whole token is worth in whole units of the round, and the decimal places of the token."""

    price: Decimals
    decimals: Annotated[int, Field(ge=0, le=77)]


class NewRound(Body):
    """A round to draft: from rules, from a preset, or from another round."""

    id: Slug
    title: Name
    description: Text = ""
    rules: Rules = Field(default_factory=dict)
    preset: Line = ""
    copy_from: Slug | None = None

    @model_validator(mode="after")
    def _one_beginning(self) -> Self:
        if self.copy_from and self.preset:
            raise ValueError("copy_from and preset are two beginnings; give one of them")
        return self


class RoundChange(Body):
    """What is to be changed; what is left out stays.

    A section of the rules replaces that of the draft as a whole. Applications have no limit where it is null.
    """

    title: Name | None = None
    description: Text | None = None
    rules: Rules | None = None
    applications_open_at: Moment | None = None
    applications_close_at: Moment | None = None

    def given(self) -> dict[str, Any]:
        """Return what is to be changed, by name."""
        limits = {"applications_open_at", "applications_close_at"}
        values = {name: getattr(self, name) for name in self.model_fields_set}
        return {name: value for name, value in values.items() if value is not None or name in limits}


class NewPrices(Body):
    """What the tokens of a round are worth, and where that is from; replaces what was there."""

    prices: Annotated[dict[Name, Price], Field(max_length=200)]
    reason: Reason


class Extension(Body):
    """A later end, and why; public."""

    closes_at: Moment | None = None
    applications_close_at: Moment | None = None
    reason: Reason


class Because(Body):
    """Why something is done; public where the endpoint says so."""

    reason: Reason


class NewNotice(Body):
    """What an operator says in public."""

    text: Reason


class NoticeOut(Answer):
    """Something that was said in public about a round."""

    id: str
    at: Shown
    kind: str
    text: str
    details: dict[str, Any]


class RoundOut(Answer):
    """A round.

    Attributes:
        rules: the sections of its round file, every choice spelled out once it is frozen.
        rules_digest: SHA-256 of the canonical JSON of the rules; "" while it is a draft.
        entries: how many donations and corrections were recorded; with it, an answer can be dated.
    """

    id: str
    organisation: str
    title: str
    description: str
    state: State
    rules: dict[str, Any]
    rules_digest: str
    prices: dict[str, Any]
    opens_at: Shown | None
    closes_at: Shown | None
    applications_open_at: Shown | None
    applications_close_at: Shown | None
    projects: int
    entries: int
    created_at: Shown


class PresetOut(Answer):
    """A named set of rules: where it is from, what it does, and every choice spelled out."""

    name: str
    title: str
    meaning: str
    rules: dict[str, Any]


class ParameterOut(Answer):
    """A parameter of a formula: what it means, and the value it has if nothing is said."""

    default: str
    meaning: str


class MechanismOut(Answer):
    """A formula: its name, what it is, where weights can enter it (`[weights] convention`), and its parameters."""

    id: str
    title: str
    conventions: list[str]
    parameters: dict[str, ParameterOut]
