"""The whole OpenAPI document, tried with whatever fits it: no answer may surprise.

All checks of schemathesis run: no 500, every status, header, body and media type as the document says, and unknown
methods refused with `Allow`. What fits the document may still be refused as malformed (422): that
a name holds nothing invisible, that a cursor is one of ours, that the rules of a round go together is not for a schema
to say.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode

from api.access import Role

EXAMPLES = settings.default.max_examples // 10
"""Requests per endpoint; `make slow` sends more."""

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "http.md"

ENDPOINTS = re.findall(r"^\| `([A-Z]+) (/v1/\S+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
"""Method and path of every endpoint; the page is held to the application by the test of authorisation."""

ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "422", "429", "503"]
"""What a request that fits the document may be answered with."""

HEADERS = {"host": "qf.test", "x-test-account": "town-admin"}
"""What the service is called, and who asks: somebody who may do everything in the organisation."""

STREAMS = {"/v1/rounds/{round}/events"}
"""Answers that do not end; they have tests of their own."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("method", "path"), [each for each in ENDPOINTS if each[1] not in STREAMS], ids=lambda part: str(part)
)
def test_no_request_surprises(service, method, path):
    service.member(Role.ADMIN)
    service.round()
    checks = {"positive_data_acceptance": {"expected-statuses": ACCEPTED}}
    config = SchemathesisConfig.from_dict({"checks": checks})
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", service.app, config=config, headers=HEADERS)
    operation: Any = schema[path.replace(":path}", "}")][method]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def tried(case: Any) -> None:
        known = {"organisation": "town", "round": "spring"}
        if case.path_parameters:
            case.path_parameters.update({name: known[name] for name in known if name in case.path_parameters})
        case.call_and_validate(headers=HEADERS)

    tried()
