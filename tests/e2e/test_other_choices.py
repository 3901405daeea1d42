"""The other ways of the review page, with everything unfolded: accessible, narrow enough, and chosen with a keyboard alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.e2e.conftest import WIDTHS, Portal, axe
from tests.e2e.test_review_and_errors import FITS, OPEN, dropped

pytestmark = pytest.mark.browser

MEMBERS = "Âge;Sexe;Métier;Cotisation\n" + "".join(
    f"{20 + n % 40};{'FM'[n % 2]};{'abc'[n % 3]};{100 + n * 7 % 213},5\n" for n in range(240)
)
AIDS = "Quartier;Tranche d'âge;Bénéficiaires d'une aide sociale\n" + "".join(
    f"Q{q};{a};{n}\n" for q in range(5) for a, n in (("jeunes", 30 + q), ("adultes", 3 + q), ("anciens", 60 - q))
)
HOMES = "Âge;Sexe;Longitude;Latitude\n" + "".join(
    f"{20 + n % 30};{'FM'[n % 2]};{3.1002 + n * 0.0001:.4f};{47.205 + n % 7 * 0.0001:.4f}\n" for n in range(190)
)
AREAS = {"type": "FeatureCollection", "features": [
    {"type": "Feature", "properties": {"nom": name}, "geometry": {"type": "Polygon", "coordinates": [
        [[x, 47.2], [x + 0.01, 47.2], [x + 0.01, 47.21], [x, 47.21], [x, 47.2]]]}}
    for name, x in (("Centre", 3.1), ("Gare", 3.11))
]}  # fmt: skip


@pytest.fixture(scope="module")
def drafts(chromium: Any, portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    work = tmp_path_factory.mktemp("office")
    page = chromium.new_context(locale="fr-FR").new_page()
    page.goto(f"{portal.address}/mairie/connexion/")
    page.fill("#id_username", "referent@fontclaire.example")
    page.fill("#id_password", "fontclaire-2026")
    page.click("main form button")
    page.wait_for_url("**/mairie/")
    dropped(page, work, "quartiers de la ville.geojson", json.dumps(AREAS))
    told = {
        "members": dropped(page, work, "adherents du club.csv", MEMBERS),
        "aids": dropped(page, work, "aides sociales par quartier.csv", AIDS),
        "homes": dropped(page, work, "beneficiaires du portage.csv", HOMES),
    }
    for address in told.values():  # what is proposed is tried by a worker
        page.goto(address)
        for _ in range(60):
            if page.locator("#puis-je").count():
                break
            page.wait_for_timeout(1000)
            page.reload()
    page.context.close()
    return told


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("which", ["members", "aids", "homes"])
def test_all_the_ways_are_accessible_and_fit(
    open_page: Callable[..., Any], drafts: dict[str, str], which: str, width: int
) -> None:
    page = open_page("/mairie/", width, role="referent")
    page.goto(drafts[which])
    folded = page.locator("section[aria-labelledby=personnes] details:not([open])")
    assert folded.count() > 0, "the proposal first, the rest folded"
    page.evaluate(OPEN)
    assert axe(page) == []
    assert page.evaluate(FITS), "overflows"
    text = page.locator("main").inner_text()
    said = {
        "members": "Publier une copie synthétique",
        "aids": "Arrondir tous les effectifs",
        "homes": "La couche qui donne",
    }
    assert said[which] in text


@pytest.mark.parametrize("width", WIDTHS)
def test_the_slider_of_k_obeys_the_arrows_and_tells_its_price(
    open_page: Callable[..., Any], drafts: dict[str, str], width: int
) -> None:
    page = open_page("/mairie/", width, role="referent")
    page.goto(drafts["members"])
    slider, shown, price = page.locator("#g-k"), page.locator("[data-k]"), page.locator("[data-said]")
    slider.focus()
    before = (shown.inner_text(), price.inner_text())
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    after = (shown.inner_text(), price.inner_text())
    assert int(after[0]) > int(before[0]) and slider.get_attribute("aria-valuetext") == after[0]
    assert after[1].endswith("%") and float(after[1].split()[0]) < float(before[1].split()[0]), (
        "more people, less detail"
    )
    page.keyboard.press("Home")
    assert shown.inner_text() == "2"


def test_a_way_is_chosen_and_kept_with_the_keyboard_alone(
    open_page: Callable[..., Any], drafts: dict[str, str]
) -> None:
    page = open_page("/mairie/", 1440, role="referent")
    page.goto(drafts["aids"])
    page.locator("summary", has_text="Autres façons").focus()
    page.keyboard.press("Enter")
    page.locator("#h-hide").focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("#h-round").is_checked()
    page.locator("#de-hiding").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Enregistrer sans publier").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Vos choix sont enregistrés").wait_for(timeout=60_000)
    assert page.locator("#h-round").is_checked() and page.locator("#h-round").is_visible(), "what is chosen is unfolded"
    assert "Décidé par" in page.locator("main").inner_text()
