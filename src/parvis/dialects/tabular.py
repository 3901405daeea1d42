"""The tabular API of data.gouv.fr (0.4) over our own store: ``/api/resources/<id>/`` and what lies under it.

A resource is a dataset, its columns are named as its file names them, and ``__id`` is the number of a row from 1. Names
of operators, shapes of answers and faults are those of the contract. Beyond it, for whoever asks: aggregates on any
dataset, pages of 1,000 rows, exports without end, ``version`` for an old state. ``strict=true`` gives the walls back.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from parvis import __version__
from parvis.dialects import labels
from parvis.errors import BusyError, GoneError, InputError, LimitError, ParvisError, UnknownColumn, UnknownName
from parvis.frozen import dataclass
from parvis.store import export
from parvis.store import query as asking
from parvis.store.cache import Answer, Cache
from parvis.store.pool import Pool
from parvis.values import (
    All,
    Calc,
    Call,
    Column,
    Expression,
    Field,
    Holds,
    Kind,
    Literal,
    Named,
    Not,
    Op,
    Query,
    Some,
    Sort,
    Test,
    Version,
    Where,
)
from parvis.web import FRESH, METHODS, Catalogue, Request, Response, finished, matches, opened, preflight

PREFIX = "/api/resources"
CORS = opened("*")
PAGE, MOST, MOST_OF_OURS, WALL = 20, 200, 1000, 50_000
DEPTH, PARTS = 12, 200  # of conditions within « or=( » : more is no question of a person
_ROUTE = re.compile(r"/api/resources/([^/]+)/(profile/|data/|data/csv/|data/json/|swagger/)?")
_ROW = "__id"
_ROW_VALUE = Call(Calc.ADD, (Call(Calc.ROW), Literal(1, Kind.INTEGER)))
_TESTS: Mapping[str, Op] = {
    "exact": Op.EQ, "less": Op.LE, "greater": Op.GE, "strictly_less": Op.LT, "strictly_greater": Op.GT,
    "contains": Op.CONTAINS, "in": Op.IN,
}  # fmt: skip
_NEGATED = {"notcontains": "contains", "notin": "in"}
_AGGREGATES: Mapping[str, Calc] = {
    "count": Calc.COUNT, "avg": Calc.AVG, "min": Calc.MIN, "max": Calc.MAX, "sum": Calc.SUM,
}  # fmt: skip
_PYTHON: Mapping[Kind, str] = {
    Kind.TEXT: "string", Kind.INTEGER: "int", Kind.NUMBER: "float", Kind.BOOLEAN: "bool", Kind.DATE: "date",
    Kind.DATETIME: "datetime", Kind.TIME: "string", Kind.GEOMETRY: "json",
}  # fmt: skip
# Our meanings in the words of csv-detective, whose profile clients read.
_FORMATS: Mapping[str, str] = {
    "siren": "siren", "siret": "siret", "rna": "code_rna", "insee_commune": "code_commune_insee", "postcode": "code_postal",
    "commune": "commune", "department": "departement", "region": "region", "address": "adresse", "email": "email",
    "phone": "tel_fr", "url": "url", "uai": "uai", "latitude": "latitude_wgs_fr_metropole",
    "longitude": "longitude_wgs_fr_metropole", "year": "year", "last_name": "nom", "first_name": "prenom", "sex": "sexe",
}  # fmt: skip
_OPERATORS = (
    "exact",
    "differs",
    "contains",
    "notcontains",
    "in",
    "notin",
    "less",
    "greater",
    "strictly_less",
    "strictly_greater",
)
_BARE = ("isnull", "isnotnull", "groupby", *_AGGREGATES)


class _Malformed(InputError):
    """What cannot be read in a question, in the words of the original."""

    def __init__(self, said: str) -> None:
        super().__init__("Malformed query: {said}", said=said)


class _Walled(InputError):
    """What only the original refuses."""

    def __init__(self, title: str, said: str) -> None:
        super().__init__("{said}", said=said)
        self.title = title


def answer(request: Request, catalogue: Catalogue, pool: Pool, cache: Cache | None = None) -> Response:
    """Return the response to any request under ``/api/resources`` and to ``/api/aggregation-exceptions/``."""
    try:
        response = _dispatched(request, catalogue, pool, cache)
    except ParvisError as error:
        response = fault(error)
    return finished(request, response, CORS)


def fault(error: ParvisError) -> Response:
    """Return what the dialect says of an error."""
    headers = {"cache-control": "no-store"}
    if isinstance(error, BusyError):
        return faulty(503, "Service unavailable", error.text, {**headers, "retry-after": str(error.retry_after)})
    if isinstance(error, GoneError):
        return faulty(410, "Resource gone", f"Resource has been permanently deleted: {error.text}", headers)
    if isinstance(error, UnknownColumn):
        said = f"column {error.values.get('name', '')} does not exist"
        detail = {"code": "42703", "details": None, "hint": error.text, "message": said}
        return faulty(400, "Database error", detail, headers)
    if isinstance(error, UnknownName):
        return faulty(404, "Not found", error.text, headers)
    if isinstance(error, _Walled):
        return faulty(403 if error.title == "Output is too long" else 400, error.title, error.text, headers)
    if isinstance(error, InputError):
        return faulty(400, "Invalid query string", error.text, headers)
    if isinstance(error, LimitError):
        return faulty(400, "Query too heavy", error.text, headers)
    return faulty(500, "Internal error", "Une panne est survenue de notre fait. Réessayez plus tard.", headers)


def faulty(status: int, title: str, detail: Any, headers: Mapping[str, str]) -> Response:
    return Response(status, _dumped({"errors": [{"code": None, "title": title, "detail": detail}]}), headers=headers)


# --- Routes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question about one version. ``names`` are the columns' names in the file, each once."""

    request: Request
    resource: str
    version: Version
    names: Mapping[str, Column]
    pool: Pool
    cache: Cache | None
    prefix: str = ""  # of the address of a table that lies on no shelf
    rows: Sequence[Sequence[Any]] | None = None  # of that table

    @property
    def strict(self) -> bool:
        return self.request.get("strict") == "true"

    def url(self, tail: str = "") -> str:
        if self.prefix:
            return f"{self.request.base}{self.prefix}/{tail}"
        return f"{self.request.base}{PREFIX}/{quote(self.resource)}/{tail}"

    def column(self, name: str) -> Column:
        """Return a column by its name in the file or in our API. Raises: UnknownColumn."""
        found = self.names.get(name) or self.version.column(name)
        if found is None:
            raise asking.no_column(name, set(self.names))
        return found


