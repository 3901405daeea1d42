"""The chart that a table's columns call for, and what it says in words and figures.

``choose`` looks at the columns alone and asks one question of the rows; ``draw`` receives the answer. A sum is made
only of what may be added up: never of heights, prices or ranks. Dates are gathered by day, month or year when drawn.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from parvis.figures import svg
from parvis.frozen import dataclass
from parvis.text import accented, fold, number
from parvis.units import without_unit, written
from parvis.values import Aggregate, All, Column, Figure, Function, Kind, Order, Page, Query, Test, Where, msg
from parvis.values import Op as Operator

BARS = 12
GROUPS = 5000  # distinct moments or numbers that are gathered when drawn
_CLASSES = 12  # of a distribution, about
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_DAYS = (Kind.DATE, Kind.DATETIME)
_TOTAL, _LINES = "total", "lines"
# What is added up over rows: money, and what is counted as it flows.
_FLOWS = frozenset(
    "montant montants somme total nb nombre effectif effectifs quantite quantites voix depense depenses recette recettes "
    "budget tonnage tonnages tonnes consommation conso kwh mwh entrees sorties prets passages naissances mariages pacs "
    "deces visites cout couts realise mandate mandats credits credit volume frequentation occurrences votants exprimes".split()
)
# What is added up over places and never over time: the same seats are there every day.
_STOCKS = frozenset("capacite capacites places population habitants menages inscrits eleves surface longueur".split())
# What is a name, a place, a rank, a rate or a price.
_NOT_SUMMED = frozenset(
    "id ids num numero no n code codes cp fid gid objectid ref annee an exercice rang ordre sequence lat latitude lon long "
    "longitude x y xlong ylat siret siren insee canton bureau version age taux part pourcentage prix tarif tarifs tel "
    "telephone fax hauteur largeur altitude shape area length date mois jour heure temperature note indice ph identifiant "
    "ident type statut classe niveau etage cle".split()
)
_NAMES = frozenset(
    "id ids identifiant ident code codes ref reference cle uuid siret siren rna insee num numero url".split()
)
_PRICED = frozenset("prestation prestations tarif tarifs quotient tranche".split())
_NAMED = (
    *("beneficiaire", "nombeneficiaire", "association", "attributaire", "titulaire", "batiment", "ecole", "quartier"),
    *(
        "structure",
        "equipement",
        "etablissement",
        "projet",
        "station",
        "commune",
        "bureau",
        "nom",
        "libelle",
        "intitule",
    ),
)
_SHARED = (
    *("categorie", "type", "domaine", "theme", "nature", "famille", "secteur", "quartier", "espece", "genre", "statut"),
    *("etat", "matiere", "parametre", "service", "flux", "objet", "support", "section", "materiau"),
)
_WEEK = frozenset("lundi mardi mercredi jeudi vendredi samedi dimanche".split())
_OPEN_MEANINGS = (
    "",
    "commune",
    "department",
    "region",
    "epci",
    "iris",
    "organisation",
    "boolean",
    "plant_species",
    "budget_chapter",
    "budget_function",
    "budget_nature",
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
    """Return the chart that says most of a table of so many rows, None when none would."""
    if rows < 2:
        return None
    table = _Table(columns, rows)
    ways = (table.budget, table.series, table.ranking, table.flow, table.sharing, table.events, table.spread)
    return next((figure for way in ways if (figure := way()) is not None), None)


def of(by: Column, measure: Column | None = None, function: Function = Function.COUNT) -> Figure:
    """Return the chart that somebody asks for: a line through moments or years, bars for all else."""
    return _figure("line" if by.kind in _DAYS or _is_moment(by) else "bar", measure, by, function)


def adds_up(column: Column) -> bool:
    """True when the sum of a column's numbers means something: never for heights, prices, ranks or codes."""
    return _is_measure(column)


def draw(figure: Figure, page: Page, say: Callable[[str], str] = str) -> Drawing | None:
    """Return a chart drawn from the rows of its query: (category, moment or number; value[; rows]).

    ``say`` gives a French sentence in the reader's language. None when the rows leave nothing to draw.
    """
    found = [
        (row[0], value, float(row[2]) if len(row) > 2 else 1.0)
        for row in page.rows
        if row[0] is not None and (value := _finite(row[1])) is not None
    ]
    drawn = {"line": _drawn_line, "histogram": _drawn_columns}.get(figure.kind, _drawn_bars)(figure, page, found, say)
    if drawn is None:
        return None
    picture, pairs, title, sentence = drawn
    unit = figure.encodings.get("unit", "")
    counted = figure.kind == "histogram" or figure.encodings["function"] == Function.COUNT
    measure = say(msg("Nombre de lignes")) if counted else figure.encodings["measure"]
    return Drawing(
        svg=picture,
        title=title,
        sentence=sentence,
        headers=(figure.encodings["label"], f"{measure} ({unit})" if unit and not counted else measure),
        rows=[(label, number(value)) for label, value in pairs],
    )


