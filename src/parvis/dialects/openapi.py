"""The native API said once: its routes and parameters, which the handlers obey and the OpenAPI document tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from parvis import __version__
from parvis.dialects import extras
from parvis.frozen import dataclass
from parvis.store.export import FORMATS
from parvis.store.query import MAX_GROUPS, MAX_ROWS
from parvis.values import Kind, msg

PREFIX = "/api/v1"
MAX_OFFSET = 10**9
MAX_DATASETS = 100  # of a page of the catalogue
FILTERS = ("theme", "organisation", "licence", "schema")
ORDERS = ("recent", "title", "rows")
TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    example: Any = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` has its places between braces; ``parameters`` are names of ``PARAMETERS``; ``answers`` is the name of
    a schema, or "file"."""

    path: str
    name: str
    title: str
    description: str
    answers: str
    parameters: Sequence[str] = ()


_WHOLE = {"type": "integer", "minimum": 0}
PARAMETERS: Mapping[str, Parameter] = {
    p.name: p
    for p in (
        Parameter(
            "where",
            msg(
                "Condition que les lignes remplissent. Comparaisons : `=`, `!=`, `<`, `<=`, `>`, `>=`, `in (…)`, `contains`, "
                "`starts with`, `between … and …`, `is null`, `is not null` ; `search('mots')` cherche dans toutes les "
                "colonnes de texte ; `bbox(ouest, sud, est, nord)` garde ce qui touche ce rectangle, en degrés ; "
                "`near(longitude, latitude, mètres)`, `intersects('WKT')` et `within('WKT')` font de même d'un cercle et d'une "
                "forme. À la place d'une colonne, un calcul : `montant * 1.2 > 100`, `year(date) = 2026`, "
                "`lower(nom) = 'mairie'`, `length(nom) > 3`, `distance(longitude, latitude) < 500`. On combine "
                "avec `and`, `or`, `not` et des parenthèses. Un texte se met entre apostrophes, une apostrophe y est doublée. "
                "`contains`, `starts with` et `search` ne regardent ni la casse ni les accents ; les autres comparaisons sont "
                "exactes. Une cellule vide ne remplit aucune comparaison. Répété, toutes les conditions comptent."
            ),
            example="commune = 'Fontclaire' and montant >= 1000",
            repeated=True,
        ),
        Parameter("q", msg("Mots cherchés ; pour des lignes, dans toutes leurs colonnes de texte."), example="école"),
        Parameter(
            "select",
            msg(
                "Colonnes voulues, séparées par des virgules ; toutes par défaut. Une colonne peut être calculée, et nommée par "
                "`as` : `+`, `-`, `*`, `/`, `year`, `quarter`, `month`, `day`, `weekday`, `hour`, `minute`, `second`, "
                "`period(date, 'month')`, `format(date, '%Y-%m')`, `range(nombre, 0, 10, 100)`, `step(nombre, 10)`, `length`, "
                "`lower`, `upper`, `unaccented`, `concat`, `ifnull`, `distance(longitude, latitude)`. Avec `group`, ou seuls, "
                "des calculs sur les lignes : ceux d'`aggregates`."
            ),
            example="commune, montant * 1.2 as ttc",
        ),
        Parameter(
            "group",
            msg("Colonnes de regroupement, ou calculs, séparés par des virgules."),
            example="commune, length(commune) as longueur",
        ),
        Parameter(
            "having",
            msg("Condition que les groupes remplissent, sur les noms de la réponse, dans la langue de `where`."),
            example="count > 10",
        ),
        Parameter(
            "sample",
            msg("Nombre de lignes tirées au sort parmi celles qui remplissent la condition ; toutes par défaut."),
            {**_WHOLE, "default": 0, "maximum": MAX_OFFSET},
        ),
        Parameter(
            "seed",
            msg("Numéro du tirage : le même donne toujours les mêmes lignes."),
            {**_WHOLE, "default": 0, "maximum": MAX_OFFSET},
        ),
        Parameter(
            "timezone",
            msg("Fuseau dans lequel les heures, gardées en UTC, sont découpées ; UTC par défaut."),
            example="Europe/Paris",
        ),
        Parameter(
            "aggregates",
            msg(
                "Calculs, séparés par des virgules : `count`, `count_distinct`, `sum`, `avg`, `min`, `max`, `median`, avec une "
                "colonne ou un calcul entre parenthèses et un nom après `as` ; `percentile(colonne, 90)`, `extent()` pour le "
                "rectangle des lieux. On calcule avec eux : `sum(montant) / count(*) as moyenne`. Par défaut : `count`, le "
                "nombre de lignes."
            ),
            example="count, sum(montant) as total",
        ),
        Parameter(
            "order",
            msg(
                "Colonnes de tri, ou calculs, séparés par des virgules ; `-` devant pour l'ordre décroissant. Les cellules vides "
                "viennent en dernier. Par défaut, l'ordre du fichier."
            ),
            example="-montant,commune",
        ),
        Parameter(
            "limit",
            msg("Nombre de résultats d'une page."),
            {**_WHOLE, "default": 20},
            example=100,
        ),
        Parameter("offset", msg("Nombre de résultats à passer."), {**_WHOLE, "default": 0, "maximum": MAX_OFFSET}),
        Parameter(
            "cursor",
            msg("Suite d'une page : la valeur `cursor` de la réponse précédente, les autres paramètres égaux."),
        ),
        Parameter(
            "count",
            msg("`false` pour ne pas compter toutes les lignes : plus rapide."),
            {"type": "boolean", "default": True},
        ),
        Parameter(
            "profile",
            msg(
                "`excel` : pour le CSV, points-virgules, virgule décimale et dates françaises, lisible d'un double clic."
            ),
            {"type": "string", "enum": ["", "excel"]},
        ),
        Parameter(
            "version",
            msg("Version voulue, par son identifiant ou son numéro ; celle en vigueur par défaut."),
            example="1",
        ),
        Parameter("from", msg("Version d'avant, par son identifiant ou son numéro ; par défaut, celle qui précède.")),
        Parameter("to", msg("Version d'après, par son identifiant ou son numéro ; par défaut, celle en vigueur.")),
        Parameter(
            "key",
            msg(
                "Colonnes qui distinguent les lignes, séparées par des virgules. Sans elles, une colonne dont toutes les "
                "valeurs diffèrent ; s'il n'y en a pas, une ligne changée compte comme retirée puis ajoutée."
            ),
            example="code",
        ),
        Parameter(
            "only",
            msg("Ne donner que les lignes ajoutées, retirées ou changées."),
            {"type": "string", "enum": ["added", "removed", "changed"]},
        ),
        Parameter("theme", msg("Thème, par son identifiant."), example="finances"),
        Parameter("organisation", msg("Organisation, par son identifiant."), example="fontclaire"),
        Parameter("licence", msg("Licence, par son identifiant."), example="lov2"),
        Parameter("schema", msg("Schéma national suivi, par son identifiant.")),
        Parameter(
            "facets",
            msg("Facettes voulues, séparées par des virgules ; aucune par défaut."),
            example="theme,organisation",
        ),
        Parameter(
            "sort",
            msg(
                "Ordre du catalogue : `recent`, `title` ou `rows` (les plus longs d'abord). Sans lui, la pertinence s'il y a "
                "`q`, sinon les plus récents d'abord."
            ),
            {"type": "string", "enum": list(ORDERS)},
        ),
    )
}

