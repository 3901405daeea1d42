"""Canaries: values that were removed are planted everywhere in a file, and looked for in every byte that is public.

Exports of every format, pages, previews, the search index, side indexes, manifests, statistics and metadata of Parquet,
versions' pages, feeds, logs: none holds any of them, in any usual writing.
"""

from __future__ import annotations

import gzip
import io
import itertools
import json
import logging
import random
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import openpyxl
import pdfplumber
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typst
from django.urls import get_resolver
from openpyxl.comments import Comment
from tests.portal.conftest import Town
from tests.portal.test_nothing_unreleased import filled, patterns

from parvis.dialects import dcat, extras
from parvis.dialects.openapi import PREFIX, ROUTES
from parvis.store.export import FORMATS
from parvis.store.folder import Folder
from parvis.text import fold
from parvis_portal.catalogue import jobs as cataloguing
from parvis_portal.catalogue.models import Release, Term
from parvis_portal.intake import actions
from parvis_portal.intake.models import Draft, Submission
from parvis_portal.jobs import worker

SURNAME, FIRST = "Kervoazouen", "Zyxalinde"
NAME = f"Mme {FIRST} {SURNAME}"
MAILBOX = f"{FIRST.lower()}.{SURNAME.lower()}@courriel.example"
PHONE, NIR, IBAN = "06 98 71 23 45", "269054958815780", "FR7630006000011234567890189"
BORN = "1931-03-19"  # the oldest of all: a statistic would show it
STREET = "12 rue des Mésanges-Huppées"
# What must be nowhere, as people and programs may write it; figures are looked for without their signs too.
WORDS = (SURNAME, FIRST, "kervoazouen", "zyxalinde", "mesanges-huppees", "mesanges huppees")
FIGURES = ("0698712345", "33698712345", NIR, IBAN[4:], "19310319", "19031931")
DATES = (BORN, "19/03/1931", "1931-03", "mars 1931")
ROWS = 320


