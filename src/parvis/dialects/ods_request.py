"""What every address of the Opendatasoft dialect shares: the request, its question, faults and kept answers."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from parvis import __version__
from parvis.dialects import ods_fields, odsql
from parvis.dialects.odsql import OdsqlError, Setting
from parvis.errors import BusyError, GoneError, InputError, LimitError, RefusedError, UnknownName
from parvis.frozen import dataclass
from parvis.store import expressions
from parvis.store.cache import Answer, Cache
from parvis.store.pool import Pool
from parvis.values import All, Calc, Call, Column, Holds, Kind, Literal, Named, Not, Query, Version, Where
from parvis.web import FRESH, Catalogue, Entry, Request, Response, matches, opened, preflight

PREFIXES = ("/api/explore/v2.1", "/api/explore/v2.0", "/api/v2")
CORS = opened(
    "ETag", "Link", "Retry-After", "Content-Disposition", "X-Parvis-Cursor",
    "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset",
)  # fmt: skip
PREFLIGHT = preflight("Accept", "Authorization", "Content-Type", "If-None-Match")
LIMIT, MOST, MOST_GROUPS, WALL = 10, 100, 20_000, 10_000
FAR = 10**9  # where an offset ends when there is no wall
LANGUAGES = ("en", "fr", "nl", "pt", "it", "ar", "de", "es", "ca", "eu", "sv")


class RestError(InputError):
    """A parameter out of what is expected, in the words of the original."""

    def __init__(self, message: str) -> None:
        super().__init__("{said}", said=message)


class NoRouteError(UnknownName):
    pass


def fault(error: Exception) -> Response:
    """Return what the dialect says of an error."""
    headers = {"cache-control": "no-store"}
    if isinstance(error, BusyError):
        headers["retry-after"] = str(error.retry_after)
        return faulty(503, "ServiceUnavailable", error.text, headers)
    if isinstance(error, GoneError):
        return faulty(410, "GoneResource", error.text, headers)
    if isinstance(error, UnknownName):
        return faulty(404, "NotFoundResource", error.text, headers)
    if isinstance(error, OdsqlError):
        return faulty(400, "ODSQLError", f"ODSQL query is malformed: {error.text}", headers)
    if isinstance(error, RestError):
        return faulty(400, "InvalidRESTParameterError", error.text, headers)
    if isinstance(error, InputError | LimitError):
        clause = _CLAUSES.get(str(error.values.get("parameter", "")), "where")
        said = f"ODSQL query is malformed: {error.text} Clause(s) containing the error(s): {clause}."
        return faulty(400, "ODSQLError", said, headers)
    if isinstance(error, RefusedError):
        return faulty(403, "ForbiddenResource", error.text, headers)
    return faulty(500, "InternalServerError", "Une panne est survenue de notre fait. Réessayez plus tard.", headers)


_CLAUSES = {"select": "select", "where": "where", "group": "group_by", "order": "order_by", "having": "where"}


def faulty(status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
    return Response(status, dumped({"error_code": code, "message": message}), headers=headers)


# --- Keys and quotas -------------------------------------------------------------------------------

CALLS = 10_000_000  # of a day, said where a portal counts none


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a caller's day: ``limit`` calls in all, ``left`` of them, until ``reset``, in UTC."""

    limit: int
    left: int
    reset: datetime.datetime

    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(max(self.left, 0)),
            "x-ratelimit-reset": self.reset.isoformat(" ", "seconds"),
        }


def key_of(request: Request) -> str:
    """Return the key that a request bears, in its address or its head, "" for none."""
    scheme, _, key = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "apikey" and key.strip():
        return key.strip()
    return request.get("apikey").strip()


def unknown_key(first: bool) -> Response:
    """Return the refusal of a key that opens nothing; ``first`` for the first API."""
    said = "The API key is not valid."
    told = {"errorcode": 10009, "error": said} if first else {"error_code": "UnauthorizedError", "message": said}
    headers = {"cache-control": "no-store", "www-authenticate": "Apikey", "x-content-type-options": "nosniff"}
    return Response(401, dumped(told), headers={**CORS, **headers})


def too_many(quota: Quota, now: datetime.datetime) -> Response:
    """Return the refusal of a call beyond the quota of a day, as the original words it."""
    told = {
        "errorcode": 10002,
        "reset_time": quota.reset.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "limit_time_unit": "day",
        "call_limit": quota.limit,
        "error": "Too many requests on the domain. Please contact the domain administrator.",
    }
    wait = max(int((quota.reset - now).total_seconds()) + 1, 1)
    headers = {"cache-control": "no-store", "retry-after": str(wait), "x-content-type-options": "nosniff"}
    return Response(429, dumped(told), headers={**CORS, **headers, **quota.headers()})