_READ = ("where", "q", "select", "group", "having", "order", "sample", "seed", "timezone")
_RECORDS = (*_READ, "limit", "offset", "cursor", "count")
_GROUPS = ("where", "q", "group", "aggregates", "having", "order", "limit", "offset", "count", "timezone")
_CHANGES = ("from", "to", "key", "only", "limit", "offset")
_ONE, _OLD = "/datasets/{dataset}", "/datasets/{dataset}/versions/{version}"


def _reads(base: str, name: str, lines: str, groups: str, whole: str) -> tuple[Route, ...]:
    which = ("version",) if base == _ONE else ()
    return (
        Route(
            f"{base}/records",
            f"{name}Records",
            lines,
            msg(
                "Une page de lignes, dans l'ordre du fichier sauf avis contraire. La suite se demande par `cursor` ou par "
                "l'en-tête `Link`. Avec `group`, une ligne par valeur et son nombre de lignes, ou ce que `select` calcule."
            ),
            "Records",
            (*_RECORDS, *which),
        ),
        Route(
            f"{base}/aggregates",
            f"{name}Aggregates",
            groups,
            msg("Une ligne par groupe, avec les calculs demandés ; sans `group`, une seule ligne."),
            "Aggregates",
            (*_GROUPS, *which),
        ),
        Route(
            f"{base}/exports/{{format}}",
            f"{name}Export",
            whole,
            msg(
                "Les formats courants d'une version entière sont écrits une fois pour toutes : ils ont une empreinte "
                "(`Repr-Digest`, SHA-256) et se lisent aussi par morceaux (`Range`). Tout autre fichier part au fur et à "
                "mesure qu'il est écrit. Dans le CSV, un texte qu'un tableur prendrait pour une formule est précédé d'une "
                "apostrophe."
            ),
            "file",
            (*_READ, "profile", *which),
        ),
    )