def _dispatched(request: Request, catalogue: Catalogue, pool: Pool, cache: Cache | None) -> Response:
    if request.method == "OPTIONS":
        return Response(204, headers=preflight("*"))
    if request.method not in METHODS:
        return faulty(405, "Method not allowed", "Cette API ne fait que lire.", {"allow": ", ".join(METHODS)})
    if request.path.rstrip("/") == "/api/aggregation-exceptions":
        return _whole(request, list(_all_ids(catalogue)))
    match = _ROUTE.fullmatch(request.path if request.path.endswith("/") else request.path + "/")
    if match is None:
        raise UnknownName("Cette adresse n'existe pas.")
    entry = catalogue.find(match[1])
    version = catalogue.version(entry.id, request.get("version")) if request.get("version") else entry.version
    asked = _Asked(request, match[1], version, labels.names_of(version), pool, cache)
    return _HANDLERS[match[2] or ""](asked)


def _all_ids(catalogue: Catalogue) -> Iterator[str]:
    start = 0
    while entries := catalogue.list("", {}, "stable", 100, start, faceted=False).entries:
        yield from (e.id for e in entries)
        start += len(entries)


def _meta(asked: _Asked) -> Response:
    links = [{"href": asked.url(f"{rel}/"), "type": "GET", "rel": rel} for rel in ("profile", "data", "swagger")]
    url = f"{asked.request.base}/api/v1/datasets/{asked.version.dataset}/exports/csv"
    return _whole(asked.request, {"created_at": asked.version.created_at, "url": url, "links": links})


