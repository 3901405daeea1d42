"""What a delivery lost since the one before: columns, rows, identifiers, units."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from parvis.frozen import dataclass
from parvis.tables.engine import connect
from parvis.text import fold, number
from parvis.validation.regexes import literal
from parvis.validation.table import quoted, shortened
from parvis.values import Column, Finding, Kind, Place, Profile, Severity, Step, msg

_FEW = 20  # rows under which nothing is concluded from their number
_MOST = 5_000_000  # rows whose identifiers are compared
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_DAYS = (Kind.DATE, Kind.DATETIME)
_UNITS = (
    (1000.0, msg("mille fois plus grandes que"), msg("mille fois plus petites que")),
    (100.0, msg("cent fois plus grandes que"), msg("cent fois plus petites que")),
)
_NEAR = 0.25  # how near a ratio must be to a change of unit, either way


@dataclass(frozen=True, slots=True)
class Former:
    """The delivery before: its columns and rows, its typed Parquet when it is at hand, and the day it is of."""

    columns: Sequence[Column]
    rows: int
    typed: Path | None = None
    day: str = ""


def continuity(former: Former, profile: Profile, typed: Path | None = None) -> tuple[Finding, ...]:
    """Return what a table no longer holds, or holds otherwise, since the delivery before. Same order every time."""
    pairs, lost, new = _paired(former.columns, profile.columns)
    return (
        *_columns(lost, new),
        *_rows(former.rows, profile.rows),
        *(f for before, now in pairs for f in _values(before, now)),
        *(_identifiers(former, profile, pairs, typed) if former.typed is not None and typed is not None else ()),
    )


# --- Columns --------------------------------------------------------------------------------------

Pair = tuple[Column, Column]


def _paired(before: Sequence[Column], now: Sequence[Column]) -> tuple[list[Pair], list[Column], list[Column]]:
    """Return the columns that both have, those that went and those that came; a field's name goes before a header."""
    left = {_key(c): c for c in now if c.kind is not Kind.GEOMETRY}
    pairs, lost = [], []
    for column in before:
        if column.kind is Kind.GEOMETRY:
            continue
        same = left.pop(_key(column), None)
        if same is None:
            lost.append(column)
        else:
            pairs.append((column, same))
    return pairs, lost, list(left.values())


def _key(column: Column) -> str:
    return column.field or fold(column.label) or column.name


def _columns(lost: Sequence[Column], new: Sequence[Column]) -> Iterator[Finding]:
    renamed = dict(_renamed(lost, new))
    for before, now in renamed.items():
        yield Finding(
            "continuity.column_renamed",
            Severity.WARN,
            msg("La colonne « {before} » de la version précédente semble s'appeler maintenant « {column} »."),
            Place(column=now),
            {"before": before, "column": now},
            hint=msg(
                "Gardez le nom d'avant : renommez la colonne, Parvis s'en souviendra pour les prochains fichiers."
            ),
            why=msg("Les programmes qui lisent ces données cherchent la colonne sous son ancien nom."),
            fix=Step("rename", {"column": now, "name": before}),
        )
    gone = [c.label for c in lost if c.label not in renamed]
    if gone:
        yield Finding(
            "continuity.columns_lost",
            Severity.WARN,
            msg("{count} colonne(s) de la version précédente ne sont plus là : {columns}."),
            values={"count": len(gone), "columns": shortened(gone)},
            hint=msg(
                "Vérifiez que l'export est complet. Si c'est voulu, dites-le dans la description du jeu de données."
            ),
            why=msg("Qui se sert de ces colonnes verra son travail s'arrêter."),
            count=len(gone),
        )
    came = [c.label for c in new if c.label not in renamed.values()]
    if came:
        yield Finding(
            "continuity.columns_new",
            Severity.INFO,
            msg("{count} colonne(s) n'étaient pas dans la version précédente : {columns}."),
            values={"count": len(came), "columns": shortened(came)},
            hint=msg("Décrivez-les : personne ne les connaît encore."),
            count=len(came),
        )


def _renamed(lost: Sequence[Column], new: Sequence[Column]) -> Iterator[tuple[str, str]]:
    left = list(new)
    for column in lost:
        alike = [
            c
            for c in left
            if c.kind is column.kind
            and (
                difflib.SequenceMatcher(None, fold(c.label), fold(column.label)).ratio() >= 0.75
                or (column.meaning and c.meaning == column.meaning and len(lost) == len(new) == 1)
            )
        ]
        if len(alike) == 1:
            left.remove(alike[0])
            yield column.label, alike[0].label


# --- Rows and values ------------------------------------------------------------------------------


def _rows(before: int, now: int) -> Iterator[Finding]:
    if before >= _FEW and now < before / 2:
        yield Finding(
            "continuity.rows_lost",
            Severity.WARN,
            msg("{now} lignes, contre {before} dans la version précédente : plus de la moitié a disparu."),
            values={"now": number(now), "before": number(before)},
            hint=msg(
                "Un filtre est sans doute resté actif à l'export, ou une feuille a été oubliée : refaites l'export."
            ),
            why=msg("Des lignes publiées hier et absentes aujourd'hui passeront pour des données effacées."),
            count=before - now,
        )


