"""How a Table Schema wants each type written, and how French files write it: SQL conditions over the text of a cell.

Source: https://specs.frictionlessdata.io/table-schema/ (types and formats).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from parvis.dates import SHAPES
from parvis.schemas.schema import Field
from parvis.tables.numbers import Writing
from parvis.validation.regexes import literal
from parvis.values import msg

TRUE, FALSE = ("true", "True", "TRUE", "1"), ("false", "False", "FALSE", "0")
_SPACE = " \u00a0\u202f\u2009"
_DIRECTIVES = re.compile(r"(?:%[YmdHMSyjfBbpIzZ]|[^%])+")
_DAYS = "|".join(f"(?:{s.pattern})" for s in SHAPES if s.kind != "time")
_HOURS = "|".join(f"(?:{s.pattern})" for s in SHAPES if s.kind == "time")
_AMOUNTS = {unit: rf"(?:\d+(?:[.,]\d+)?{unit})?" for unit in "YMWDHS"}
_DURATION = r"[+-]?P{Y}{M}{W}{D}(?:T{H}{M}{S})?".format_map(_AMOUNTS)
_SIGNED = r"\s*[-+]?\d+(?:\.\d+)?\s*"
# What French files write for each type, beside what the standard wants; and what to say of the others.
LENIENT: Mapping[str, tuple[str, str]] = {
    "integer": (rf"[-+]?[0-9][0-9{_SPACE}]*(?:[.,]0+)?", msg("des nombres entiers")),
    "number": (rf"[-+]?[0-9{_SPACE}.]*[.,]?[0-9]+[{_SPACE}]*[€%]?", msg("des nombres")),
    "boolean": (r"(?i)oui|non|o|n|vrai|faux|true|false|1|0|yes|no", msg("« oui » ou « non » (ou true, false)")),
    "date": (_DAYS, msg("des dates (AAAA-MM-JJ)")),
    "datetime": (_DAYS, msg("des dates avec l'heure (AAAA-MM-JJTHH:MM:SS)")),
    "time": (_HOURS, msg("des heures (HH:MM:SS)")),
    "year": (r"[0-9]{4}", msg("des années (AAAA)")),
    "yearmonth": (r"\d{4}[-/]\d{1,2}|\d{1,2}[-/]\d{4}", msg("des mois (AAAA-MM)")),
    "duration": (_DURATION, msg("des durées (P1DT2H30M)")),
    "geopoint": (rf"\[?{_SIGNED},{_SIGNED}\]?", msg("des positions, longitude puis latitude")),
    "geojson": (r"\{[\s\S]*\}", msg("des formes GeoJSON")),
    "object": (r"\{[\s\S]*\}", msg("des objets JSON")),
    "array": (r"[\s\S]*", msg("des listes")),
    "list": (r"[^\s\S]", msg("des listes dont chaque valeur est du type demandé")),
}


def exact(field: Field, cell: str) -> str:
    """Return the SQL that is true when a text is written as the field's type and format want, "" for any text."""
    kind = year_of(field)
    return _EXACT[kind](field, cell) if kind in _EXACT else ""


def year_of(field: Field) -> str:
    """Return the type, a « date » written « %Y » being a year."""
    return "year" if field.type == "date" and field.format in ("%Y", "YYYY", "AAAA") else field.type


def number_in(cell: str) -> str:
    """Return the SQL of the number that a French text says, NULL when it says none."""
    return f"coalesce(TRY_CAST({cell} AS DOUBLE), {Writing(',').sql(f'trim({cell})')})"


def day_in(cell: str) -> str:
    """Return the SQL of the day that a text says, day before month, NULL when it says none."""
    shapes = [s for s in SHAPES if s.kind == "date" and s.name in ("iso", "french", "dashes", "dots", "slashes_iso")]
    return f"coalesce({', '.join(s.sql(f'trim({cell})') for s in shapes)}, CAST(TRY_CAST({cell} AS TIMESTAMP) AS DATE))"


def shape_of(field: Field) -> str:
    """Return what the field wants, for a clerk: « AAAA-MM-JJ », « true ou false »."""
    kind = year_of(field)
    if kind == "boolean":
        return f"{(field.true_values or TRUE)[0]} ou {(field.false_values or FALSE)[0]}"
    if kind in ("date", "datetime") and "%" in field.format:
        said = field.format
        for sign, letters in (("%Y", "AAAA"), ("%m", "MM"), ("%d", "JJ"), ("%H", "HH"), ("%M", "MM"), ("%S", "SS")):
            said = said.replace(sign, letters)
        return said
    if kind == "number" and field.decimal:
        return f"12{field.decimal}5"
    if kind == "geopoint":
        return {"array": "[3.876, 43.611]", "object": '{"lon": 3.876, "lat": 43.611}'}.get(field.format, "3.876,43.611")
    return _SHAPES.get(kind, "")


# --- Steps ----------------------------------------------------------------------------------------

