"""The catalogue as Opendatasoft gives it: datasets, their metadata, facets over them, and its exports.

Datasets are rows like others: the store answers questions about them with the same ODSQL, over a table made of the entries
that the caller may see.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from parvis.catalogue.licences import LICENCES
from parvis.catalogue.themes import THEMES
from parvis.dialects import ods_attachments, ods_fields, odsql
from parvis.dialects.ods_records import possible
from parvis.dialects.ods_request import (
    Asked,
    RestError,
    asked_version,
    conditions,
    depends_on_time,
    dumped,
    facet_values,
    facets_body,
    instant,
    page_links,
    question,
    told_whole,
    written_rows,
)
from parvis.dialects.odsql import BETWEEN, Known, OdsqlError, Setting
from parvis.frozen import dataclass
from parvis.store import query as asking
from parvis.values import Column, Field, Kind, Metadata, Named, Policy, Query, Version, Where
from parvis.web import FRESH, Entry, Response

FORMATS = ("csv", "data.json", "dcat", "dublin_core", "json", "rdf", "rss", "ttl", "xlsx")
FACETS = ("features", "modified", "publisher", "keyword", "theme", "license", "language", "territory")
PAGE = 100
MANY = frozenset(("theme", "keyword", "territory", "features"))
_KINDS = {
    "dataset_id": Kind.TEXT, "dataset_uid": Kind.TEXT, "title": Kind.TEXT, "description": Kind.TEXT, "theme": Kind.TEXT,
    "keyword": Kind.TEXT, "license": Kind.TEXT, "license_url": Kind.TEXT, "language": Kind.TEXT, "publisher": Kind.TEXT,
    "modified": Kind.DATETIME, "data_processed": Kind.DATETIME, "metadata_processed": Kind.DATETIME,
    "records_count": Kind.INTEGER, "attributions": Kind.TEXT, "references": Kind.TEXT, "territory": Kind.TEXT,
    "features": Kind.TEXT, "has_records": Kind.BOOLEAN, "data_visible": Kind.BOOLEAN, "visibility": Kind.TEXT,
    "federated": Kind.BOOLEAN, "created": Kind.DATETIME, "issued": Kind.DATETIME, "accrualperiodicity": Kind.TEXT,
    "temporal_coverage_start": Kind.TEXT, "temporal_coverage_end": Kind.TEXT, "creator": Kind.TEXT,
    "contact_email": Kind.TEXT,
}  # fmt: skip
_WHOLE = ("dataset_id", "dataset_uid", "attachments", "has_records", "data_visible", "features", "metas", "fields")


# --- What is told of a dataset ---------------------------------------------------------------------


def told(asked: Asked, entry: Entry, version: Version | None = None) -> dict[str, Any]:
    """Return a dataset as the dialect tells it, without its links."""
    version = version or entry.version
    row = cells(entry, version)
    default = {
        name: _listed(row[name]) if name in MANY else row[name]
        for name in ("title", "description", "theme", "keyword", "license", "license_url", "language", "modified")
    }
    for name in ("modified", "data_processed", "metadata_processed"):
        default[name] = f"{row[name]}+00:00" if row[name] else None
    default |= {
        "metadata_languages": [row["language"]],
        "timezone": None,
        "modified_updates_on_metadata_change": False,
        "modified_updates_on_data_change": True,
        "geographic_reference": _listed(row["territory"]),
        "geographic_reference_auto": False,
        "territory": _listed(row["territory"]),
        "publisher": row["publisher"],
        "references": row["references"],
        "records_count": version.rows,
        "attributions": [row["attributions"]] if row["attributions"] else None,
        "source_domain": None,
        "source_domain_title": None,
        "source_domain_address": None,
        "source_dataset": None,
        "shared_catalog": None,
        "federated": False,
        "oauth_scope": None,
        "parent_domain": None,
    }
    dcat = {
        "created": instant(entry.created_at),
        "issued": instant(entry.created_at),
        "creator": row["creator"],
        "contributor": None,
        "contact_name": entry.metadata.service or None,
        "contact_email": row["contact_email"],
        "accrualperiodicity": row["accrualperiodicity"],
        "spatial": entry.metadata.territory or None,
        "temporal": None,
        "temporal_coverage_start": row["temporal_coverage_start"],
        "temporal_coverage_end": row["temporal_coverage_end"],
        "granularity": None,
        "dataquality": None,
        "conforms_to": [version.schema] if version.schema else None,
    }
    return {
        "visibility": "domain",
        "dataset_id": entry.slug,
        "dataset_uid": row["dataset_uid"],
        "has_records": True,
        "features": _listed(row["features"]),
        "attachments": ods_attachments.told(ods_attachments.papers(asked, entry, version)),
        "alternative_exports": ods_attachments.told(ods_attachments.alternatives(asked, entry, version)),
        "data_visible": True,
        "fields": [f.told() for f in ods_fields.fields(version)],
        "metas": {"default": default, "dcat": dcat, "inspire": {}},
    }


def cells(entry: Entry, version: Version) -> dict[str, Any]:
    """Return a dataset as a row of the catalogue's table."""
    metadata = entry.metadata
    licence, theme = LICENCES.get(metadata.licence), THEMES.get(metadata.theme)
    modified = _utc(entry.modified_at)
    return {
        "dataset_id": entry.slug,
        "dataset_uid": f"da_{hashlib.sha256(entry.id.encode()).hexdigest()[:6]}",
        "title": metadata.title,
        "description": metadata.description or None,
        "theme": _joined([theme.title] if theme else [metadata.theme]),
        "keyword": _joined(metadata.keywords),
        "license": licence.title if licence else metadata.licence or None,
        "license_url": licence.url if licence else None,
        "language": "fr",
        "publisher": metadata.producer or entry.organisation_name or None,
        "modified": modified,
        "data_processed": _utc(version.created_at),
        "metadata_processed": modified,
        "records_count": version.rows,
        "attributions": metadata.attribution or None,
        "references": None,
        "territory": _joined([metadata.territory]),
        "features": _joined(features(version)),
        "has_records": True,
        "data_visible": True,
        "visibility": "domain",
        "federated": False,
        "created": _utc(entry.created_at),
        "issued": _utc(entry.created_at),
        "accrualperiodicity": metadata.frequency or None,
        "temporal_coverage_start": metadata.temporal_start or None,
        "temporal_coverage_end": metadata.temporal_end or None,
        "creator": metadata.service or None,
        "contact_email": metadata.contact or None,
    }


