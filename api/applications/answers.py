"""Whether the answers of an application fit the form of the round."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from api.applications.schema import FieldKind, FormField
from api.problems import Fault, Invalid
from api.tables import Round

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]{2,63}")
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,20})?", re.ASCII)


def fields_of(round: Round) -> list[FormField]:
    """Return the form of a round."""
    return [FormField.model_validate(field, strict=False) for field in round.form]


def check(round: Round, answers: Mapping[str, Any], files: Collection[str], *, complete: bool) -> None:
    """Raise unless every answer fits its field, and, to be submitted, every required one is there.

    Raises:
        Invalid: naming every field that is wrong.
    """
    fields = {field.id: field for field in fields_of(round)}
    faults = [Fault(where=f"answers.{name}", what="is no field of the form") for name in answers if name not in fields]
    for name, field in fields.items():
        faults += [Fault(where=f"answers.{name}", what=told) for told in _doubts(field, answers.get(name))]
        given = name in files if field.kind == FieldKind.FILE else answers.get(name) not in (None, "", False)
        if complete and field.required and not given:
            faults.append(Fault(where=f"answers.{name}", what="is required", fix=field.help))
    if faults:
        raise Invalid.of(faults)


def public(round: Round, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers that everybody may see."""
    hidden = {field.id for field in fields_of(round) if field.hidden}
    return {name: answer for name, answer in answers.items() if name not in hidden}


def _doubts(field: FormField, answer: str | bool | None) -> Iterator[str]:
    if answer is None or answer == "":
        return
    if (field.kind == FieldKind.CHECKBOX) != isinstance(answer, bool):
        yield "is yes or no: true or false" if field.kind == FieldKind.CHECKBOX else "is a text"
        return
    text = str(answer)
    match field.kind:
        case FieldKind.FILE:
            yield "is a file; send it by itself"
        case FieldKind.NUMBER if not _NUMBER.fullmatch(text):
            yield "is no number such as 12 or 12.5"
        case FieldKind.URL if not _is_url(text):
            yield "is no address such as https://example.org"
        case FieldKind.EMAIL if not _EMAIL.fullmatch(text):
            yield "is no e-mail address"
        case FieldKind.CHOICE if text not in field.options:
            yield f"is none of {', '.join(field.options)}"
        case FieldKind.TEXT if "\n" in text:
            yield "is one line"


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username and " " not in text
