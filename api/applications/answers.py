"""Whether the answers of an application fit the form of the round."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from api.applications.schema import FieldKind, Form, FormField
from api.problems import Fault, Invalid
from api.tables import Round
from qf.chain.addresses import read_address

CHOSEN = frozenset({FieldKind.CHOICE, FieldKind.CHOICES})
"""Kinds of field that have options."""

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]{2,63}")
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,20})?", re.ASCII)
_SHAPES = {
    FieldKind.CHECKBOX: (bool, "is yes or no: true or false"),
    FieldKind.CHOICES: (list, "is a list of options"),
}


def fields_of(round: Round) -> list[FormField]:
    """Return the form of a round."""
    return [FormField.model_validate(field, strict=False) for field in round.form]


def check_form(form: Form) -> None:
    """Raise unless the fields of a form go together.

    Raises:
        Invalid: a field or an option is there twice, or there is nothing to choose from; names all.
    """
    faults = []
    names = [field.id for field in form.fields]
    for number, field in enumerate(form.fields):
        if names.index(field.id) != number:
            faults.append(Fault(where=f"fields.{number}.id", what=f"{field.id} is there twice"))
        if (field.kind in CHOSEN) != bool(field.options):
            faults.append(Fault(where=f"fields.{number}.options", what="belong to a choice, and a choice needs them"))
        if len(set(field.options)) < len(field.options):
            faults.append(Fault(where=f"fields.{number}.options", what="hold one of them twice"))
    if faults:
        raise Invalid.of(faults)


def check(round: Round, answers: Mapping[str, Any], files: Collection[str], *, complete: bool) -> None:
    """Raise unless every answer fits its field, and, to be submitted, every required one is there.

    Raises:
        Invalid: naming every field that is wrong.
    """
    fields = {field.id: field for field in fields_of(round)}
    faults = [Fault(where=f"answers.{name}", what="is no field of the form") for name in answers if name not in fields]
    for name, field in fields.items():
        faults += [Fault(where=f"answers.{name}", what=told) for told in _doubts(field, answers.get(name))]
        given = name in files if field.kind == FieldKind.FILE else answers.get(name) not in (None, "", False, [])
        if complete and field.required and not given:
            faults.append(Fault(where=f"answers.{name}", what="is required", fix=field.help))
    if faults:
        raise Invalid.of(faults)


def _doubts(field: FormField, answer: str | bool | list[str] | None) -> Iterator[str]:
    if answer is None or answer == "":
        return
    shape, told = _SHAPES.get(field.kind, (str, "is a text"))
    if not isinstance(answer, shape):
        yield told
        return
    if field.max is not None and isinstance(answer, str | list) and len(answer) > field.max:
        yield f"has {len(answer)} of {field.max} {'characters' if isinstance(answer, str) else 'options'}"
    if isinstance(answer, list):
        yield from _doubts_about_options(field, answer)
    elif isinstance(answer, str) and (doubt := _doubt_about_text(field, answer)):
        yield doubt


def _doubts_about_options(field: FormField, chosen: list[str]) -> Iterator[str]:
    if strange := [option for option in chosen if option not in field.options]:
        yield f"{', '.join(strange)}: none of {', '.join(field.options)}"
    if len(set(chosen)) < len(chosen):
        yield "names an option twice"


def _doubt_about_text(field: FormField, text: str) -> str:
    """Return what is wrong with an answer of one text, "" if nothing is."""
    match field.kind:
        case FieldKind.FILE:
            return "is a file; send it by itself"
        case FieldKind.NUMBER if not _NUMBER.fullmatch(text):
            return "is no number such as 12 or 12.5"
        case FieldKind.URL if not _is_url(text):
            return "is no address such as https://example.org"
        case FieldKind.EMAIL if not _EMAIL.fullmatch(text):
            return "is no e-mail address"
        case FieldKind.ADDRESS:
            return _doubt_about_address(text)
        case FieldKind.CHOICE if text not in field.options:
            return f"is none of {', '.join(field.options)}"
        case FieldKind.TEXT if "\n" in text:
            return "is one line"
        case _:
            return ""


def _doubt_about_address(text: str) -> str:
    try:
        read_address(text)
    except ValueError as error:
        return str(error)
    return ""


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username and " " not in text
