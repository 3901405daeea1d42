"""What people do on the portal, done by a browser: a citizen, an agent, a referent."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import Portal

pytestmark = pytest.mark.browser


def test_a_citizen_finds_sorts_and_maps_with_the_keyboard_alone(open_page: Callable[..., Any]) -> None:
    page = open_page("/", 1440)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("arbre")
    page.keyboard.press("Enter")
    page.wait_for_url("**/donnees/?q=arbre")
    page.locator("main article a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/donnees/arbres"))
    heading = page.locator("thead a", has_text="HAUTEUR")
    heading.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("th[aria-sort]")
    assert "tri=hauteur" in page.url
    assert page.evaluate("document.activeElement.dataset.key") == "hauteur"
    page.locator("parvis-map button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".map[data-ready]", timeout=60_000)
    assert page.locator("canvas.maplibregl-canvas").count() == 1


def test_a_table_is_filtered_without_a_new_page(open_page: Callable[..., Any], portal: Portal) -> None:
    slug = portal.api("/datasets?q=arbres&limit=1")["datasets"][0]["slug"]
    page = open_page(f"/donnees/{slug}/", 390)
    page.evaluate("window.same = true")
    page.select_option("#t-c", "etat")
    page.fill("#t-v", "bon")
    page.get_by_role("button", name="Filtrer").click()
    page.wait_for_url("**colonne=etat**")
    page.wait_for_selector("parvis-table:not([aria-busy])")
    assert page.evaluate("window.same") is True
    states = set(page.locator("parvis-table tbody td:nth-child(8)").all_inner_texts())
    assert states == {"Bon"}


def test_an_agent_drops_a_file_and_a_referent_releases_it(open_page: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "jeux_aires.csv"
    text = "Aire de jeux;Quartier;Surface (m²)\nLes Lutins;Gare;120\nLe Moulin;Centre;240\nL'Étang;Gare;90\n"
    file.write_bytes(text.encode("cp1252"))
    agent = open_page("/mairie/", 390, role="agent")
    agent.set_input_files("#id_documents", str(file))
    agent.get_by_role("button", name="Envoyer").click()
    agent.wait_for_url("**/brouillons/**", timeout=60_000)
    assert (
        "cp1252" in agent.locator("main").inner_text().lower()
        or "windows-1252" in agent.locator("main").inner_text().lower()
    )
    agent.fill("#id_title", "Aires de jeux de la commune")
    agent.get_by_role("button", name="Transmettre au référent").click()
    agent.wait_for_url("**/mairie/")
    referent = open_page("/mairie/", 1440, role="referent")
    referent.get_by_role("link", name="Aires de jeux de la commune").click()
    referent.get_by_role("button", name="Publier", exact=True).click()
    referent.get_by_role("link", name="Voir la page publique").click(timeout=60_000)
    assert referent.locator("h1").inner_text() == "Aires de jeux de la commune"
    assert "L'Étang" in referent.locator("parvis-table").inner_text()


def test_a_wrong_password_is_said_kindly(open_page: Callable[..., Any]) -> None:
    page = open_page("/mairie/connexion/")
    page.fill("#id_username", "agent@fontclaire.example")
    page.fill("#id_password", "pas le bon")
    page.click("main form button")
    assert "ne vont pas ensemble" in page.locator("[role=alert]").inner_text()


def test_the_desk_of_fontclaire_shows_released_waiting_and_refused_files(open_page: Callable[..., Any]) -> None:
    page = open_page("/mairie/", role="referent")
    said = page.locator("main").inner_text()
    assert "À décider" in said and "Refusés" in said and "Publiés" in said
    assert page.locator("a[href*='/brouillons/']").count() > 20 and page.locator("a[href*='/fichiers/']").count() >= 3