# --- The request --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """One request on its route."""

    request: Request
    prefix: str
    places: Mapping[str, str]
    catalogue: Catalogue
    pool: Pool
    cache: Cache | None
    now: datetime.datetime

    @property
    def old(self) -> bool:
        """True for version 2.0 and what came before."""
        return self.prefix != PREFIXES[0]

    @property
    def strict(self) -> bool:
        return self.flag("strict")

    def get(self, name: str, default: str = "") -> str:
        return self.request.get(name, default).strip()

    def all(self, name: str) -> list[str]:
        return [v.strip() for v in self.request.all(name) if v.strip()]

    def flag(self, name: str, default: bool = False) -> bool:
        said = self.get(name).lower()
        if not said:
            return default
        if said not in ("true", "false", "1", "0"):
            raise RestError(f"Invalid value for {name} API parameter: {said[:40]} was found but a boolean is expected.")
        return said in ("true", "1")

    def url(self, path: str, query: Sequence[tuple[str, str]] = ()) -> str:
        tail = f"?{urlencode(query)}" if query else ""
        return f"{self.request.base}{self.prefix}{quote(path)}{tail}"

    @property
    def zone(self) -> zoneinfo.ZoneInfo | None:
        name = self.get("timezone")
        if name in ("", "UTC"):
            return None
        try:
            return zoneinfo.ZoneInfo(name)
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:
            raise RestError(
                f"Invalid value for timezone API parameter: {name[:60]} was found but a timezone is expected."
            ) from error

    @property
    def language(self) -> str:
        said = self.get("lang") or "fr"
        if said not in LANGUAGES:
            raise RestError(f"Invalid value for lang API parameter: {said[:20]} was found but a language is expected.")
        return said

    def number(self, name: str, default: int, low: int, high: int, said_high: str = "") -> int:
        said = self.get(name)
        if not said:
            return default
        if not re.fullmatch(r"-?\d{1,12}", said):
            raise RestError(
                f"Invalid value for {name} API parameter: {said[:40]} was found but an integer is expected."
            )
        if not low <= int(said) <= high:
            between = f"{low} <= {name} <= {said_high or high}" if high < FAR else f"{name} >= {low}"
            raise RestError(f"Invalid value for {name} API parameter: {int(said)} was found but {between} is expected.")
        return int(said)


# --- A dataset and its question -------------------------------------------------------------------


def found_entry(catalogue: Catalogue, name: str) -> Entry:
    """Return a dataset by its id or slug, its absence said as the original says it."""
    try:
        return catalogue.find(name)
    except UnknownName as error:
        raise UnknownName("The requested dataset {name} does not exist.", name=name[:100]) from error


def asked_version(asked: Asked) -> tuple[Entry, Version]:
    entry = found_entry(asked.catalogue, asked.places["dataset"])
    wanted = asked.get("version")
    return entry, asked.catalogue.version(entry.id, wanted) if wanted else entry.version


def setting_of(asked: Asked, version: Version) -> Setting:
    zone = asked.zone.key if asked.zone else ""
    place = ods_fields.pair(version)
    return Setting(ods_fields.names(version), ods_fields.texts(version), asked.now, zone, asked.language, place)


def conditions(asked: Asked, setting: Setting, without: str = "") -> Where | None:
    """Return all the conditions of a request, but the refinements of one facet."""
    parts = [odsql.where(text, setting) for text in asked.all("where")]
    for name, negative in (("refine", False), ("exclude", True)):
        by_field: dict[str, list[Where]] = {}
        for text in asked.all(name):
            field, value = refinement(text, name)
            if field != without or negative:
                by_field.setdefault(field, []).append(refined(setting, field, value, name))
        for found in by_field.values():
            parts += [Not(f) for f in found] if negative else found
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def refinement(text: str, parameter: str) -> tuple[str, str]:
    match = re.fullmatch(
        r"""\s*`?([\w.]+)`?\s*:\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(.*?))\s*""", text, re.DOTALL
    )
    if match is None:
        said = f"Invalid value for {parameter} API parameter: {text[:60]} was found but facet:value is expected."
        raise RestError(said)
    quoted = match[2] if match[2] is not None else match[3]
    value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else match[4]
    return match[1], value


