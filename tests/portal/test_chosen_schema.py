"""When Parvis is not sure of what a file should be, a person says it with one press, and the next file knows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from tests.portal.conftest import TREES, Town
from tests.portal.test_path_of_a_file import post_file
from tests.portal.test_recipes import act, publish

from parvis.schemas.schema import all_ids
from parvis.text import spaced
from parvis_portal.intake.models import Draft, SourceTable, Submission

# Subsidies under an office's own headers: some of them speak of the schema's matter, none is the schema's name.
OWN = "Association bénéficiaire;Objet de la subvention;Montant voté;Date du conseil;Service\n" + "".join(
    f"Club {n};Fonctionnement;{n}00;2026-03-1{n % 10};Sports\n" for n in range(1, 9)
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    from parvis_portal.intake import views

    monkeypatch.setattr(views, "PATIENCE", 0)


@pytest.fixture
def doubtful(drop: Callable[..., Submission]) -> Draft:
    draft = drop("subventions 2026-05.csv", OWN.encode()).drafts.get()
    assert 0.35 <= draft.prepared.profile.schemas[0].confidence < 0.6 and draft.prepared.schema == ""
    return draft


def shown(town: Town, draft: Draft) -> str:
    return town.client("agent").get(reverse("intake:draft", args=[draft.pk])).content.decode()


def test_a_doubt_is_said_with_one_button_for_each_candidate(town: Town, doubtful: Draft) -> None:
    page = shown(town, doubtful)
    assert "Parvis n'est pas sûr" in page and "aucun schéma national" in page
    for match in doubtful.prepared.profile.schemas:
        assert (f'value="schema:{match.schema}"' in page) is (match.confidence >= 0.35)
    best = doubtful.prepared.profile.schemas[0].schema
    page = act(town, doubtful, f"schema:{best}", title="Aides aux associations")
    assert doubtful.prepared.schema == best and doubtful.title == "Aides aux associations"
    assert "que vous avez choisi" in page and "Parvis n'est pas sûr" not in page
    assert any(f.code.startswith("schema.") for f in doubtful.prepared.findings), "it is checked at once"
    assert any(c.field for c in doubtful.prepared.profile.columns)


def test_columns_that_are_missing_are_said_together(town: Town, doubtful: Draft) -> None:
    page = act(town, doubtful, "schema:scdl/subventions")
    missing = [f for f in doubtful.prepared.findings if f.code == "schema.missing_field"]
    remarks = page.split("Ce que Parvis a remarqué")[1]
    assert len(missing) >= 3 and remarks.count(f"Il manque {len(missing)} colonnes obligatoires") == 1
    assert "Il manque la colonne" not in remarks and all(spaced(f"« {f.values['field']} »") in remarks for f in missing)


def test_a_person_may_want_none_or_let_parvis_choose_again(town: Town, doubtful: Draft) -> None:
    page = act(town, doubtful, "schema:-")
    assert "c'est votre choix" in page and doubtful.prepared.schema == ""
    act(town, doubtful, "schema:?", **{"p:schema": "scdl/deliberations"})
    assert doubtful.prepared.schema == "scdl/deliberations", "any schema may be chosen, even an unlikely one"
    assert "scdl/deliberations" in [m.schema for m in doubtful.prepared.profile.schemas]
    page = act(town, doubtful, "schema:")
    assert doubtful.prepared.schema == "" and "Parvis n'est pas sûr" in page


def test_the_choice_stays_when_steps_change_and_for_the_next_file(
    town: Town, doubtful: Draft, drop: Callable[..., Submission]
) -> None:
    best = doubtful.prepared.profile.schemas[0].schema
    act(town, doubtful, f"schema:{best}")
    act(town, doubtful, "add:drop_columns", **{"p:columns": ["Service"]})
    assert doubtful.prepared.schema == best
    publish(town, doubtful)
    assert SourceTable.objects.get().schema == best
    assert doubtful.dataset is not None and doubtful.dataset.current is not None
    assert doubtful.dataset.current.version.schema == best
    june = drop("subventions 2026-06.csv", OWN.encode()).drafts.get()
    assert june.schema == best and june.prepared.schema == best
    SourceTable.objects.update(schema="parti/ailleurs")  # a schema that a later version of Parvis no longer has
    assert drop("subventions 2026-07.csv", OWN.encode()).drafts.get().prepared.schema == ""


def test_a_sure_schema_is_said_and_may_be_changed(town: Town, drop: Callable[..., Submission]) -> None:
    acts = "COLL_NOM;COLL_SIRET;DELIB_ID;DELIB_DATE;DELIB_MATIERE_CODE;DELIB_MATIERE_NOM;DELIB_OBJET\n" + "".join(
        f"Fontclaire;21580999700012;2026-0{n};2026-03-1{n};7.5;Subventions;Objet {n}\n" for n in range(1, 6)
    )
    draft = drop("deliberations.csv", acts.encode()).drafts.get()
    page = shown(town, draft)
    assert "Vérifié contre le schéma" in page and spaced("Ce n'est pas le bon schéma ?") in page
    assert all(f'value="{i}"' in page for i in all_ids())
    assert spaced("aucun schéma : c'est votre choix") in act(town, draft, "schema:-")


@pytest.mark.parametrize(
    "what", ["schema:boum", "schema:../../etc/passwd", "schema:https://x.example/s.json", "schema:?"]
)
def test_a_schema_that_is_not_there_is_refused(town: Town, what: str) -> None:
    draft = post_file(town, "agent", "arbres.csv", TREES).drafts.get()
    page = act(town, draft, what)
    draft.refresh_from_db()
    assert draft.schema == "" and draft.state == Draft.State.WAITING
    assert "Parvis ne connaît pas le schéma" in page or "Choisissez un schéma" in page