def _profile(asked: _Asked) -> Response:
    version, columns = asked.version, dict[str, Any]()
    formats: dict[str, list[str]] = {}
    details: dict[str, Any] = {}
    for name, column in asked.names.items():
        python = _PYTHON[column.kind]
        form = _FORMATS.get(column.meaning, "geojson" if column.kind is Kind.GEOMETRY else python)
        columns[name] = {"python_type": python, "format": form, "score": 1.0}
        formats.setdefault(form, []).append(name)
        told: dict[str, Any] = {
            "nb_distinct": column.distinct,
            "nb_missing_values": version.rows - column.filled,
            "tops": [{"value": value, "count": None} for value in column.examples],
        }
        if column.kind in (Kind.INTEGER, Kind.NUMBER):
            told |= {"min": column.minimum, "max": column.maximum, "mean": column.mean, "std": None}
        details[name] = told
    profile = {
        "header": list(asked.names), "columns": columns, "formats": formats, "profile": details, "encoding": "utf-8",
        "separator": ",", "header_row_idx": 0, "heading_columns": 0, "trailing_columns": 0, "total_lines": version.rows,
        "categorical": [n for n, c in asked.names.items() if 0 < c.distinct <= 25],
    }  # fmt: skip
    said = {"profile": profile, "deleted_at": None, "dataset_id": version.dataset, "indexes": None}
    return _whole(asked.request, said)


# --- Rows -----------------------------------------------------------------------------------------


def _data(asked: _Asked) -> Response:
    mark = _mark(asked.request)
    headers = {"etag": f'"{asked.version.id}-{mark}"', "cache-control": FRESH}
    if matches(asked.request, headers["etag"]):
        return Response(304, headers=headers)
    found = asked.cache.get(asked.version.id, mark) if asked.cache is not None else None
    if found is None:
        found = Answer(_page(asked), {})
        if asked.cache is not None:
            asked.cache.put(asked.version.id, mark, found)
    return Response(200, found.body, headers=headers, cacheable=True)


def page(request: Request, prefix: str, version: Version, rows: Sequence[Sequence[Any]], pool: Pool) -> bytes:
    """Return a page of the rows of a table that lies on no shelf, at an address of its own, by the same questions."""
    return _page(_Asked(request, "", version, {c.name: c for c in version.columns}, pool, None, prefix, rows))


def _page(asked: _Asked) -> bytes:
    number, size = _number(asked, "page", 1), _number(asked, "page_size", PAGE)
    most = MOST if asked.strict else MOST_OF_OURS
    if size > most:
        raise _Walled("Invalid query string", f"Page size exceeds allowed maximum: {most}")
    if number < 1:
        raise _Walled("Invalid query string", "Page number must be greater than 0")
    if size < 1:
        raise _Walled("Invalid query string", "Page size must be greater than 0")
    question = read(asked.request.query, asked.column, asked.names)
    query = dataclasses.replace(question.query, limit=size, offset=(number - 1) * size)
    page = asking.run(asked.pool, asked.version, query, table=asked.rows)
    rows = [dict(zip(question.keys, row, strict=True)) for row in page.rows]
    meta: dict[str, Any] = {"page": number, "page_size": size}
    if question.grouped:  # the original has no total there, and neither have its clients
        more = len(rows) == size
    else:
        meta["total"] = page.total or 0
        more = number * size < meta["total"]
    links = {
        "profile": asked.url("profile/"),
        "swagger": asked.url("swagger/"),
        "next": _at(asked, number + 1, size) if more else None,
        "prev": _at(asked, number - 1, size) if number > 1 else None,
    }
    return _dumped({"data": rows, "links": links, "meta": meta})


def _at(asked: _Asked, number: int, size: int) -> str:
    kept = [(n, v) for n, v in asked.request.query if n not in ("page", "page_size")]
    said = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" if v else quote(n, safe="") for n, v in kept)
    return f"{asked.url('data/')}?{said}{'&' if said else ''}{urlencode({'page': number, 'page_size': size})}"


def _number(asked: _Asked, name: str, default: int) -> int:
    text = asked.request.get(name, str(default)).strip()
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise _Walled("Invalid query string", f"Malformed query: invalid value for {name}: {text[:40]}")
    return int(text)


