"""Steps that a person adds on the review page with more than a word: a pasted table, a system of coordinates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from tests.portal.conftest import Town
from tests.portal.test_path_of_a_file import post_file
from tests.portal.test_recipes import act, labels, publish, rank

from parvis.text import spaced
from parvis_portal.intake import repairing
from parvis_portal.intake.models import Submission

SCHOOLS = "code;élèves\nA1;12\nB2;9\nC3;4\n"
NAMES = "Code\tNom de l'école\tQuartier\r\nA1\tLac\tNord\r\nB2\tBois\tSud\r\n"
PLACES = "nom;abscisse;ordonnée\n" + "".join(f"Lieu {n};{1652381 + n};{8184000 + n}\n" for n in range(5))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    from parvis_portal.intake import views

    monkeypatch.setattr(views, "PATIENCE", 0)


def test_a_table_is_pasted_and_kept_for_the_next_file(town: Town, drop: Callable[..., Submission]) -> None:
    draft = drop("ecoles 2026-05.csv", SCHOOLS.encode()).drafts.get()
    page = town.client("agent").get(reverse("intake:draft", args=[draft.pk]) + "?etape=join_reference").content.decode()
    assert 'class="pasted"' in page and "Ou un tableau collé" in page
    refused = act(town, draft, "add:join_reference", **{"p:column": "code", "p:pasted": "Code;Nom\n"})
    assert "il faut une ligne de titres" in refused and "Code;Nom" in refused, "what was typed is not lost"
    refused = act(town, draft, "add:join_reference", **{"p:column": "code"})
    assert "Choisissez où chercher, ou collez un tableau" in refused
    page = act(town, draft, "add:join_reference", **{"p:column": "code", "p:pasted": NAMES})
    assert labels(draft) == ["code", "élèves", "Nom de l'école", "Quartier"]
    assert spaced("2 lignes sur 3 sont complétées par « tableau collé »") in page
    publish(town, draft)
    june = drop("ecoles 2026-06.csv", SCHOOLS.replace("12", "13").encode()).drafts.get()
    assert labels(june) == ["code", "élèves", "Nom de l'école", "Quartier"]


def test_a_hostile_paste_is_refused_in_words(town: Town) -> None:
    draft = post_file(town, "agent", "ecoles.csv", SCHOOLS.encode()).drafts.get()
    for paste, said in (("a;b\n" * 6000, "plus de 5000 lignes"), ("a;b\n" + "é" * (1 << 20), "dépasse 1 Mo")):
        assert said in act(town, draft, "add:join_reference", **{"p:column": "code", "p:pasted": paste})
    page = act(
        town, draft, "add:join_reference", **{"p:column": "code", "p:pasted": "code;x\nA1;<script>alert(1)</script>"}
    )
    assert "<script>alert" not in page and labels(draft)[-1] == "x"


def test_what_may_be_undone_does_not_grow_with_pasted_tables(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repairing, "UNDONE_SIZE", 3000)
    draft = post_file(town, "agent", "ecoles.csv", SCHOOLS.encode()).drafts.get()
    large = "code;x\n" + "".join(f"{n};{'y' * 20}\n" for n in range(100))
    act(town, draft, "add:join_reference", **{"p:column": "code", "p:pasted": large + "A1;z"})
    for _ in range(3):
        act(town, draft, f"off:{rank(draft, 'join_reference')}")
        act(town, draft, f"on:{rank(draft, 'join_reference')}")
    assert 1 <= len(draft.former) <= 2


def test_the_system_of_coordinates_is_said_by_hand_and_mended_with_one_press(town: Town) -> None:
    draft = post_file(town, "agent", "lieux.csv", PLACES.encode()).drafts.get()
    form = {"p:x": "abscisse", "p:y": "ordonnée"}
    page = act(town, draft, "add:coordinate_system", **{"p:system": "27572", **form})
    assert "tombent hors de France" in page and spaced("en Lambert CC49 : reprenez") in page
    fix = next(n for n, f in enumerate(draft.prepared.findings) if f.code == "geo.system_outside")
    page = act(town, draft, f"fix:{fix}")
    mine = [s for s in draft.prepared.recipe if s.repair == "coordinate_system"]
    assert [s.parameters["system"] for s in mine] == ["3949"], "it takes the place of the wrong one"
    assert "5 point(s) sur 5 tombent en France" in page and list(draft.prepared.profile.point)