def features(version: Version) -> list[str]:
    """Return what can be done with a version: analyse, follow in time, place on a map."""
    kinds = {c.kind for c in version.columns}
    found = ["analyze"]
    if kinds & {Kind.DATE, Kind.DATETIME}:
        found.append("timeserie")
    if version.geometry or version.point:
        found.append("geo")
    return found


def _joined(values: Sequence[str]) -> str | None:
    kept = [v.replace(BETWEEN, " ") for v in values if v]
    return f"{BETWEEN}{BETWEEN.join(kept)}{BETWEEN}" if kept else None


def _listed(text: str | None) -> list[str] | None:
    return [part for part in text.split(BETWEEN) if part] if text else None


def _utc(text: str) -> str | None:
    said = instant(text)
    return said[:19] if said else None


# --- The catalogue as a table ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Table:
    """The entries that a caller may see, as rows of a version that lies on no shelf."""

    entries: Sequence[Entry]
    version: Version
    rows: Sequence[Sequence[Any]]


def table(asked: Asked) -> Table:
    entries: list[Entry] = []
    while True:
        found = asked.catalogue.list(limit=PAGE, offset=len(entries))
        entries += found.entries
        if not found.entries or len(entries) >= found.total:
            break
    rows = [tuple(cells(e, e.version)[name] for name in _KINDS) for e in entries]
    columns = tuple(Column(name, name, kind) for name, kind in _KINDS.items())
    mark = hashlib.sha256(repr([(e.id, e.version.id, e.modified_at) for e in entries]).encode()).hexdigest()[:32]
    version = Version(mark, "", "", 0, len(rows), columns, Metadata(), Policy(), "")
    return Table(entries, version, rows)


