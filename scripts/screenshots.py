"""Take the pictures of ``docs/images`` from the demonstration: ``.venv/bin/python scripts/screenshots.py [folder]``.

Fontclaire is filled in a folder that is thrown away (or the one given is served), then a Chromium looks at it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
BROWSER = os.environ.get("PARVIS_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
PASSWORD = "fontclaire-2026"
WIDE, PHONE = {"width": 1440, "height": 960}, {"width": 390, "height": 844}


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        data = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(place) / "data"
        address, process = serve(data)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=BROWSER, args=["--no-sandbox", "--enable-unsafe-swiftshader"]
                )
                visitor(browser.new_page(viewport=WIDE, locale="fr-FR"), address)
                phone(browser.new_page(viewport=PHONE, locale="fr-FR", device_scale_factor=2), address)
                agent(browser.new_page(viewport=WIDE, locale="fr-FR"), address)
                browser.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(40)


def serve(data: Path) -> tuple[str, subprocess.Popen[bytes]]:
    """Start the demonstration on a free port and return its address once it answers."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    command = [sys.executable, "-m", "parvis.cli.main", "demo", "--data", str(data), "--port", str(port)]
    process = subprocess.Popen(command, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    while True:
        try:
            urllib.request.urlopen(f"{address}/sante", timeout=2).close()
            return address, process
        except OSError:
            if process.poll() is not None:
                raise SystemExit("La démonstration ne démarre pas.") from None
            time.sleep(0.5)


def visitor(page: Any, address: str) -> None:
    page.goto(address)
    keep(page, "accueil")
    page.goto(f"{address}/donnees/?q=arbres")
    page.locator("main article a").first.click()
    page.wait_for_load_state()
    keep(page, "jeu")
    page.get_by_role("button", name="Ouvrir la carte").click()
    page.locator(".map[data-ready]").wait_for(timeout=30_000)
    page.locator(".map").scroll_into_view_if_needed()
    keep(page, "carte")


def phone(page: Any, address: str) -> None:
    page.goto(f"{address}/donnees/?q=subventions")
    page.locator("main article a").first.click()
    page.wait_for_load_state()
    keep(page, "telephone")


def agent(page: Any, address: str) -> None:
    page.goto(f"{address}/mairie/connexion/")
    page.fill("#id_username", "referent@fontclaire.example")
    page.fill("#id_password", PASSWORD)
    page.click("main form button")
    page.wait_for_url("**/mairie/")
    keep(page, "bureau")
    page.locator("section[aria-labelledby='a-decider'] li a").first.click()
    page.wait_for_load_state()
    keep(page, "relecture")


def keep(page: Any, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.jpg", type="jpeg", quality=78)
    print(f"docs/images/{name}.jpg")


if __name__ == "__main__":
    main()
