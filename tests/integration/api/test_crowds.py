"""Many at once: they wait for each other, and nobody for those who wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from fastapi.testclient import TestClient

from api.database import POOL
from tests.integration.api.conftest import Service

THREADS = 40
"""Threads that answer requests."""


def test_more_requests_at_once_than_threads_and_connections_are_all_answered(service: Service) -> None:
    service.member("operator")
    service.round("spring")
    crowd = THREADS + 3 * POOL
    begin = Barrier(crowd)

    with TestClient(service.app, base_url="https://qf.test") as client, ThreadPoolExecutor(crowd) as threads:

        def ask(_: int) -> int:
            begin.wait()
            return client.get("/v1/rounds/spring/projects").status_code

        assert list(threads.map(ask, range(crowd))) == [200] * crowd