def _csv(asked: _Asked) -> Response:
    return _file(asked, "csv")


def _json(asked: _Asked) -> Response:
    return _file(asked, "json")


def _file(asked: _Asked, form: str) -> Response:
    question = read([p for p in asked.request.query if p[0] not in ("page", "page_size")], asked.column, asked.names)
    query = question.query
    if asked.strict:
        total = asking.run(asked.pool, asked.version, dataclasses.replace(query, limit=1)).total or 0
        if total > WALL:
            said = f"The output has more than {WALL} rows, please consider using the source file directly"
            raise _Walled("Output is too long", said)
    named = [dataclasses.replace(n, name=key) for n, key in zip(query.shown, question.keys, strict=True)]
    told = export.FORMATS[form]
    headers = {
        "etag": f'"{asked.version.id}-{_mark(asked.request)}"', "cache-control": FRESH,
        "content-disposition": f'attachment; filename="{asked.version.dataset}.{form}"',
    }  # fmt: skip
    if matches(asked.request, headers["etag"]):
        return Response(304, headers=headers)
    whole = dataclasses.replace(query, shown=named)
    if asked.request.method == "HEAD":
        export.check(asked.version, whole, form)
        return Response(200, b"", told.media_type, headers)
    return Response(200, export.opened(export.stream(asked.pool, asked.version, whole, form)), told.media_type, headers)


# --- The question ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """``keys`` are the names of the answer's columns, in order."""

    query: Query
    keys: Sequence[str]
    grouped: bool


def read(query: Sequence[tuple[str, str]], column: Callable[[str], Column], names: Mapping[str, Column]) -> Question:
    """Return the question that parameters ask. Raises: InputError in the original's words, UnknownColumn."""
    tests: list[Where] = []
    sorts: list[Sort] = []
    keys: list[Named] = []
    shown: list[Named] = []
    columns: list[str] = []
    for name, value in query:
        if name in ("page", "page_size", "strict", "version"):
            continue
        if name == "columns":
            columns = [c for c in _listed(value) if c]
            continue
        if name == "or":
            tests.append(_either(f"or{value}", column))
            continue
        label, operator = _split(name, value)
        if operator == "sort":
            if value.lower() not in ("asc", "desc"):
                raise _Malformed(f"argument '{name}={value}' could not be parsed")
            sorts.append(Sort(_expression(label, column), value.lower() == "desc"))
        elif operator == "groupby" and not value:
            keys.append(Named(_expression(label, column), label))
        elif operator in _AGGREGATES and not value:
            call = Call(_AGGREGATES[operator], (_expression(label, column),))
            shown.append(Named(call, f"{label}__{operator}"))
        else:
            tests.append(_test(label, operator, value, f"{name}={value}", column))
    where = tests[0] if len(tests) == 1 else All(tuple(tests)) if tests else None
    if keys or shown:
        if columns:
            raise _Malformed("the argument `columns` cannot be set alongside aggregators")
        return Question(_numbered(Query(where=where, by=tuple(keys), shown=(*keys, *shown), sorts=tuple(sorts), count=False)),
                        [n.name for n in (*keys, *shown)], grouped=True)  # fmt: skip
    wanted = columns or [_ROW, *names]
    listed = [Named(_expression(c, column), c) for c in wanted]
    return Question(_numbered(Query(where=where, shown=tuple(listed), sorts=tuple(sorts))), wanted, grouped=False)


def _numbered(query: Query) -> Query:
    """Return the question with plain names for its columns: those of a file may be anything, and may be twice asked for."""
    named = [dataclasses.replace(n, name=f"c{place}") for place, n in enumerate(query.shown)]
    return dataclasses.replace(query, shown=tuple(named), by=tuple(named[: len(query.by)]))


def _expression(label: str, column: Callable[[str], Column]) -> Expression:
    return _ROW_VALUE if label == _ROW else Field(column(label).name)


