"""A dataset of an Opendatasoft (Huwise) portal: brought when the portal says that its records changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit

from parvis.connectors.arrival import Arrival, Errand
from parvis.connectors.download import shown
from parvis.connectors.setting import Setting
from parvis.errors import InputError
from parvis.values import msg

TITLE = msg("Un jeu de données d'un portail Opendatasoft")
HELP = msg("Un jeu de données de l'intercommunalité, du département, de la région, sur un portail Opendatasoft.")
ORDER = 100
EXTRA = ""
SETTINGS = (
    Setting(
        "address",
        msg("Adresse du jeu de données"),
        "address",
        msg("Celle que montre votre navigateur : https://…/explore/dataset/…"),
        required=True,
    ),
    Setting("where", msg("Filtre"), help=msg("Par exemple code_commune = '58999'. Vide : tout.")),
    Setting(
        "format",
        msg("Forme"),
        "choice",
        default="auto",
        choices=(
            ("auto", msg("GeoJSON s'il est cartographié, sinon CSV")),
            ("csv", "CSV"),
            ("geojson", "GeoJSON"),
        ),
    ),
)
SECRET = Setting("secret", msg("Clé d'API"), help=msg("Seulement si le jeu de données n'est pas public."))
EXAMPLES = ({"address": "https://data.agglo.example/explore/dataset/points-d-apport/information/"},)
_DATASET = re.compile(r"(?:.*/)?(?:dataset|datasets|assets)/([\w@.-]+)(?:/.*)?")


def fetch(errand: Errand) -> Iterator[Arrival]:
    """Yield the dataset when the date of its records changed, or each time when the portal does not say it."""
    parts = urlsplit(errand.settings["address"])
    found = _DATASET.fullmatch(parts.path)
    if not found:
        raise InputError(
            msg("Cette adresse n'est pas celle d'un jeu de données Opendatasoft."),
            msg("Ouvrez sa page, puis copiez l'adresse : elle contient /explore/dataset/"),
        )
    name = found[1]
    base = f"{parts.scheme}://{parts.netloc}/api/explore/v2.1/catalog/datasets/{quote(name, safe='@')}"
    secret = {"Authorization": f"Apikey {errand.secret}"} if errand.secret else None
    dataset = errand.client.json(base, secret=secret)
    described = (dataset.get("metas") or {}).get("default") or {}
    asked = {k: errand.settings[k] for k in ("where",) if errand.settings[k]}
    form = errand.settings["format"]
    if form == "auto":
        form = "geojson" if "geo" in (dataset.get("features") or ()) else "csv"
    mark = [form, asked, described.get("data_processed") or described.get("modified") or ""]
    if mark[-1] and errand.marks.get(name) == mark:
        return
    options = (
        {"delimiter": ";", "list_separator": ",", "quote_all": "false", "with_bom": "true"} if form == "csv" else {}
    )
    address = f"{base}/exports/{form}"
    query = urlencode({**options, **asked})
    with errand.client.ask(f"{address}{'?' if query else ''}{query}", secret=secret) as answer:
        yield Arrival(f"{name.partition('@')[0]}.{form}", answer, shown(address), name, mark)
