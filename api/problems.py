"""What goes wrong, as one kind of answer: application/problem+json (RFC 9457) with a code that does not change.

    ApiError
    ├── Invalid            422  what was sent is malformed; `problems` names all of it
    ├── Unauthenticated    401  nobody is signed in, or not validly
    ├── Forbidden          403  whoever asks may not do this
    ├── NotFound           404  there is no such thing, or it is not for whoever asks
    ├── Conflict           409  it cannot be done as things stand
    ├── TooLarge           413  the body is larger than is read
    ├── TooMany            429  asked too often
    └── Unavailable        503  something this depends on does not answer

Errors of `qf` become one of these in `of_qf`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel

from qf import errors


class Fault(BaseModel):
    """One thing that is wrong with what was sent: where, what, and what to do about it."""

    where: str
    what: str
    fix: str = ""


class Problem(BaseModel):
    """The body of every answer that is not a success."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    problems: list[Fault] = []
    request: str = ""


class ApiError(Exception):
    """Why a request is refused.

    Attributes:
        detail: a plain sentence that says what is wrong and what to do.
        code: stable name of the reason, for programs.
        problems: everything that is wrong with what was sent.
        headers: of the answer.
    """

    status = 500
    title = "Something is broken here"
    code = "broken"

    def __init__(
        self, detail: str, code: str = "", problems: Sequence[Fault] = (), headers: dict[str, str] | None = None
    ) -> None:
        self.detail, self.problems, self.headers = detail, list(problems), headers or {}
        self.code = code or self.code
        super().__init__(detail)

    def body(self, request: str = "") -> dict[str, Any]:
        """Return the problem that is sent; `request` is the name of the request in the logs."""
        told = Problem(
            type=f"/problems/{self.code}",
            title=self.title,
            status=self.status,
            code=self.code,
            detail=self.detail,
            problems=self.problems,
            request=request,
        )
        return told.model_dump()


class Invalid(ApiError):
    """What was sent is malformed."""

    status, title, code = 422, "What was sent is malformed", "invalid"

    @classmethod
    def at(cls, where: str, what: str, fix: str = "") -> Invalid:
        """Return the error for a single fault."""
        return cls.of([Fault(where=where, what=what, fix=fix)])

    @classmethod
    def of(cls, faults: Iterable[Fault]) -> Invalid:
        """Return the error for several faults."""
        told = list(faults)
        return cls("; ".join(f"{fault.where}: {fault.what}" for fault in told[:3]), problems=told)


class Unauthenticated(ApiError):
    """Nobody is signed in, or not validly."""

    status, title, code = 401, "Sign in first", "unauthenticated"

    def __init__(self, detail: str = "Sign in, or send an access token or a key.", code: str = "") -> None:
        super().__init__(detail, code, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(ApiError):
    """Whoever asks may not do this."""

    status, title, code = 403, "Not allowed", "forbidden"


class NotFound(ApiError):
    """There is no such thing, or it is not for whoever asks."""

    status, title, code = 404, "Not found", "not_found"


class Conflict(ApiError):
    """It cannot be done as things stand."""

    status, title, code = 409, "Not as things stand", "conflict"


class TooLarge(ApiError):
    """The body is larger than is read."""

    status, title, code = 413, "Too large", "too_large"


class TooMany(ApiError):
    """Asked too often."""

    status, title, code = 429, "Too many requests", "too_many"


class Unavailable(ApiError):
    """Something this depends on does not answer."""

    status, title, code = 503, "Not available now", "unavailable"


def of_qf(error: errors.QfError) -> ApiError | None:
    """Return what an error of `qf` is over HTTP; None where it can only be a bug of ours."""
    match error:
        case errors.InputError(problems=problems):
            return Invalid.of(Fault(where=each.where, what=each.what, fix=each.fix) for each in problems)
        case errors.MissingPriceError():
            return Conflict(str(error), "missing_price")
        case errors.UnreconciledError(lines=lines):
            faults = [Fault(where=where, what=what) for where, _, what in (line.partition(": ") for line in lines)]
            return Conflict("The donations are not reconciled with where they came from.", "unreconciled", faults)
        case errors.NoMatchError():
            return Conflict(str(error), "no_match")
        case errors.ChainError():
            return Unavailable(str(error), "chain_unavailable")
        case _:
            return None


class NotModified(Exception):
    """Whoever asks has the answer already; `tag` is its ETag."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        super().__init__(tag)
