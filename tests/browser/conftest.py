"""A service that a browser can reach, with a round in it, and the browser."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.serving import Server
from api.settings import Settings
from tests.browser.chromium import Browser, Page, chromium
from tests.browser.town import fill
from tests.integration.api.conftest import SECRET, Clock, Service, sqlite  # noqa: F401

PATIENCE = 15


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium; the tests skip where there is none."""
    path = chromium()
    if path is None:
        pytest.skip("there is no Chromium: neither QF_CHROMIUM nor chromium on the path")
    with Browser(path, tmp_path_factory.mktemp("chromium")) as made:
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own; when the test ends, nothing may have gone wrong in it."""
    made = browser.page()
    made.size(1280)
    yield made
    made.look(0.05)
    made.close()
    assert made.complaints == []


class Site:
    """A service over HTTP, in a thread of its own."""

    def __init__(self, service: Service, listening: socket.socket, url: str) -> None:
        self.service, self.url = service, url
        self._stopping = threading.Event()
        self._server = Server(service.app, self._stopping)
        self._thread = threading.Thread(target=self._server.run, args=([listening],))

    def __enter__(self) -> Site:
        self._thread.start()
        ends = time.monotonic() + PATIENCE
        while not self._server.started:
            assert time.monotonic() < ends
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture
def site(sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:  # noqa: F811
    """A service with a town in it, reachable at the address that it knows itself by."""
    shutil.copy(sqlite, tmp_path / "qf.db")
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        database_url=f"sqlite:///{tmp_path}/qf.db",
        data_dir=tmp_path / "data",
        secret=SECRET,  # type: ignore[arg-type]
        public_url=url,
        requests_per_minute=1_000_000,
    )
    service = Service(settings, Clock(), monkeypatch)
    fill(service)
    with Site(service, listening, url) as made:
        yield made
