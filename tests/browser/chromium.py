"""Chromium, driven over its own protocol (CDP): the few commands that the tests of pages need.

A library such as Playwright brings a browser protocol of its own and a runtime of 40 MB for it; `websockets` is
installed anyway.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PATIENCE = 15.0
"""Seconds that anything may take."""

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # the tests run as root in containers, where its sandbox does not start
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-proxy-server",
    "--remote-debugging-port=0",
)


def chromium() -> str | None:
    """Return the path of Chromium: what QF_CHROMIUM names, or what is installed; None if nothing is."""
    return os.environ.get("QF_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """A browser without a window, which ends with the block."""

    def __init__(self, path: str, folder: Path) -> None:
        self._log = folder / "chromium.log"
        with self._log.open("wb") as log:
            command = [path, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self._open = ExitStack()
        self._connection: ClientConnection = self._open.enter_context(
            connect(self._address(), max_size=None, proxy=None)
        )
        self._number = 0
        self._heard: list[dict[str, Any]] = []

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.send("Browser.close")
            self._process.wait(PATIENCE)
        finally:
            self._open.close()
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()

    def _address(self) -> str:
        ends = time.monotonic() + PATIENCE
        while (found := re.search(r"DevTools listening on (\S+)", self._log.read_text("utf-8", "replace"))) is None:
            assert self._process.poll() is None and time.monotonic() < ends, self._log.read_text("utf-8", "replace")
            time.sleep(0.02)
        return found[1]

    def send(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Return the answer to a command; events that come before it are kept."""
        self._number += 1
        number = self._number
        command = {"id": number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        self._connection.send(json.dumps(command))
        while True:
            told = self._next(PATIENCE)
            assert told is not None, f"no answer to {method}"
            if told.get("id") == number:
                assert "error" not in told, f"{method}: {told['error']}"
                return told["result"]

    def _next(self, seconds: float) -> dict[str, Any] | None:
        try:
            told: dict[str, Any] = json.loads(self._connection.recv(timeout=seconds))
        except TimeoutError:
            return None
        if "method" in told:
            self._heard.append(told)
        return told

    def events(self, session: str, seconds: float = 0.0) -> list[dict[str, Any]]:
        """Return the events of a page since this was asked last."""
        while self._next(seconds) is not None:
            seconds = 0.0
        mine = [told for told in self._heard if told.get("sessionId") == session]
        self._heard = [told for told in self._heard if told.get("sessionId") != session]
        return mine

    def page(self) -> Page:
        """Return a new page with cookies and storage of its own."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        return Page(self, self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"], context)


class Page:
    """A page; it notes what went wrong in it: errors, what the policy stopped, answers that nobody expected."""

    def __init__(self, browser: Browser, session: str, context: str) -> None:
        self._browser, self._session, self._context = browser, session, context
        self.complaints: list[str] = []
        self.requested: list[str] = []
        self._answers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def close(self) -> None:
        """Forget the page with its cookies."""
        self._browser.send("Target.disposeBrowserContext", browserContextId=self._context)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to a command about this page."""
        return self._browser.send(method, self._session, **parameters)

    def look(self, seconds: float = 0.0) -> None:
        """Note what happened, and answer what the page asks of the test."""
        for told in self._browser.events(self._session, seconds):
            self._note(told["method"], told["params"])

    def _note(self, method: str, told: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            self.complaints.append(told["exceptionDetails"]["exception"].get("description", "exception"))
        elif method == "Runtime.consoleAPICalled" and told["type"] in {"error", "warning", "assert"}:
            self.complaints.append(" ".join(str(each.get("value", each)) for each in told["args"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] in {"error", "warning"}:
            self.complaints.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requested.append(told["request"]["url"])
        elif method == "Runtime.bindingCalled":
            self._answer(told["name"], json.loads(told["payload"]))

    def _answer(self, name: str, asked: dict[str, Any]) -> None:
        try:
            answer = {"result": self._answers[name](asked)}
        except Exception as error:
            answer = {"error": {"code": getattr(error, "code", -32603), "message": str(error)}}
        self.evaluate(f"window.{name}Answer({asked['number']}, {json.dumps(answer)})")

    def expose(self, name: str, answer: Callable[[dict[str, Any]], Any]) -> None:
        """Let the page ask the test something: a JSON text with a `number`, answered by calling `<name>Answer`."""
        self._answers[name] = answer
        self.send("Runtime.addBinding", name=name)

    def on_new_document(self, script: str) -> None:
        """Run a script in every page that is opened from now on, before its own."""
        self.send("Page.addScriptToEvaluateOnNewDocument", source=script)

    def open(self, url: str) -> None:
        """Go to a page, and wait until it is there."""
        self.send("Page.navigate", url=url)
        self.until(
            f"location.href.split('#')[0] === {json.dumps(url.split('#')[0])} && document.readyState === 'complete'"
        )

    def arrive(self, path: str) -> None:
        """Wait until another page of the site is there."""
        self.until(f"location.pathname === {json.dumps(path)} && document.readyState === 'complete'")

    def evaluate(self, script: str) -> Any:
        """Return what a script says."""
        told = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, f"{script}: {told['exceptionDetails']}"
        return told["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until what a script says is true."""
        ends = time.monotonic() + PATIENCE
        while True:
            self.look()
            try:
                if self.evaluate(f"Boolean({script})"):
                    return
            except AssertionError as error:  # the page it was asked of has just gone
                if "navigated" not in str(error) and "context" not in str(error):
                    raise
            assert time.monotonic() < ends, f"{script}\nnever became true of:\n{self.text}\n{self.complaints}"
            self.look(0.03)

    @property
    def text(self) -> str:
        """What is to be read on the page."""
        return str(self.evaluate("document.body.innerText"))

    def click(self, selector: str) -> None:
        """Press what a selector finds, as a mouse does: in the middle of it, once it can be seen."""
        found = json.dumps(selector)
        self.until(f"Boolean(document.querySelector({found})?.getClientRects().length)")
        self.evaluate(f"document.querySelector({found}).scrollIntoView({{block: 'center', behavior: 'instant'}})")
        x, y = self.evaluate(
            f"(() => {{ const r = document.querySelector({found}).getClientRects()[0];"
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def write(self, selector: str, text: str) -> None:
        """Type a text into a field, instead of what is in it."""
        self.evaluate(
            f"(() => {{ const f = document.querySelector({json.dumps(selector)}); f.focus(); f.select?.(); }})()"
        )
        self.send("Input.insertText", text=text)

    def press(self, key: str, code: int) -> None:
        """Press a key."""
        typed = {"text": "\r"} if key == "Enter" else {}
        told = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.send("Input.dispatchKeyEvent", type="keyDown", **told, **typed)
        self.send("Input.dispatchKeyEvent", type="keyUp", **told)

    def size(self, width: int, height: int = 900, scale: float = 1.0) -> None:
        """Make the page so large, in CSS pixels."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    def prefer(self, **features: str) -> None:
        """Prefer something, such as color_scheme="dark"."""
        listed = [{"name": f"prefers-{name.replace('_', '-')}", "value": value} for name, value in features.items()]
        self.send("Emulation.setEmulatedMedia", features=listed)

    def picture(self, path: Path) -> None:
        """Keep a picture of the whole page."""
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        told = self.send("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(told["data"]))