def refined(setting: Setting, name: str, value: str, parameter: str) -> Where:
    """Return the rows of one value of a facet: a date by its year, month or day."""
    known = setting.fields.get(name) or setting.fields.get(name.lower())
    if known is None or known.kind is Kind.GEOMETRY:
        raise OdsqlError(f"Unknown field: {name[:100]}.", parameter)
    if known.kind in (Kind.DATE, Kind.DATETIME):
        forms = {1: "%Y", 2: "%Y/%m", 3: "%Y/%m/%d"}
        parts = value.replace("-", "/").split("/")
        if not all(p.isdigit() for p in parts) or len(parts) not in forms:
            raise OdsqlError(f"invalid date: {value[:40]}", parameter)
        said = "/".join([parts[0].zfill(4), *(p.zfill(2) for p in parts[1:])])
        cut = Call(Calc.FORMAT, (known.expression, Literal(forms[len(parts)], Kind.TEXT)))
        return Holds(Call(Calc.EQ, (cut, Literal(said, Kind.TEXT))))
    written = json.dumps(value, ensure_ascii=False)
    return odsql.where(f"`{known.name}` = {written}", setting, parameter)


def question(asked: Asked, setting: Setting, default: Sequence[str], export: bool = False) -> Query:
    """Return the question that the parameters of a request ask."""
    by = odsql.group_by(asked.get("group_by"), setting) if asked.get("group_by") else ()
    shown: tuple[Named, ...] = ()
    if asked.get("select"):
        shown = odsql.select(asked.get("select"), setting, () if by else default)
    elif not by:
        shown = tuple(Named(setting.fields[n].expression, n) for n in default)
    labels = [n.name for n in (*by, *shown)]
    sorts = odsql.order_by(asked.get("order_by"), setting, labels) if asked.get("order_by") else ()
    if not asked.get("order_by") and (asked.get("sort") and asked.old):  # the word of the first versions
        sorts = odsql.order_by(asked.get("sort"), setting, labels)
    grouped = bool(by) or any(expressions.aggregates(n.expression) for n in shown)
    limit, offset = _window(asked, grouped, export)
    return Query(
        shown=shown, by=by, sorts=sorts, where=conditions(asked, setting), limit=limit, offset=offset,
        cursor=asked.get("cursor"), count=not grouped, zone=setting.zone,
    )  # fmt: skip


def _window(asked: Asked, grouped: bool, export: bool) -> tuple[int, int]:
    if export:
        return asked.number("limit", -1, -1, FAR), asked.number("offset", 0, 0, FAR)
    most = MOST_GROUPS if grouped else MOST
    limit = asked.number("limit", LIMIT, -1, most)
    offset = asked.number("offset", 0, 0, FAR)
    limit = most if limit == -1 else limit
    wall = MOST_GROUPS if grouped else WALL
    if asked.strict and offset + limit > wall:
        raise RestError(
            f"Invalid value for sum of offset + limit API parameter: {offset + limit} was found but <= {wall} is expected."
        )
    return limit, offset


# --- Rows and facets ------------------------------------------------------------------------------


