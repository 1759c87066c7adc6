"""The notebook in a real browser: served on this machine alone, moved by keyboard, watched until the answer follows.

Headless Chromium is driven over its DevTools protocol, whose websocket needs only what the notebook server itself
depends on. The browser may reach no host but this one, and an audit hook in the server notes every other address it asks
for.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

from buttockpain import default_model

NOTEBOOK = Path(__file__).parents[1] / "examples" / "explore.py"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Where a check must be complete, what is missing is a failure and no reason to skip.
MUST = bool(os.environ.get("CI"))

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None and not MUST, reason="no Chromium on PATH (apt-get install chromium)"),
    pytest.mark.skipif(
        find_spec("marimo") is None and not MUST, reason="no marimo (pip install 'buttockpain[notebook]')"
    ),
]

PATH = "cause.piriformis_syndrome.leak"
WRAPPED = 26  # longer names stand on two lines, and are not looked for
HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds; a busy machine needs a few, and the wait ends as soon as what is waited for is there

BROWSER_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--window-size=1400,1200",
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}",
)

# Notes who the server wants to talk to; read by Python before anything else in that process.
AUDIT = """
import os, sys
with open(os.environ["ADDRESSES"], "a") as log:
    log.write("watching\\n")
def note(event, details):
    if event in ("socket.connect", "socket.getaddrinfo"):
        address = details[1] if event == "socket.connect" else details[0]
        host = address[0] if isinstance(address, tuple) else address
        with open(os.environ["ADDRESSES"], "a") as log:
            log.write(f"{host}\\n")
sys.addaudithook(note)
"""

WORDS = "[...document.querySelectorAll('svg text')].map(text => text.textContent)"
# The bold figure of each line of the ranking, by the name at the same height.
FIGURES = """
(() => {
  const all = [...document.querySelector('svg').querySelectorAll('text')];
  const height = text => { const box = text.getBoundingClientRect(); return (box.top + box.bottom) / 2; };
  const bold = all.filter(text => /^(under |over )?[0-9]+%$/.test(text.textContent) &&
                                  Number(getComputedStyle(text).fontWeight) >= 600);
  const names = ["Lumbar disc herniation", "Sciatica", "Piriformis syndrome", "Calcium deficiency"];
  return Object.fromEntries(names.map(name => {
    const label = all.find(text => text.textContent === name);
    const [nearest] = bold.sort((a, b) => Math.abs(height(a) - height(label)) - Math.abs(height(b) - height(label)));
    return [name, nearest.textContent];
  }));
})()
"""
# Sliders live in the shadow of custom elements.
SLIDERS = """
(() => {
  const found = [];
  const walk = root => root.querySelectorAll('*').forEach(element => {
    if (element.getAttribute('role') === 'slider') found.push(element);
    if (element.shadowRoot) walk(element.shadowRoot);
  });
  walk(document);
  return found;
})()
"""


class Tab:
    """A tab of the browser; `requests` collects every address that it asks for."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.calls = 0
        self.requests: list[str] = []

    def call(self, method: str, **parameters: Any) -> Any:
        """Return what a method of the protocol returns."""
        self.calls += 1
        self.connection.send(json.dumps({"id": self.calls, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.connection.recv(timeout=PATIENCE))
            details = message.get("params", {})
            if message.get("method") == "Network.requestWillBeSent":
                self.requests.append(details["request"]["url"])
            elif message.get("method") == "Network.webSocketCreated":
                self.requests.append(details["url"])
            if message.get("id") == self.calls:
                assert "error" not in message, message
                return message["result"]

    def ask(self, script: str) -> Any:
        """Return the value of a piece of JavaScript."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def wait_for(self, script: str) -> Any:
        """Return the value of a piece of JavaScript as soon as it is true."""
        end = time.monotonic() + PATIENCE
        while not (value := self.ask(script)):
            assert time.monotonic() < end, f"never came true: {script}"
            time.sleep(0.05)
        return value

    def press(self, key: str, code: int) -> Self:
        """Press and let go of a key."""
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)
        return self


@contextmanager
def running(command: list[str], log: Path, **environment: str) -> Iterator[None]:
    """Run a program until the end of the block, then stop it and wait."""
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **environment}, start_new_session=True
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(found: Any, what: str) -> Any:
    """Return what a function returns as soon as it returns something."""
    end = time.monotonic() + PATIENCE
    while not (value := found()):
        assert time.monotonic() < end, f"{what} did not come up"
        time.sleep(0.05)
    return value


def fetched(address: str) -> bytes:
    """Return what stands at an address, or nothing while nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - this machine
            content: bytes = answer.read()
    except OSError:
        return b""
    return content


@pytest.fixture
def tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tab]:
    """The served notebook, open in a tab."""
    from websockets.sync.client import connect  # noqa: PLC0415 - comes with marimo

    assert BROWSER is not None, "CI is set and there is no Chromium on PATH"
    monkeypatch.setenv("NO_PROXY", HOST)
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    # A copy, because the server keeps a folder beside the notebook.
    notebook = str(shutil.copy(NOTEBOOK, tmp_path))
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "sitecustomize.py").write_text(AUDIT)
    serve = [
        sys.executable,
        "-m",
        "marimo",
        "run",
        "--headless",
        "--no-token",
        "--host",
        HOST,
        "--port",
        str(port),
        notebook,
    ]
    browse = [BROWSER, *BROWSER_FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "about:blank"]
    settings = {
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "audit"), os.environ.get("PYTHONPATH", "")]),
        "ADDRESSES": str(tmp_path / "addresses"), "MARIMO_SKIP_UPDATE_CHECK": "1",
    }  # fmt: skip
    with running(serve, tmp_path / "server.log", **settings), running(browse, tmp_path / "browser.log"):
        chosen = tmp_path / "profile" / "DevToolsActivePort"
        until(chosen.exists, "the browser")
        debug = chosen.read_text().split()[0]
        tabs = json.loads(until(lambda: fetched(f"http://{HOST}:{debug}/json"), "the browser"))
        address = next(one["webSocketDebuggerUrl"] for one in tabs if one["type"] == "page")
        until(lambda: fetched(f"http://{HOST}:{port}/"), "the notebook")
        with connect(address, max_size=None) as connection:
            tab = Tab(connection)
            tab.call("Network.enable")
            tab.call("Page.navigate", url=f"http://{HOST}:{port}/")
            yield tab


