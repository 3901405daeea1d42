"""The worst spreadsheet of Fontclaire, repaired and published by a person with a mouse; the next one by one press."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import Portal, axe

from parvis.text import spaced
from parvis_portal.demo import worst
from parvis_portal.demo.town import Town

pytestmark = pytest.mark.browser


class Hand:
    """A person with a mouse, each press of whom is counted."""

    def __init__(self, page: Any) -> None:
        self.page = page
        page.evaluate("() => {}")
        self.clicks = 0

    def press(self, target: Any) -> None:
        self.clicks += 1
        target.click()
        self.page.wait_for_load_state()

    def drop(self, file: Path) -> None:
        """Choose a file (a press on the chooser, counted) and send it; wait until it was examined."""
        self.page.goto(self.page.url.split("/mairie")[0] + "/mairie/")
        self.clicks += 1
        self.page.set_input_files("#id_documents", str(file))
        self.press(self.page.get_by_role("button", name="Envoyer"))
        self.page.wait_for_url("**/mairie/fichiers/**", timeout=60_000)
        self.page.wait_for_selector("main .desk-list, main .recipe", timeout=60_000)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The file as the office has it, under a name that the demonstration did not take, and the next one."""
    place = tmp_path_factory.mktemp("office")
    town = Town(place, 2026)
    now, following = place / "Salles municipales mars.xlsx", place / "Salles municipales avril.xlsx"
    worst.write_years(town, now, worst.YEARS)
    worst.write_years(town, following, (*worst.YEARS, 2026))
    return now, following


def test_the_worst_spreadsheet_is_repaired_and_published_in_under_ten_clicks(
    open_page: Callable[..., Any], portal: Portal, files: tuple[Path, Path]
) -> None:
    page = open_page("/mairie/", 1440, role="referent")
    hand = Hand(page)
    hand.drop(files[0])
    hand.press(page.locator("main .desk-list a", has_text="Suivi").first)
    for expected in ("titre", "deviennent des lignes"):
        idea = page.locator(".ideas .step", has_text=expected).first
        hand.press(idea.get_by_role("button", name="Le faire"))
        page.wait_for_selector(f".recipe .step:has-text('{expected}')", timeout=30_000)
    hand.press(page.get_by_role("button", name="Décider ainsi pour toutes"))
    hand.press(page.get_by_role("button", name="Publier", exact=True))
    public = page.get_by_role("link", name="Voir la page publique")
    public.wait_for(timeout=60_000)
    assert hand.clicks < 10, hand.clicks
    print(f"\nclicks: {hand.clicks}")
    address = public.get_attribute("href") or ""
    told = portal.api(f"/datasets/{address.rstrip('/').rpartition('/')[2]}/records?limit=100")
    rows = told["records"]
    assert {r["annee"] for r in rows} <= {"2023", "2024", "2025", 2023, 2024, 2025}
    assert all(isinstance(r["heures_reservees"], int) for r in rows) and rows[0]["trimestre"] == "T1"
    text = str(rows)
    assert "Ã" not in text and "TOTAL" not in text and "06 " not in text


def test_next_months_file_is_published_by_one_press(
    open_page: Callable[..., Any], portal: Portal, files: tuple[Path, Path]
) -> None:
    page = open_page("/mairie/", 1440, role="referent")
    hand = Hand(page)
    hand.drop(files[1])
    line = page.locator("main .desk-list li", has_text="Suivi").first
    hand.clicks = 0
    hand.press(line.get_by_role("button", name="Publier"))
    page.get_by_role("link", name="Voir la page publique").wait_for(timeout=60_000)
    assert hand.clicks == 1
    slug = (
        (page.get_by_role("link", name="Voir la page publique").get_attribute("href") or "")
        .rstrip("/")
        .rpartition("/")[2]
    )
    assert portal.api(f"/datasets/{slug}/records?limit=1")["total"] == 4 * 4 * 16  # years, quarters, associations


@pytest.mark.parametrize("width", [1440, 390])
def test_the_review_page_is_accessible_and_fits(open_page: Callable[..., Any], width: int) -> None:
    page = open_page("/mairie/", width, role="agent")
    page.locator("main .desk-list a", has_text="vie associative").first.click()
    for address in ("", "?etape=split_column#ajouter", "?etape=unpivot#ajouter", "?etape=replace_values#ajouter"):
        page.goto(page.url.split("?")[0].split("#")[0] + address)
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_step_is_added_by_keyboard_alone_and_without_scripts(open_page: Callable[..., Any]) -> None:
    page = open_page("/mairie/", 1440, role="agent", java_script_enabled=False)
    page.locator("main .desk-list a", has_text="vie associative").first.press("Enter")
    page.get_by_text("Ajouter une étape").press("Enter")
    page.get_by_role("link", name="Renommer une colonne").press("Enter")
    page.get_by_label("Colonne", exact=True).select_option("Salle")
    page.get_by_label("Nouveau nom").fill("Lieu")
    page.get_by_role("button", name="Ajouter cette étape").press("Enter")
    page.wait_for_load_state()
    for _ in range(20):
        if page.locator(".recipe").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    assert spaced("« Salle » s'appelle désormais « Lieu »") in page.locator(".recipe").inner_text()
    page.get_by_role("button", name="Annuler le dernier changement").press("Enter")
    page.wait_for_timeout(3000)
    page.reload()
    assert "désormais" not in page.locator(".recipe").inner_text()