def _split(name: str, value: str) -> tuple[str, str]:
    """Return the column and the operator of « column__operator »: a column's name may hold « __ » itself."""
    label, separator, operator = name.rpartition("__")
    if not separator or not label:
        said = f"{name}={value}" if value else name
        raise _Malformed(f"argument '{said[:200]}' could not be parsed")
    return label.strip('"') if label.startswith('"') else label, operator.lower()


def _test(label: str, operator: str, value: str, said: str, column: Callable[[str], Column]) -> Where:
    if label == _ROW:
        return _row_test(operator, value, said)
    known = column(label)
    if operator in ("isnull", "isnotnull"):
        return Test(known.name, Op.NULL if operator == "isnull" else Op.FILLED)
    if operator == "exact" and value == "null":
        return Test(known.name, Op.NULL)
    if operator == "differs":
        if value == "null":
            return Test(known.name, Op.FILLED)
        return Some((Test(known.name, Op.NE, value), Test(known.name, Op.NULL)))
    if operator in _NEGATED:
        held = Test(known.name, Op.FILLED)  # an empty cell is neither, there
        return All((held, Not(_test(label, _NEGATED[operator], value, said, column))))
    if operator not in _TESTS:
        raise _Malformed(f"argument '{said[:200]}' could not be parsed")
    if operator == "in":
        return Test(known.name, Op.IN, tuple(_listed(value)))
    return Test(known.name, _TESTS[operator], value)


_COMPARED = {"exact": Calc.EQ, "differs": Calc.NE, "less": Calc.LE, "greater": Calc.GE, "strictly_less": Calc.LT,
             "strictly_greater": Calc.GT}  # fmt: skip


def _row_test(operator: str, value: str, said: str) -> Where:
    if operator in ("in", "notin"):
        parts = tuple(_row_test("exact", one, said) for one in _listed(value))
        return Some(parts) if operator == "in" else Not(Some(parts))
    if operator not in _COMPARED or not re.fullmatch(r"[0-9]{1,15}", value):
        raise _Malformed(f"argument '{said[:200]}' could not be parsed")
    return Holds(Call(_COMPARED[operator], (_ROW_VALUE, Literal(int(value), Kind.INTEGER))))


def _listed(text: str) -> list[str]:
    """Return the values of a list with commas, those with a comma within between double quotes."""
    return [part[1:-1] if len(part) > 1 and part[0] == part[-1] == '"' else part for part in _pieces(text)]


def _pieces(text: str) -> list[str]:
    """Split at the commas that stand in no parenthesis and in no quotes."""
    parts, current, depth, quoted = list[str](), "", 0, False
    for sign in text:
        if sign == '"':
            quoted = not quoted
        elif not quoted and sign in "()":
            depth += 1 if sign == "(" else -1
        if sign == "," and depth == 0 and not quoted:
            parts.append(current)
            current = ""
        else:
            current += sign
    if depth or quoted:
        raise _Malformed(f"argument '{text[:200]}' could not be parsed")
    return [*parts, current] if current or parts else []


_CONDITION = re.compile(r'(?:"([^"]*)"|([^".]+?))__([a-z_]+)(?:\.(?:"([^"]*)"|(.*)))?', re.DOTALL)


def _either(text: str, column: Callable[[str], Column], depth: int = 0, left: list[int] | None = None) -> Where:
    """Return the condition of « or(a__exact.1,and(b__less.2,c__isnull)) »."""
    left = [PARTS] if left is None else left
    join, opening, inner = text.partition("(")
    if join not in ("or", "and") or not opening or not inner.endswith(")") or depth > DEPTH:
        raise _Malformed(f"argument '{text[:200]}' could not be parsed")
    parts: list[Where] = []
    for piece in _pieces(inner[:-1]):
        left[0] -= 1
        if left[0] < 0:
            raise _Malformed(f"more than {PARTS} conditions")
        if piece.startswith(("and(", "or(")):
            parts.append(_either(piece, column, depth + 1, left))
            continue
        match = _CONDITION.fullmatch(piece)
        if match is None:
            raise _Malformed(f"argument '{piece[:200]}' could not be parsed")
        label, operator = match[1] if match[1] is not None else match[2], match[3]
        value = match[4] if match[4] is not None else match[5]
        if operator == "sort" or label in ("page", "page_size", "columns"):
            raise _Malformed(f"Argument `{piece[:80]}` can't be set within an operator")
        if (value is None) != (operator in ("isnull", "isnotnull")):
            raise _Malformed(f"argument '{piece[:200]}' could not be parsed")
        if operator in ("in", "notin") and value is not None and value.startswith("(") and value.endswith(")"):
            value = value[1:-1]
        parts.append(_test(label, operator, value or "", piece, column))
    if not parts:
        raise _Malformed(f"argument '{text[:200]}' could not be parsed")
    return Some(tuple(parts)) if join == "or" else All(tuple(parts))


