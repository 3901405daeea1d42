"""The review page with all that it can show, and the pages that say no: at both widths, and with forced colours."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import AXE, WIDTHS, Portal, axe

from parvis.text import spaced

pytestmark = pytest.mark.browser

ACTS = "COLL_NOM;COLL_SIRET;DELIB_ID;DELIB_DATE;DELIB_MATIERE_CODE;DELIB_MATIERE_NOM;DELIB_OBJET;VOTE_POUR\n" + "".join(
    f"Fontclaire;21580999700012;2026-7{n};2026-03-1{n};7.5;Subventions;Objet {n};19\n" for n in range(1, 6)
)
GRANTS = "nomAttribuant;idAttribuant;dateConvention;referenceDecision;nomBeneficiaire;objet;montant;nature\n" + "".join(
    f"Fontclaire;21580999700012;2026-04-0{n};{r};Chorale {n} ;Concert;{n}00;aide en numéraire\n"
    for n, r in enumerate(["2026-71", "2026-72", "2026-99"], 1)
)
OWN = "Association bénéficiaire;Objet de la subvention;Montant voté;Date du conseil;Service\n" + "".join(
    f"Club {n};Fonctionnement;{n}00;2026-03-1{n};Sports\n" for n in range(1, 9)
)
OPEN = "document.querySelectorAll('main details').forEach(d => d.open = true)"
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
LOOK = """(e) => { const look = getComputedStyle(e);
  return [look.backgroundColor, look.borderTopStyle, look.textDecorationLine]; }"""
BROKEN = """
import sys, django
django.setup()
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from parvis_portal.site import views
request = RequestFactory().get("/", HTTP_HOST="127.0.0.1")
request.user = AnonymousUser()
sys.stdout.buffer.write(views.failed(request).content)
"""


def dropped(page: Any, work: Path, name: str, text: str) -> str:
    """Drop a file as a person does, and return the address of its review page."""
    (work / name).write_text(text, "utf-8")
    page.goto(page.url.split("/mairie")[0] + "/mairie/")
    page.set_input_files("#id_documents", str(work / name))
    page.get_by_role("button", name="Envoyer").click()
    page.wait_for_url("**/brouillons/**", timeout=90_000)
    return str(page.url).split("#")[0].split("?")[0]


@pytest.fixture(scope="module")
def drafts(chromium: Any, portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of a table that other files contradict, and of one whose schema is in doubt."""
    work = tmp_path_factory.mktemp("office")
    page = chromium.new_context(locale="fr-FR").new_page()
    page.goto(f"{portal.address}/mairie/connexion/")
    page.fill("#id_username", "referent@fontclaire.example")
    page.fill("#id_password", "fontclaire-2026")
    page.click("main form button")
    page.wait_for_url("**/mairie/")
    dropped(page, work, "actes du conseil de printemps.csv", ACTS)
    told = {
        "near": dropped(page, work, "aides de printemps.csv", GRANTS),
        "doubt": dropped(page, work, "aides du logiciel.csv", OWN),
    }
    page.context.close()
    return told


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("which", ["near", "doubt"])
def test_the_whole_review_page_is_accessible(
    open_page: Callable[..., Any], drafts: dict[str, str], which: str, width: int
) -> None:
    page = open_page("/mairie/", width, role="agent")
    for step in ("", "?etape=coordinate_system", "?etape=join_reference"):
        page.goto(drafts[which] + step)
        page.evaluate(OPEN)  # the report, the schemas, the columns, the remarks: nothing hides from axe
        assert axe(page) == []
        assert page.evaluate(FITS), "overflows"
    text = page.locator("main").inner_text()
    assert "Où en est ce fichier" in text
    assert ("Avec vos autres fichiers" if which == "near" else "Parvis n'est pas sûr") in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_review_page_keeps_its_signs_when_colours_are_forced(
    open_page: Callable[..., Any], drafts: dict[str, str], scheme: str
) -> None:
    page = open_page("/mairie/", 1440, role="agent", forced_colors="active", color_scheme=scheme)
    page.goto(drafts["near"])
    page.evaluate(OPEN)
    page.evaluate(AXE.read_text("utf-8"))
    # What axe believes of contrast are colours that nobody paints in this mode.
    told = page.evaluate("axe.run(document, {rules: {'color-contrast': {enabled: false}}})")
    assert told["violations"] == []
    signs = [".button:not(.quiet)", ".button.quiet", ".finding", ".badge", ".diff del", ".diff ins"]
    looks = {sign: page.locator(f"main {sign}").first.evaluate(LOOK) for sign in signs}
    assert looks[".button:not(.quiet)"][0] != looks[".button.quiet"][0], "what publishes is told from the rest"
    assert looks[".finding"][1] == looks[".badge"][1] == "solid"
    assert looks[".diff del"][2] == "line-through" and looks[".diff ins"][1] == "solid"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_doubt_is_settled_by_one_press_of_a_key(
    open_page: Callable[..., Any], drafts: dict[str, str], width: int
) -> None:
    page = open_page("/mairie/", width, role="agent")
    page.goto(drafts["doubt"])
    button = page.get_by_role("button", name="C'est bien : Subventions versées")
    if not button.count():  # the other width settled it
        page.locator("summary", has_text="le bon schéma").click()
        page.get_by_role("button", name="Laisser Parvis choisir").click()
        page.wait_for_url("**#quoi")
        page.goto(drafts["doubt"])
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_text("que vous avez choisi").wait_for(timeout=30_000)
    assert spaced("Vérifié contre le schéma « Subventions versées »") in page.locator("main").inner_text()
    assert axe(page) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_that_say_no_are_accessible(open_page: Callable[..., Any], portal: Portal, width: int) -> None:
    slug = portal.api("/datasets?limit=1")["datasets"][0]["slug"]
    page = open_page(f"/mairie/jeux/{slug}/retirer/", width, role="agent")
    assert _said(page, "403")
    page.goto(f"{portal.address}/rien/")
    assert _said(page, "404")
    broken = _broken(portal)  # its looks alone: a real breakdown would fail every test
    page.route("**/panne/", lambda route: route.fulfill(content_type="text/html; charset=utf-8", body=broken))
    page.goto(f"{portal.address}/panne/")
    assert _said(page, "500")
    assert page.evaluate("document.styleSheets.length") >= 1


