"""The catalogue as the national schema « catalogue » of the SCDL: ``/catalog.csv``, a line for each dataset."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping

from parvis.catalogue.themes import THEMES
from parvis.dialects.dcat import CORS, FRESH
from parvis.store import export
from parvis.web import Catalogue, Entry, Request, Response, Site, finished, matches

SIZE = 100  # datasets read at once
COLUMNS = (
    "COLL_NOM", "COLL_SIRET", "ID", "TITRE", "DESCRIPTION", "THEME", "PRODUCTEUR_NOM", "PRODUCTEUR_SIRET",
    "COUV_SPAT_MAILLE", "COUV_SPAT_NOM", "COUV_TEMP_DEBUT", "COUV_TEMP_FIN", "DATE_PUBL", "FREQ_MAJ", "DATE_MAJ",
    "MOTS_CLES", "LICENCE", "NOMBRE_RESSOURCES", "FORMAT_RESSOURCES", "URL",
)  # fmt: skip
_FREQUENCIES: Mapping[str, str] = {
    "": "Inconnue", "realtime": "Continuelle", "daily": "Quotidienne ou plusieurs fois par jour",
    "weekly": "Hebdomadaire ou plusieurs fois par semaine", "monthly": "Mensuelle ou plusieurs fois par mois",
    "quarterly": "Trimestrielle", "semiannual": "Semestrielle", "annual": "Annuelle", "punctual": "Ponctuelle",
    "irregular": "Irrégulière",
}  # fmt: skip
_LICENCES: Mapping[str, str] = {"lov2": "Licence Ouverte-LO", "odbl": "Open Database License-ODBL"}


def answer(request: Request, catalogue: Catalogue, site: Site) -> Response:
    """Return the whole catalogue as CSV. A day that nobody told is the day of publication: the schema wants one."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in _entries(catalogue):
        writer.writerow(_line(entry, request.base, site))
    body = out.getvalue().encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": FRESH}
    if matches(request, tag):
        return finished(request, Response(304, headers=headers), CORS)
    headers["content-disposition"] = 'attachment; filename="catalogue.csv"'
    return finished(request, Response(200, body, "text/csv; charset=utf-8", headers, cacheable=True), CORS)


def _entries(catalogue: Catalogue) -> Iterator[Entry]:
    start = 0
    while entries := catalogue.list("", {}, "stable", SIZE, start, faceted=False).entries:
        yield from entries
        start += len(entries)


def _line(entry: Entry, base: str, site: Site) -> list[str]:
    told = entry.version.metadata
    theme = THEMES.get(told.theme)
    formats = list(dict.fromkeys([*export.possible(entry.version), *(e.kind or e.format for e in entry.extras)]))
    producer = told.producer or entry.organisation_name
    siret = entry.siret or site.siret
    first = entry.created_at[:10]
    return [
        _plain(one)
        for one in (
            entry.organisation_name, siret, f"{base}/dataset/{entry.id}", told.title, told.description or told.title,
            theme.title if theme else "Autre", producer, siret, "Communale", site.name, told.temporal_start or first,
            told.temporal_end or entry.modified_at[:10], first, _FREQUENCIES.get(told.frequency, "Inconnue"),
            entry.modified_at[:10], ";".join(told.keywords) or "données", _LICENCES.get(told.licence, "Spécifique ou autre"),
            str(len(formats)), ";".join(formats), base + site.dataset_page.format(slug=entry.slug),
        )
    ]  # fmt: skip


def _plain(text: str) -> str:
    """Return a text on one line that no spreadsheet takes for a formula."""
    text = " ".join(text.split())
    return f"'{text}" if text[:1] in "=+-@" and text else text
