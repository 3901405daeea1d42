"""Points for addresses, found in the town's own address base (BAL): nothing leaves the machine.

The street's words are compared, whatever their order, abbreviations and accents; then the number is looked for on that
street. The score says how sure it is: 1 for the very address, 0.8 for the nearest number of the street, 0.6 for the
street alone, each multiplied by how well the street's name agrees.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from difflib import SequenceMatcher
from typing import Any

from parvis.frozen import dataclass
from parvis.tables.draft import Draft, Reference, literal
from parvis.tables.parameters import Parameter
from parvis.tables.table import LINE
from parvis.text import fold, late
from parvis.values import Step, msg

TITLE = "Placer des adresses sur la carte"
GROUP = "places"
ORDER = 180
KEEPS = True
PARAMETERS = {
    "column": Parameter("column", msg("Colonne des adresses"), msg("Par exemple « 12 bis rue du Lac ».")),
    "reference": Parameter(
        "reference", msg("Base d'adresses"), msg("La base adresse locale de votre commune, publiée ici.")
    ),
    "least": Parameter(
        "choice",
        msg("Garder un point"),
        choices={
            "0.9": msg("seulement s'il est sûr"),
            "0.7": msg("même au numéro voisin"),
            "0.5": msg("même s'il n'y a que la rue"),
        },
        default="0.7",
    ),
}
SENTENCE = msg(
    "{placed} adresses sur {count} de la colonne « {column} » sont placées d'après « {title} » ; le score dit la confiance."
)
EXAMPLES = [
    ((["adresse"], [["1 rue du Lac"]]), {"column": "adresse", "reference": "dataset:none", "least": "0.7"}, None),
]
_MOST = 300_000  # addresses of a base, and different ones to place
_NUMBER = late(r"^\D{0,12}?\b(\d{1,4})\s*(bis|ter|quater|[a-d])?\b(?!\s*(?:eme|er|e)\b)[\s,.-]*(.*)$")
_WORDS = {
    "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "boul": "boulevard", "r": "rue", "pl": "place",
    "ch": "chemin", "che": "chemin", "chem": "chemin", "imp": "impasse", "all": "allee", "rte": "route", "sq": "square",
    "fg": "faubourg", "fbg": "faubourg", "st": "saint", "ste": "sainte", "gal": "general", "mal": "marechal", "dr": "docteur",
    "pdt": "president", "lot": "lotissement", "res": "residence", "qu": "quai", "crs": "cours", "pass": "passage",
}  # fmt: skip
_EMPTY = frozenset("de du des la le les l d et a au aux en sur".split())
_KINDS = frozenset(
    "rue avenue boulevard place chemin impasse allee route square quai cours passage voie sentier".split()
)
_LON, _LAT = re.compile(r"^(?:lon|long|lng|longitude)$"), re.compile(r"^(?:lat|latitude)$")
_STREET = re.compile(r"\b(?:voie|rue|libelle voie|nom voie|street)\b")
_HOUSE = re.compile(r"^(?:numero|num|no voie|numero voie|house ?number)$")
_SUFFIX = re.compile(r"^(?:suffixe|rep|repetition|indice)$")
_ADDRESS = re.compile(r"\badresses?\b|\bvoie\b|\brue\b")
_POINTS = late(r"\b(?:lat|latitude|lon|long|longitude|geo|coord\w*|x|y)\b")


@dataclass(slots=True)
class _Street:
    name: str
    words: frozenset[str]
    houses: dict[tuple[int, str], tuple[float, float]] = field(default_factory=dict)
    points: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    longitude: float
    latitude: float
    score: float
    said: str


def suggest(draft: Draft) -> Sequence[Step]:
    """Suggest it when a column holds addresses, nothing gives points yet, and the town has an address base."""
    labels = [re.sub(r"[^a-z0-9]+", " ", fold(x)) for x in draft.labels]
    if draft.raw.geometry or draft.big or any(_POINTS.search(x) for x in labels):
        return []
    base = next((n for n, r in draft.references.items() if n.startswith("dataset:") and _Base.fits(r)), None)
    for i, label in enumerate(labels) if base else ():
        if not _ADDRESS.search(label):
            continue
        seen = draft.seen(i)
        numbered = sum(n for c, n in zip(seen.texts, seen.times, strict=True) if _NUMBER.match(fold(c)))
        if base and seen.filled >= 3 and numbered >= 0.6 * seen.filled:
            return [Step("geocode", {"column": draft.labels[i], "reference": base, "least": "0.7"})]
    return []


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    i = draft.find(str(parameters.get("column", "")))
    reference = draft.references.get(str(parameters.get("reference", "")))
    if i is None or reference is None or not _Base.fits(reference):
        return False
    base = _Base(draft, reference)
    texts = [r[0] for r in draft.query(f"SELECT DISTINCT c{i} FROM {{view}} WHERE c{i} IS NOT NULL LIMIT {_MOST}")]
    least = float(parameters.get("least", 0.7))
    found = {t: p for t in texts if (p := base.place(t)) is not None and p.score >= least}
    if not found:
        return False
    _bring(draft, i, found)
    told = draft.query(f"SELECT count(c{len(draft.labels) - 4}), count(c{i}) FROM {{view}}")[0]
    draft.told |= {"placed": int(told[0]), "count": int(told[1]), "title": reference.title}
    return True


def _bring(draft: Draft, i: int, found: Mapping[str, _Place]) -> None:
    """Add the four columns of what was found."""
    import pyarrow as pa

    places = list(found.values())
    table = pa.table(
        {
            "__text": pa.array(list(found), pa.string()),
            "g0": pa.array([f"{p.longitude:.6f}" for p in places], pa.string()),
            "g1": pa.array([f"{p.latitude:.6f}" for p in places], pa.string()),
            "g2": pa.array([f"{p.score:.2f}" for p in places], pa.string()),
            "g3": pa.array([p.said for p in places], pa.string()),
        }
    )
    name = draft.register(table)
    columns: list[tuple[str, str, int | None]] = [(x, f"c{k}", k) for k, x in enumerate(draft.labels)]
    labels = ("longitude", "latitude", "score de l'adresse", "adresse trouvée")
    columns += [(label, f"g{k}", None) for k, label in enumerate(labels)]
    draft.project(columns, f"{{view}} LEFT JOIN {name} AS found ON c{i} = found.__text", order=LINE)


class _Base:
    """An address base, by street."""

    def __init__(self, draft: Draft, reference: Reference) -> None:
        self.streets: dict[str, _Street] = {}
        self.by_word: defaultdict[str, list[_Street]] = defaultdict(list)
        self.towns: set[str] = set()
        for street, number, suffix, longitude, latitude, town in self._rows(draft, reference):
            self.towns |= set(_words(town or ""))
            self._add(street, number, suffix, longitude, latitude)
        for known in self.streets.values():
            for word in known.words:
                self.by_word[word].append(known)

    @staticmethod
    def fits(reference: Reference) -> bool:
        """True when a table has what an address base has: streets, numbers, points."""
        parts = _parts(reference)
        points = reference.geometry or (parts["longitude"] and parts["latitude"])
        return bool(parts["street"] and parts["number"] and points)

    def place(self, text: str) -> _Place | None:
        """Return where an address is, None when no street agrees."""
        plain = fold(text)
        match = _NUMBER.match(plain)
        number, suffix, rest = (int(match[1]), match[2] or "", match[3]) if match else (0, "", plain)
        street, agreement = self._street(_meaningful(rest, self.towns) or _meaningful(plain, self.towns))
        if street is None or agreement < 0.7:
            return None
        point, share = _on(street, number, suffix)
        shown = f"{number} {suffix} {street.name}".replace("  ", " ") if number and share > 0.6 else street.name
        return _Place(*point, round(share * agreement, 2), shown.strip())

    def _street(self, words: frozenset[str]) -> tuple[_Street | None, float]:
        near: set[str] = {w for w in words if w in self.by_word}
        for word in words - near:
            near |= {k for k in self.by_word if abs(len(k) - len(word)) <= 2 and _alike(k, word) >= 0.85}
        seen = {s.name: s for w in near if w not in _KINDS for s in self.by_word[w]}
        best = max(((_agreement(words, s.words), s.name) for s in seen.values()), default=(0.0, ""))
        return seen.get(best[1]), best[0]

    def _add(self, street: str, number: str, suffix: str, longitude: float, latitude: float) -> None:
        words = _meaningful(fold(street or ""), set())
        if not words or longitude is None or latitude is None:
            return
        known = self.streets.setdefault(" ".join(sorted(words)), _Street(street.strip(), words))
        known.points.append((longitude, latitude))
        if str(number or "").split(".")[0].isdigit():
            known.houses.setdefault((int(str(number).split(".")[0]), fold(suffix or "")), (longitude, latitude))

    @staticmethod
    def _rows(draft: Draft, reference: Reference) -> Iterable[tuple[Any, ...]]:
        parts = _parts(reference)
        picked = [
            f"CAST({_quoted(parts[p])} AS VARCHAR)" if parts[p] else "NULL" for p in ("street", "number", "suffix")
        ]
        town = f"CAST({_quoted(parts['town'])} AS VARCHAR)" if parts["town"] else literal("")
        if parts["longitude"] and parts["latitude"]:
            points = [
                f"TRY_CAST(replace(CAST({_quoted(parts[p])} AS VARCHAR), ',', '.') AS DOUBLE)"
                for p in ("longitude", "latitude")
            ]
            yield from draft.query(
                f"SELECT {', '.join([*picked, *points])}, {town} FROM {draft.relation(reference.path)} LIMIT {_MOST}"
            )
            return
        import shapely

        rows = draft.query(
            f"SELECT {', '.join(picked)}, {_quoted(reference.geometry)}, {town} FROM {draft.relation(reference.path)} "
            f"WHERE {_quoted(reference.geometry)} IS NOT NULL LIMIT {_MOST}"
        )
        for *said, shape, place in rows:
            point = shapely.from_wkb(bytes(shape)).centroid
            if not point.is_empty:
                yield (*said, point.x, point.y, place)


def _parts(reference: Reference) -> dict[str, str]:
    """Return which of the reference's columns gives what: "" for what it does not have."""
    out = dict.fromkeys(("street", "number", "suffix", "longitude", "latitude", "town"), "")
    for label, column in zip(reference.labels, reference.columns, strict=True):
        said = re.sub(r"[^a-z0-9]+", " ", fold(label)).strip()
        for part, pattern in (("longitude", _LON), ("latitude", _LAT), ("number", _HOUSE), ("suffix", _SUFFIX)):
            if pattern.search(said) and not out[part]:
                out[part] = column
        if _STREET.search(said) and not out["street"] and not re.search(r"\b(?:code|id|numero|num)\b", said):
            out["street"] = column
        if said in ("commune nom", "nom commune", "commune", "ville") and not out["town"]:
            out["town"] = column
    return out


