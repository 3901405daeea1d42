"""The steps of a table on the review page, and what the next file of the same source takes up."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.urls import reverse
from tests.portal.conftest import ASSOCIATIONS, SECRET, Town
from tests.portal.test_path_of_a_file import fields, post_file

from parvis.text import spaced
from parvis_portal.intake import former
from parvis_portal.intake.models import Draft, SourceTable, Submission
from parvis_portal.jobs import worker
from parvis_portal.people.models import Act

WIDE = "École;2022;2023;2024\nLac ;12;13;14\nBois;9;;11\nPré;3;4;5\nTotal;24;17;30\n"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    from parvis_portal.intake import views

    monkeypatch.setattr(views, "PATIENCE", 0)


def act(town: Town, draft: Draft, what: str, role: str = "agent", **posted: object) -> str:
    """Press a button of the review page, and return the page that comes once the work is done."""
    address = reverse("intake:draft", args=[draft.pk])
    answer = town.client(role).post(address, {**fields(draft), "recipe": what, **posted})
    if answer.status_code != 302:
        return answer.content.decode()
    worker.run(once=True)
    draft.refresh_from_db()
    return town.client(role).get(address).content.decode()


def rank(draft: Draft, name: str) -> int:
    return next(n for n, s in enumerate(draft.prepared.recipe) if s.repair == name)


def labels(draft: Draft) -> list[str]:
    return [c.label for c in draft.prepared.profile.columns]


def decide(draft: Draft) -> dict[str, str]:
    out = {}
    for rule in draft.decided_policy.rules:
        out |= {f"transform:{rule.column}": rule.transform}
    return out


def publish(town: Town, draft: Draft) -> Draft:
    town.client("referent").post(
        reverse("intake:draft", args=[draft.pk]), fields(draft, then="accept", **decide(draft))
    )
    town.client("referent").post(reverse("intake:approve", args=[draft.pk]))
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED, draft.error
    return draft


def test_an_idea_is_accepted_a_step_is_switched_off_and_all_is_undone(town: Town) -> None:
    draft = post_file(town, "agent", "effectifs.csv", WIDE.encode()).drafts.get()
    assert draft.prepared.profile.rows == 3
    page = act(town, draft, f"accept:{rank(draft, 'unpivot')}")
    assert labels(draft) == ["École", "année", "valeur"] and draft.prepared.profile.rows == 8
    assert "deviennent des lignes" in page and spaced("lignes : 3 → 8") in page
    page = act(town, draft, f"off:{rank(draft, 'drop_totals')}")
    assert draft.prepared.profile.rows == 11 and "non faite" in page
    act(town, draft, "undo")
    assert draft.prepared.profile.rows == 8
    act(town, draft, "undo")
    assert labels(draft) == ["École", "2022", "2023", "2024"] and not draft.former
    assert Act.objects.filter(verb="repair", target=f"draft:{draft.pk}").count() == 4


def test_a_step_is_added_with_its_form_and_what_was_typed_is_kept(town: Town) -> None:
    draft = post_file(town, "agent", "effectifs.csv", WIDE.encode()).drafts.get()
    address = reverse("intake:draft", args=[draft.pk])
    page = town.client("agent").get(address + "?etape=rename").content.decode()
    assert 'name="p:column"' in page and "Nouveau nom" in page
    refused = act(town, draft, "add:rename", **{"p:column": "École", "p:name": " "})
    assert spaced("Répondez à « Nouveau nom »") in refused and draft.state == Draft.State.WAITING
    more = {"p:column": "École", "p:name": "Nom de l'école", "title": "Effectifs des écoles"}
    act(town, draft, "add:rename", **more)
    assert labels(draft)[0] == "Nom de l'école" and draft.title == "Effectifs des écoles"
    act(town, draft, f"remove:{rank(draft, 'rename')}")
    assert labels(draft)[0] == "École"


@pytest.mark.parametrize(
    "what", ["accept:99", "off:x", "remove:0", "add:nothing", "fix:0", "boum", "undo", "off:-1", "add:"]
)
def test_a_button_that_makes_no_sense_changes_nothing(town: Town, what: str) -> None:
    draft = post_file(town, "agent", "effectifs.csv", WIDE.encode()).drafts.get()
    before = draft.preparation
    answer = town.client("agent").post(reverse("intake:draft", args=[draft.pk]), {**fields(draft), "recipe": what})
    draft.refresh_from_db()
    assert answer.status_code == 400 and draft.preparation == before and draft.state == Draft.State.WAITING


def test_next_month_is_one_press(town: Town, drop: Callable[..., Submission]) -> None:
    draft = drop("effectifs 2026-05.csv", WIDE.encode()).drafts.get()
    act(town, draft, f"accept:{rank(draft, 'unpivot')}")
    act(town, draft, "add:rename", **{"p:column": "valeur", "p:name": "élèves"})
    draft.metadata["title"] = "Effectifs"
    draft.save()
    publish(town, draft)
    june = drop("effectifs 2026-06.csv", WIDE.replace("Pré;3;4;5", "Pré;3;4;6\nParc;1;1;1").encode()).drafts.get()
    assert labels(june) == ["École", "année", "élèves"] and june.dataset == draft.dataset and june.title == "Effectifs"
    desk = town.client("referent").get(reverse("intake:desk")).content.decode()
    assert "rien de nouveau à décider" in desk
    page = town.client("referent").get(reverse("intake:draft", args=[june.pk])).content.decode()
    assert "Publier cette mise à jour" in page
    assert spaced("Depuis la version 1 : 4 lignes ajoutées, 1 ligne retirée.") in page
    town.client("referent").post(reverse("intake:approve", args=[june.pk]))
    worker.run(once=True)
    june.refresh_from_db()
    assert june.state == Draft.State.RELEASED and june.dataset is not None and june.dataset.releases.count() == 2


def test_decisions_on_people_are_taken_up_unless_something_new_is_found(
    town: Town, drop: Callable[..., Submission]
) -> None:
    publish(town, drop("associations.csv", ASSOCIATIONS).drafts.get())
    again = drop("associations.csv", ASSOCIATIONS + f"Club 99;Mme {SECRET} Martin;x@courriel.example;1\n".encode())
    (draft,) = again.drafts.all()
    assert all(re.search(r"\(\d\d/\d\d/\d{4}\)$", r.decided_by) for r in draft.decided_policy.rules)
    page = town.client("referent").get(reverse("intake:draft", args=[draft.pk])).content.decode()
    assert "Publier cette mise à jour" in page and "Décidé par Une personne (referent) (" in page
    desk = town.client("referent").get(reverse("intake:desk")).content.decode()
    assert "décisions à prendre" not in desk and "rien de nouveau à décider" in desk
    first, *rows = ASSOCIATIONS.decode().splitlines()
    phones = "\n".join([f"{first};Téléphone", *(f"{r};06 12 34 56 {n + 10}" for n, r in enumerate(rows))])
    (other,) = drop("associations.csv", phones.encode()).drafts.all()
    page = town.client("referent").get(reverse("intake:draft", args=[other.pk])).content.decode()
    assert "Publier cette mise à jour" not in page and "1 colonne attend votre décision" in page
    town.client("referent").post(reverse("intake:approve", args=[other.pk]))
    worker.run(once=True)
    other.refresh_from_db()
    assert other.state == Draft.State.WAITING


def test_a_file_that_changed_its_shape_says_which_step_and_which_column(
    town: Town, drop: Callable[..., Submission]
) -> None:
    draft = drop("effectifs.csv", WIDE.encode()).drafts.get()
    act(town, draft, f"accept:{rank(draft, 'unpivot')}")
    publish(town, draft)
    (changed,) = drop("effectifs.csv", WIDE.replace("École", "Nom école").encode()).drafts.all()
    page = town.client("referent").get(reverse("intake:draft", args=[changed.pk])).content.decode()
    assert "a changé de forme" in page and spaced("« École », que ce fichier n&#x27;a plus") in page
    assert "Publier cette mise à jour" not in page
    act(town, changed, f"nearest:{rank(changed, 'unpivot')}")
    assert labels(changed) == ["Nom école", "année", "valeur"]


def test_the_file_of_another_year_is_another_dataset_and_takes_up_the_steps(
    town: Town, drop: Callable[..., Submission]
) -> None:
    draft = drop("subventions 2024.csv", WIDE.encode()).drafts.get()
    act(town, draft, f"accept:{rank(draft, 'unpivot')}")
    publish(town, draft)
    (other,) = drop("subventions 2025.csv", WIDE.replace("14", "15").encode()).drafts.all()
    assert other.dataset is None and labels(other) == ["École", "année", "valeur"]
    (same,) = drop("subventions 2024 (2).csv", WIDE.replace("14", "16").encode()).drafts.all()
    assert same.dataset == draft.dataset


def test_another_file_with_the_same_headers_takes_up_the_steps_and_no_decision(
    town: Town, drop: Callable[..., Submission]
) -> None:
    publish(town, drop("associations.csv", ASSOCIATIONS).drafts.get())
    (other,) = drop("clubs du quartier nord.csv", ASSOCIATIONS.replace(b"Club 1", b"Cercle 1")).drafts.all()
    assert other.dataset is None and other.preparation["follows"].startswith("~")
    assert not any(r.decided_by for r in other.decided_policy.rules)
    page = town.client("referent").get(reverse("intake:draft", args=[other.pk])).content.decode()
    assert "pas ses décisions" in page and "Publier cette mise à jour" not in page


def workbook(path: Path, years: tuple[str, ...] = ("2023", "2024")) -> bytes:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path))
    sheet, line = book.add_worksheet("Fréquentation"), 0
    for turn, year in enumerate(years):
        sheet.write_row(line, 0, [f"Entrées {year}"])
        sheet.write_row(line + 1, 0, ["Piscine", "Janvier", "Février", "Mars"])
        sheet.write_row(line + 2, 0, ["Lac", 12 + turn, 13, 14])
        sheet.write_row(line + 3, 0, ["Bois", 2, 3 + turn, 4])
        line += 6
    notes = book.add_worksheet("Agents")
    notes.write_row(0, 0, ["Service", "Bureau", "Étage"])
    for n in range(5):
        notes.write_row(n + 1, 0, [f"Service {n}", f"B{n}", n])
    book.close()
    return path.read_bytes()


def test_tables_of_a_file_are_put_together_and_the_unwanted_ones_stay_aside(
    town: Town, drop: Callable[..., Submission], tmp_path: Path
) -> None:
    one, two, three = drop("piscines.xlsx", workbook(tmp_path / "a.xlsx")).drafts.order_by("pk")
    act(town, one, f"accept:{rank(one, 'stack_tables')}")
    assert one.prepared.profile.rows == 4 and labels(one)[0] == "année"
    two.refresh_from_db()
    assert two.prepared.within == one.prepared.profile.table
    desk = town.client("agent").get(reverse("intake:desk")).content.decode()
    assert f"/brouillons/{one.pk}/" in desk and f"/brouillons/{two.pk}/" not in desk
    town.client("agent").post(reverse("intake:discard", args=[three.pk]))
    publish(town, one)
    two.refresh_from_db()
    assert two.state == Draft.State.DISCARDED
    following = drop("piscines.xlsx", workbook(tmp_path / "b.xlsx", ("2023", "2024", "2025")))
    states = [(d.state, d.prepared.profile.rows) for d in following.drafts.order_by("pk")]
    assert states[0] == ("waiting", 6) and states[-1] == ("discarded", 5)
    assert (
        "Écarté comme la dernière fois"
        in town.client("agent").get(reverse("intake:submission", args=[following.pk])).content.decode()
    )
    last = following.drafts.order_by("pk").last()
    assert last is not None
    town.client("agent").post(reverse("intake:restore", args=[last.pk]))
    worker.run(once=True)
    last.refresh_from_db()
    assert last.state == Draft.State.WAITING and last.prepared.profile.rows == 5


def test_a_recipe_of_another_town_is_never_taken_up(town: Town, drop: Callable[..., Submission]) -> None:
    from parvis_portal.people import actions

    draft = drop("effectifs.csv", WIDE.encode()).drafts.get()
    act(town, draft, f"accept:{rank(draft, 'unpivot')}")
    publish(town, draft)
    other = actions.organisation("ailleurs", name="Ailleurs", insee="58998")
    (theirs,) = drop("effectifs.csv", WIDE.encode(), other).drafts.all()
    assert labels(theirs) == ["École", "2022", "2023", "2024"] and not theirs.preparation["follows"]
    assert not former.references(other, ())


def test_what_a_source_keeps_holds_no_cell_of_the_file(town: Town, drop: Callable[..., Submission]) -> None:
    publish(town, drop("associations.csv", ASSOCIATIONS).drafts.get())
    row = SourceTable.objects.get()
    assert SECRET not in f"{row.recipe} {row.labels} {row.policy}" and SECRET.lower() not in str(row.recipe)


@pytest.mark.parametrize(
    ("name", "same"),
    [("effectifs 2026-05.csv", "Effectifs_2026-06.xlsx"), ("Fréquentation mai 2026 (2).ods", "frequentation juin 2026.ods"),
     ("subv_assos_2021_DEF.csv", "subv-assos-2022.csv")],
)  # fmt: skip
def test_names_of_one_source_are_recognised(name: str, same: str) -> None:
    assert former.key(name) == former.key(same) != ""


def test_a_job_that_fails_gives_the_table_back_with_its_reason(town: Town) -> None:
    draft = post_file(town, "agent", "effectifs.csv", WIDE.encode()).drafts.get()
    page = act(town, draft, "add:header_line", **{"p:line": "99"})
    assert draft.state == Draft.State.WAITING and "ne donne plus le tableau" in page and not draft.former


def test_tables_taken_in_come_back_when_the_one_that_took_them_is_put_aside(
    town: Town, drop: Callable[..., Submission], tmp_path: Path
) -> None:
    one, two, _ = drop("piscines.xlsx", workbook(tmp_path / "a.xlsx")).drafts.order_by("pk")
    act(town, one, f"accept:{rank(one, 'stack_tables')}")
    town.client("agent").post(reverse("intake:discard", args=[one.pk]))
    two.refresh_from_db()
    assert not two.prepared.within and two.state == Draft.State.WAITING


def test_addresses_are_placed_with_the_base_that_the_town_published(
    town: Town, drop: Callable[..., Submission], released: Callable[..., Draft]
) -> None:
    houses = "".join(f"{n};;Rue du Lac;3,{100 + n};47,{200 + n};Fontclaire\n" for n in range(1, 30))
    base = released("adresses.csv", f"numero;suffixe;voie_nom;long;lat;commune_nom\n{houses}".encode())
    places = "nom;adresse\nÉcole;3 rue du Lac\nStade;12 RUE LAC\nHalle;7 r. du Lac\nParc;9 rue du Lac\n"
    draft = drop("lieux.csv", places.encode()).drafts.get()
    assert base.dataset is not None
    page = act(town, draft, f"accept:{rank(draft, 'geocode')}")
    assert "4 adresses sur 4" in page and draft.prepared.profile.point == ("longitude", "latitude")
    asked = {"p:column": "nom", "p:reference": f"dataset:{base.dataset.pk}", "p:least": "0.7"}
    act(town, draft, "undo")
    page = act(town, draft, "add:geocode", **asked)
    assert "rien à faire ici" in page


def test_the_header_of_one_source_is_never_that_of_another(town: Town, drop: Callable[..., Submission]) -> None:
    draft = drop("effectifs.csv", b"lieu;type;note\nnom;bassins;sens\nLac;2;bon\nBois;3;bon\n").drafts.get()
    act(town, draft, "add:header_line", **{"p:line": "2"})
    publish(town, draft)
    (other,) = drop("piscines.csv", WIDE.encode()).drafts.all()
    assert labels(other) == ["École", "2022", "2023", "2024"]
    (same,) = drop("effectifs.csv", b"lieu;type;note\nnom;bassins;sens\nLac;4;bon\n").drafts.all()
    assert labels(same) == ["nom", "bassins", "sens"]