def setting_of(asked: Asked) -> Setting:
    fields = {name: Known(name, Field(name), kind, name in MANY) for name, kind in _KINDS.items()}
    aliases = {"datasetid": "dataset_id", "licence": "license"}
    known = dict(fields)
    for name, field in fields.items():
        known[f"default.{name}"] = known[f"dcat.{name}"] = field
    known |= {alias: fields[name] for alias, name in aliases.items()}
    texts = tuple(Field(n) for n in ("title", "description", "keyword", "theme", "publisher", "dataset_id"))
    return Setting(known, texts, asked.now, asked.zone.key if asked.zone else "", asked.language)


# --- Answers --------------------------------------------------------------------------------------


def dataset(asked: Asked) -> Response:
    entry, version = asked_version(asked)
    setting_of(asked)  # says when the language or the zone is none
    body = told(asked, entry, version)
    if asked.get("select"):
        body = _chosen(asked, body)
    path = f"/catalog/datasets/{entry.slug}"
    if asked.old:
        links = [{"rel": "self", "href": asked.url(path)}, {"rel": "catalog", "href": asked.url("/catalog")}]
        for name in ("records", "exports", "facets", "attachments", "aggregates"):
            links.append({"rel": name, "href": asked.url(f"{path}/{name}")})
        return told_whole(asked, {"links": links, "dataset": body})
    if asked.flag("include_links"):
        links = [{"rel": "self", "href": asked.url(path)}, {"rel": "catalog", "href": asked.url("/catalog/datasets")}]
        body = {"_links": links, **body}
    return told_whole(asked, body)


def _chosen(asked: Asked, body: Mapping[str, Any]) -> dict[str, Any]:
    names = _plain_names(asked.get("select"))
    if names is None:
        raise OdsqlError("only names of fields can be selected.", "select")
    return {name: _picked(body, name) for name in names}


def _plain_names(text: str) -> list[str] | None:
    names = [part.strip().strip("`") for part in text.split(",")]
    known = {*_KINDS, *_WHOLE}
    plain = all(n in known or n.removeprefix("default.") in known or n == "*" for n in names)
    return names if plain else None


def _picked(body: Mapping[str, Any], name: str) -> Any:
    if name in body:
        return body[name]
    plain = name.removeprefix("default.")
    default, dcat = body["metas"]["default"], body["metas"]["dcat"]
    return default[plain] if plain in default else dcat.get(plain)


def datasets(asked: Asked) -> Response:
    """Return datasets that meet a question, whole unless it selects or groups."""
    held, setting = table(asked), setting_of(asked)
    text = asked.get("select")
    names = _plain_names(text) if text and not asked.get("group_by") else None
    plain = (not text or names is not None) and not asked.get("group_by")
    if plain:
        request = dataclasses.replace(
            asked.request, query=[(n, v) for n, v in asked.request.query if n != "select"]
        )  # the fields are picked once the datasets are found
        query = question(dataclasses.replace(asked, request=request), setting, ("dataset_id",))
    else:
        query = question(asked, setting, tuple(_KINDS))
    page = asking.run(asked.pool, held.version, query, table=held.rows)
    if not plain:
        rows = written_rows(page.columns, page.rows, asked.zone, MANY)
        body: dict[str, Any] = {"aggregations" if asked.old else "results": rows}
        return _answered(asked, {"total_count": page.total, **body} if query.count else body)
    by_slug = {e.slug: e for e in held.entries}
    found = [by_slug[row[0]] for row in page.rows]
    shown = [told(asked, e) for e in found]
    if names is not None and "*" not in names:
        shown = [{name: _picked(body, name) for name in names} for body in shown]
    if asked.old:
        links = [[{"rel": "self", "href": asked.url(f"/catalog/datasets/{e.slug}")}] for e in found]
        listed = [{"links": at, "dataset": body} for at, body in zip(links, shown, strict=True)]
        links_of_page = page_links(asked, query, page.total)
        return _answered(asked, {"total_count": page.total, "links": links_of_page, "datasets": listed})
    if asked.flag("include_links"):
        shown = [
            {"_links": [{"rel": "self", "href": asked.url(f"/catalog/datasets/{e.slug}")}], **body}
            for e, body in zip(found, shown, strict=True)
        ]
        return _answered(
            asked, {"total_count": page.total, "_links": page_links(asked, query, page.total), "results": shown}
        )
    return _answered(asked, {"total_count": page.total, "results": shown})