def _on(street: _Street, number: int, suffix: str) -> tuple[tuple[float, float], float]:
    """Return the point of a number on its street and how sure it is: the very one, its neighbour, the street alone."""
    if number:
        exact = street.houses.get((number, suffix)) or street.houses.get((number, ""))
        if exact:
            return exact, 1.0 if (number, suffix) in street.houses else 0.95
        same_side = [k for k in street.houses if k[0] % 2 == number % 2] or list(street.houses)
        if same_side:
            near = min(same_side, key=lambda k: abs(k[0] - number))
            if abs(near[0] - number) <= 20:
                return street.houses[near], 0.8
    return sorted(street.points)[len(street.points) // 2], 0.6


def _words(text: str) -> list[str]:
    return [_WORDS.get(w, w) for w in re.findall(r"[a-z0-9]+", fold(text))]


def _meaningful(text: str, towns: set[str]) -> frozenset[str]:
    """Return the words that name a street: no post code, no town behind it, no small words."""
    words = _words(re.split(r"\b\d{5}\b|\bcedex\b", text)[0])
    kept = [w for w in words if w not in _EMPTY]
    named = [w for w in kept if w not in towns]
    return frozenset(named if any(w not in _KINDS for w in named) else kept)


def _agreement(asked: frozenset[str], known: frozenset[str]) -> float:
    """Return how well two streets' words agree, 0..1; the kind of street weighs little."""
    total = got = 0.0
    for word in asked | known:
        weight = 0.25 if word in _KINDS else 1.0
        total += weight
        if word in asked and word in known:
            got += weight
        else:
            others = known if word in asked else asked
            best = max((_alike(word, o) for o in others), default=0.0)
            got += weight * best if best >= 0.8 else 0.0
    return got / total if total else 0.0


def _alike(a: str, b: str) -> float:
    return 1.0 if a == b else SequenceMatcher(None, a, b).ratio()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