_SHAPES = {
    "integer": "1234",
    "number": "1234.5",
    "date": "AAAA-MM-JJ",
    "datetime": "AAAA-MM-JJTHH:MM:SS",
    "time": "HH:MM:SS",
    "year": "AAAA",
    "yearmonth": "AAAA-MM",
    "duration": "P1DT2H",
    "array": '["un", "deux"]',
    "object": '{"nom": "valeur"}',
    "geojson": '{"type": "Point", "coordinates": [3.876, 43.611]}',
}


def _full(cell: str, pattern: str) -> str:
    return f"regexp_full_match({cell}, {literal(pattern)})"


def _integer(field: Field, cell: str) -> str:
    bare = f"regexp_replace({cell}, '^[^-0-9]*|[^0-9]*$', '', 'g')" if field.dressed else cell
    # Digits alone are the rule: taking them away costs a quarter of what a pattern does.
    return f"CASE WHEN translate({bare}, '0123456789', '') = '' THEN {bare} <> '' ELSE {_full(bare, _WHOLE)} END"


_WHOLE = r"\s*[-+]?\d+(?:_\d+)*\s*"


def _number(field: Field, cell: str) -> str:
    bare = f"regexp_replace({cell}, '^[^-0-9]*|[^0-9]*$', '', 'g')" if field.dressed else cell
    if field.grouping:
        bare = f"replace({bare}, {literal(field.grouping)}, '')"
    if field.decimal:
        bare = f"CASE WHEN contains({bare}, '.') THEN NULL ELSE replace({bare}, {literal(field.decimal)}, '.') END"
    return f"TRY_CAST({bare} AS DOUBLE) IS NOT NULL"


def _boolean(field: Field, cell: str) -> str:
    words = dict.fromkeys([*(field.true_values or TRUE), *(field.false_values or FALSE)])
    return f"{cell} IN ({', '.join(map(literal, words))})"


def _date(field: Field, cell: str) -> str:
    if field.format == "any":
        return f"({_full(cell, _DAYS)})"
    if "%" in field.format and field.format != "%Y-%m-%d":
        return _by_format(field.format, cell)
    return f"(substr({cell}, 5, 1) = '-' AND length({cell}) <= 10 AND TRY_CAST({cell} AS DATE) IS NOT NULL)"


def _by_format(form: str, cell: str) -> str:
    if not _DIRECTIVES.fullmatch(form):
        return "true"
    return f"try_strptime({cell}, {literal(form)}) IS NOT NULL"


def _datetime(field: Field, cell: str) -> str:
    if field.format == "any":
        return f"({_full(cell, _DAYS)})"
    if "%" in field.format:
        return _by_format(field.format, cell)
    moment = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?"
    return f"({_full(cell, moment)} AND TRY_CAST(substr({cell}, 1, 19) AS TIMESTAMP) IS NOT NULL)"


def _time(field: Field, cell: str) -> str:
    if "%" in field.format:
        return _by_format(field.format, cell)
    minutes = "" if field.format == "any" else r":[0-5]\d"
    return _full(cell, rf"(?:[01]\d|2[0-4]):[0-5]\d{minutes}(?:[.,]\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?")


def _geopoint(field: Field, cell: str) -> str:
    if field.format == "object":
        pair = (
            f"TRY_CAST(json_extract_string({cell}, '$.lon') AS DOUBLE)",
            f"TRY_CAST(json_extract_string({cell}, '$.lat') AS DOUBLE)",
        )
        x, y = (f"CASE WHEN json_valid({cell}) THEN {p} END" for p in pair)
        return f"coalesce(abs({x}) <= 180 AND abs({y}) <= 90, false)"
    inner = f"trim({cell})" if field.format != "array" else f"substr(trim({cell}), 2, length(trim({cell})) - 2)"
    form = rf"{_SIGNED},{_SIGNED}" if field.format != "array" else rf"\s*\[{_SIGNED},{_SIGNED}\]\s*"
    x, y = (f"TRY_CAST(trim(split_part({inner}, ',', {n})) AS DOUBLE)" for n in (1, 2))
    return f"({_full(cell, form)} AND coalesce(abs({x}) <= 180 AND abs({y}) <= 90, false))"


def _json(kind: str) -> Callable[[Field, str], str]:
    return lambda field, cell: f"(json_valid({cell}) AND json_type(TRY_CAST({cell} AS JSON)) = '{kind}')"


def _list(field: Field, cell: str) -> str:
    """Every value between the signs is one of the type of the list, in that type's plain form."""
    plain = exact(Field(field.name, type=field.item), "trim(x)")
    if not plain:
        return "true"
    return f"len(list_filter(string_split({cell}, {literal(field.delimiter)}), lambda x: NOT coalesce({plain}, false))) = 0"


_EXACT: Mapping[str, Callable[[Field, str], str]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
    "year": lambda field, cell: _full(cell, r"\d{4}"),
    "yearmonth": lambda field, cell: _full(cell, r"\s*\d+-(?:0?[1-9]|1[0-2])"),
    "duration": lambda field, cell: (
        f"({_full(cell, _DURATION)} AND {cell} NOT IN ('P', 'PT') AND {cell} NOT LIKE '%T')"
    ),
    "geopoint": _geopoint,
    "geojson": _json("OBJECT"),
    "object": _json("OBJECT"),
    "array": _json("ARRAY"),
    "list": _list,
}
