"""The chart that a table's columns call for, drawn as SVG that pages style and screen readers name.

``choose`` looks at the columns alone; ``draw`` receives the rows of its query. Colours come from the page's classes.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from parvis.text import fold
from parvis.values import Aggregate, Column, Figure, Function, Kind, Order, Page, Query, Test, msg
from parvis.values import Op as Operator

BARS = 12
POINTS = 60  # of a line
_WIDTH = 480  # of the drawing's own units: text stays readable on a phone
_BAR, _ROW = 13, 38
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_TOTAL = "total"
# What a sum of means nothing: names, places, ranks, levels.
_NOT_SUMMED = frozenset(
    "id num numero no n code cp fid gid objectid ref annee an exercice rang ordre lat latitude lon long longitude x y xlong "
    "ylat siret siren insee canton bureau version age taux part pourcentage prix tarif tel telephone hauteur largeur "
    "altitude shape area length date mois jour heure temperature note indice ph identifiant ident".split()
)
_SUMMED = frozenset(
    "montant montants somme total nb nombre effectif effectifs quantite voix population budget depense depenses recette "
    "recettes credit credits tonnage tonnages consommation conso places capacite inscrits votants surface cout kwh mwh "
    "realise valeur entrees prets passages".split()
)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart on a page: the SVG (labels escaped), and what it says in words and figures."""

    svg: str
    title: str
    sentence: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


def choose(columns: Sequence[Column], rows: int) -> Figure | None:
    """Return the chart that says most of a table, None when none would."""
    if rows < 2:
        return None
    measure = _measure(columns)
    moment = _moment(columns)
    category = _category(columns, rows)
    if measure is not None and moment is not None and moment.distinct >= 3:
        return _figure("line", measure, moment, POINTS)
    if category is not None:
        return _figure("bar", measure, category, BARS)
    if measure is not None and rows <= 40:
        named = next((c for c in columns if c.kind is Kind.TEXT and not c.meaning and c.distinct == rows), None)
        if named is not None:
            return _figure("bar", measure, named, BARS)
    if moment is not None and moment.distinct >= 3:
        return _figure("line", None, moment, POINTS)
    return None


def draw(figure: Figure, page: Page) -> Drawing:
    """Return a chart drawn from the rows of its query: (category or moment, value) pairs."""
    pairs = [(_label(r[0]), float(r[1])) for r in page.rows if r[1] is not None and math.isfinite(float(r[1]))]
    unit = figure.encodings.get("unit", "")
    shown = pairs if figure.kind == "line" else pairs[:BARS]
    svg = _line(figure, shown) if figure.kind == "line" and len(shown) > 2 else _bars(figure, shown)
    return Drawing(
        svg=svg,
        title=figure.title,
        sentence=_sentence(figure, shown, page.total, unit),
        headers=(figure.encodings["label"], figure.encodings["measure"] + (f" ({unit})" if unit else "")),
        rows=[(label, _number(value)) for label, value in shown],
    )


# --- Choice ---------------------------------------------------------------------------------------


def _measure(columns: Sequence[Column]) -> Column | None:
    fit = [c for c in columns if c.kind in _NUMBERS and c.distinct > 1 and _may_be_summed(c)]
    sure = [c for c in fit if c.meaning == "amount" or c.unit in ("€", "k€") or _words(c) & _SUMMED]
    return sure[0] if sure else None


def _may_be_summed(column: Column) -> bool:
    said = _words(column)
    return column.meaning in ("", "amount") and (not said & _NOT_SUMMED or bool(said & _SUMMED))


def _words(column: Column) -> frozenset[str]:
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.label or column.name)
    return frozenset(re.sub(r"[^a-z0-9]+", " ", fold(split)).split())


def _moment(columns: Sequence[Column]) -> Column | None:
    years = [
        c for c in columns if c.kind is Kind.INTEGER and (c.meaning == "year" or _words(c) <= {"annee", "exercice"})
    ]
    months = [c for c in columns if c.kind in (Kind.DATE, Kind.DATETIME)]
    return next((c for c in (*years, *months) if 3 <= c.distinct <= POINTS), None)