ROUTES: Sequence[Route] = (
    Route("/", "root", msg("Entrée de l'API"), msg("Les adresses à suivre."), "Root"),
    Route("/openapi.json", "openapi", msg("Ce document"), msg("La description OpenAPI 3.1 de cette API."), "OpenAPI"),
    Route(
        "/datasets",
        "datasets",
        msg("Catalogue"),
        msg("Les jeux de données publiés, cherchés et filtrés."),
        "Datasets",
        ("q", *FILTERS, "facets", "sort", "limit", "offset"),
    ),
    Route(
        _ONE,
        "dataset",
        msg("Un jeu de données"),
        msg("Sa description, ses colonnes et sa version en vigueur."),
        "Dataset",
    ),
    *_reads(
        _ONE,
        "dataset",
        msg("Lignes d'un jeu de données"),
        msg("Calculs sur les lignes d'un jeu de données"),
        msg("Toutes les lignes d'un jeu de données, en un fichier"),
    ),
    Route(
        f"{_ONE}/versions",
        "versions",
        msg("Versions d'un jeu de données"),
        msg("De la plus récente à la plus ancienne."),
        "Versions",
    ),
    Route(
        f"{_ONE}/changes",
        "changes",
        msg("Ce qui a changé entre deux versions"),
        msg("Les lignes ajoutées, retirées et changées, et pour celles-ci, chaque case avant et après."),
        "Changes",
        _CHANGES,
    ),
    Route(
        f"{_ONE}/changes.atom",
        "feed",
        msg("Fil des changements"),
        msg("Une entrée par version, au format Atom, avec ce qui a changé depuis la précédente."),
        "Feed",
    ),
    Route(_OLD, "version", msg("Une version"), msg("Ce qu'elle contient. Une version ne change jamais."), "Version"),
    *_reads(
        _OLD,
        "version",
        msg("Lignes d'une version"),
        msg("Calculs sur les lignes d'une version"),
        msg("Toutes les lignes d'une version, en un fichier"),
    ),
)


def most(route: Route) -> int:
    """Return the largest ``limit`` of a route."""
    return {"Datasets": MAX_DATASETS, "Changes": MAX_ROWS, "Records": MAX_ROWS, "Aggregates": MAX_GROUPS}.get(
        route.answers, 0
    )


def document(base: str = "", title: str = "Données ouvertes") -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the native API. ``base``: address of the portal, without a trailing slash."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": __version__,
            "description": "Lecture libre, sans clé. Chaque réponse porte un `ETag` : renvoyé dans `If-None-Match`, il "
            "épargne une réponse inchangée (304). Une version publiée ne change jamais.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": f"{base}{PREFIX}"}],
        "tags": [{"name": "catalogue"}, {"name": "données"}],
        "paths": {route.path: {"get": _operation(route)} for route in ROUTES},
        "components": {"schemas": SCHEMAS, "responses": _FAULTS, "headers": _HEADERS},
    }


def _operation(route: Route) -> dict[str, Any]:
    places = [_place(name) for name in ("dataset", "version", "format") if f"{{{name}}}" in route.path]
    faults = ["400", "406", "429", "500", "503"]
    if places:
        faults += ["404", "410"]
    if route.answers in ("Records", "Aggregates", "Changes", "file"):
        faults += ["422"]
    return {
        "operationId": route.name,
        "summary": route.title,
        "description": route.description,
        "tags": ["données" if route.answers in ("Records", "Aggregates", "file") else "catalogue"],
        "parameters": [*places, *(_parameter(route, PARAMETERS[name]) for name in route.parameters)],
        "responses": {
            "200": _success(route),
            **(_PARTS if route.answers == "file" else {}),
            "304": {"description": "Rien n'a changé depuis la réponse qui portait cet `ETag`."},
            **{status: {"$ref": f"#/components/responses/{status}"} for status in sorted(faults)},
        },
    }


def _place(name: str) -> dict[str, Any]:
    said = {
        "dataset": msg("Identifiant du jeu de données."),
        "version": msg("Identifiant de la version."),
        "format": msg("Format."),
    }
    schema: dict[str, Any] = {"type": "string", "pattern": "^[0-9A-Za-z-]{1,80}$"}
    if name == "format":
        schema = {"type": "string", "enum": [*FORMATS, *extras.NAMES]}
    return {"name": name, "in": "path", "required": True, "description": said[name], "schema": schema}


