"""Establishment numbers that a spreadsheet spoilt or made up, whatever their key: Luhn lets one in ten pass by chance."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.tables.table import LINE
from parvis.text import words
from parvis.validation.table import Ask, Table, personal, quoted
from parvis.values import Column, Finding, Kind, Severity, msg

TITLE = "Vraisemblance des SIRET"
_MOST = 1_000_000  # rows beyond which what compares them is not asked
_NUMBERS = 2000  # numbers whose names are compared
_RUN = 3  # numbers that follow each other from which a copy was dragged down
_NAMES = 3  # names under one number from which they are said
_NUMBER_OF = frozenset("siret numero n no num du de la le l des code id identifiant".split())
_NAME = r"\b(?:nom|raison sociale|denomination|beneficiaire|titulaire|organisme|association|etablissement|entreprise)\b"


def look(table: Table) -> Iterator[Ask | Finding]:
    fields = table.fields()
    for column in table.profile.columns:
        field = fields.get(column.name)
        if column.kind is not Kind.TEXT or "siret" not in (column.meaning, field.meaning if field is not None else ""):
            continue
        yield _spoilt(column)
        if 1 < table.profile.rows <= _MOST:
            yield from _dragged(table, column)
            if column.distinct < column.filled:
                yield from _shared(table, column)


def _spoilt(column: Column) -> Ask:
    cell = quoted(column.name)
    return Ask(
        "values.siret_spoilt",
        Severity.WARN,
        column,
        f"{cell} IS NOT NULL AND (({cell} LIKE '%00000000' AND length({cell}) = 14 AND {cell} <> '00000000000000') "
        f"OR {cell} LIKE '_,%E+1_' OR {cell} LIKE '_.%E+1_')",
        msg("Colonne « {column} » : {count} numéro(s) SIRET ont perdu leurs derniers chiffres dans un tableur (ils finissent "
            "par huit zéros ou s'écrivent 3,5E+13)."),
        hint=msg("Ces chiffres ne se retrouvent pas : reprenez la colonne dans le fichier d'origine, après lui avoir donné le "
                 "format « Texte », ou cherchez chaque nom sur annuaire-entreprises.data.gouv.fr."),
        why=msg("Le numéro affiché n'est pas celui de l'organisme, même quand sa clé paraît juste."),
        shown=cell,
    )  # fmt: skip


def _dragged(table: Table, column: Column) -> Iterator[Finding]:
    """Tell of numbers that grow by one from line to line: a cell's corner was dragged down."""
    number = f"TRY_CAST({quoted(column.name)} AS BIGINT)"
    values = f"values_{table.values(quoted(column.name), raw=False)}"
    if not table.query(
        f"SELECT 1 FROM (SELECT {number} AS v FROM {values}) a JOIN (SELECT {number} AS v FROM {values}) b "
        "ON b.v = a.v + 1 LIMIT 1"
    ):
        return  # no number of the column is one more than another
    # Rows come in the order of their lines: a window without an order reads them once, as they come.
    follows = f"{number} = lag({number}) OVER () + 1 AS follows"
    rows = table.query(
        f"SELECT {LINE} FROM (SELECT {LINE}, {follows} FROM cells) WHERE follows ORDER BY 1 LIMIT {_MOST}"
    )
    if len(rows) < _RUN - 1:
        return
    yield Finding(
        "values.siret_series",
        Severity.WARN,
        msg("Colonne « {column} » : {count} numéro(s) SIRET valent un de plus que celui de la ligne au-dessus."),
        table.place(column, rows[0][0]),
        {"column": column.label, "count": len(rows)},
        hint=msg("La cellule a sans doute été « tirée » vers le bas : reprenez les vrais numéros de ces lignes."),
        why=msg("Deux établissements ne portent jamais deux numéros qui se suivent d'une unité : la clé l'interdit."),
        count=len(rows),
        lines=tuple(r[0] for r in rows[: table.most]),
    )


def _shared(table: Table, column: Column) -> Iterator[Finding]:
    """Tell of one number under several names: a cell copied on lines that are not its own."""
    texts = [c for c in table.profile.columns if c.kind is Kind.TEXT and c.name != column.name and not personal(c)]
    own = set(words(column.label)) - _NUMBER_OF
    alike = [c for c in texts if own & set(words(c.label)) and c.meaning not in ("siret", "siren")]
    names = alike or [
        c for c in table.named(_NAME, Kind.TEXT) if c in texts
    ]  # « SIRET attribuant » goes with « Attribuant »
    near = sorted(names, key=lambda c: abs(_at(table, c) - _at(table, column)))
    if not near or near[0].distinct < _NAMES:
        return
    cell, other = quoted(column.name), quoted(near[0].name)
    # Where a number has one name only, and it nearly always has, its least name is its greatest: quickly seen.
    doubtful = f"SELECT {cell} FROM cells GROUP BY 1 HAVING min(hash({other})) <> max(hash({other}))"
    if not table.query(f"SELECT 1 FROM ({doubtful}) LIMIT 1"):
        return
    several = f"SELECT {cell} AS k FROM cells GROUP BY 1 HAVING count(DISTINCT {other}) >= {_NAMES}"
    under = [str(r[0]) for r in table.query(f"{several} ORDER BY 1 LIMIT {_NUMBERS}") if r[0] is not None]
    if not under:
        return
    name = f"regexp_replace(strip_accents(lower({other})), '[^a-z0-9]', '', 'g')"
    told = table.query(
        f"SELECT count(*), sum(n), min(line) FROM (SELECT count(*) AS n, min({LINE}) AS line FROM cells "
        f"WHERE {cell} IN {table.among(under)} AND {name} <> '' GROUP BY {cell} HAVING count(DISTINCT {name}) >= {_NAMES})"
    )[0]
    if told[0]:
        yield Finding(
            "values.siret_shared",
            Severity.INFO,
            msg("Colonne « {column} » : {count} numéro(s) SIRET se trouvent chacun sous au moins trois noms différents de la "
                "colonne « {other} »."),
            table.place(column, told[2]),
            {"column": column.label, "count": int(told[0]), "other": near[0].label, "rows": int(told[1])},
            hint=msg("Triez sur ce numéro et relisez les noms : un numéro a pu être recopié sur des lignes qui ne sont pas les "
                     "siennes."),
            why=msg("Qui additionne par numéro attribuerait tout au même organisme."),
            count=int(told[0]),
        )  # fmt: skip


def _at(table: Table, column: Column) -> int:
    return [c.name for c in table.profile.columns].index(column.name)