def _answered(asked: Asked, body: Mapping[str, Any]) -> Response:
    if depends_on_time(asked):
        return Response(200, dumped(body), headers={"cache-control": "no-cache"})
    return told_whole(asked, body)


def facets(asked: Asked) -> Response:
    held, setting = table(asked), setting_of(asked)
    wanted = [odsql.facet(text) for text in asked.all("facet")] or [odsql.Facet(name) for name in FACETS]
    found = []
    for facet in wanted:
        known = setting.fields.get(facet.name) or setting.fields.get(facet.name.lower())
        if known is None:
            raise OdsqlError(f"Unknown field: {facet.name[:100]}.", "facet")
        where = conditions(asked, setting, without=known.name if facet.disjunctive else "")
        counted_values = counted(asked, held, known, where)
        separator = "/" if known.kind is Kind.DATETIME else facet.separator if facet.hierarchical else ""
        counts = facet_values(asked, known.name, counted_values, facet, separator)
        if counts:
            found.append({"name": facet.name, "facets": counts})
    return Response(
        200, facets_body(asked, found), headers={"cache-control": FRESH}, cacheable=not depends_on_time(asked)
    )


def counted(asked: Asked, held: Table, known: Known, where: Where | None) -> list[tuple[str, int]]:
    """Return the values of a field over the datasets that meet a condition, and how many have each."""
    values: Counter[str] = Counter()
    query = Query(shown=(Named(known.expression, "v"),), where=where, limit=asking.MAX_ROWS, count=False)
    while True:
        page = asking.run(asked.pool, held.version, query, table=held.rows)
        values.update(part for row in page.rows for part in _facet_parts(row[0], known))
        if not page.cursor:
            return sorted(values.items())
        query = dataclasses.replace(query, offset=query.offset + query.limit)


def _facet_parts(value: Any, known: Known) -> list[str]:
    if value is None:
        return []
    if known.many:
        return _listed(value) or []
    if known.kind is Kind.DATETIME:
        return [value[:10].replace("-", "/")]
    return [str(value).lower() if isinstance(value, bool) else str(value)]


# --- Exports --------------------------------------------------------------------------------------


def exports(asked: Asked) -> Response:
    links = [{"rel": "self", "href": asked.url("/catalog/exports")}]
    links += [{"rel": name, "href": asked.url(f"/catalog/exports/{name}")} for name in FORMATS]
    return told_whole(asked, {"links": links})