def _values(before: Column, now: Column) -> Iterator[Finding]:
    if before.kind is not now.kind and not {before.kind, now.kind} <= {*_NUMBERS} and before.filled and now.filled:
        yield Finding(
            "continuity.kind_changed",
            Severity.WARN,
            msg("Colonne « {column} » : ce n'est plus le même type de valeurs que dans la version précédente."),
            Place(column=now.label),
            {"column": now.label, "before": str(before.kind), "now": str(now.kind)},
            hint=msg("Cherchez dans cette colonne ce qui a changé : une note, une unité, un autre format de date."),
            why=msg("Un tri, une somme ou un graphique qui marchaient hier ne marchent plus."),
        )
    times = _times(before, now)
    units = bool(before.unit and now.unit and before.unit != now.unit)
    if times or units:
        yield Finding(
            "continuity.unit_changed",
            Severity.WARN,
            msg(
                "Colonne « {column} » : l'unité est « {unit} », et non plus « {former} » comme dans la version précédente."
            )
            if units
            else msg("Colonne « {column} » : les valeurs sont en moyenne {times} celles de la version précédente."),
            Place(column=now.label),
            {"column": now.label, "times": times, "unit": now.unit, "former": before.unit},
            hint=msg(
                "L'unité a sans doute changé (euros et milliers d'euros, mètres et kilomètres) : gardez celle d'avant."
            ),
            why=msg("Une courbe d'une année à l'autre ferait un bond qui n'a pas eu lieu."),
        )
    if now.kind in _DAYS and before.maximum and now.maximum and str(now.maximum)[:10] < str(before.maximum)[:10]:
        yield Finding(
            "continuity.older",
            Severity.WARN,
            msg(
                "Colonne « {column} » : la date la plus récente est le {now}, avant celle de la version publiée ({before})."
            ),
            Place(column=now.label),
            {"column": now.label, "now": _french(now.maximum), "before": _french(before.maximum)},
            hint=msg("Vérifiez que ce n'est pas un ancien fichier."),
            why=msg("Publier un fichier plus ancien ferait reculer les données."),
        )
    if before.filled >= _FEW and now.filled == 0:
        yield Finding(
            "continuity.column_emptied",
            Severity.WARN,
            msg("La colonne « {column} » est vide ; elle avait {before} valeurs dans la version précédente."),
            Place(column=now.label),
            {"column": now.label, "before": number(before.filled)},
            hint=msg("Refaites l'export avec cette colonne, ou retirez-la et dites pourquoi."),
            why=msg("Les valeurs publiées hier disparaîtraient."),
        )


def _times(before: Column, now: Column) -> str:
    """Return « mille fois plus grandes que » and the like when the means differ by that much, "" otherwise."""
    if before.kind not in _NUMBERS or now.kind not in _NUMBERS or not before.mean or not now.mean:
        return ""
    if before.filled < _FEW or now.filled < _FEW or before.meaning in ("year", "latitude", "longitude"):
        return ""
    ratio = abs(now.mean / before.mean)
    for factor, more, less in _UNITS:
        if 1 - _NEAR <= ratio / factor <= 1 + _NEAR:
            return more
        if 1 - _NEAR <= ratio * factor <= 1 + _NEAR:
            return less
    return ""


def _french(value: Any) -> str:
    return "/".join(reversed(str(value)[:10].split("-")))


# --- Identifiers ----------------------------------------------------------------------------------


def _identifiers(former: Former, profile: Profile, pairs: Sequence[Pair], typed: Path | None) -> Iterator[Finding]:
    """Compare the values of the column that names the rows: what was there and no longer is."""
    key = next((p for p in pairs if _names_rows(p[0], former.rows) and _names_rows(p[1], profile.rows)), None)
    if key is None or former.typed is None or typed is None or max(former.rows, profile.rows) > _MOST:
        return
    before, now = key
    with connect() as engine:
        told: Mapping[str, int] = dict(
            engine.execute(
                f"SELECT 'gone', count(*) FROM (SELECT CAST({quoted(before.name)} AS VARCHAR) AS k FROM "
                f"read_parquet({literal(str(former.typed))}) WHERE k IS NOT NULL) AS a ANTI JOIN (SELECT "
                f"CAST({quoted(now.name)} AS VARCHAR) AS k FROM read_parquet({literal(str(typed))})) AS b USING (k)"
            ).fetchall()
        )
    gone = int(told.get("gone", 0))
    if gone:
        many = gone > before.filled / 2
        yield Finding(
            "continuity.ids_gone",
            Severity.WARN if many else Severity.INFO,
            msg("Colonne « {column} » : {count} identifiant(s) de la version précédente ne sont plus dans le fichier."),
            Place(column=now.label),
            {"column": now.label, "count": gone},
            hint=msg(
                "Un numéro qui change chaque année ne permet pas de suivre : gardez-les d'une livraison à l'autre."
            )
            if many
            else msg("Vérifiez que ces lignes devaient partir."),
            why=msg("Les liens faits vers ces lignes seront rompus."),
            count=gone,
        )


def _names_rows(column: Column, rows: int) -> bool:
    return column.kind in (Kind.TEXT, Kind.INTEGER) and rows >= _FEW and column.filled == column.distinct == rows
