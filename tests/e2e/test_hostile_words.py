"""Words that would be programs: file names, columns, cells, titles and searches stay words in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
EVIL = "<img src=x onerror=alert(1)><b onclick=alert(2)></script><script>alert(3)</script>\"'`{{7*7}}"
FORMULA = '=HYPERLINK("https://evil.example";"Cliquez")'


def heard(page: Any) -> list[str]:
    """Return the list that fills with each window a page tries to open."""
    said: list[str] = []

    def told(dialog: Any) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", told)
    return said


def hostile(tmp_path: Path) -> Path:
    places = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [3.1 + n / 1000, 47.03]},
            "properties": {EVIL: f"{EVIL} {n}", "Objet": FORMULA, "Genre": EVIL if n % 2 else "banc", "Nombre": n + 1},
        }
        for n in range(30)
    ]
    file = tmp_path / "<img src=x onerror=alert(4)>.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": places}), "utf-8")
    return file


def test_hostile_words_stay_words_from_the_drop_to_the_map(open_page: Callable[..., Any], tmp_path: Path) -> None:
    referent = open_page("/mairie/", 1440, role="referent")
    said = heard(referent)
    referent.set_input_files("#id_documents", str(hostile(tmp_path)))
    referent.get_by_role("button", name="Envoyer").click()
    referent.wait_for_url("**/brouillons/**", timeout=90_000)
    referent.fill("#id_title", EVIL)
    referent.fill("#id_description", EVIL)
    referent.get_by_role("button", name="Publier", exact=True).click()
    referent.get_by_role("link", name="Voir la page publique").click(timeout=90_000)
    address = referent.url.split("/donnees/")
    visitor = open_page(f"/donnees/{address[1]}")
    said += heard(visitor)
    assert visitor.locator("h1").inner_text().startswith("<img src=x")
    visitor.locator("parvis-map button").click()
    visitor.wait_for_selector(".map[data-ready]", timeout=60_000)
    box = visitor.locator(".map").bounding_box()
    for step in range(0, int(box["width"]), 12):
        visitor.mouse.click(box["x"] + step, box["y"] + box["height"] / 2)
        if visitor.locator(".maplibregl-popup").count():
            break
    visitor.locator("thead a").first.click()
    visitor.wait_for_selector("th[aria-sort]")
    visitor.fill("#t-q", EVIL[:90])
    visitor.get_by_role("button", name="Filtrer").click()
    visitor.wait_for_url("**q=**")
    for path in (
        "/donnees/?q=",
        "/en/donnees/?q=",
        "/donnees/?theme=",
        "/donnees/arbres/?colonne=",
        "/donnees/arbres/?tri=",
    ):
        visitor.goto(address[0] + path + "%22%3E%3Cscript%3Ealert(5)%3C/script%3E%3Cimg%20src=x%20onerror=alert(6)%3E")
    for path in ("/donnees/", "/", "/mairie/", f"/mairie/jeux/{address[1].strip('/')}/historique/"):
        referent.goto(address[0] + path)
    referent.wait_for_timeout(300)
    assert not said, said
    answer = visitor.request.get(f"{address[0]}/api/v1/datasets/{address[1].strip('/')}/exports/csv?profile=excel")
    assert answer.ok and "'=HYPERLINK" in answer.text(), "a spreadsheet does not take a text for a formula"
