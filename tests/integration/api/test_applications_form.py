"""The form of a round, and whether answers fit it."""

from __future__ import annotations

import pytest

from tests.integration.api.applying import BASE, FORM, begin, prepared


@pytest.fixture
def operator(service, answered):
    return prepared(service, answered)


@pytest.fixture
def owner(service, operator):
    return service.client("ann")


@pytest.fixture
def mine(owner, answered):
    return f"{BASE}/{begin(owner, 'well', answered)}"


def test_the_form_stands_once_somebody_has_applied(operator, mine, answered):
    answered(operator.put("/v1/rounds/spring/form", json=FORM), 409)


def test_a_form_with_faults_names_them_all(service, operator, answered):
    service.round("autumn", projects=())
    wrong = {
        "fields": [{"id": "a", "label": "A"}, {"id": "a", "label": "A"}, {"id": "b", "label": "B", "kind": "choice"}]
    }
    told = answered(operator.put("/v1/rounds/autumn/form", json=wrong), 422)
    assert [each["where"] for each in told["problems"]] == ["fields.1.id", "fields.2.options"]


DAI = "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"
"""An address with its checksum."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_kind_of_field_is_read(service, operator, answered):
    kinds = {
        "text": ("one line", ["two\nlines", True, ["x"]]),
        "paragraph": ("two\nlines", [False]),
        "number": ("-12.5", ["1e3", "١", "1,000", "--1", "+1"]),
        "address": (DAI, [DAI.replace("da1", "dA1"), "0x12"]),
        "url": ("https://a.test/b?c", ["a.test", "ftp://a.test", "http://ann:pw@a.test", "https://", "http://a b"]),
        "email": ("a@b.test", ["a", "a@b", "a b@c.test"]),
        "choice": ("code", ["art", True]),
        "choices": (["code", "care"], [["art"], ["code", "code"], "code", ["code", "care", "food"]]),
        "checkbox": (True, ["true", ["x"]]),
    }  # fmt: skip
    options = {"choice": ["code", "care"], "choices": ["code", "care", "food"]}
    fields = [
        {
            "id": kind,
            "label": kind,
            "kind": kind,
            "options": options.get(kind, []),
            "max": 2 if kind == "choices" else None,
        }
        for kind in kinds
    ]
    answered(operator.put("/v1/rounds/spring/form", json={"fields": fields}), 204)
    good = begin(service.client("ann"), "good", answered, answers={kind: given for kind, (given, _) in kinds.items()})
    assert answered(service.client("ann").get(f"{BASE}/{good}"))["answers"]["choices"] == ["code", "care"]
    for kind, (_, wrong) in kinds.items():
        for number, answer in enumerate(wrong):
            body = {"project": f"p{number}", "title": "P", "answers": {kind: answer}}
            told = answered(service.client("ann").post(BASE, json=body), 422)
            assert [each["where"] for each in told["problems"]] == [f"answers.{kind}"], answer


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_answer_has_its_length_and_a_file_is_no_text(service, operator, answered):
    fields = [{"id": "a", "label": "A", "max": 3}, {"id": "b", "label": "B", "kind": "file", "required": True}]
    answered(operator.put("/v1/rounds/spring/form", json={"fields": fields}), 204)
    body = {"project": "p", "title": "P", "answers": {"a": "four", "b": "x"}}
    told = answered(service.client("ann").post(BASE, json=body), 422)
    assert [each["where"] for each in told["problems"]] == ["answers.a", "answers.b"]
    draft = begin(service.client("ann"), "p", answered, answers={"a": "abc"})
    told = answered(service.client("ann").post(f"{BASE}/{draft}/submit"), 422)
    assert [each["where"] for each in told["problems"]] == ["answers.b"]
    answered(service.client("ann").put(f"{BASE}/{draft}/files/b", content=b"plain text"))
    answered(service.client("ann").post(f"{BASE}/{draft}/submit"))