# --- The description of one resource --------------------------------------------------------------


def _swagger(asked: _Asked) -> Response:
    parameters: list[dict[str, Any]] = [
        _parameter("page", "Numéro de la page", "integer"),
        _parameter("page_size", "Lignes par page", "integer"),
        _parameter("columns", "Colonnes voulues, séparées par des virgules", "string"),
        _parameter("or", "Conditions dont l'une suffit : (a__exact.1,and(b__less.2,c__isnull))", "string"),
    ]
    for name, column in asked.names.items():
        parameters.append(_parameter(f"{name}__sort", "asc ou desc", "string"))
        for operator in _OPERATORS if column.kind is not Kind.GEOMETRY else ():
            if column.kind is not Kind.TEXT and operator in ("contains", "notcontains"):
                continue
            parameters.append(_parameter(f"{name}__{operator}", f"{column.label or name} : {operator}", "string"))
        for operator in _BARE if column.kind is not Kind.GEOMETRY else _BARE[:2]:
            if operator in ("avg", "sum") and column.kind not in (Kind.INTEGER, Kind.NUMBER):
                continue
            told = _parameter(f"{name}__{operator}", f"{column.label or name} : {operator}, sans valeur", "string")
            parameters.append({**told, "allowEmptyValue": True})
    row = {name: {"type": _OPEN[column.kind], "nullable": True} for name, column in asked.names.items()}
    schema = {"type": "object", "properties": {
        "data": {"type": "array", "items": {"type": "object", "properties": {_ROW: {"type": "integer"}, **row}}},
        "links": {"type": "object"}, "meta": {"type": "object"},
    }}  # fmt: skip
    said = {"200": {"description": "Des lignes", "content": {"application/json": {"schema": schema}}}}
    path, tail = f"{PREFIX}/{quote(asked.resource)}", "data/"
    document = {
        "openapi": "3.0.3",
        "info": {"title": asked.version.metadata.title or "Ressource", "version": __version__},
        "servers": [{"url": asked.request.base}],
        "paths": {
            f"{path}/{tail}": {"get": {"summary": "Lire des lignes", "parameters": parameters, "responses": said}},
            f"{path}/profile/": {
                "get": {"summary": "Le profil des colonnes", "responses": {"200": {"description": "Profil"}}}
            },
        },
    }
    return _whole(asked.request, document)


_OPEN: Mapping[Kind, str] = {Kind.INTEGER: "integer", Kind.NUMBER: "number", Kind.BOOLEAN: "boolean", Kind.GEOMETRY: "object",
                             Kind.TEXT: "string", Kind.DATE: "string", Kind.DATETIME: "string", Kind.TIME: "string"}  # fmt: skip


def _parameter(name: str, description: str, kind: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": {"type": kind}}


# --- Answers --------------------------------------------------------------------------------------


def _whole(request: Request, value: Any) -> Response:
    body = _dumped(value)
    headers = {"etag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "cache-control": FRESH}
    if matches(request, headers["etag"]):
        return Response(304, headers=headers)
    return Response(200, body, headers=headers, cacheable=True)


def _mark(request: Request) -> str:
    said = repr((__version__, request.base, request.path, list(request.query)))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


_HANDLERS: Mapping[str, Callable[[_Asked], Response]] = {
    "": _meta,
    "profile/": _profile,
    "data/": _data,
    "data/csv/": _csv,
    "data/json/": _json,
    "swagger/": _swagger,
}