def exported(asked: Asked) -> Response:
    name = asked.places["format"]
    writer = _WRITERS.get(name) or (_WRITERS["dcat"] if name.startswith("dcat_ap_") else None)
    if writer is None:
        expected = ", ".join(FORMATS)
        raise RestError(
            f"Invalid value for format API parameter: {name[:30]} was found but one of {expected} is expected."
        )
    held, setting = table(asked), setting_of(asked)
    query = question(asked, setting, tuple(_KINDS), export=True)
    most = len(held.rows) if query.limit < 0 else query.limit
    found: list[Sequence[Any]] = []
    columns: Sequence[Column] = ()
    while True:
        wanted = min(most - len(found), asking.MAX_ROWS)
        asked_now = dataclasses.replace(query, limit=max(wanted, 0), offset=query.offset + len(found), count=False)
        page = asking.run(asked.pool, held.version, asked_now, table=held.rows)
        columns, found = page.columns, [*found, *page.rows]
        if len(page.rows) < asking.MAX_ROWS or len(found) >= most:
            break
    rows = written_rows(columns, found, asked.zone, MANY)
    by_slug = {e.slug: e for e in held.entries}
    entries = [by_slug[r["dataset_id"]] for r in rows if r.get("dataset_id") in by_slug]
    body, media, suffix = writer(asked, rows, entries)
    headers = {"content-disposition": f'attachment; filename="catalog.{suffix}"', "cache-control": FRESH}
    return Response(200, body, media, headers, cacheable=not depends_on_time(asked))


File = tuple[bytes, str, str]
Rows = Sequence[Mapping[str, Any]]


def _csv(asked: Asked, rows: Rows, entries: Sequence[Entry]) -> File:
    delimiter = asked.request.get("delimiter", ";") or ";"
    separator = asked.request.get("list_separator", ",")[:5]
    out = io.StringIO()
    quoting: Any = csv.QUOTE_ALL if asked.flag("quote_all") else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=delimiter[:1], lineterminator="\r\n", quoting=quoting)
    names = list(rows[0]) if rows else list(_KINDS)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_in_cell(row[n], separator) for n in names])
    start = "\ufeff" if asked.flag("with_bom", default=not asked.old) else ""
    return (start + out.getvalue()).encode(), "text/csv; charset=utf-8", "csv"


def _in_cell(value: Any, separator: str) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return separator.join(map(str, value))
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _json(asked: Asked, rows: Rows, entries: Sequence[Entry]) -> File:
    if asked.get("select") or asked.get("group_by"):
        return dumped(list(rows)), "application/json; charset=utf-8", "json"
    return dumped([told(asked, e) for e in entries]), "application/json; charset=utf-8", "json"


