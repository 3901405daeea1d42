"""From the agent's file to the public page, and back."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.urls import reverse
from tests.portal.conftest import ASSOCIATIONS, SECRET, TREES, Town

from parvis.values import to_json
from parvis_portal.catalogue import queries
from parvis_portal.intake import review
from parvis_portal.intake.models import Draft, Submission
from parvis_portal.jobs import worker


def post_file(town: Town, role: str, name: str, content: bytes) -> Submission:
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = town.client(role).post(reverse("intake:drop"), {"documents": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, answer.content.decode()
    worker.run(once=True)
    return Submission.objects.latest("pk")


def fields(draft: Draft, **more: str) -> dict[str, Any]:
    about = draft.described
    return {"title": about.title, "description": about.description, "theme": about.theme, "licence": about.licence,
            "keywords": "", "frequency": about.frequency, **more}  # fmt: skip


def test_an_agent_drops_a_file_a_referent_approves_it_and_everybody_reads_it(town: Town) -> None:
    draft = post_file(town, "agent", "arbres.csv", TREES).drafts.get()
    page = town.client("agent").get(reverse("intake:draft", args=[draft.pk])).content.decode()
    assert "arbres.csv" in page and "Tilleul" in page

    refused = town.client("agent").post(reverse("intake:approve", args=[draft.pk]))
    assert refused.status_code == 403
    assert town.client("visitor").get("/donnees/").content.decode().count("<article") == 0

    asked = town.client("agent").post(reverse("intake:draft", args=[draft.pk]), fields(draft, then="propose"))
    assert asked.status_code == 302
    draft.refresh_from_db()
    assert draft.state == Draft.State.PROPOSED

    town.client("referent").post(reverse("intake:approve", args=[draft.pk]))
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED and draft.dataset is not None
    public = town.client("visitor").get(reverse("site:dataset", args=[draft.dataset.slug]))
    assert public.status_code == 200
    said = public.content.decode()
    assert "Tilleul" in said and "Licence Ouverte" in said


def test_a_column_of_people_must_be_decided_before_anything_is_released(town: Town) -> None:
    draft = post_file(town, "agent", "associations.csv", ASSOCIATIONS).drafts.get()
    referent = town.client("referent")
    referent.post(reverse("intake:approve", args=[draft.pk]))
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.WAITING
    assert "Président" in referent.get(reverse("intake:draft", args=[draft.pk])).content.decode()

    decisions = {}
    for rule in draft.decided_policy.rules:
        decisions |= {f"decide:{rule.column}": "1", f"transform:{rule.column}": rule.transform}
    referent.post(reverse("intake:draft", args=[draft.pk]), fields(draft, then="approve", **decisions))
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED, draft.error
    assert draft.dataset is not None
    visitor = town.client("visitor")
    for address in (f"/donnees/{draft.dataset.slug}/", f"/api/v1/datasets/{draft.dataset.pk}/exports/csv"):
        answer = visitor.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code == 200 and SECRET.encode() not in body and SECRET.lower().encode() not in body
        assert b"Club 3" in body


def test_any_column_may_be_treated_and_its_questions_answered(town: Town) -> None:
    draft = post_file(town, "agent", "arbres.csv", TREES).drafts.get()
    referent, page = town.client("referent"), reverse("intake:draft", args=[draft.pk])
    asked = referent.get(f"{page}?colonne=plantation").content.decode()
    assert 'name="transform:plantation"' in asked and 'name="q:plantation:band:step"' in asked
    told = {
        "decide:plantation": "1",
        "transform:plantation": "band",
        "q:plantation:band:": "1",
        "q:plantation:band:step": "5",
    }
    assert referent.post(page, fields(draft, **told)).status_code == 302
    draft.refresh_from_db()
    rule = draft.decided_policy.rule("plantation")
    assert rule is not None and rule.parameters == {"step": 5} and "referent" in rule.decided_by
    assert "1995 à 1999" not in referent.get(page).content.decode(), "it is being tried"
    worker.run(once=True)
    assert "1995 à 1999" in referent.get(page).content.decode()
    wrong = referent.post(page, fields(draft, **{**told, "q:plantation:band:step": "cinq"}))
    assert wrong.status_code == 400 and "Largeur d&#x27;une tranche" in wrong.content.decode()
    draft.refresh_from_db()
    assert draft.decided_policy.rule("plantation") == rule


def test_a_version_has_its_proof_sheet_as_page_pdf_and_json_without_who_decided(town: Town) -> None:
    draft = post_file(town, "agent", "associations.csv", ASSOCIATIONS).drafts.get()
    referent, page = town.client("referent"), reverse("intake:draft", args=[draft.pk])
    assert "Pas encore." in referent.get(page).content.decode()
    referent.post(page, fields(draft, then="accept"))
    worker.run(once=True)
    assert "parlent d'organismes" in html.unescape(referent.get(page).content.decode())
    draft.refresh_from_db()
    referent.post(page, fields(draft, then="approve"))
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED and draft.dataset is not None, draft.error
    visitor, slug = town.client("visitor"), draft.dataset.slug
    sheet = visitor.get(reverse("site:proof", args=[slug, "1"]))
    told = html.unescape(sheet.content.decode())
    assert sheet.status_code == 200 and "Retirer la colonne" in told and "n'ont pas été" not in told
    paper = visitor.get(reverse("site:proof_file", args=[slug, "1", "pdf"]))
    assert paper.content.startswith(b"%PDF") and "preuve.pdf" in paper["Content-Disposition"]
    data = json.loads(visitor.get(reverse("site:proof_file", args=[slug, "1", "json"])).content)
    assert data["dataset"] == draft.dataset.pk and data["done"][0]["decided_by"] == "commune"
    assert data["source"]["digest"] == "" and data["source"]["commitment"]
    for answer in (told, json.dumps(data)):
        assert "referent" not in answer and SECRET not in answer and draft.submission.digest not in answer
    entry = referent.get(reverse("intake:register", args=[slug, 1]))
    line = html.unescape(entry.content.decode())
    assert "Mission d'intérêt public" in line and "(referent)" in line and draft.submission.digest in line
    assert "Mission" in referent.get(reverse("intake:register", args=[slug, 1]), {"format": "csv"}).content.decode()
    assert visitor.get(reverse("intake:register", args=[slug, 1])).status_code == 302
    assert visitor.get(reverse("site:proof_file", args=[slug, "1", "exe"])).status_code == 404
    assert visitor.get(reverse("site:proof", args=[slug, "2"])).status_code == 404
    referent.post(reverse("intake:withdraw", args=[slug]), {"reason": "Erreur de fichier"})
    assert visitor.get(reverse("site:proof", args=[slug, "1"])).status_code == 410


def test_people_who_stand_alone_stop_a_release_until_somebody_answers_for_it(town: Town) -> None:
    lines = [f"{20 + n};{'FM'[n % 2]};Quartier {n % 9};{['boulanger', 'maire', 'plombier'][n % 3]}" for n in range(40)]
    content = "\n".join(["Âge;Sexe;Quartier;Profession", *lines]).encode()
    draft = post_file(town, "agent", "adherents.csv", content).drafts.get()
    referent, page = town.client("referent"), reverse("intake:draft", args=[draft.pk])
    worker.run(once=True)
    shown = html.unescape(referent.get(page).content.decode())
    assert "Pas encore." in shown and "<meter" in shown and 'name="group:step"' in shown, "a grouping is proposed"
    assert "mais aide à reconnaître quelqu'un\u00a0: Âge, Sexe, Quartier et Profession" in shown
    referent.post(page, fields(draft, **{"group:asked": "1", "decide:group": "1"}))
    worker.run(once=True)
    shown = html.unescape(referent.get(page).content.decode())
    assert "Non, pas en l'état." in shown and "Des personnes peuvent être isolées" in shown
    referent.post(page, fields(draft, then="approve"))
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.WAITING and "isolées" in draft.error
    short = referent.post(page, fields(draft, override="law", why="oui"))
    assert short.status_code == 400 and "Écrivez pourquoi" in short.content.decode()
    why = "Liste que la loi impose de publier ainsi."
    referent.post(page, fields(draft, then="approve", override="law", why=why))
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED and draft.dataset is not None, draft.error
    sheet = town.client("visitor").get(reverse("site:proof", args=[draft.dataset.slug, "1"]))
    assert sheet.status_code == 200 and why in html.unescape(sheet.content.decode())
    entry = referent.get(reverse("intake:register", args=[draft.dataset.slug, 1])).content.decode()
    assert why in html.unescape(entry) and "reconnaître personne" not in html.unescape(entry)
    assert "non chiffré" in html.unescape(entry), "the register promises nothing that is not done"


def test_a_table_of_people_is_published_grouped_so_that_nobody_stands_alone(town: Town) -> None:
    lines = [f"{20 + n % 30};{'FM'[n % 2]};Quartier {n % 3};{['boulanger', 'plombier'][n % 2]}" for n in range(120)]
    content = "\n".join(["Âge;Sexe;Quartier;Profession", *lines]).encode()
    draft = post_file(town, "agent", "adherents.csv", content).drafts.get()
    referent, page = town.client("referent"), reverse("intake:draft", args=[draft.pk])
    wanted = draft.decided_policy.anonymity
    assert wanted is not None and wanted.k == 5 and "age" in wanted.keys
    told = {"group:asked": "1", "group:on": "1", "decide:group": "1", "group:step": "6", "group:shape": "classes"}
    referent.post(page, fields(draft, then="save", **told) | {"group:keys": [*wanted.keys], "group:first": ["sexe"]})
    worker.run(once=True)
    draft.refresh_from_db()
    chosen = draft.decided_policy.anonymity
    assert chosen is not None and chosen.k == 10 and chosen.first == ("sexe",) and "referent" in chosen.decided_by
    shown = html.unescape(referent.get(page).content.decode())
    assert "Oui." in shown and "Détail gardé" in shown and "Ce que coûte chaque choix" in shown
    referent.post(page, fields(draft, then="approve"))
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED and draft.dataset is not None, draft.error
    answer = town.client("visitor").get(f"/api/v1/datasets/{draft.dataset.pk}/exports/csv")
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()[1:]
    assert len(rows) >= 110 and min(Counter(rows).values()) >= 10


def test_a_policy_replayed_stops_when_the_risk_rises(town: Town) -> None:
    head = "Âge;Sexe;Quartier;Profession"
    calm = [f"{20 + n % 4};{'FM'[n % 2]};Quartier {n % 2};boulanger" for n in range(120)]
    first = post_file(town, "agent", "adherents.csv", "\n".join([head, *calm]).encode()).drafts.get()
    referent = town.client("referent")
    worker.run(once=True)
    referent.post(reverse("intake:draft", args=[first.pk]), fields(first, then="approve"))
    worker.run(once=True)
    first.refresh_from_db()
    assert first.state == Draft.State.RELEASED, first.error
    risky = [f"{20 + n};{'FM'[n % 2]};Quartier {n % 9};métier {n}" for n in range(120)]
    second = post_file(town, "agent", "adherents.csv", "\n".join([head, *risky]).encode()).drafts.get()
    told = {"dataset": str(first.dataset_id), "group:asked": "1", "decide:group": "1"}  # not grouped any more
    referent.post(reverse("intake:draft", args=[second.pk]), fields(second, **told))
    worker.run(once=True)
    second.refresh_from_db()
    assert second.dataset_id == first.dataset_id and not review.ready(second)
    tried = second.rehearsed
    assert tried is not None and tried.risen
    shown = html.unescape(referent.get(reverse("intake:draft", args=[second.pk])).content.decode())
    assert "le risque monte depuis la version précédente, de 0 à 100 sur 100" in shown


def test_where_people_live_is_published_in_squares_of_several_homes(town: Town) -> None:
    rows = [
        f"{20 + n % 30};{'FM'[n % 2]};{3.10 + n % 12 * 0.0007:.4f};{47.20 + n // 12 * 0.0005:.4f}" for n in range(144)
    ]
    rows += ["34;F;3.1990;47.2990"]  # one house alone
    content = "\n".join(["Âge;Sexe;Longitude;Latitude", *rows]).encode()
    draft = post_file(town, "agent", "beneficiaires.csv", content).drafts.get()
    referent, page = town.client("referent"), reverse("intake:draft", args=[draft.pk])
    assert draft.decided_policy.blurring is not None and draft.decided_policy.blurring.k == 11
    shown = html.unescape(referent.get(page).content.decode())
    assert "Les lieux" in shown and "carreaux de" in shown
    referent.post(page, fields(draft, then="accept"))
    worker.run(once=True)
    referent.post(page, fields(draft, then="approve"))
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED and draft.dataset is not None, draft.error
    answer = town.client("visitor").get(f"/api/v1/datasets/{draft.dataset.pk}/exports/csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "carreau" in text and "47.299" not in text and "3.199" not in text
    current = queries.find(None, draft.dataset.slug).current
    told = str(to_json(current.version if current else None))
    assert "3.199" not in told and "47.299" not in told


def test_small_counts_on_a_grave_matter_are_hidden_with_those_that_give_them_back(town: Town) -> None:
    grid = {"Centre": (41, 52, 38), "Gare": (3, 47, 60), "Vergers": (55, 44, 7)}
    ages = ("18-39 ans", "40-64 ans", "65 ans et plus")
    rows = [f"{q};{a};{n}" for q, line in grid.items() for a, n in zip(ages, line, strict=True)]
    rows += [f"{q};Ensemble;{sum(line)}" for q, line in grid.items()]
    content = "\n".join(["Quartier;Tranche d'âge;Bénéficiaires d'une aide sociale", *rows]).encode()
    draft = post_file(town, "agent", "aides.csv", content).drafts.get()
    referent, page = town.client("referent"), reverse("intake:draft", args=[draft.pk])
    assert draft.decided_policy.hiding is not None
    shown = html.unescape(referent.get(page).content.decode())
    assert "Les petits effectifs" in shown and "moins de 11 personnes" in shown and "Pas encore." in shown
    referent.post(page, fields(draft, then="accept"))
    referent.post(page, fields(draft, then="approve"))
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED and draft.dataset is not None, draft.error
    answer = town.client("visitor").get(f"/api/v1/datasets/{draft.dataset.pk}/exports/csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    hidden = [line for line in lines if "secret statistique" in line]
    assert len(hidden) >= 4 and not any(line.split(",")[2] in ("3", "7") for line in lines[1:]), lines


def test_hidden_places_of_a_workbook_are_told_to_the_agent_and_never_published(town: Town) -> None:
    import io

    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    book.active.append(["Espèce", "Hauteur (m)"])
    for n in range(5):
        book.active.append(["Tilleul", 4 + n])
    book.properties.creator = "Alexandrine Vaubernier"
    book.save(out)
    draft = post_file(town, "agent", "arbres.xlsx", out.getvalue()).drafts.get()
    referent, page = town.client("referent"), reverse("intake:draft", args=[draft.pk])
    assert any(f.code == "privacy.trace" for f in draft.submission.remarks)
    referent.post(page, fields(draft, then="approve"))
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED and draft.dataset is not None, draft.error
    sheet = html.unescape(
        town.client("visitor").get(reverse("site:proof", args=[draft.dataset.slug, "1"])).content.decode()
    )
    assert "Les propriétés du document" in sheet and "Vaubernier" not in sheet


def test_keeping_personal_data_needs_a_legal_ground(town: Town) -> None:
    draft = post_file(town, "agent", "associations.csv", ASSOCIATIONS).drafts.get()
    rule = draft.decided_policy.rules[0]
    answer = town.client("referent").post(
        reverse("intake:draft", args=[draft.pk]),
        fields(draft, **{f"decide:{rule.column}": "1", f"transform:{rule.column}": "keep"}),
    )
    assert answer.status_code == 400
    draft.refresh_from_db()
    assert not draft.decided_policy.rules[0].decided_by


def test_a_withdrawn_dataset_answers_410_with_its_reason_and_its_bytes_are_gone(
    town: Town, released: Callable[..., Draft], folder: object
) -> None:
    from django.conf import settings

    draft = released()
    assert draft.dataset is not None
    slug, pk = draft.dataset.slug, draft.dataset.pk
    answer = town.client("referent").post(reverse("intake:withdraw", args=[slug]), {"reason": "Erreur de fichier"})
    assert answer.status_code == 302
    visitor = town.client("visitor")
    for address in (f"/donnees/{slug}/", f"/api/v1/datasets/{pk}", f"/api/v1/datasets/{pk}/records",
                    f"/donnees/{slug}/versions/1/"):  # fmt: skip
        gone = visitor.get(address)
        assert gone.status_code == 410, address
        assert "Erreur de fichier" in gone.content.decode(), address
    assert slug not in visitor.get("/donnees/").content.decode()
    assert not list((settings.DATA / "shelf" / "objects").rglob("*.parquet"))


def test_a_corrected_file_of_the_same_name_becomes_the_next_version(released: Callable[..., Draft]) -> None:
    first = released()
    second = released(content=TREES + "Cèdre;Gare;3,5;2024;3,150;47,250\n".encode("cp1252"))
    assert first.dataset is not None and second.dataset == first.dataset
    assert [r.number for r in first.dataset.releases.order_by("number")] == [1, 2]
    assert queries.find(None, first.dataset.slug).current.version.rows == 13  # type: ignore[union-attr]  # it is released


def test_a_refused_file_says_why_in_french(town: Town) -> None:
    submission = post_file(town, "agent", "photo.jpg", b"\xff\xd8\xff\xe0" + b"0" * 400)
    assert submission.state == Submission.State.REFUSED
    page = town.client("agent").get(reverse("intake:submission", args=[submission.pk])).content.decode()
    assert (
        "photo" in page and "Traceback" not in page and submission.reason.split(".")[0] in page.replace("&#x27;", "'")
    )


def test_history_tells_who_did_what(town: Town, released: Callable[..., Draft]) -> None:
    draft = released()
    assert draft.dataset is not None
    page = town.client("agent").get(reverse("intake:history", args=[draft.dataset.slug])).content.decode()
    assert "a approuvé la publication" in page and "Une personne (referent)" in page


def test_the_desk_counts_all_that_was_refused_and_shows_the_last_ones(town: Town) -> None:
    from parvis_portal.intake.views import SHOWN

    rows = [
        Submission(organisation=town.organisation, name=f"{n}.csv", parcel={}, digest=f"{n:064d}", state="refused")
        for n in range(SHOWN + 3)
    ]
    Submission.objects.bulk_create(rows)
    page = town.client("agent").get(reverse("intake:desk")).content.decode()
    assert f"<strong>{SHOWN + 3}</strong> Refusés" in page
    assert f"{SHOWN + 2}.csv" in page and ">0.csv" not in page
