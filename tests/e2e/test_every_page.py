"""Every page, at both widths: nothing for axe-core to say, nothing that overflows, nothing heavy, no cookie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.e2e.conftest import WIDTHS, Portal, axe

pytestmark = pytest.mark.browser
PUBLIC = ["/", "/donnees/", "/donnees/?q=subvention", "/donnees/?q=xyzzy", "/donnees/{tree}/",
          "/donnees/{tree}/?q=erable&tri=-hauteur",
          "/donnees/{tree}/versions/1/", "/donnees/{tree}/versions/1/preuve/",
          "/organisations/fontclaire/", "/mentions-legales/", "/accessibilite/",
          "/api-docs/", "/rien/", "/mairie/connexion/", "/en/", "/en/donnees/{tree}/", "/donnees/?theme=finances",
          "/donnees/{tree}/?page=9999", "/en/donnees/?q=arbre", "/en/api-docs/"]  # fmt: skip
# What a finger must hit and is smaller than 44 pixels; a link within a sentence is let off, as the rule has it.
SMALL = """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary")].filter((e) => {
  const r = e.getBoundingClientRect();
  return r.width > 0 && r.height > 0 && (r.width < 43.5 || r.height < 43.5) && getComputedStyle(e).display !== "inline"
    && !e.closest(".visually-hidden") && !e.classList.contains("skip");
}).map((e) => `${e.tagName} ${(e.textContent || e.name).trim().slice(0, 40)}`)"""
TOWN_HALL = [
    "/mairie/",
    "/mairie/deposer/",
    "/mairie/sources/",
    "/mairie/sources/nouvelle/?genre=mail",
    "{draft}",
    "{refused}",
    "{history}",
    "{withdraw}",
    "{register}",
]


@pytest.fixture(scope="module")
def places(portal: Portal) -> dict[str, str]:
    told = portal.api("/datasets?q=arbres&limit=1")
    return {"tree": told["datasets"][0]["slug"]}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_is_sound(open_page: Callable[..., Any], places: dict[str, str], path: str, width: int) -> None:
    page = open_page(path.format(**places), width)
    assert not axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "overflows"
    assert not page.evaluate(SMALL), "too small for a finger"
    assert page.locator("h1").count() == 1
    if "connexion" not in path:
        assert not page.context.cookies(), "a visitor got a cookie"


def test_every_public_page_holds_at_400_percent(open_page: Callable[..., Any], places: dict[str, str]) -> None:
    """A screen of 1280 pixels enlarged four times is one of 320: nothing is lost to the right."""
    page = open_page("/", 320)
    home = page.url.rstrip("/")
    for path in PUBLIC:
        page.goto(home + path.format(**places))
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", TOWN_HALL)
def test_a_page_of_the_town_hall_is_sound(
    open_page: Callable[..., Any], path: str, width: int, places: dict[str, str]
) -> None:
    page = open_page("/mairie/", width, role="referent")
    if path.startswith("{"):
        slug = places["tree"]
        found = {
            "{draft}": lambda: page.locator("a[href*='/brouillons/']").first.get_attribute("href"),
            "{refused}": lambda: page.locator("a[href*='/fichiers/']").first.get_attribute("href"),
            "{history}": lambda: f"/mairie/jeux/{slug}/historique/",
            "{withdraw}": lambda: f"/mairie/jeux/{slug}/retirer/",
            "{register}": lambda: f"/mairie/jeux/{slug}/versions/1/registre/",
        }[path]()
        page.goto(page.url.split("/mairie")[0] + found)
    elif path != "/mairie/":
        page.goto(page.url.split("/mairie")[0] + path)
    assert not axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "overflows"
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("path", ["/", "/donnees/", "/donnees/{tree}/"])
def test_a_page_weighs_less_than_500_kb_before_a_map_is_opened(
    open_page: Callable[..., Any], places: dict[str, str], path: str
) -> None:
    page = open_page("/rien/")
    weights: list[int] = []
    page.on(
        "requestfinished", lambda r: weights.append(r.sizes()["responseBodySize"] + r.sizes()["responseHeadersSize"])
    )
    page.goto(page.url.split("/rien")[0] + path.format(**places))
    page.wait_for_load_state("networkidle")
    assert 0 < sum(weights) < 500_000


def test_every_page_is_useful_without_scripts(open_page: Callable[..., Any], places: dict[str, str]) -> None:
    page = open_page("/donnees/", java_script_enabled=False)
    page.fill("#q", "arbres")
    page.click("main form button")
    assert "Arbres" in page.locator("main article").first.inner_text()
    page.goto(page.url.split("/donnees")[0] + f"/donnees/{places['tree']}/")
    page.locator("thead a", has_text="HAUTEUR").click()
    heights = [
        float(t.replace(",", ".")) for t in page.locator("parvis-table tbody tr td:nth-child(5)").all_inner_texts()
    ]
    assert heights == sorted(heights) and len(heights) == 15
    assert page.locator("svg.chart:visible").count() == 1 and page.locator(".downloads a").count() >= 5
