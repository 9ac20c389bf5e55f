"""What the tests of rounds share."""

from __future__ import annotations

from api.schema import moment_text

START = 1_775_000_000
OPENS, CLOSES = START + 100, START + 10_000
RULES = {"pool": {"amount": "100000"}, "round": {"opens": moment_text(OPENS), "closes": moment_text(CLOSES)}}


def draft(client, name="spring", **more):
    body = {"id": name, "title": "Spring", "preset": "yen", "rules": RULES, **more}
    return client.post("/v1/organisations/town/rounds", json=body)
