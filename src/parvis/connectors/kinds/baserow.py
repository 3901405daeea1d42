"""A table of Baserow, on its own server or on baserow.io, written as CSV: lists and choices as people see them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from parvis.connectors.arrival import Arrival, Errand
from parvis.connectors.download import lines_of_csv, shown, written
from parvis.connectors.setting import Setting
from parvis.errors import LimitError, RemoteError
from parvis.values import msg

TITLE = msg("Une table Baserow")
HELP = msg("Une table Baserow tenue par vos services.")
ORDER = 130
EXTRA = ""
SETTINGS = (
    Setting(
        "address",
        msg("Adresse du serveur"),
        "address",
        msg("Par exemple https://baserow.mairie.fr"),
        default="https://api.baserow.io",
        required=True,
    ),
    Setting(
        "table",
        msg("Numéro de la table"),
        "number",
        msg("Dans Baserow, le nombre entre parenthèses après le nom de la table dans la documentation de l'API."),
        required=True,
        least=1,
    ),
)
SECRET = Setting("secret", msg("Jeton de la base"), help=msg("Un jeton qui peut seulement lire."), required=True)
EXAMPLES = ({"address": "https://baserow.fontclaire.example", "table": "42"},)
_PAGE = 200  # what Baserow allows
_MOST = 1_000_000  # rows


def fetch(errand: Errand) -> Iterator[Arrival]:
    """Yield the table; whoever receives it knows whether it changed."""
    parts = urlsplit(errand.settings["address"])
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/api/database"
    table = errand.settings["table"]
    fields = _ask(errand, f"{base}/fields/table/{table}/")
    if not isinstance(fields, list):
        raise RemoteError(msg("Ce serveur ne répond pas comme Baserow."), msg("Vérifiez l'adresse."))
    names = [str(f["name"]) for f in sorted(fields, key=lambda f: (not f.get("primary"), f.get("order", 0), f["id"]))]
    with written(_lines(names, _rows(errand, f"{base}/rows/table/{table}/"))) as file:
        yield Arrival(f"table-{table}.csv", file, shown(f"{base}/rows/table/{table}/"), str(table))


def _rows(errand: Errand, address: str) -> Iterator[dict[str, Any]]:
    page, count = 1, 0
    while True:
        asked = urlencode({"user_field_names": "true", "size": _PAGE, "page": page})
        said = _ask(errand, f"{address}?{asked}")
        rows = said.get("results") if isinstance(said, dict) else None
        if not isinstance(rows, list):
            raise RemoteError(msg("Ce serveur ne répond pas comme Baserow."), msg("Vérifiez l'adresse."))
        yield from rows
        count += len(rows)
        if not said.get("next") or not rows:
            break
        if count > _MOST:
            raise LimitError(msg("Cette table dépasse {most} lignes : Parvis s'arrête là."), most=_MOST)
        page += 1
    if isinstance(said.get("count"), int) and count < said["count"]:
        raise RemoteError(msg("La table n'est pas arrivée entière : rien n'est pris."), retryable=True)


def _ask(errand: Errand, address: str) -> Any:
    return errand.client.json(address, secret={"Authorization": f"Token {errand.secret}"})


def _lines(names: Sequence[str], rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    yield lines_of_csv([names])
    for row in rows:
        yield lines_of_csv([[_cell(row.get(name)) for name in names]])


def _cell(value: Any) -> str:
    """Return a cell as people see it: the value of a choice, the names of a list, the address of a file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, list):
        return ", ".join(filter(None, map(_cell, value)))
    if isinstance(value, dict):
        return next((_cell(value[k]) for k in ("value", "name", "visible_name", "url") if value.get(k) is not None), "")
    return re.sub(r"\r\n?", "\n", str(value))