def rows(more: int = 0) -> list[list[Any]]:
    """Return the header and rows of a register of aids; the canaries are one person among others.

    What stays of the rows makes groups large enough for the release not to be refused, and the rows are in no order.
    """
    header = ["Demandeur", "Courriel", "Téléphone", "N° sécurité sociale", "RIB", "Date de naissance", "Adresse du demandeur",
              "Quartier", "Montant (€)", "Observations"]  # fmt: skip
    out: list[list[Any]] = [header]
    for i in random.Random(1).sample(range(ROWS + more), ROWS + more):
        hit = i % 4 == 3
        out.append(
            [
                NAME if hit else f"M. Jean Martin{'abcdefghij'[i % 10]}",
                MAILBOX if hit else f"jean.martin{i}@courriel.example",
                PHONE if hit else f"06 11 22 33 {i % 90 + 10}",
                NIR,
                IBAN,
                BORN if hit else f"1960-0{i % 9 + 1}-1{i % 9}",
                f"{STREET}, 58990 Fontclaire" if hit else f"{i + 1} rue Haute, 58990 Fontclaire",
                ("Gare", "Les Prés")[i // 4 % 2],
                100 + i // 8 % 2 * 50,
                f"Vu avec {NAME}, rappeler au {PHONE} ou {MAILBOX}" if hit else "Dossier complet",
            ]
        )
    return out


def csv(more: int = 0) -> bytes:
    return "\n".join(";".join(str(c) for c in row) for row in rows(more)).encode("cp1252")


def workbook(more: int = 0) -> bytes:
    """Return the same as a workbook, with canaries in every place that nobody looks at."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Aides"
    for row in rows(more):
        sheet.append(row)
    sheet["A2"].comment = Comment(f"Voir {NAME}", NAME)
    sheet.oddFooter.left.text = NAME
    hidden = book.create_sheet(f"Mme {SURNAME}")
    hidden.sheet_state = "hidden"
    for row in rows():
        hidden.append(row)
    book.properties.creator = NAME
    book.properties.title = f"Suivi de {NAME}"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# --- Looking into bytes ---------------------------------------------------------------------------


def opened(body: bytes, depth: int = 0) -> Iterator[bytes]:
    """Yield bytes, and what they hold once decompressed: gzip, ZIP, pages, values and statistics of Parquet."""
    yield body
    if depth > 2:
        return
    if body[:2] == b"\x1f\x8b":
        yield from opened(gzip.decompress(body), depth + 1)
    elif body[:4] == b"PK\3\4":
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            for name in package.namelist():
                yield name.encode()
                yield from opened(package.read(name), depth + 1)
    elif body[:5] == b"%PDF-":
        with pdfplumber.open(io.BytesIO(body)) as pdf:
            yield str(pdf.metadata).encode()
            yield from ((page.extract_text() or "").encode() for page in pdf.pages)
    elif body[:6] == b"ARROW1":
        table = pa.ipc.open_file(io.BytesIO(body)).read_all()
        yield str(table.schema.metadata).encode()
        yield json.dumps(table.to_pylist(), default=str, ensure_ascii=False).encode()
    elif body[8:12] == b"DUCK":
        yield from _tables(body)
    elif body[:4] == b"PAR1":
        file = pq.ParquetFile(io.BytesIO(body))
        yield str(file.metadata.to_dict()).encode()
        yield str(file.metadata.metadata).encode()
        yield json.dumps(file.read().to_pylist(), default=str, ensure_ascii=False).encode()
        for found in re.finditer(rb"\x28\xb5\x2f\xfd", body):  # pages that no value of the table points to
            stream = pa.CompressedInputStream(pa.BufferReader(body[found.start() :]), "zstd")
            try:
                while piece := stream.read(1 << 16):
                    yield piece
            except (OSError, pa.ArrowException):
                continue


def _tables(body: bytes) -> Iterator[bytes]:
    """Yield the rows of a base of DuckDB, which packs its texts."""
    with tempfile.NamedTemporaryFile(suffix=".duckdb") as file:
        file.write(body)
        file.flush()
        with duckdb.connect(file.name, read_only=True) as base:
            for (name,) in base.sql("SELECT table_name FROM duckdb_tables()").fetchall():
                yield json.dumps(base.table(name).fetchall(), default=str, ensure_ascii=False).encode()


def betrayed(body: bytes) -> list[str]:
    """Return the canaries that stand in bytes, compressed or not, in any usual writing."""
    found = []
    for part in opened(body):
        for text in (part.decode("utf-8", "replace"), part.decode("utf-16-le", "replace"), part.decode("latin-1")):
            plain = fold(text)
            found += [w for w in WORDS if fold(w) in plain]
            found += [d for d in DATES if d in text]
        bare = re.sub(rb"[\s.\-]", b"", part).decode("latin-1")
        found += [f for f in FIGURES if f in bare]
    return sorted(set(found))


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def test_the_eye_sees_what_it_looks_for(tmp_path: Path) -> None:
    """A net with holes would prove nothing."""
    table = io.BytesIO()
    pq.write_table(pa.table({"a": [NAME, "x"]}), table, compression="zstd")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("x.txt", NAME)
    page = tmp_path / "page.typ"
    page.write_text(f"{NAME}, née le 19/03/1931", "utf-8")
    made = bytes(typst.compile(page))
    for hidden in (made, NAME.encode(), NAME.upper().encode("utf-16-le"), b"06.98.71.23.45", gzip.compress(b"19/03/1931"),
                   table.getvalue(), packed.getvalue(), csv(), workbook(), quote("Zyxalinde").encode()):  # fmt: skip
        assert betrayed(hidden)
    assert not betrayed("Fontclaire, Gare, 150 €, 1960".encode())


# --- The walk -------------------------------------------------------------------------------------


@pytest.fixture
def published(town: Town, drop: Callable[..., Submission], caplog: pytest.LogCaptureFixture) -> list[Draft]:
    """Release a workbook, its second version, and the same as a CSV; leave one waiting, and withdraw another."""
    caplog.set_level(logging.DEBUG)
    sent = [("aides.xlsx", workbook()), ("aides.xlsx", workbook(ROWS)), ("aides versées.csv", csv())]
    out = []
    for name, content in sent:
        draft = drop(name, content).drafts.order_by("pk").first()
        assert draft is not None
        decide(draft, town)
        actions.approve(draft, town.users["referent"])
        worker.run(once=True)
        draft.refresh_from_db()
        assert draft.state == Draft.State.RELEASED, draft.error
        out.append(draft)
    drop("attente.csv", csv(ROWS))
    cataloguing.write_files("", lambda *_: None)
    return out


def decide(draft: Draft, town: Town) -> None:
    """Accept what is proposed for each column, as a referent would."""
    from parvis.privacy import policy as policies
    from parvis.values import to_json

    accepted = policies.accept(draft.decided_policy, by=town.users["referent"].email)
    draft.policy = to_json(accepted)
    draft.save()


def addresses(drafts: list[Draft]) -> Iterator[str]:
    """Yield every public address of what was released, by pages, feeds, API and exports."""
    releases = list(Release.objects.all())
    datasets = {d.dataset for d in drafts if d.dataset is not None}
    guesses = [g for d in datasets for g in (d.pk, d.slug, d.organisation.slug)]
    guesses += [g for r in releases for g in (r.version_id, str(r.number), r.manifest["object"])]
    guesses += ["json", "pdf"]  # kinds of proof sheet
    for route, _ in patterns(get_resolver().url_patterns):
        if "static" not in route:
            yield from filled(route, guesses)
    for told, dataset, other in itertools.product(ROUTES, guesses, guesses):
        path = PREFIX + told.path.replace("{dataset}", dataset).replace("{id}", dataset).replace("{version}", other)
        yield from {path.replace("{format}", f) for f in (*FORMATS, *extras.NAMES)}


QUERIES = ("", "?format=json", "?facets=Quartier", "?limit=100&count=true", "?aggregates=min(date_de_naissance),max(montant)",
           "?group=quartier&aggregates=count", "?profile=excel", "?order=-montant", "?page=2")  # fmt: skip


LISTED = "/oai?verb=ListRecords&metadataPrefix="
ROOTS = ("/sitemap.xml", "/donnees/atom.xml", "/donnees/rss.xml", "/robots.txt", "/catalog.csv", f"{LISTED}dcat",
         f"{LISTED}oai_dc", *(f"/catalog.{form}" for form in dcat.FORMS))  # fmt: skip


@pytest.mark.slow
def test_no_canary_is_in_any_public_byte(
    town: Town, published: list[Draft], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = town.client("visitor")
    seen: set[str] = set()
    looked: set[bytes] = set()  # the same bytes are not searched twice
    for address in sorted({*addresses(published), *ROOTS}):
        for query in QUERIES if address.startswith((PREFIX, "/donnees")) else ("",):
            answer = visitor.get(address + query)
            assert answer.status_code < 500 or answer.status_code == 503, address
            body = body_of(answer)
            if body not in looked:
                assert not betrayed(body), (address + query, betrayed(body))
                looked.add(body)
            said = str(sorted(answer.headers.items())).encode()
            assert not betrayed(said), (address, said)
            if answer.status_code != 200:
                break  # what is not there is not there under another question either
            seen.add(address)
    assert len(seen) > 40
    assert seen >= set(ROOTS)
    for kind in ("preuve/", "preuve.json", "preuve.pdf", "exports/parquet", "exports/xlsx", "atom.xml"):
        assert any(a.endswith(kind) for a in seen), (kind, sorted(seen))
    assert not betrayed(caplog.text.encode()), betrayed(caplog.text.encode())


def test_no_canary_is_on_the_shelf_in_the_index_or_in_what_is_searched(
    town: Town, published: list[Draft], folder: Path
) -> None:
    shelf_is_clean(folder)
    words_find_nothing(town, published)
    originals_are_guarded(folder)
    what_stays_is_there(town, published)


def shelf_is_clean(folder: Path) -> None:
    held = Folder(folder)
    files = [p for p in held.shelf.rglob("*") if p.is_file()]
    assert len([p for p in files if p.suffix == ".parquet"]) >= 2
    for path in files:
        assert not betrayed(path.read_bytes()), (path.relative_to(folder), betrayed(path.read_bytes()))
        assert not betrayed(path.name.encode())
    for release in Release.objects.all():
        said = json.dumps([release.manifest, release.dataset.metadata, release.dataset.slug], ensure_ascii=False)
        assert not betrayed(said.encode()), (release.dataset.slug, betrayed(said.encode()))
    stems = " ".join(Term.objects.values_list("stem", flat=True))
    assert "aid" in stems and not betrayed(stems.encode())


def words_find_nothing(town: Town, published: list[Draft]) -> None:
    visitor = town.client("visitor")
    for word in (SURNAME, FIRST, MAILBOX, PHONE, NIR):
        told = visitor.get(f"{PREFIX}/datasets", {"q": word}).json()
        assert not told.get("total", 0), (word, told)
        for draft in published:
            assert draft.dataset is not None
            lines = visitor.get(f"{PREFIX}/datasets/{draft.dataset.pk}/records", {"q": word}).json()
            assert not lines.get("total", 0), (word, lines)


def originals_are_guarded(folder: Path) -> None:
    """Outside of the vault, the inbox and the database, no file of the data folder holds a canary."""
    private = {"vault", "inbox"}
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if path.is_file() and inside.parts[0] not in private and not inside.name.startswith("portal.sqlite3"):
            assert not betrayed(path.read_bytes()), inside


def what_stays_is_there(town: Town, published: list[Draft]) -> None:
    """An empty table would hold no canary either."""
    for draft in published:
        assert draft.dataset is not None
        answer = town.client("visitor").get(f"{PREFIX}/datasets/{draft.dataset.pk}/exports/csv")
        told = body_of(answer).decode()
        assert "Les Prés" in told and "1931" in told and "Dossier complet" in told


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (f"Aides_{SURNAME.upper()}_Julie.csv", csv()),
        (f"aides-mme-{SURNAME.lower()}.csv", csv()),
        ("aides.csv", f"Liste suivie par {NAME};;;;;;;;;\n".encode("cp1252") + csv()),
        ("aides.csv", csv().replace(b"Quartier", f"Quartier selon {NAME}".encode())),
    ],
    ids=["name of the file", "in small letters", "title above the table", "header of a column"],
)
def test_no_canary_comes_through_what_names_the_table(
    town: Town, drop: Callable[..., Submission], folder: Path, name: str, content: bytes
) -> None:
    draft = drop(name, content).drafts.get()
    decide(draft, town)
    actions.approve(draft, town.users["referent"])
    worker.run(once=True)
    draft.refresh_from_db()
    assert draft.state == Draft.State.RELEASED, draft.error
    assert draft.dataset is not None
    visitor = town.client("visitor")
    for address in ("/", "/donnees/", "/donnees/atom.xml", f"/donnees/{draft.dataset.slug}/", f"{PREFIX}/datasets",
                    f"{PREFIX}/datasets/{draft.dataset.pk}", f"{PREFIX}/datasets/{draft.dataset.pk}/records"):  # fmt: skip
        found = betrayed(body_of(visitor.get(address)))
        assert not found, (address, found)
    for path in Folder(folder).shelf.rglob("*"):
        assert not path.is_file() or not betrayed(path.read_bytes()), (path.name, betrayed(path.read_bytes()))
