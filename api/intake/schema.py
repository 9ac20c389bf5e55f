"""What is received and sent about donations on their way in."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from api.schema import Answer, Body, Decimals, Line, Moment, Name, Reason, Shown, Units

BaseUnits = Annotated[str, StringConstraints(pattern=r"^(?:0|[1-9][0-9]{0,77})$")]
"""Base units in what is received: decimal text."""


class Amount(Body):
    """An amount: in whole units ("12.50"), or in base units ("1250"); one of the two."""

    amount: Decimals | None = None
    amount_base: BaseUnits | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.amount is None) == (self.amount_base is None):
            raise ValueError("give amount or amount_base, one of the two")
        return self


class NewDonation(Amount):
    """A donation as a payment provider tells it; `donor` is a pseudonym, never a name or an e-mail address."""

    id: Name
    donor: Name
    project: Name
    token: Line = ""
    time: Moment


class Refund(Body):
    """What is left of a donation after a refund, in base units; "0" if all of it went back."""

    id: Name
    left_base: BaseUnits
    reason: Reason = "refunded"


class Delivery(Body):
    """What a webhook brings: donations, refunds, or both; all of it counts, or nothing."""

    donations: Annotated[list[NewDonation], Field(max_length=1_000)] = Field(default_factory=list)
    refunds: Annotated[list[Refund], Field(max_length=1_000)] = Field(default_factory=list)


class DeskDonation(Amount):
    """What somebody gave at a desk: with a donor code, or without one under a label of the desk's own."""

    code: Line = ""
    label: Line = ""
    project: Name

    @model_validator(mode="after")
    def _one_giver(self) -> Self:
        if bool(self.code) == bool(self.label):
            raise ValueError("give code or label, one of the two")
        return self


class NewBatch(Body):
    """What a desk took in; the donations have to add up to `total_base`, which was counted beforehand."""

    label: Name
    total_base: BaseUnits
    time: Moment
    donations: Annotated[list[DeskDonation], Field(min_length=1, max_length=1_000)]


class Correction(Amount):
    """What a donation is to be instead; what is left out stays. amount_base "0" takes it back."""

    donor: Name | None = None
    project: Name | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.amount is not None and self.amount_base is not None:
            raise ValueError("give amount or amount_base, one of the two")
        return self


class RecordedOut(Answer):
    """What came of it: how many donations are new, known already, and corrected."""

    new: int
    known: int
    corrected: int = 0
    unknown_projects: list[str] = Field(default_factory=list)


class EntryOut(Answer):
    """A donation as it was recorded, or a correction of one."""

    position: int
    id: str
    revision: int
    donor: str
    project: str
    token: str
    amount_base: Units
    time: Shown
    recorded_at: Shown
    reason: str


class BatchOut(Answer):
    """What a desk took in."""

    id: str
    label: str
    donations: int
    total_base: Units
    at: Shown
