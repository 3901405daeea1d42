"""Points that stand far from all the others of their own commune, or of the table when all of it is one town."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.places import boxes, department_of
from parvis.validation.table import Ask, Table, quoted
from parvis.values import Column, Severity, msg

TITLE = "Points dans la commune"
_FAR = 25.0  # km from the middle of the commune's points: the widest of the mainland is 55 km across, most are under 8
_FEW = 5  # points from which a middle means something
_TOWN = 8.0  # km around the middle that hold nine points in ten of a town's table
_ASTRAY = 60.0  # km beyond which a point of such a table is astray


def look(table: Table) -> Iterator[Ask]:
    if not table.profile.point:
        return
    x, y = (quoted(name) for name in table.profile.point)
    point = next(c for c in table.profile.columns if c.name == table.profile.point[0])
    fields = table.fields()
    codes = [
        c
        for c in table.profile.columns
        if "insee_commune" in (c.meaning, fields[c.name].meaning if c.name in fields else "")
    ]
    if codes:
        yield from _by_department(table, point, codes[0], x, y)
    if codes and codes[0].distinct > 1:
        yield from _by_commune(table, point, codes[0], x, y)
    else:
        yield from _alone(table, point, x, y)


def _by_department(table: Table, point: Column, code: Column, x: str, y: str) -> Iterator[Ask]:
    """Ask of points out of the department that the code of their commune names, all around it and 25 km more."""
    cell = f"CAST({quoted(code.name)} AS VARCHAR)"
    told = table.query(f"SELECT DISTINCT left({cell}, 3) FROM cells WHERE length({cell}) = 5 LIMIT 1100")
    held = sorted({d for (start,) in told if (d := department_of(str(start))) in boxes()})
    if not held:
        return
    inside = " ".join(
        f"WHEN starts_with({cell}, '{d}') THEN {x} BETWEEN {w} AND {e} AND {y} BETWEEN {s} AND {n}"
        for d, (w, s, e, n) in ((d, boxes()[d]) for d in held)
    )
    yield Ask(
        "values.point_out_of_department",
        Severity.WARN,
        point,
        f"{x} IS NOT NULL AND {y} IS NOT NULL AND length({cell}) = 5 AND NOT CASE {inside} ELSE true END",
        msg("{count} point(s) tombent hors du département que dit leur code INSEE."),
        hint=msg("Regardez ces lignes sur une carte : le code est celui d'une autre commune, un code postal y a été mis, ou les "
                 "coordonnées sont fausses."),
        why=msg("Le point s'affichera loin de la commune que la ligne annonce."),
        shown=f"concat({cell}, ' : ', {x}, ' ; ', {y})",
    )  # fmt: skip


def _by_commune(table: Table, point: Column, code: Column, x: str, y: str) -> Iterator[Ask]:
    cell = quoted(code.name)
    table.engine.execute(
        f"CREATE OR REPLACE TEMP TABLE middles AS SELECT {cell} AS code, median({x}) AS x, median({y}) AS y FROM cells "
        f"WHERE {x} IS NOT NULL AND {y} IS NOT NULL AND {cell} IS NOT NULL GROUP BY 1 HAVING count(*) >= {_FEW}"
    )
    far = table.query(
        f"SELECT cells.{cell} FROM cells JOIN middles ON cells.{cell} = middles.code "
        f"WHERE {_km(f'cells.{x}', f'cells.{y}', 'middles.x', 'middles.y')} > {_FAR} GROUP BY 1 LIMIT 2000"
    )
    if not far:
        return
    listed = [str(r[0]) for r in far]
    middle = f"(SELECT middles.{{}} FROM middles WHERE middles.code = {cell})"
    yield Ask(
        "values.point_out_of_commune",
        Severity.WARN,
        point,
        f"{cell} IN {table.among(listed)} AND {_km(x, y, middle.format('x'), middle.format('y'))} > {_FAR}",
        msg("{count} point(s) sont à plus de {far} km des autres points de la même commune."),
        hint=msg("Regardez ces lignes sur une carte : le code INSEE ou les coordonnées sont d'une autre commune."),
        why=msg("Le point s'affichera loin de la commune que la ligne annonce."),
        values={"far": int(_FAR)},
        shown=f"concat({cell}, ' : ', {x}, ' ; ', {y})",
        most=0.2,
    )


def _alone(table: Table, point: Column, x: str, y: str) -> Iterator[Ask]:
    both = f"{x} IS NOT NULL AND {y} IS NOT NULL"
    count, middle_x, middle_y = table.query(f"SELECT count(*), median({x}), median({y}) FROM cells WHERE {both}")[0]
    if count < 2 * _FEW or middle_x is None:
        return
    away = _km(x, y, repr(float(middle_x)), repr(float(middle_y)))
    reach = table.query(f"SELECT quantile_cont({away}, 0.9) FROM cells WHERE {both}")[0][0]
    if reach is None or reach > _TOWN:
        return  # more than one town: nothing says where a point should be
    yield Ask(
        "values.point_astray",
        Severity.WARN,
        point,
        f"{both} AND {away} > {_ASTRAY}",
        msg("{count} point(s) sont à plus de {far} km de tous les autres, qui tiennent dans une seule commune."),
        hint=msg(
            "Regardez ces lignes sur une carte et corrigez leurs coordonnées, ou videz-les si la position est inconnue."
        ),
        why=msg("Le point s'affichera dans une autre commune."),
        values={"far": int(_ASTRAY)},
        shown=f"concat({x}, ' ; ', {y})",
    )


def _km(x: str, y: str, other_x: str, other_y: str) -> str:
    """Return the SQL of the distance in km, on a plane: right to a few per cent at the size of a commune."""
    across = f"(({x}) - ({other_x})) * 111.3 * cos(radians(greatest(least({y}, 89), -89)))"
    up = f"(({y}) - ({other_y})) * 111.2"
    return f"sqrt(pow({across}, 2) + pow({up}, 2))"
