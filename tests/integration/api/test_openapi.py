"""The whole OpenAPI document, tried with what fits it and with what does not: no answer may surprise.

All checks of schemathesis run, in all its phases. What they look at: no 500; status, headers, body and media type as
the document says; what does not fit the document refused; methods it does not name refused with an `Allow` that names
all it does; who may not come in without a token refused without one and with a bad one; what was deleted gone, what
was made there.

Two checks are told more than they know. *not_a_server_error*: that a chain cannot be asked is 503, and no fault of who
asks. *positive_data_acceptance*: what fits the document may still be refused as malformed (422). That a name holds
nothing invisible, that a cursor is one of ours, that the rules of a round go together is not for a schema to say.

Operations without a parameter or a body cannot be sent what does not fit them; `test_what_cannot_be_malformed` counts
them.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import settings as hypothesis_settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema

from api.app import create_app
from tests.integration.api.conftest import settings_of
from tests.integration.api.world import furnished_file, world_of

EXAMPLES = hypothesis_settings.default.max_examples // 20
"""Requests per operation and phase that draws them; `make slow` sends more."""

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "http.md"

STREAMS = {"/v1/rounds/{round}/events"}
"""Answers that do not end; they have tests of their own, with malformed headers too."""

OPERATIONS = [
    (method, path)
    for method, path in re.findall(r"^\| `([A-Z]+) (/v1/\S+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    if path not in STREAMS
]
"""Method and path of every operation; the page is held to the application by the test of authorisation."""

ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "422", "429", "503"]
"""What a request that fits the document may be answered with."""

NOT_SO = {
    f"POST /v1/rounds/{{round}}/applications/reviews {check}"
    for check in ("unsupported_method", "allow_header_conformance")
}
"""Where a check is wrong. That path is also one of an application, which can be read, and changed by PATCH."""

PARTS = (ParameterLocation.PATH, ParameterLocation.QUERY, ParameterLocation.BODY)
"""Where something is asked that may be malformed."""

ALONE = {"examples", "coverage", "fuzzing"}
"""The phases that look at one operation at a time."""


@pytest.fixture(scope="module")
def sqlite(sqlite, tmp_path_factory):
    """A file with a furnished service in it."""
    return furnished_file(sqlite, tmp_path_factory.mktemp("furnished"))


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """The OpenAPI document: the same of every service, so it is made once."""
    folder = tmp_path_factory.mktemp("document")
    return create_app(settings_of(f"sqlite:///{folder}/qf.db", folder)).openapi()


@pytest.fixture
def world(request, service):
    """What is in the service."""
    return world_of(request, service)


def schema_of(service, document, headers, phases, examples=EXAMPLES):
    """Return the document of a service, to be tried in some phases by somebody who sends these headers."""
    checks: dict[str, Any] = {
        "positive_data_acceptance": {"expected-statuses": ACCEPTED},
        "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]},
    }
    given = {
        "headers": {"Host": "qf.test", **headers},
        "checks": checks,
        "phases": {name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing", "stateful")},
        "generation": {"max-examples": examples, "deterministic": True, "no-shrink": True, "database": "none"},
    }
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(given))
    schema.app = service.app
    return schema.exclude(path=sorted(STREAMS))


def name_what_there_is(schema, names):
    """Make requests ask about what is in the service, unless it is the path that does not fit the document."""
    turns = {name: itertools.cycle(values) for name, values in names.items()}

    @schema.hook
    def map_case(context, case):
        if case.path_parameters and not (case.meta and case.meta.is_negative_at(ParameterLocation.PATH)):
            case.path_parameters.update({name: next(turns[name]) for name in turns if name in case.path_parameters})
        return case


def tried(schema):
    """Try what a schema describes, and return how often each kind of request was sent; fail with every surprise."""
    surprises, sent = {}, Counter()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            surprises[str(getattr(event, "value", None) or event.exception)] = ""
        if not isinstance(event, events.ScenarioFinished):
            continue
        for node in event.recorder.cases.values():
            meta = node.value.meta
            sent["malformed" if meta and any(map(meta.is_negative_at, PARTS)) else "as it should be"] += 1
        for check in itertools.chain(*event.recorder.checks.values()):
            failure = check.failure_info and check.failure_info.failure
            if failure and f"{failure.operation} {check.name}" not in NOT_SO and not hidden(check):
                told = f"{failure.title}: {failure.message}\n{check.failure_info.code_sample}"
                surprises.setdefault(f"{failure.operation} {check.name}", told)
    assert not surprises, "\n\n".join(f"{where}\n{told}" for where, told in surprises.items())
    return sent


def hidden(check):
    """Return whether a check saw that a draft is not there for who is not signed in, where it expected 401 or 403."""
    told = check.failure_info
    return check.name == "ignored_auth" and "got `404 " in told.failure.message and "/rounds/draft" in told.code_sample


def asks(operation):
    """Return whether an operation takes anything that could be malformed."""
    return bool(operation.get("parameters") or operation.get("requestBody"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=str)
def test_no_request_surprises(service, world, document, method, path):
    schema = schema_of(service, document, world.headers, ALONE).include(path=in_document(path), method=method)
    name_what_there_is(schema, world.names)
    sent = tried(schema)
    described = document["paths"][in_document(path)][method.lower()]
    assert bool(sent["malformed"]) == asks(described), sent


def test_what_cannot_be_malformed_is_little(document):
    operations = [document["paths"][in_document(path)][method.lower()] for method, path in OPERATIONS]
    assert sum(not asks(each) for each in operations) == 7 < len(operations) // 10


@pytest.mark.slow
def test_nobody_surprises(service, world, document):
    """Who does not sign in may read what is public, and sign in: all endpoints at once, as nothing changes by it."""
    schema = schema_of(service, document, {}, ALONE, 2 * EXAMPLES)
    name_what_there_is(schema, world.names)
    assert tried(schema)["malformed"] > len(OPERATIONS)


@pytest.mark.slow
def test_what_was_made_is_used_on(service, world, document):
    """Schemathesis finds out by itself which answers name what other requests ask about; the document has no links."""
    sent = tried(schema_of(service, document, world.headers, {"stateful"}))
    assert sum(sent.values()) > EXAMPLES


def in_document(path):
    """Return a path as the document writes it."""
    return path.replace(":path}", "}")