@pytest.mark.parametrize("width", WIDTHS)
def test_a_withdrawn_dataset_says_so_accessibly(open_page: Callable[..., Any], tmp_path: Path, width: int) -> None:
    page = open_page("/mairie/", width, role="referent")
    trees = "essence;hauteur\n" + "".join(f"Tilleul {n};{n}\n" for n in range(5))
    dropped(page, tmp_path, f"haies a retirer {width}.csv", trees)
    page.get_by_role("button", name="Publier", exact=True).click()
    link = page.get_by_role("link", name="Voir la page publique")
    link.wait_for(timeout=60_000)
    public = page.url.split("/mairie")[0] + (link.get_attribute("href") or "")
    slug = public.rstrip("/").rpartition("/")[2]
    page.goto(page.url.split("/mairie")[0] + f"/mairie/jeux/{slug}/retirer/")
    page.fill("#id_reason", "Fichier d'essai")
    page.locator("main form button").last.click()
    page.wait_for_url("**/historique/")
    assert axe(page) == []
    page.goto(public)
    assert _said(page, "410") and "Fichier d'essai" in page.locator("main").inner_text()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_refused_sign_in_and_too_many_tries_are_accessible(open_page: Callable[..., Any], width: int) -> None:
    page = open_page("/mairie/connexion/", width)
    for turn in range(12):
        page.fill("#id_username", f"personne-{width}@fontclaire.example")
        page.fill("#id_password", "un mot de passe faux")
        page.click("main form button")
        page.wait_for_load_state()
        if turn == 0:
            assert page.locator("[role=alert], .errorlist").count() and axe(page) == [] and page.evaluate(FITS)
        if not page.locator("#id_username").count():
            break
    assert "Trop d'essais" in page.title() and axe(page) == [] and page.evaluate(FITS)


def _said(page: Any, status: str) -> bool:
    assert axe(page) == []
    assert page.evaluate(FITS), "overflows"
    assert page.locator("h1").count() == 1
    return bool(status in page.locator("main").inner_text())


def _broken(portal: Portal) -> str:
    """Return the page that says that we failed, as a visitor of this portal would get it."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "parvis_portal.settings", "PARVIS_DATA": str(portal.data)}
    told = subprocess.run(
        [sys.executable, "-c", BROKEN], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return told.stdout
