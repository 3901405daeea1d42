"""A real portal, Fontclaire's own, served by the same process tree as for a town, and a real browser before it."""

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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

BROWSERS = (
    os.environ.get("PARVIS_CHROMIUM", ""),
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
)
AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PASSWORD = "fontclaire-2026"
WIDTHS = (1440, 390)


@dataclass(frozen=True)
class Portal:
    address: str
    data: Path

    def api(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.address}/api/v1{path}", timeout=20) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def browser_path() -> str:
    found = next((b for b in BROWSERS if b and Path(b).exists()), shutil.which("chromium") or "")
    if not found:
        pytest.skip("NO BROWSER: no Chromium was found, so no page was looked at (apt install chromium)")
    return found


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Fill and serve the demonstration once for a test process; Ctrl-C must stop it cleanly."""
    data = tmp_path_factory.mktemp("fontclaire")
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PARVIS_", "DJANGO_", "PYTEST_"))}
    command = [sys.executable, "-m", "parvis.cli.main", "demo", "--data", str(data), "--port", str(port)]
    with (data / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    limit = time.monotonic() + 300
    while True:
        try:
            urllib.request.urlopen(f"{address}/sante", timeout=2).close()
            break
        except OSError:
            if process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError((data / "log").read_text("utf-8", "replace")[-4000:]) from None
            time.sleep(0.3)
    yield Portal(address, data)
    process.send_signal(signal.SIGINT)
    code = process.wait(40)
    left = subprocess.run(["pgrep", "-f", str(data)], capture_output=True, text=True, check=False).stdout.split()
    assert code == 0 and not left, f"the tree did not stop cleanly: {code}, {left}"


@pytest.fixture(scope="session")
def chromium(browser_path: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    # Playwright leaves its event loop running in this process, and Django refuses its database beside one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--enable-unsafe-swiftshader"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any, portal: Portal) -> Iterator[Callable[..., Any]]:
    """Give a function that opens a page at a width, signed in or not; errors of scripts fail the test."""
    contexts: list[Any] = []
    faults: list[str] = []

    def heard(said: Any) -> None:
        if said.type == "error" and "status of 4" not in said.text:  # a page that answers 404 on purpose says so
            faults.append(said.text)

    def opened(path: str = "/", width: int = 1440, role: str = "", **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, locale="fr-FR", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", heard)
        if role:
            page.goto(f"{portal.address}/mairie/connexion/")
            page.fill("#id_username", f"{role}@fontclaire.example")
            page.fill("#id_password", PASSWORD)
            page.click("main form button")
            page.wait_for_url("**/mairie/")
        page.goto(portal.address + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults, faults


def axe(page: Any) -> list[str]:
    """Return what axe-core finds on a page, each fault in one line."""
    page.evaluate(AXE.read_text("utf-8"))
    told = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{v['id']}: {n['target']} {n['failureSummary']}" for v in told["violations"] for n in v["nodes"]]
