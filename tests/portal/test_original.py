"""The very file that a town sent: given beside its table when it hides nothing, and no longer than that."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.urls import reverse
from openpyxl.comments import Comment
from rdflib import Graph, URIRef
from rdflib.namespace import DCAT, DCTERMS
from tests.portal.conftest import ASSOCIATIONS, SECRET, TREES, Town
from tests.portal.test_extras import V21, bytes_of, publish

from parvis import pipeline
from parvis.dialects.openapi import PREFIX
from parvis.store import backup, originals, shelf
from parvis.store.folder import Folder
from parvis_portal.catalogue import actions as cataloguing
from parvis_portal.catalogue.models import Dataset
from parvis_portal.intake import jobs
from parvis_portal.intake.models import Draft, Submission
from parvis_portal.jobs import worker
from parvis_portal.people.models import Act

NOW = "2026-01-01T00:00:00+00:00"
TITLED = "Arbres plantés par la ville depuis 1950;;;;;\n;;;;;\n".encode("cp1252") + TREES


def current(dataset: Dataset) -> str:
    dataset.refresh_from_db()
    assert dataset.current is not None
    return dataset.current.version_id


def address(dataset: Dataset) -> str:
    return f"{PREFIX}/datasets/{dataset.pk}/exports/original"


def status(client: Any, at: str) -> int:
    answer = client.get(at)
    answer.close()
    return int(answer.status_code)


def test_a_plain_file_is_given_as_it_came_in_every_catalogue(town: Town, released: Callable[..., Draft]) -> None:
    dataset = released("Arbres de l'été.csv").dataset
    assert dataset is not None
    visitor, base, digest = town.client("visitor"), "http://testserver", hashlib.sha256(TREES).hexdigest()
    answer: Any = visitor.get(address(dataset))
    assert answer.status_code == 200 and bytes_of(answer) == TREES
    assert answer["content-type"] == "text/csv; charset=windows-1252"
    assert "filename*=UTF-8''Arbres%20de%20l%27%C3%A9t%C3%A9.csv" in answer["content-disposition"]
    assert answer["content-disposition"].startswith("attachment") and answer["x-content-type-options"] == "nosniff"
    part: Any = visitor.get(address(dataset), headers={"range": "bytes=0-9"})
    assert part.status_code == 206 and bytes_of(part) == TREES[:10]
    assert visitor.head(address(dataset))["content-length"] == str(len(TREES))

    page = visitor.get(f"/donnees/{dataset.slug}/").content.decode()
    assert address(dataset) in page and digest in page and "Fichier d&#x27;origine" in page
    graph = Graph().parse(data=visitor.get(f"/dataset/{dataset.pk}.ttl?profiles=spdx").content, format="turtle")
    (file,) = graph.subjects(DCAT.downloadURL, URIRef(base + address(dataset)))
    assert [str(o) for o in graph.objects(file, DCTERMS.format)] == [
        "http://publications.europa.eu/resource/authority/file-type/CSV"
    ]
    assert float(str(graph.value(file, DCAT.byteSize))) == len(TREES)
    assert digest in graph.serialize(format="nt")
    described = visitor.get(f"{PREFIX}/datasets/{dataset.pk}").json()["version"]["exports"]
    assert next(e for e in described if e["format"] == "original")["sha256"] == digest
    package = visitor.get(f"/api/3/action/package_show?id={dataset.pk}").json()["result"]
    resource = next(r for r in package["resources"] if r["url"] == base + address(dataset))
    assert (resource["hash"], resource["format"], resource["size"]) == (digest, "CSV", len(TREES))
    told = visitor.get(f"{V21}/{dataset.slug}").json()
    assert [a["title"] for a in told["alternative_exports"]] == ["Fichier d'origine"]
    links = visitor.get(f"{V21}/{dataset.slug}/attachments").json()["attachments"]
    (href,) = [a["href"] for a in links if a["metas"]["title"] == "Fichier d'origine"]
    assert bytes_of(visitor.get(href.removeprefix(base))) == TREES
    for at in (f"/dataset/{dataset.pk}.jsonld?profiles=schemaorg", f"/dataset/{dataset.pk}.jsonld?profiles=croissant"):
        assert address(dataset) in visitor.get(at).content.decode()


def test_a_person_decides_when_something_stands_beside_the_table(town: Town, drop: Callable[..., Submission]) -> None:
    agent, referent = town.client("agent"), town.client("referent")
    for wanted in (False, True):
        draft = drop(f"arbres{wanted:d}.csv", TITLED).drafts.get()
        page = agent.get(reverse("intake:draft", args=[draft.pk])).content.decode()
        assert "Arbres plantés par la ville depuis 1950" in page[page.index('id="origine"') :]
        assert 'id="original" name="original" value="1">' in page  # not unless somebody wants it
        fields = {"title": f"Arbres {wanted}", "description": "Les arbres", "theme": "environnement", "licence": "lov2",
                  "then": "approve", "original:asked": "1", **({"original": "1"} if wanted else {})}  # fmt: skip
        answer = referent.post(reverse("intake:draft", args=[draft.pk]), fields)
        assert answer.status_code == 302, answer.content.decode()[:3000]
        worker.run(once=True)
        draft.refresh_from_db()
        assert draft.state == Draft.State.RELEASED and draft.dataset is not None
        assert status(town.client("visitor"), address(draft.dataset)) == (200 if wanted else 404)
    assert Act.objects.filter(verb="approve", details__original=True).count() == 1


def test_the_file_of_a_table_that_is_changed_stays_in_the_vault(
    town: Town, drop: Callable[..., Submission], folder: Path
) -> None:
    draft = drop("associations.csv", ASSOCIATIONS).drafts.get()
    page = town.client("agent").get(reverse("intake:draft", args=[draft.pk])).content.decode()
    assert "Il reste au coffre" in page and 'name="original"' not in page
    draft.original = True  # whatever was asked for
    dataset = publish(draft, town)
    visitor = town.client("visitor")
    for at in (address(dataset), f"{V21}/{dataset.slug}/exports/original"):
        assert visitor.get(at).status_code == 404
    assert SECRET.encode() not in b"".join(p.read_bytes() for p in Folder(folder).shelf.rglob("*") if p.is_file())
    assert not list(Folder(folder).originals.iterdir())


CANARY = "Kervoazouen-7731"


def sheet(change: Callable[[Any], None]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for line in TREES.decode("cp1252").splitlines():
        book.active.append(line.split(";"))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def hidden(book: Any) -> None:
    book.create_sheet("x").sheet_state = "hidden"
    book["x"]["A1"] = CANARY


def comment(book: Any) -> None:
    book.active["A2"].comment = Comment(CANARY, "x")


def title(book: Any) -> None:
    book.properties.title = CANARY


def keyword(book: Any) -> None:
    book.properties.keywords = CANARY


def header(book: Any) -> None:
    book.active.oddHeader.center.text = f"Suivi par Mme {CANARY}"


@pytest.mark.parametrize("plant", [hidden, comment, title, keyword, header])
def test_what_is_planted_in_a_workbook_reaches_no_public_byte(
    town: Town, drop: Callable[..., Submission], folder: Path, plant: Callable[[Any], None]
) -> None:
    draft = max(drop("arbres.xlsx", sheet(plant)).drafts.all(), key=lambda d: d.preparation["profile"]["rows"])
    draft.original = True
    dataset = publish(draft, town)
    visitor = town.client("visitor")
    assert visitor.get(address(dataset)).status_code == 404
    for at in (f"/donnees/{dataset.slug}/", f"/dataset/{dataset.pk}.ttl", f"{V21}/{dataset.slug}", "/catalog.jsonld"):
        assert CANARY not in visitor.get(at).content.decode()
    assert not list(Folder(folder).originals.iterdir())


def test_the_file_goes_with_its_version_and_an_old_version_keeps_its_own(
    town: Town, released: Callable[..., Draft], folder: Path, tmp_path: Path
) -> None:
    dataset = released().dataset
    assert dataset is not None
    first, held = current(dataset), Folder(folder)
    second = released("arbres.csv", TREES.replace(b"Platane", b"Fr\xeane")).dataset
    assert second == dataset
    visitor = town.client("visitor")
    assert b"Platane" in bytes_of(visitor.get(f"{address(dataset)}?version=1"))
    assert b"Platane" not in bytes_of(visitor.get(address(dataset)))
    backup.backup(held, tmp_path / "sauvegarde", NOW)
    copy = Folder(tmp_path / "sauvegarde")
    assert originals.path(copy, first).read_bytes() == TREES
    cataloguing.withdraw(held, dataset, "Une erreur", by=None, now=NOW, version=first)
    assert visitor.get(f"{address(dataset)}?version=1").status_code == 410
    assert not originals.path(held, first).exists() and originals.of(held, first) is None
    assert status(visitor, address(dataset)) == 200
    cataloguing.withdraw(held, dataset, "Une erreur", by=None, now=NOW)
    assert visitor.get(address(dataset)).status_code == 410
    assert not list(held.originals.iterdir())


def test_a_person_may_stop_giving_it(town: Town, released: Callable[..., Draft], folder: Path) -> None:
    dataset = released().dataset
    assert dataset is not None
    stop = reverse("intake:stop_original", args=[dataset.slug, 1])
    assert town.client("agent").post(stop).status_code == 403
    history = town.client("referent").get(reverse("intake:history", args=[dataset.slug])).content.decode()
    assert stop in history
    assert town.client("referent").post(stop).status_code == 302
    visitor = town.client("visitor")
    assert visitor.get(address(dataset)).status_code == 404
    assert visitor.get(f"{PREFIX}/datasets/{dataset.pk}/exports/csv").status_code == 200
    assert address(dataset) not in visitor.get(f"/donnees/{dataset.slug}/").content.decode()
    assert not originals.path(Folder(folder), current(dataset)).exists()
    assert (
        "a cessé de donner"
        in town.client("referent").get(reverse("intake:history", args=[dataset.slug])).content.decode()
    )


def test_a_later_look_that_finds_a_risk_stops_it(
    town: Town, released: Callable[..., Draft], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = released().dataset
    assert dataset is not None
    held, version = Folder(folder), current(dataset)
    assert pipeline.look_again(held, shelf.load(held, version), NOW) == ""
    monkeypatch.setattr(originals, "__version__", "99")  # another Parvis, that knows more
    monkeypatch.setattr("parvis.privacy.untouched.people_in", lambda texts: ("person_name",))
    monkeypatch.setattr("parvis.tables.cage.run", _here)
    jobs.tend("", lambda *_: None)
    visitor = town.client("visitor")
    assert visitor.get(address(dataset)).status_code == 404
    assert not originals.path(held, version).exists()
    assert originals.stopped(held, version)
    assert Act.objects.filter(verb="original.stop").count() == 1
    assert visitor.get(f"{PREFIX}/datasets/{dataset.pk}/exports/csv").status_code == 200


def _here(function: str, arguments: Any, allowance: Any = None, **more: Any) -> Any:
    """Run what the confined process would, where the test has changed what it knows."""
    from importlib import import_module

    module, _, name = function.partition(":")
    return getattr(import_module(module), name)(**arguments)
