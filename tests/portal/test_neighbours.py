"""Files of one town side by side on the desk: what they contradict is said, linked, and never stops anything."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.urls import reverse
from tests.portal.conftest import Town
from tests.portal.test_path_of_a_file import fields, post_file

from parvis.text import words
from parvis_portal.intake import neighbours
from parvis_portal.intake.models import Draft, Submission
from parvis_portal.jobs import worker
from parvis_portal.people import actions as people
from parvis_portal.people.models import Role

ACTS = "COLL_NOM;COLL_SIRET;DELIB_ID;DELIB_DATE;DELIB_MATIERE_CODE;DELIB_MATIERE_NOM;DELIB_OBJET;VOTE_POUR\n" + "".join(
    f"Fontclaire;21580999700012;2026-0{n};2026-03-1{n};7.5;Subventions;Objet {n};19\n" for n in range(1, 6)
)
GRANTS = (
    "nomAttribuant;idAttribuant;dateConvention;referenceDecision;nomBeneficiaire;idBeneficiaire;objet;montant;nature;"
    "conditionsVersement;datesPeriodeVersement;idRAE;notificationUE;pourcentageSubvention\n"
    + "".join(
        f"Fontclaire;21580999700012;2026-04-0{n};{r};Chorale {n};{SIRET};Concert;{n}00;aide en numéraire;unique;"
        "2026-05-01;;non;1\n"
        for SIRET in ("21340172201787",)
        for n, r in enumerate(["2026-01", "2026-02", "2026-99"], 1)
    )
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    from parvis_portal.intake import views

    monkeypatch.setattr(views, "PATIENCE", 0)


def page(town: Town, draft: Draft, role: str = "agent") -> str:
    return town.client(role).get(reverse("intake:draft", args=[draft.pk])).content.decode()


def said(draft: Draft) -> list[str]:
    draft.refresh_from_db()
    return [f.code for f in draft.prepared.findings if f.code.startswith("across.")]


def test_a_file_is_held_against_what_the_town_released(town: Town, released: Callable[..., Draft]) -> None:
    acts = released("deliberations.csv", ACTS.encode())
    assert acts.dataset is not None
    draft = post_file(town, "agent", "subventions.csv", GRANTS.encode()).drafts.get()
    assert said(draft) == ["across.no_deliberation"]
    shown = page(town, draft)
    assert "Avec vos autres fichiers" in shown and reverse("site:dataset", args=[acts.dataset.slug]) in shown
    assert "citent une délibération qui n&#x27;est pas dans" in shown and "version 1" in shown
    town.client("referent").post(reverse("intake:draft", args=[draft.pk]), fields(draft, then="accept"))
    town.client("referent").post(reverse("intake:approve", args=[draft.pk]))
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED and draft.dataset is not None and draft.dataset.current is not None
    public = draft.dataset.current.version.findings
    assert not [f for f in public if f.code.startswith("across.")], "what another file says is not published"


def test_files_of_one_deposit_are_held_against_each_other_whatever_their_order(town: Town) -> None:
    grants = post_file(town, "agent", "subventions.csv", GRANTS.encode()).drafts.get()
    assert said(grants) == []
    acts = post_file(town, "agent", "deliberations.csv", ACTS.encode()).drafts.get()
    assert said(grants) == ["across.no_deliberation"] and said(acts) == []
    shown = page(town, grants)
    assert reverse("intake:draft", args=[acts.pk]) in shown and "en attente de décision" in shown
    assert "1 fichier sans remarque" in page(town, acts)


def test_a_new_version_of_the_other_file_is_looked_at(town: Town, released: Callable[..., Draft]) -> None:
    released("deliberations.csv", ACTS.encode())
    draft = post_file(town, "agent", "subventions.csv", GRANTS.encode()).drafts.get()
    assert said(draft) == ["across.no_deliberation"]
    more = ACTS + "Fontclaire;21580999700012;2026-99;2026-03-20;7.5;Subventions;Objet 99;19\n"
    released("deliberations.csv", more.encode())
    assert said(draft) == [] and "version 2" in page(town, draft)


def test_a_table_is_compared_again_on_demand_and_after_a_step(town: Town, released: Callable[..., Draft]) -> None:
    acts = released("deliberations.csv", ACTS.encode())
    draft = post_file(town, "agent", "subventions.csv", GRANTS.encode()).drafts.get()
    address = reverse("intake:draft", args=[draft.pk])
    assert acts.dataset is not None and acts.dataset.current is not None
    acts.dataset.releases.update(number=7)
    assert "qui a changé depuis" in page(town, draft)
    town.client("agent").post(address, fields(draft, then="compare", title="Aides de 2026"))
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.title == "Aides de 2026" and draft.prepared.beside[0].at
    step = {"p:column": "nomBeneficiaire", "p:name": "Association"}
    town.client("agent").post(address, {**fields(draft), "recipe": "add:rename", **step})
    worker.run(once=True)
    assert said(draft) == ["across.no_deliberation"]


def test_a_table_is_not_held_against_the_dataset_it_renews_nor_against_its_copy(
    town: Town, released: Callable[..., Draft], drop: Callable[..., Submission]
) -> None:
    acts = released("deliberations.csv", ACTS.encode())
    changed = ACTS.replace("Objet", "Sujet").encode()
    assert said(drop("deliberations.csv", changed).drafts.get()) == []
    other = drop("actes du conseil.csv", changed).drafts.get()
    assert said(other) == ["across.same_number"]
    assert acts.dataset is not None
    form = fields(other, then="save", dataset=acts.dataset.pk)
    town.client("agent").post(reverse("intake:draft", args=[other.pk]), form)
    worker.run(once=True)
    assert said(other) == [] and "Avec vos autres fichiers" not in page(town, other)


def test_another_towns_files_are_never_looked_at(town: Town, drop: Callable[..., Submission]) -> None:
    next_town = people.organisation("valbrune", name="Valbrune", insee="58998", email="donnees@valbrune.example")
    people.account("agent@valbrune.example", "Chloé", "un mot de passe de test", next_town, Role.AGENT)
    drop("deliberations.csv", ACTS.encode(), next_town)
    draft = drop("subventions.csv", GRANTS.encode()).drafts.get()
    assert said(draft) == [] and draft.prepared.beside == ()


@pytest.mark.parametrize(
    ("title", "is_one"),
    [
        ("Limites de la commune", True),
        ("Limites administratives des communes", True),
        ("Contour communal", True),
        ("Communes : contours", True),
        ("Périmètres scolaires de la commune", False),
        ("Périmètre de protection des captages de la commune", False),
        ("Arbres de la commune", False),
        ("Limites de vitesse", False),
    ],
)
def test_an_outline_is_known_by_its_title(title: str, is_one: bool) -> None:
    assert bool(neighbours._OUTLINE.search(" ".join(words(title)))) is is_one


def test_the_towns_own_outline_once_released_tells_which_points_are_out(
    town: Town, released: Callable[..., Draft], drop: Callable[..., Submission]
) -> None:
    box = [[[3.0, 47.0], [3.1, 47.0], [3.1, 47.1], [3.0, 47.1], [3.0, 47.0]]]
    shape = {
        "type": "Feature",
        "properties": {"nom": "Fontclaire"},
        "geometry": {"type": "Polygon", "coordinates": box},
    }
    outline = json.dumps({"type": "FeatureCollection", "features": [shape]}).encode()
    rows = "espece;longitude;latitude\n" + "".join(f"Tilleul;{3.01 + n / 200};47.05\n" for n in range(12))
    trees = (rows + "Chêne;3.19;47.05\n").encode()
    before = drop("arbres.csv", trees).drafts.get()
    assert "values.point_out_of_town" not in {f.code for f in before.prepared.findings}
    released("limites de la commune.geojson", outline)
    after = drop("arbres en ville.csv", trees).drafts.get()
    told = next(f for f in after.prepared.findings if f.code == "values.point_out_of_town")
    assert told.lines == (14,) and "hors du contour de la commune" in page(town, after)