def _xlsx(asked: Asked, rows: Rows, entries: Sequence[Entry]) -> File:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": datetime.datetime(2000, 1, 1)})  # noqa: DTZ001  a workbook's dates have no zone
    sheet, bold = book.add_worksheet("Catalogue"), book.add_format({"bold": True})
    names = list(rows[0]) if rows else list(_KINDS)
    for c, name in enumerate(names):
        sheet.write_string(0, c, name, bold)
    for line, row in enumerate(rows, 1):
        for c, name in enumerate(names):
            value = row[name]
            if isinstance(value, bool):
                sheet.write_boolean(line, c, value)
            elif isinstance(value, int | float):
                sheet.write_number(line, c, value)
            elif value is not None:
                sheet.write_string(line, c, ", ".join(value) if isinstance(value, list) else str(value))
    book.close()
    return out.getvalue(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"


def _page_of(asked: Asked, entry: Entry) -> str:
    return f"{asked.request.base}/donnees/{quote(entry.slug)}/"


def _distributions(asked: Asked, entry: Entry) -> Iterator[tuple[str, str]]:
    wanted = [n.strip() for n in asked.get("include_exports").split(",") if n.strip()]
    labels = [("use_labels", "true")] if asked.flag("use_labels_in_exports", default=True) else []
    for name in possible(entry.version):
        if not wanted or name in wanted:
            tail = labels if name in ("csv", "xlsx") else []
            yield name, asked.url(f"/catalog/datasets/{entry.slug}/exports/{name}", tail)


def _data_json(asked: Asked, rows: Rows, entries: Sequence[Entry]) -> File:
    """The catalogue by Project Open Data."""
    listed = []
    for entry in entries:
        row = cells(entry, entry.version)
        listed.append(
            {
                "@type": "dcat:Dataset",
                "identifier": _page_of(asked, entry),
                "landingPage": _page_of(asked, entry),
                "title": row["title"],
                "description": row["description"] or row["title"],
                "keyword": _listed(row["keyword"]) or [],
                "theme": _listed(row["theme"]) or [],
                "modified": f"{row['modified']}+00:00" if row["modified"] else None,
                "license": row["license_url"],
                "accessLevel": "public",
                "publisher": {"@type": "org:Organization", "name": row["publisher"] or ""},
                "distribution": [
                    {"@type": "dcat:Distribution", "title": name, "format": name, "accessURL": url, "downloadURL": url}
                    for name, url in _distributions(asked, entry)
                ],
            }
        )
    told_now = {"conformsTo": "https://project-open-data.cio.gov/v1.1/schema", "dataset": listed}
    return dumped(told_now), "application/json; charset=utf-8", "json"


def _rss(asked: Asked, rows: Rows, entries: Sequence[Entry]) -> File:
    items = "".join(
        f"<item><title>{escape(e.metadata.title)}</title><link>{escape(_page_of(asked, e))}</link>"
        f'<guid isPermaLink="true">{escape(_page_of(asked, e))}</guid>'
        f"<description>{escape(e.metadata.description)}</description><pubDate>{_mail_date(e.modified_at)}</pubDate></item>"
        for e in entries
    )
    body = (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel><title>Données ouvertes</title>'
        f"<link>{escape(asked.request.base)}</link><description>Les jeux de données</description>{items}</channel></rss>\n"
    )
    return body.encode(), "application/rss+xml; charset=utf-8", "rss"


def _mail_date(text: str) -> str:
    from email.utils import format_datetime

    said = instant(text)
    return format_datetime(datetime.datetime.fromisoformat(said)) if said else ""


def _dcat(asked: Asked, rows: Rows, entries: Sequence[Entry]) -> File:
    out = ['<?xml version="1.0" encoding="utf-8"?>\n<rdf:RDF', *(f' xmlns:{p}="{u}"' for p, u in _SPACES.items()), ">"]
    home = escape(asked.request.base, {'"': "&quot;"})
    out.append(f'<dcat:Catalog rdf:about="{home}"><dct:title xml:lang="fr">Données ouvertes</dct:title>')
    out.append('<dct:description xml:lang="fr">Les jeux de données ouverts</dct:description>')
    out.append(f'<foaf:homepage rdf:resource="{home}"/>')
    for entry in entries:
        out.append(f"<dcat:dataset>{''.join(_dcat_dataset(asked, entry))}</dcat:dataset>")
    out.append("</dcat:Catalog></rdf:RDF>\n")
    return "".join(out).encode(), "application/rdf+xml; charset=utf-8", "rdf"


def _dcat_dataset(asked: Asked, entry: Entry) -> Iterator[str]:
    row, about = cells(entry, entry.version), escape(f"{asked.request.base}/id/jdd/{entry.id}", {'"': "&quot;"})
    yield f'<dcat:Dataset rdf:about="{about}"><dct:identifier>{about}</dct:identifier>'
    yield f'<dct:title xml:lang="fr">{escape(row["title"])}</dct:title>'
    yield f'<dct:description xml:lang="fr">{escape(row["description"] or row["title"])}</dct:description>'
    for word in [*(_listed(row["keyword"]) or []), *(_listed(row["theme"]) or [])]:
        yield f"<dcat:keyword>{escape(word)}</dcat:keyword>"
    for name, tag in (("issued", "issued"), ("modified", "modified")):
        if row[name]:
            when = "http://www.w3.org/2001/XMLSchema#dateTime"
            yield f'<dct:{tag} rdf:datatype="{when}">{row[name]}Z</dct:{tag}>'
    if row["license_url"]:
        yield f'<dct:license rdf:resource="{escape(row["license_url"], {chr(34): "&quot;"})}"/>'
    if row["publisher"]:
        yield f"<dct:publisher><foaf:Agent><foaf:name>{escape(row['publisher'])}</foaf:name></foaf:Agent></dct:publisher>"
    yield f'<dcat:landingPage rdf:resource="{escape(_page_of(asked, entry), {chr(34): "&quot;"})}"/>'
    for name, url in _distributions(asked, entry):
        at = escape(url, {'"': "&quot;"})
        yield f'<dcat:distribution><dcat:Distribution rdf:about="{at}"><dct:title>{name}</dct:title>'
        yield f'<dcat:accessURL rdf:resource="{at}"/><dcat:downloadURL rdf:resource="{at}"/>'
        yield f"<dct:format>{name}</dct:format></dcat:Distribution></dcat:distribution>"
    yield "</dcat:Dataset>"


def _turtle(asked: Asked, rows: Rows, entries: Sequence[Entry]) -> File:
    out = [f"@prefix {p}: <{u}> .\n" for p, u in _SPACES.items() if p != "rdf"]

    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    named = [f"<{quote(f'{asked.request.base}/id/jdd/{e.id}', safe=_URI)}>" for e in entries]
    out.append(f"\n<{quote(asked.request.base, safe=_URI)}> a dcat:Catalog ; dct:title {text('Données ouvertes')}@fr")
    out.append("".join(f" ;\n  dcat:dataset {n}" for n in named) + " .\n")
    for entry, name in zip(entries, named, strict=True):
        row = cells(entry, entry.version)
        lines = [f"dct:title {text(row['title'])}@fr", f"dct:description {text(row['description'] or row['title'])}@fr"]
        lines += [f"dcat:keyword {text(word)}" for word in _listed(row["keyword"]) or []]
        if row["license_url"]:
            lines.append(f"dct:license <{quote(row['license_url'], safe=_URI)}>")
        lines += [
            f"dcat:distribution [ a dcat:Distribution ; dct:format {text(f)} ; dcat:accessURL <{quote(u, safe=_URI)}> ;"
            f" dcat:downloadURL <{quote(u, safe=_URI)}> ]"
            for f, u in _distributions(asked, entry)
        ]
        out.append(f"\n{name} a dcat:Dataset ;\n  " + " ;\n  ".join(lines) + " .\n")
    return "".join(out).encode(), "text/turtle; charset=utf-8", "ttl"


def _dublin_core(asked: Asked, rows: Rows, entries: Sequence[Entry]) -> File:
    dc = "http://purl.org/dc/elements/1.1/"
    out = [f'<?xml version="1.0" encoding="utf-8"?>\n<rdf:RDF xmlns:rdf="{_SPACES["rdf"]}" xmlns:dc="{dc}">']
    for entry in entries:
        row, about = cells(entry, entry.version), escape(_page_of(asked, entry), {'"': "&quot;"})
        out.append(f'<rdf:Description rdf:about="{about}"><dc:identifier>{about}</dc:identifier>')
        for tag, name in (("title", "title"), ("description", "description"), ("publisher", "publisher"),
                          ("rights", "license"), ("language", "language"), ("date", "modified")):  # fmt: skip
            if row[name]:
                out.append(f"<dc:{tag}>{escape(str(row[name]))}</dc:{tag}>")
        out += [f"<dc:subject>{escape(w)}</dc:subject>" for w in _listed(row["keyword"]) or []]
        out.append("</rdf:Description>")
    out.append("</rdf:RDF>\n")
    return "".join(out).encode(), "application/rdf+xml; charset=utf-8", "rdf"


_URI = ":/?#[]@!$&'()*+,;=%~"
_SPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
}  # fmt: skip
_WRITERS: dict[str, Callable[[Asked, Rows, Sequence[Entry]], File]] = {
    "csv": _csv, "json": _json, "xlsx": _xlsx, "data.json": _data_json, "rss": _rss, "dcat": _dcat, "rdf": _dcat,
    "ttl": _turtle, "dublin_core": _dublin_core,
}  # fmt: skip