# --- Choice ---------------------------------------------------------------------------------------


class _Table:
    """The columns of a table, by the part each may play in a chart."""

    def __init__(self, columns: Sequence[Column], rows: int) -> None:
        known = [
            c for c in columns if not re.fullmatch(r"(colonne|column|unnamed|champ)[ _:]*\d+", fold(c.label or c.name))
        ]
        self.rows = rows
        filled = [c for c in known if not c.filled or c.filled >= 0.6 * rows]
        self.plain = [c for c in filled if c.kind in _NUMBERS and c.distinct > 1 and _is_measure(c)]
        # Amounts of a list of prices are no more added up than the prices.
        prices = any(_words(c) & _PRICED for c in known)
        self.sure = [c for c in self.plain if _words(c) & (_FLOWS | _STOCKS) or _is_money(c)]
        self.sure = [c for c in self.sure if not (prices and _is_money(c))]
        self.sure.sort(key=lambda c: (not _is_money(c), not _words(c) & _FLOWS))
        self.texts = [c for c in filled if _may_name(c)]
        self.moments = [c for c in filled if _is_moment(c) and 3 <= c.distinct <= GROUPS]
        self.columns = known

    def budget(self) -> Figure | None:
        """Expenses by function, or by nature, of a budget."""
        by = next(
            (c for m in ("budget_function", "budget_nature", "first_name") for c in self.columns if c.meaning == m),
            None,
        )
        money = [
            c for c in self.plain if _is_money(c) or _words(c) & {"realise", "mandate", "credits", "prevu", "montant"}
        ]
        # What was spent says more than what was planned.
        money.sort(key=lambda c: -len(_words(c) & {"realise", "mandate"}))
        if by is None or by.distinct < 2 or not money:
            return None
        side = next((c for c in self.columns if fold(c.label or c.name) == "sens" and c.distinct == 2), None)
        spent = next((e for e in (side.examples if side else ()) if fold(str(e)).startswith("d")), None)
        only = Test(side.name, Operator.EQ, str(spent)) if side is not None and spent is not None else None
        return _figure("bar", money[0], by, Function.SUM, only=only)

    def series(self) -> Figure | None:
        """One measure through time, when each row is a moment."""
        moment = next((c for c in self.moments if c.distinct >= max(4, 0.98 * self.rows)), None)
        # Rows that each have a name of their own are events, not the points of one series.
        named = any(c.distinct >= 0.9 * self.rows for c in self.texts if c.kind is Kind.TEXT)
        measure = next(iter([*self.sure, *self.plain]), None)
        if moment is None or measure is None or named:
            return None
        added = moment.distinct <= 80 or measure in self.sure
        return _figure("line", measure, moment, Function.SUM if added else Function.AVG)

    def ranking(self) -> Figure | None:
        """The greatest of what has a name on each row: who receives most, which quarter is largest."""
        own = [c for c in self.texts if c.kind is Kind.TEXT and c.distinct >= max(2, 0.9 * self.rows)]
        own.sort(key=lambda c: _rank(c, _NAMED))
        measure = next(iter(self.sure), None) or (next(iter(self.plain), None) if self.rows <= 60 else None)
        if not own and self.sure:  # a register of first names repeats them from year to year
            own = [c for c in self.texts if c.meaning == "first_name" and c.distinct > 12]
        return _figure("bar", measure, own[0], Function.SUM) if own and measure else None

    def flow(self) -> Figure | None:
        """Sums by month or year of what flows."""
        measure = next((c for c in self.sure if _is_money(c) or _words(c) & _FLOWS), None)
        moment = next((c for c in self.moments if c.distinct >= 6), None)
        return _figure("line", measure, moment, Function.SUM) if measure and moment else None

    def sharing(self) -> Figure | None:
        """How rows, or what they add up to, share out over a few categories."""
        fit = [c for c in self.texts if 2 <= c.distinct <= min(max(40, self.rows // 100), 200)]
        fit = [c for c in fit if c.distinct < 0.6 * self.rows and self.rows >= (20 if c.kind is Kind.BOOLEAN else 6)]
        if not fit:
            return None
        by = min(
            fit,
            key=lambda c: (c.kind is Kind.BOOLEAN, not 3 <= c.distinct <= 20, _rank(c, _SHARED), abs(c.distinct - 8)),
        )
        return _figure("bar", next(iter(self.sure), None), by, Function.SUM)

    def events(self) -> Figure | None:
        """How many rows by month or year."""
        moment = next((c for c in self.moments if c.distinct >= 6), None)
        return _figure("line", None, moment, Function.COUNT) if moment and self.rows >= 12 else None

    def spread(self) -> Figure | None:
        """How the values of a measure are spread."""
        fit = [c for c in self.plain if 8 <= c.distinct <= GROUPS]
        return _figure("histogram", fit[0], fit[0], Function.COUNT) if fit and self.rows >= 20 else None


def _finite(value: Any) -> float | None:
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    if not math.isfinite(found) or abs(found) > 1e18:
        return None  # no town counts as far: a measure that went wrong would flatten all the others
    return found if abs(found) > 1e-9 else 0.0


def _is_measure(column: Column) -> bool:
    said = _words(column)
    return column.meaning in ("", "amount") and (not said & _NOT_SUMMED or _is_money(column) or bool(said & _FLOWS))


def _is_money(column: Column) -> bool:
    priced = _words(column) & {"prix", "tarif", "tarifs", "taux"}
    return (column.meaning == "amount" or column.unit in ("€", "k€")) and not priced


def _is_moment(column: Column) -> bool:
    if column.kind in _DAYS:
        return column.meaning in ("", "date", "datetime")
    return column.kind is Kind.INTEGER and (
        column.meaning == "year" or _words(column) <= {"annee", "exercice", "millesime"}
    )


def _may_name(column: Column) -> bool:
    said = _words(column)
    if column.kind not in (Kind.TEXT, Kind.BOOLEAN) or column.meaning not in _OPEN_MEANINGS:
        return False
    if said & _NAMES or said & _WEEK:
        return False
    figures = column.examples and all(re.fullmatch(r"[\d./: -]*", str(e)) for e in column.examples)
    return not figures or "bureau" in said or column.meaning.startswith("budget_")


def _rank(column: Column, wanted: Sequence[str]) -> int:
    said = _words(column)
    ranks = (n for n, word in enumerate(wanted) if any(w.startswith(word) or w.endswith(word) for w in said))
    return 0 if next(ranks, None) is not None else 1


def _words(column: Column) -> frozenset[str]:
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.label or column.name)
    return frozenset(re.sub(r"[^a-z0-9]+", " ", fold(split)).split())


def _figure(kind: str, measure: Column | None, by: Column, function: Function, only: Where | None = None) -> Figure:
    if measure is None or kind == "histogram":
        function = Function.COUNT
    counted = function is Function.COUNT
    total = Aggregate(function, "" if counted or measure is None else measure.name, _TOTAL)
    filled = Test(by.name, Operator.FILLED)
    gathered = kind in ("line", "histogram")
    query = Query(
        group=(by.name,),
        aggregates=(total, Aggregate(Function.COUNT, "", _LINES)),
        where=All((filled, only)) if only is not None else filled,
        order=(Order(by.name),) if gathered else (Order(_TOTAL, descending=True),),
        limit=GROUPS if gathered else BARS,
    )
    encodings = {
        "x": by.name,
        "y": _TOTAL,
        "label": shown(by),
        "measure": shown(measure) if measure is not None and not counted else "",
        "unit": _unit(measure) if measure is not None and not counted else by.unit if kind == "histogram" else "",
        "function": str(function),
        "step": "year" if kind == "line" and by.kind is Kind.INTEGER else "",
        "only": "expenses" if only is not None else "",
    }
    bare = Figure(kind=kind, title="", query=query, encodings=encodings)
    return Figure(kind=kind, title=_title(bare, encodings["step"] or "month", str), query=query, encodings=encodings)


def _unit(measure: Column) -> str:
    """Return the unit of a measure: amounts of a commune are in euros, unless their header says otherwise."""
    return measure.unit or ("€" if measure.meaning == "amount" else "")


def shown(column: Column) -> str:
    """Return a column's label as words: « NOMBRE_OCCURRENCES » is said « Nombre occurrences »."""
    label = column.label or column.name
    label = (without_unit(label) if column.unit else label) or column.name
    text = re.sub(r"[_/]+", " ", re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", label))
    if column.unit:
        text = re.sub(rf"\(\s*(?:en\s+)?{re.escape(column.unit)}\s*\)", " ", text)
    words = text.split()
    shouted = label.upper() == label
    if shouted or "_" in label or "/" in label or len(words) > len(label.split()):
        words = [w if w.isupper() and len(w) <= 4 and not shouted else w.lower() for w in words]
    words = [written(w) for w in words]
    said = accented(" ".join(words)) or column.name
    return said[0].upper() + said[1:]


_STEPS = {
    "hour": msg("{measure} par heure"),
    "day": msg("{measure} par jour"),
    "month": msg("{measure} par mois"),
    "year": msg("{measure} par année"),
}


def _title(figure: Figure, step: str, say: Callable[[str], str]) -> str:
    told = figure.encodings
    measure = told["measure"]
    if figure.kind == "histogram":
        return say(msg("Répartition : {label}")).format(label=told["label"])
    if told["function"] == Function.COUNT:
        measure = say(msg("Nombre de lignes"))
    elif told["function"] == Function.AVG:
        measure = say(msg("{measure}, en moyenne")).format(measure=measure)
    if told["only"]:
        measure = say(msg("{measure}, en dépenses")).format(measure=measure)
    if figure.kind == "line":
        return say(_STEPS[step]).format(measure=measure)
    label = told["label"]
    low = label if label[:2].isupper() else label[:1].lower() + label[1:]
    return say(msg("{measure} par {label}")).format(measure=measure, label=low)


# --- Drawing --------------------------------------------------------------------------------------

Found = Sequence[tuple[Any, float, float]]
Drawn = tuple[str, svg.Pairs, str, str]


def _drawn_bars(figure: Figure, page: Page, found: Found, say: Callable[[str], str]) -> Drawn | None:
    pairs = [(_label(key, say), value) for key, value, _ in found][:BARS]
    if not pairs:
        return None
    title = _title(figure, "", say)
    best = max(pairs, key=lambda p: p[1])
    unit = figure.encodings.get("unit", "")
    equal = sum(value == best[1] for _, value in pairs)
    highest = svg.amount(best[1], unit)
    if equal == 1:
        sentence = say(msg("Le plus élevé : {label}, {value}.")).format(label=best[0], value=highest)
    elif equal == len(pairs):
        sentence = say(msg("Tous à égalité : {value}.")).format(value=highest)
    else:
        sentence = say(msg("Les plus élevés : {count} à égalité, {value}.")).format(count=equal, value=highest)
    if page.total is not None and page.total > len(pairs):
        sentence += " " + say(msg("Les {count} premiers sur {total} sont dessinés.")).format(
            count=len(pairs), total=svg.amount(page.total)
        )
    return svg.bars(pairs, svg.Told(title, sentence, unit)), pairs, title, sentence


def _drawn_line(figure: Figure, page: Page, found: Found, say: Callable[[str], str]) -> Drawn | None:
    moments = [(m, v, n) for key, v, n in found if (m := _moment(key)) is not None]
    if len(moments) < 2:
        return None
    step = figure.encodings.get("step") or _step(moments[0][0], moments[-1][0])
    mean = figure.encodings["function"] == Function.AVG
    points = [(place, _named(place, step, say), value) for place, value in _gathered(moments, step, mean)]
    title, unit = _title(figure, step, say), figure.encodings.get("unit", "")
    best, least = max(points, key=lambda p: p[2]), min(points, key=lambda p: p[2])
    sentence = say(
        msg("De {first} à {last} ; le plus élevé : {label}, {value} ; le plus bas : {low}, {least}.")
    ).format(
        first=points[0][1],
        last=points[-1][1],
        label=best[1],
        value=svg.amount(best[2], unit),
        low=least[1],
        least=svg.amount(least[2], unit),
    )
    pairs = [(label, value) for _, label, value in points]
    told = svg.Told(title, sentence, unit)
    return (svg.line(points, told) if len(points) > 2 else svg.bars(pairs, told)), pairs, title, sentence


def _drawn_columns(figure: Figure, page: Page, found: Found, say: Callable[[str], str]) -> Drawn | None:
    values = [(v, lines) for key, lines, _ in found if (v := _finite(key)) is not None]
    if len(values) < 2 or values[0][0] == values[-1][0]:
        return None
    classes, held = _classed(values)
    unit = figure.encodings.get("unit", "")
    pairs = [
        (say(msg("de {low} à {high}")).format(low=svg.amount(a), high=svg.amount(b, unit)), count)
        for a, b, count in zip(classes, classes[1:], held, strict=False)
    ]
    best = max(pairs, key=lambda p: p[1])
    sentence = say(msg("Le plus souvent : {label} ({count} lignes).")).format(label=best[0], count=svg.amount(best[1]))
    title = _title(figure, "", say)
    lows = [(svg.amount(a), count) for a, count in zip(classes, held, strict=False)]
    return svg.columns(lows, svg.Told(title, sentence)), pairs, title, sentence


def _classed(values: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Return the bounds of round classes and how many rows each holds, few far values apart at the ends."""
    total, seen, low, high = sum(n for _, n in values), 0.0, values[0][0], values[-1][0]
    for value, count in values:  # the middle 98 % decide the width of a class
        if seen <= 0.01 * total:
            low = value
        if seen <= 0.99 * total:
            high = value
        seen += count
    marks = svg.steps(low, high)
    width = (marks[1] - marks[0]) / max(1, round(_CLASSES / (len(marks) - 1)))
    if all(float(v).is_integer() for v, _ in values):
        width = max(1.0, round(width))
    bounds = [marks[0] + n * width for n in range(math.ceil((marks[-1] - marks[0]) / width) + 1)]
    held = [0.0] * (len(bounds) - 1)
    for value, count in values:
        place = min(max(int((value - bounds[0]) / width + 1e-9), 0), len(held) - 1)
        held[place] += count
    bounds[0], bounds[-1] = min(bounds[0], values[0][0]), max(bounds[-1], values[-1][0])
    return bounds, held


def _moment(key: Any) -> dt.datetime | None:
    if isinstance(key, int) and not isinstance(key, bool):
        return dt.datetime(key, 1, 1) if 1 <= key <= 9999 else None  # noqa: DTZ001  (a year has no zone)
    try:
        return dt.datetime.fromisoformat(str(key)).replace(tzinfo=None)
    except ValueError:
        return None


def _step(first: dt.datetime, last: dt.datetime) -> str:
    days = (last - first).total_seconds() / 86_400
    return "hour" if days <= 2 else "day" if days <= 62 else "month" if days <= 366 * 6 else "year"


def _gathered(moments: Sequence[tuple[dt.datetime, float, float]], step: str, mean: bool) -> list[tuple[int, float]]:
    """Return (position in time, value) by step: sums with zero where nothing happened, or means where something was."""
    totals: dict[int, tuple[float, float]] = {}
    for moment, value, lines in moments:
        place = _position(moment, step)
        total, weight = totals.get(place, (0.0, 0.0))
        totals[place] = (total + value * (lines if mean else 1), weight + lines)
    if mean:
        return sorted((p, t / w) for p, (t, w) in totals.items() if w)
    places = range(min(totals), max(totals) + 1)
    # Years that a table does not hold are unknown; a month without a grant between two others had none.
    known = itertools.chain(totals) if step == "year" or len(places) > 400 else places
    return sorted((p, totals.get(p, (0.0, 0.0))[0]) for p in known)


def _position(moment: dt.datetime, step: str) -> int:
    if step == "year":
        return moment.year
    if step == "month":
        return moment.year * 12 + moment.month - 1
    return moment.toordinal() if step == "day" else moment.toordinal() * 24 + moment.hour


_MONTHS = (
    *(msg("janv. {year}"), msg("févr. {year}"), msg("mars {year}"), msg("avr. {year}"), msg("mai {year}")),
    *(msg("juin {year}"), msg("juil. {year}"), msg("août {year}"), msg("sept. {year}"), msg("oct. {year}")),
    *(msg("nov. {year}"), msg("déc. {year}")),
)


def _named(place: int, step: str, say: Callable[[str], str]) -> str:
    if step == "year":
        return str(place)
    if step == "month":
        return say(_MONTHS[place % 12]).format(year=place // 12)
    day = dt.date.fromordinal(place if step == "day" else place // 24)
    return f"{day:%d/%m/%Y}" if step == "day" else f"{day:%d/%m} {place % 24}\u202fh"


def _label(value: Any, say: Callable[[str], str]) -> str:
    if isinstance(value, bool):
        return say(msg("oui")) if value else say(msg("non"))
    text = str(value).strip()
    if re.fullmatch(r"\d{4}-\d\d-\d\d(?:T00:00:00)?", text):
        return f"{text[8:10]}/{text[5:7]}/{text[:4]}"
    return text or say(msg("(vide)"))
