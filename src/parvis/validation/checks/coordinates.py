"""Points that stand out of the country, longitude and latitude exchanged among them."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.validation.table import Ask, Table, quoted
from parvis.values import Severity, msg

TITLE = "Coordonnées"
# Mainland and Corsica, Antilles, Guiana, Réunion and Mayotte, Saint-Pierre, the Pacific: west, south, east, north.
_BOXES = (
    (-5.8, 41.2, 9.7, 51.3),
    (-63.3, 14.2, -60.6, 18.3),
    (-54.8, 1.9, -51.4, 6.0),
    (44.8, -21.6, 56.1, -12.4),
    (-56.6, 46.6, -55.9, 47.3),
    (163.2, -23.0, 168.4, -19.3),
    (-179.0, -28.5, -133.9, -7.5),
)


def look(table: Table) -> Iterator[Ask]:
    if not table.profile.point:
        return
    x, y = (quoted(name) for name in table.profile.point)
    column = next(c for c in table.profile.columns if c.name == table.profile.point[0])
    both = f"{x} IS NOT NULL AND {y} IS NOT NULL"
    exchanged = f"{y} BETWEEN -5.8 AND 9.7 AND {x} BETWEEN 41.2 AND 51.3"  # the mainland on its side
    shown = f"concat({x}, ' ; ', {y})"
    yield Ask(
        "values.out_of_france",
        Severity.WARN,
        column,
        f"{both} AND NOT ({_inside(x, y)}) AND NOT ({exchanged})",
        msg("{count} point(s) tombent hors de France."),
        hint=msg("Vérifiez ces lignes sur une carte ; en France métropolitaine la longitude est entre -5 et 10, la latitude "
                 "entre 41 et 51. Un point « 0 ; 0 » est une position inconnue : videz-le."),
        shown=shown,
    )  # fmt: skip
    yield Ask(
        "values.out_of_france_exchanged",
        Severity.WARN,
        column,
        f"{both} AND {exchanged}",
        msg("{count} point(s) ont leur longitude à la place de leur latitude."),
        hint=msg("Échangez les deux cellules sur ces lignes, ou les titres des deux colonnes si toutes le sont."),
        shown=shown,
    )


def _inside(x: str, y: str) -> str:
    return " OR ".join(f"({x} BETWEEN {w} AND {e} AND {y} BETWEEN {s} AND {n})" for w, s, e, n in _BOXES)