def written_rows(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
    zone: zoneinfo.ZoneInfo | None,
    many: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """Return rows as the dialect writes them: objects, empty cells kept."""
    shape = [(c.name, c.kind, c.name in many) for c in columns]
    return [
        {n: ods_fields.cell(v, k, zone, m) for (n, k, m), v in zip(shape, row, strict=True)} for row in rows
    ]  # fmt: skip


def instant(text: str) -> str | None:
    """Return a moment as the original writes it."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC).isoformat()


def page_links(asked: Asked, query: Query, total: int | None) -> list[dict[str, str]]:
    def at(offset: int) -> str:
        kept = [(n, v) for n, v in asked.request.query if n not in ("offset", "limit", "apikey")]
        query_string = urlencode([*kept, ("limit", str(query.limit)), ("offset", str(offset))])
        return f"{asked.request.base}{quote(asked.request.path)}?{query_string}"

    links = [{"rel": "self", "href": at(query.offset)}, {"rel": "first", "href": at(0)}]
    if total is not None and query.limit > 0:
        links.append({"rel": "last", "href": at(max((total - 1) // query.limit * query.limit, 0))})
        if query.offset + query.limit < total:
            links.append({"rel": "next", "href": at(query.offset + query.limit)})
    return links


def facets_body(asked: Asked, found: Sequence[Mapping[str, Any]]) -> bytes:
    """Return facets under both names that their links have had."""
    links = [{"rel": "self", "href": f"{asked.request.base}{quote(asked.request.path)}"}] if asked.old else []
    return dumped(
        {"links": links, "facets": found} if asked.old else {"_links": links, "links": links, "facets": found}
    )


def facet_values(
    asked: Asked,
    name: str,
    counts: Sequence[tuple[str, int]],
    facet: odsql.Facet,
    separator: str = "",
    numeric: bool = False,
) -> list[dict[str, Any]]:
    """Return the values of a facet as the dialect lists them, refined branches open."""
    marks: dict[str, str] = {}
    for parameter, state in (("refine", "refined"), ("exclude", "excluded")):
        for text in asked.all(parameter):
            field, value = refinement(text, parameter)
            if field.lower() == name.lower():
                marks[value.replace("-", "/") if separator == "/" else value] = state
    found = _level(counts, "", separator, marks, facet, numeric)
    present = {v["value"] for v in found}
    found += [
        {"count": 0, "state": "excluded", "name": value, "value": value}
        for value, state in marks.items()
        if state == "excluded" and value not in present and separator not in (value if separator else "")
    ]
    return found[: facet.limit] if facet.limit else found


def _level(
    counts: Sequence[tuple[str, int]],
    above: str,
    separator: str,
    marks: Mapping[str, str],
    facet: odsql.Facet,
    numeric: bool,
) -> list[dict[str, Any]]:
    totals: dict[str, int] = {}
    deeper: set[str] = set()
    for value, count in counts:
        if not value.startswith(above):
            continue
        rest = value[len(above) :]
        head, cut, _ = rest.partition(separator) if separator else (rest, "", "")
        totals[above + head] = totals.get(above + head, 0) + count
        if cut:
            deeper.add(above + head)
    out = []
    for value, count in _sorted_facet(totals.items(), facet.sort, numeric):
        state = marks.get(value, "displayed")
        opened = separator and any(
            m == value or m.startswith(value + separator) for m, s in marks.items() if s == "refined"
        )
        told: dict[str, Any] = {
            "count": count,
            "state": "refined" if opened and state == "displayed" else state,
            "name": value[len(above) :],
            "value": value,
        }
        if opened and value in deeper:
            told["facets"] = _level(counts, value + separator, separator, marks, facet, numeric)
        out.append(told)
    return out


def _sorted_facet(counts: Any, sort: str, numeric: bool) -> list[tuple[str, int]]:
    listed: list[tuple[str, int]] = list(counts)
    if sort.endswith("alphanum"):
        return sorted(listed, key=lambda x: x[0], reverse=sort.startswith("-"))
    if sort.endswith("num"):
        return sorted(listed, key=lambda x: float(x[0]) if numeric else 0.0, reverse=sort.startswith("-"))
    ascending = sort == "-count"  # the sign turns the usual order, most first
    return sorted(listed, key=lambda x: (x[1] if ascending else -x[1], x[0]))


# --- Answers ---------------------------------------------------------------------------------------


def kept(asked: Asked, version: Version, answering: Callable[[], tuple[bytes, dict[str, str]]]) -> Response:
    """Return the answer to a question about a version: 304, the bytes kept, or an answer made now and kept."""
    if depends_on_time(asked):
        body, more = answering()
        return Response(200, body, headers={"cache-control": "no-cache", **more})
    mark = question_mark(asked)
    headers = headers_of(version, mark)
    if matches(asked.request, headers["etag"]):
        return Response(304, headers=headers)
    found = asked.cache.get(version.id, mark) if asked.cache is not None else None
    if found is None:
        body, more = answering()
        found = Answer(body, more)
        if asked.cache is not None:
            asked.cache.put(version.id, mark, found)
    return Response(200, found.body, headers={**headers, **found.headers}, cacheable=True)


def depends_on_time(asked: Asked) -> bool:
    return any(
        "now" in value.lower()
        for name, value in asked.request.query
        if name in ("where", "select", "order_by", "group_by")
    )


def headers_of(version: Version, mark: str) -> dict[str, str]:
    return {"etag": f'"{version.id}-{mark}"', "cache-control": FRESH}


def question_mark(asked: Asked) -> str:
    request = asked.request
    kept = sorted((n, v) for n, v in request.query if n.lower() != "apikey")
    said = repr((__version__, request.base, request.path, kept))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def told_whole(asked: Asked, value: Any) -> Response:
    body = dumped(value)
    headers = {"etag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "cache-control": FRESH}
    if matches(asked.request, headers["etag"]):
        return Response(304, headers=headers)
    return Response(200, body, headers=headers, cacheable=True)


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dumped(value: Any) -> bytes:
    return _encoder.encode(value).encode("utf-8", "replace")
