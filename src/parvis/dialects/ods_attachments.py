"""What Opendatasoft calls attachments: the papers that go with a dataset, each at its own address.

The description of the columns, the sheet that proves how people are protected, where there is one, and the files that are no
writing of the rows alone, which are its « alternative exports » too. What a town was brought stays in the vault.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from parvis.dialects import extras
from parvis.dialects.ods_request import Asked, asked_version, told_whole
from parvis.frozen import dataclass
from parvis.values import Version
from parvis.web import Entry, Response, Site


@dataclass(frozen=True, slots=True)
class Paper:
    name: str  # of the file
    title: str
    media_type: str
    href: str


def papers(asked: Asked, entry: Entry, version: Version) -> Sequence[Paper]:
    """Return the papers of a version of a dataset."""
    base = asked.request.base
    found = [
        Paper(
            "datapackage.json", "Description des colonnes (Data Package)", "application/json",
            f"{base}/dataset/{entry.id}/datapackage.json",
        )
    ]  # fmt: skip
    if asked.pool.folder.proof(version.id).exists():
        page = f"{base}{Site('').dataset_page.format(slug=entry.slug)}versions/{version.number}"
        found.append(Paper("preuve.pdf", "Fiche de preuve (PDF)", "application/pdf", f"{page}/preuve.pdf"))
        found.append(Paper("preuve.json", "Fiche de preuve (JSON)", "application/json", f"{page}/preuve.json"))
    return [*found, *alternatives(asked, entry, version)]


def alternatives(asked: Asked, entry: Entry, version: Version) -> Sequence[Paper]:
    """Return the files that go with a dataset, beside those of its rows."""
    at = f"{asked.request.base}/api/explore/v2.1/catalog/datasets/{entry.slug}/exports"
    given = extras.of(asked.catalogue, asked.pool.folder, entry, version)
    return [Paper(e.name, e.title, e.media_type, f"{at}/{e.format}") for e in given]


def told(found: Sequence[Paper]) -> list[dict[str, Any]]:
    """Return papers as the description of a dataset lists them."""
    return [{"id": p.name, "title": p.title, "mimetype": p.media_type, "url": p.href} for p in found]


def attachments(asked: Asked) -> Response:
    found = papers(asked, *asked_version(asked))
    listed = [{"href": p.href, "metas": {"mime-type": p.media_type, "title": p.title}} for p in found]
    return told_whole(asked, {"links": [], "attachments": listed} if asked.old else {"attachments": listed})
