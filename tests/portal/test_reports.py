"""What a person takes away from the review page: where the table stands, its reports, the marked copy."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.urls import reverse
from tests.portal.conftest import ASSOCIATIONS, SECRET, TREES, Town

from parvis_portal.intake.models import Draft, Submission
from parvis_portal.jobs import worker

SUBSIDIES = """nomAttribuant;idAttribuant;nomBeneficiaire;idBeneficiaire;montant;nature
Fontclaire;21580999700012;Chorale;35181600000000;1000;aide en numéraire
Fontclaire;21580999700012;Judo;21580999700013;200;Aide en numeraire
Fontclaire;21580999700012;Boules;;300;don
""".encode()


@pytest.fixture
def draft(drop: Callable[..., Submission]) -> Draft:
    return drop("subventions 2026.csv", SUBSIDIES).drafts.get()


def get(town: Town, draft: Draft, name: str, *more: str, role: str = "agent", query: str = "") -> Any:
    return town.client(role).get(reverse(f"intake:{name}", args=[draft.pk, *more]) + query)


def test_the_review_page_says_where_the_table_stands(town: Town, draft: Draft) -> None:
    page = get(town, draft, "draft").content.decode()
    assert "Publiable" in page and "sur 100" in page and "À faire en premier" in page
    assert reverse("intake:report", args=[draft.pk, "pdf"]) in page and "copie annotée" in page


@pytest.mark.parametrize(("kind", "head"), [("html", b"<!doctype html>"), ("pdf", b"%PDF"), ("sarif", b"{")])
def test_a_report_is_a_file_to_take_away(town: Town, draft: Draft, kind: str, head: bytes) -> None:
    answer = get(town, draft, "report", kind)
    assert answer.status_code == 200 and answer.content.startswith(head)
    assert answer["Content-Disposition"].startswith("attachment;") and answer["X-Content-Type-Options"] == "nosniff"
    assert get(town, draft, "report", "exe").status_code == 404
    if kind == "sarif":
        assert json.loads(answer.content)["version"] == "2.1.0"


def test_a_report_speaks_the_readers_language(town: Town, draft: Draft) -> None:
    client = town.client("agent")
    client.cookies["django_language"] = "en"
    page = client.get(reverse("intake:report", args=[draft.pk, "html"])).content.decode()
    assert '<html lang="en">' in page or '<html lang="fr">' in page


def test_the_marked_copy_is_made_by_a_job_then_given(town: Town, draft: Draft, settings: Any) -> None:
    assert get(town, draft, "copy").status_code == 302  # nobody asked for it yet
    address = reverse("intake:copy", args=[draft.pk])
    assert town.client("agent").post(address).status_code == 302
    assert "annote votre fichier" in get(town, draft, "copy").content.decode()
    assert get(town, draft, "copy_progress").json()["state"] == "running"
    worker.run(once=True)
    assert get(town, draft, "copy_progress").json()["next"] == address
    assert "?fichier" in get(town, draft, "copy").content.decode()
    answer = get(town, draft, "copy", query="?fichier")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert "Parvis" in book.sheetnames and book.worksheets[0]["F3"].comment is not None
    assert "annote.xlsx" in answer["Content-Disposition"]


def test_the_copy_of_a_workbook_is_the_workbook(town: Town, drop: Callable[..., Submission]) -> None:
    book = openpyxl.Workbook()
    for line in SUBSIDIES.decode().splitlines():
        book.worksheets[0].append(line.split(";"))
    book.create_sheet("Notes")["A1"] = "à garder"
    kept = io.BytesIO()
    book.save(kept)
    draft = drop("subventions.xlsx", kept.getvalue()).drafts.order_by("pk")[0]
    town.client("agent").post(reverse("intake:copy", args=[draft.pk]))
    worker.run(once=True)
    answer = get(town, draft, "copy", query="?fichier")
    made = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert made["Notes"]["A1"].value == "à garder" and made.worksheets[0]["F3"].comment is not None


def test_nothing_of_a_decided_file_is_left_within_reach(
    town: Town, drop: Callable[..., Submission], settings: Any
) -> None:
    from parvis_portal.intake import actions

    draft = drop("arbres.csv", TREES).drafts.get()
    town.client("agent").post(reverse("intake:copy", args=[draft.pk]))
    worker.run(once=True)
    assert list(settings.DATA.rglob("*-copy.xlsx*"))
    actions.approve(draft, town.users["referent"])
    worker.run(once=True)
    assert not list(settings.DATA.rglob("*-copy.xlsx*"))
    for name, more in (("report", ["html"]), ("copy", [])):
        assert get(town, draft, name, *more).status_code == 404


def test_only_who_may_review_gets_a_report_and_it_names_nobody(town: Town, drop: Callable[..., Submission]) -> None:
    draft = drop("associations.csv", ASSOCIATIONS).drafts.get()
    for role in ("visitor",):
        assert get(town, draft, "report", "html", role=role).status_code in (302, 403, 404)
        assert get(town, draft, "copy", role=role).status_code in (302, 403, 404)
    for kind in ("html", "sarif"):
        assert SECRET not in get(town, draft, "report", kind).content.decode()


def test_the_next_file_says_what_it_lost(
    town: Town, released: Callable[..., Draft], drop: Callable[..., Submission]
) -> None:
    released()
    lines = TREES.decode("cp1252").splitlines()
    shorter = "\n".join(";".join(c for n, c in enumerate(line.split(";")) if n != 2) for line in lines).encode("cp1252")
    draft = drop("arbres.csv", shorter).drafts.get()
    codes = {f["code"] for f in draft.preparation["findings"]}
    assert "continuity.columns_lost" in codes


def test_the_history_of_a_dataset_gives_each_versions_score(town: Town, released: Callable[..., Draft]) -> None:
    dataset = released().dataset
    assert dataset is not None
    page = town.client("referent").get(reverse("intake:history", args=[dataset.slug])).content.decode()
    assert "sur 100" in page