def _parameter(route: Route, parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = dict(parameter.schema)
    if parameter.name == "limit":
        schema["maximum"] = most(route)
    if parameter.repeated:
        schema = {"type": "array", "items": schema}
    told: dict[str, Any] = {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "schema": schema,
    }
    if (route.answers, parameter.name) == ("Aggregates", "order"):
        told |= {
            "description": msg(
                "Tri des groupes : colonnes du regroupement et noms des calculs, séparés par des virgules ; `-` devant pour "
                "l'ordre décroissant."
            ),
            "example": "-count",
        }
    elif parameter.example is not None:
        told["example"] = [parameter.example] if parameter.repeated else parameter.example
    return told


def _success(route: Route) -> dict[str, Any]:
    headers = {"ETag": {"$ref": "#/components/headers/ETag"}}
    if route.answers in ("Records", "Datasets"):
        headers["Link"] = {"$ref": "#/components/headers/Link"}
    if route.answers == "file":
        headers |= {name: {"$ref": f"#/components/headers/{name}"} for name in ("Accept-Ranges", "Repr-Digest")}
        files = {f.media_type.partition(";")[0]: _BODY for f in FORMATS.values()}
        return {"description": "Le fichier.", "headers": headers, "content": files}
    if route.answers == "Feed":
        return {"description": "Le fil.", "headers": headers, "content": {"application/atom+xml": _BODY}}
    content = {TYPE: {"schema": {"$ref": f"#/components/schemas/{route.answers}"}}}
    return {"description": "La réponse.", "headers": headers, "content": content}


_BODY: dict[str, Any] = {}
_PARTS: dict[str, Any] = {
    "206": {
        "description": "Le morceau demandé par `Range`, d'un fichier écrit une fois pour toutes.",
        "headers": {"Content-Range": {"$ref": "#/components/headers/Content-Range"}},
    },
    "416": {"description": "Ce fichier n'a pas ces octets."},
}
_HEADERS = {
    "Accept-Ranges": {"description": "`bytes` quand le fichier se lit par morceaux.", "schema": {"type": "string"}},
    "Content-Range": {"description": "Octets donnés, et combien le fichier en a.", "schema": {"type": "string"}},
    "Repr-Digest": {"description": "SHA-256 du fichier entier (RFC 9530).", "schema": {"type": "string"}},
    "ETag": {"description": "Empreinte de la réponse.", "schema": {"type": "string"}},
    "Link": {"description": "Adresse de la page suivante, s'il y en a une (`rel=\"next\"`).", "schema": {"type": "string"}},
    "Retry-After": {"description": "Secondes à attendre avant de réessayer.", "schema": {"type": "integer"}},
}  # fmt: skip


def _fault(description: str, wait: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": description,
        "content": {TYPE: {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    return {**told, "headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}} if wait else told


_FAULTS = {
    "400": _fault("La demande est fautive : `parameter` dit où, `hint` quoi faire."),
    "404": _fault("Ce jeu de données, cette version ou cette adresse n'existe pas."),
    "406": _fault("Cette adresse ne répond pas dans le format demandé par `Accept`."),
    "410": _fault("Ces données ont été retirées ; `message` dit pourquoi."),
    "422": _fault("La question est comprise mais demande trop de temps ou de mémoire."),
    "429": _fault("Trop de demandes venant de vous.", wait=True),
    "500": _fault("Une panne de notre fait."),
    "503": _fault("Trop de demandes à la fois.", wait=True),
}


def _object(only: Sequence[str] = (), /, **properties: Any) -> dict[str, Any]:
    """Return the schema of an object that has all these properties and no other, or that must have ``only`` some."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(only or properties),
        "additionalProperties": False,
    }


def _of(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


_TEXT, _COUNT, _URL = {"type": "string"}, _WHOLE, {"type": "string", "format": "uri-reference"}
_MOMENT, _ANY = {"type": "string"}, ["string", "number", "integer", "boolean", "null"]
_LINKS = {"type": "object", "additionalProperties": _URL}
_LINE = {"type": "object", "additionalProperties": True}
_NAMED = _object(id=_TEXT, name=_TEXT)
_LICENCE = _object(id=_TEXT, title=_TEXT, url=_TEXT)
_PERIOD = _object(start=_TEXT, end=_TEXT)

_DATASET: dict[str, Any] = {
    "id": _TEXT, "slug": _TEXT, "title": _TEXT, "description": _TEXT, "organisation": _NAMED, "theme": _TEXT,
    "keywords": _list(_TEXT), "licence": _LICENCE, "frequency": _TEXT, "rows": _COUNT, "version": _TEXT,
    "created_at": _MOMENT, "modified_at": _MOMENT, "links": _LINKS,
}  # fmt: skip
_VERSION: dict[str, Any] = {
    "id": _TEXT, "number": {"type": "integer", "minimum": 1}, "created_at": _MOMENT, "rows": _COUNT, "size": _COUNT,
    "schema": _TEXT, "bbox": _list({"type": "number"}), "geometry": _TEXT, "point": _list(_TEXT),
    "quality": {"type": "object", "additionalProperties": {"type": "number"}}, "columns": _list(_of("Column")),
    "exports": _list(_of("Export")), "links": _LINKS,
}  # fmt: skip

SCHEMAS: dict[str, Any] = {
    "Error": _object(
        error=_object(
            ("code", "message", "hint", "parameter"),
            code={**_TEXT, "description": "Nom stable de l'erreur, pour les programmes."},
            message={**_TEXT, "description": "Ce qui s'est passé, en français."},
            hint={**_TEXT, "description": "Que faire."},
            parameter={**_TEXT, "description": "Le paramètre fautif, ou rien."},
            position={"type": "integer", "minimum": 1, "description": "Le caractère fautif du paramètre, depuis 1."},
            reason={**_TEXT, "description": "Pourquoi les données ont été retirées."},
        )
    ),
    "Root": _object(title=_TEXT, version=_TEXT, links=_LINKS),
    "OpenAPI": {"type": "object", "properties": {"openapi": _TEXT}, "required": ["openapi"]},
    "Datasets": _object(
        total=_COUNT,
        datasets=_list(_of("DatasetSummary")),
        facets={"type": "object", "additionalProperties": _list(_object(value=_TEXT, count=_COUNT))},
        links=_LINKS,
    ),
    "DatasetSummary": _object(**_DATASET),
    "Dataset": _object(
        **{k: v for k, v in _DATASET.items() if k not in ("rows", "version")},
        producer=_TEXT,
        service=_TEXT,
        contact=_TEXT,
        attribution=_TEXT,
        territory=_TEXT,
        period=_PERIOD,
        version=_of("Version"),
        versions=_list(_TEXT),
    ),
    "Versions": _object(dataset=_TEXT, versions=_list(_object(id=_TEXT, current={"type": "boolean"}, links=_LINKS))),
    "Version": _object(**_VERSION),
    "Column": _object(
        name=_TEXT,
        label=_TEXT,
        type={"type": "string", "enum": list(Kind)},
        meaning=_TEXT,
        unit=_TEXT,
        description=_TEXT,
        filled=_COUNT,
        distinct=_COUNT,
        separator={**_TEXT, "description": "Ce qui sépare les valeurs d'une case qui en contient plusieurs, ou rien."},
        minimum={"type": _ANY},
        maximum={"type": _ANY},
    ),
    "Export": _object(
        format={"type": "string", "enum": [*FORMATS, *extras.NAMES]}, title=_TEXT, type=_TEXT, url=_URL,
        size={"type": ["integer", "null"], "description": "Octets du fichier ; nul s'il est écrit à la demande."},
        sha256={"type": ["string", "null"], "description": "Empreinte SHA-256 du fichier ; nulle s'il est écrit à la demande."},
    ),
    "Records": _object(
        dataset=_TEXT,
        version=_TEXT,
        total={"type": ["integer", "null"], "description": "Nombre de lignes de toute la réponse ; nul si `count=false`."},
        records=_list(_LINE),
        cursor={**_TEXT, "description": "À rendre pour avoir la suite ; vide à la dernière page."},
        links=_LINKS,
    ),
    "Changes": _object(
        dataset=_TEXT,
        **{"from": _TEXT, "to": _TEXT},
        key={**_list(_TEXT), "description": "Colonnes qui distinguent les lignes ; aucune quand rien ne les distingue."},
        added=_COUNT,
        removed=_COUNT,
        changed=_COUNT,
        columns_added=_list(_TEXT),
        columns_removed=_list(_TEXT),
        changes=_list(
            _object(
                what={"type": "string", "enum": ["added", "removed", "changed"]},
                row=_LINE,
                cells={
                    "type": "object",
                    "additionalProperties": _object(before={}, after={}),
                    "description": "Pour une ligne changée, chaque case qui n'est plus la même.",
                },
            )
        ),
        links=_LINKS,
    ),
    "Aggregates": _object(
        dataset=_TEXT,
        version=_TEXT,
        total={"type": ["integer", "null"], "description": "Nombre de groupes ; nul si `count=false`."},
        groups=_list(_LINE),
        links=_LINKS,
    ),
}  # fmt: skip
