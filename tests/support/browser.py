"""A real browser without a window, driven over the pipe of its own debugging protocol."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
"""Where it is; None where this machine has none."""
_WITH_PIPE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")


@dataclass(slots=True)
class Browser:
    """One page of it. `said` is everything that the page had to say on the console, and errors."""

    commands: Any
    answers: Any
    session: str | None = None
    number: int = 0
    said: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def call(self, method: str, **parameters: Any) -> Any:
        """One command of the protocol and its result. Raises `RuntimeError` where it is refused."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        session = {"sessionId": self.session} if self.session else {}
        self.commands.write(json.dumps(message | session).encode() + b"\0")
        self.commands.flush()
        while (answer := self._next()).get("id") != self.number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def open(self, page: Path, *, width: int = 1280, dark: bool = False, media: str = "screen") -> None:
        """Load a file of this machine in a window so wide, and wait until it is there."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        self.seen.clear()
        self.call("Page.navigate", url=page.as_uri())
        while "Page.loadEventFired" not in self.seen:
            self._next()

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression, as plain values."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    def picture(self, target: Path) -> None:
        """All of the page as a PNG."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        target.write_bytes(base64.b64decode(shot["data"]))

    def printed(self) -> bytes:
        """The page as a PDF."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])

    def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._read())
        method, parameters = message.get("method", ""), message.get("params", {})
        self.seen.add(method)
        if method in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            self.said.append(json.dumps(parameters))
        return message

    def _read(self) -> bytes:
        found = bytearray()
        while (byte := self.answers.read(1)) != b"\0":
            if not byte:
                raise RuntimeError("the browser went away")
            found += byte
        return bytes(found)


@contextmanager
def browser(home: Path) -> Iterator[Browser]:
    """A browser of its own, with its profile in `home`; it ends with the block."""
    (theirs, commands), (answers, ours) = os.pipe(), os.pipe()
    flags = (*_FLAGS, f"--user-data-dir={home}", "--remote-debugging-pipe")
    process = subprocess.Popen(
        [sys.executable, "-c", _WITH_PIPE, str(theirs), str(ours), str(CHROMIUM), *flags],
        pass_fds=(theirs, ours),
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    os.close(ours)
    try:
        with os.fdopen(commands, "wb") as sending, os.fdopen(answers, "rb") as receiving:
            yield _with_page(Browser(sending, receiving))
    finally:
        process.terminate()
        process.wait(30)


def _with_page(started: Browser) -> Browser:
    target = started.call("Target.createTarget", url="about:blank")["targetId"]
    attached = started.call("Target.attachToTarget", targetId=target, flatten=True)
    started.session = attached["sessionId"]
    for domain in ("Page", "Runtime", "Log"):
        started.call(f"{domain}.enable")
    return started