def _category(columns: Sequence[Column], rows: int) -> Column | None:
    """Return the column whose few values share the rows best: not a name for each row, not the same for all."""
    fit = [
        c
        for c in columns
        if c.kind in (Kind.TEXT, Kind.BOOLEAN)
        and c.meaning in ("", "commune", "department", "region", "budget_function", "budget_nature")
        and 2 <= c.distinct <= max(40, rows // 100)
        and c.distinct <= 200
        and c.distinct < 0.6 * rows
        and c.filled > 0.6 * rows
    ]
    return max(fit, key=lambda c: (3 <= c.distinct <= 15, c.kind is Kind.TEXT, -abs(c.distinct - 8)), default=None)


def _figure(kind: str, measure: Column | None, by: Column, limit: int) -> Figure:
    function = Aggregate(Function.SUM, measure.name, _TOTAL) if measure else Aggregate(Function.COUNT, "", _TOTAL)
    said = (measure.label or measure.name) if measure else msg("Nombre de lignes")
    label = by.label or by.name
    order = Order(by.name) if kind == "line" else Order(_TOTAL, descending=True)
    return Figure(
        kind=kind,
        title=f"{said} par {label}" if measure else f"Nombre de lignes par {label}",
        query=Query(
            group=(by.name,), aggregates=(function,), where=Test(by.name, Operator.FILLED), order=(order,), limit=limit
        ),
        encodings={"x": by.name, "y": _TOTAL, "label": label, "measure": said, "unit": measure.unit if measure else ""},
    )


# --- Drawing --------------------------------------------------------------------------------------


def _bars(figure: Figure, pairs: Sequence[tuple[str, float]]) -> str:
    """Draw each label above its bar: both have the whole width, however narrow the screen."""
    most = max((abs(v) for _, v in pairs), default=0) or 1
    parts = []
    for number, (label, value) in enumerate(pairs):
        top = number * _ROW
        width = max(2.0, _WIDTH * abs(value) / most)
        shown = label if len(label) <= 40 else label[:39] + "…"
        parts.append(
            f'<text x="0" y="{top + 16}">{html.escape(shown)}</text>'
            f'<text class="soft" x="{_WIDTH}" y="{top + 16}" text-anchor="end">{html.escape(_number(value))}</text>'
            f'<rect class="mark" x="0" y="{top + 21}" width="{width:.1f}" height="{_BAR}" rx="3"/>'
        )
    return _svg(figure, max(1, len(pairs)) * _ROW, "".join(parts))


def _line(figure: Figure, pairs: Sequence[tuple[str, float]]) -> str:
    height, left, right, top, bottom = 260, 66, 14, 14, 34
    low = min(0.0, *(v for _, v in pairs))
    steps = _steps(low, max(v for _, v in pairs))
    high = steps[-1]
    span = (high - low) or 1

    def x(n: int) -> float:
        return left + (_WIDTH - left - right) * n / (len(pairs) - 1)

    def y(value: float) -> float:
        return top + (height - top - bottom) * (high - value) / span

    parts = [
        f'<line class="grid" x1="{left}" x2="{_WIDTH - right}" y1="{y(s):.1f}" y2="{y(s):.1f}"/>'
        f'<text class="soft" x="{left - 8}" y="{y(s) + 4:.1f}" text-anchor="end">{html.escape(_short(s))}</text>'
        for s in steps
    ]
    points = " ".join(f"{x(n):.1f},{y(v):.1f}" for n, (_, v) in enumerate(pairs))
    parts.append(
        f'<polygon class="area" points="{x(0):.1f},{y(low):.1f} {points} {x(len(pairs) - 1):.1f},{y(low):.1f}"/>'
    )
    parts.append(f'<polyline class="path" points="{points}"/>')
    every = max(1, -(-len(pairs) // 5))
    for n, (label, value) in enumerate(pairs):
        if len(pairs) <= 25:
            parts.append(f'<circle class="mark" cx="{x(n):.1f}" cy="{y(value):.1f}" r="3.5"/>')
        if n % every == 0:
            anchor = "start" if n == 0 else "end" if n > len(pairs) - 2 else "middle"
            parts.append(
                f'<text class="soft" x="{x(n):.1f}" y="{height - 12}" text-anchor="{anchor}">{html.escape(label)}</text>'
            )
    return _svg(figure, height, "".join(parts))


def _svg(figure: Figure, height: int, inside: str) -> str:
    name = html.escape(figure.title, quote=True)
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{name}" '
        f'xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
    )


def _steps(low: float, high: float) -> list[float]:
    """Return round marks from under the lowest value to above the highest."""
    rough = (high - low) / 4 or 1
    size = 10.0 ** math.floor(math.log10(rough))
    size *= next(m for m in (1, 2, 2.5, 5, 10) if m * size >= rough)
    first, count = math.floor(low / size), math.ceil(high / size)
    return [n * size for n in range(first, max(count, first + 1) + 1)]


def _sentence(figure: Figure, pairs: Sequence[tuple[str, float]], total: int | None, unit: str) -> str:
    if not pairs:
        return ""
    best = max(pairs, key=lambda p: p[1])
    shown = f"{_number(best[1])} {unit}".strip()
    said = f"Le plus élevé : {best[0]}, {shown}."
    if figure.kind == "bar" and total is not None and total > len(pairs):
        said += f" Les {len(pairs)} premiers sur {total} sont dessinés."
    return said


def _label(value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    text = str(value) if value is not None else "(vide)"
    if re.fullmatch(r"\d{4}-\d\d-\d\d(?:T00:00:00)?", text):
        return f"{text[8:10]}/{text[5:7]}/{text[:4]}"
    return text


def _short(value: float) -> str:
    """Return a mark of an axis in few signs: 1,2 M."""
    for size, sign in ((1e9, "Md"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}".replace(".", ",") + f"\u00a0{sign}"
    return f"{value:.3g}".replace(".", ",")


def _number(value: float) -> str:
    """Return a number as French readers write it."""
    if abs(value) >= 1e9:
        return f"{value / 1e9:,.1f}".replace(",", "\u202f").replace(".", ",") + " Md"
    if abs(value) >= 1e7:
        return f"{value / 1e6:,.1f}".replace(",", "\u202f").replace(".", ",") + " M"
    shown = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.2f}"
    return shown.replace(",", "\u202f").replace(".", ",")