def ranked(value: float | None = None) -> dict[str, str]:
    """What the model itself says of the answers that the notebook starts with, by label."""
    model = default_model()
    if value is not None:
        model = model.replace({PATH: value})
    answer = model.rank({"low_back_pain": "yes", "pain_severity": 5})
    return {cause.label: cause.displayed for cause in answer.causes if len(cause.label) < WRAPPED}


def test_moving_a_prior_moves_the_answer(tab: Tab, tmp_path: Path) -> None:
    """A slider at the end of its range changes ranking, intervals and tornado at once; nothing leaves the machine."""
    before = tab.wait_for(f"{WORDS}.length > 60 && {WORDS}")
    assert tab.ask(FIGURES) == ranked()
    assert any("95% interval" in words and "ranks first" in words for words in before)
    assert any("hangs most on" in words for words in before)
    sliders = tab.ask(f"{SLIDERS}.map(one => ['min', 'now', 'max'].map(end => one.getAttribute('aria-value' + end)))")
    assert len(sliders) == 6, "five priors and the pain"

    number = next(row for row in default_model().parameters() if row.path == PATH)
    place = [float(now) for _, now, _ in sliders].index(number.value)
    tab.ask(f"{SLIDERS}[{place}].focus()")
    tab.press("End", 35)
    after = tab.wait_for(f"{WORDS}.length > 60 && {WORDS}.join() !== {json.dumps(','.join(before))} && {WORDS}")
    moved = ranked(number.high)
    assert tab.ask(FIGURES) == moved
    assert moved["Piriformis syndrome"] != ranked()["Piriformis syndrome"]
    assert [words for words in after if "%" in words] != [words for words in before if "%" in words]

    tab.ask(f"{SLIDERS}[5].focus()")
    tab.press("End", 35)
    tab.wait_for(f"{WORDS}.some(words => words.startsWith('A detailed medical evaluation at a hospital is needed.'))")

    hosts = {urlsplit(address).hostname for address in tab.requests if urlsplit(address).scheme not in ("data", "blob")}
    assert hosts == {HOST}
    asked = set((tmp_path / "addresses").read_text().split())
    assert "watching" in asked
    assert asked <= {"watching", HOST, "localhost", "::1", "None"}
