"""The French formats that schemas ask of their cells (« code-commune-insee », « opening-hours »): who is well written.

Each format is a judge of one text. The names are those of the catalogue schema.data.gouv.fr; ``Rule.op`` carries them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from parvis import hours, places
from parvis.france import is_phone, is_rnb
from parvis.frozen import dataclass
from parvis.text import fold, late
from parvis.values import msg

Judge = Callable[[str], bool]
_AREAS = Path(__file__).parents[1] / "lexicons" / "areas.txt"


@dataclass(frozen=True, slots=True)
class Format:
    """What a format wants, in words, what to do when a cell is not so, and the judge for an option of the schema."""

    wanted: str
    hint: str
    judge: Callable[[str], Judge]


def judge(name: str, option: str = "") -> Judge | None:
    """Return what tells whether a text follows a format, None for a format that is not known."""
    known = FORMATS.get(name)
    return known.judge(option) if known is not None else None


# --- Lists of places ------------------------------------------------------------------------------


@cache
def _areas(kind: str, year: str) -> frozenset[str]:
    """Return the values of a list, of the year asked or of the last one known."""
    known: dict[str, str] = {}
    for line in _AREAS.read_text("utf-8").splitlines():
        name, of, values = line.split(" ", 2)
        if name == kind:
            known[of] = values
    return frozenset(known.get(year, known[max(known)]).split("|")) if known else frozenset()


def _listed(kind: str) -> Callable[[str], Judge]:
    return lambda option: _areas(kind, option).__contains__


@cache
def _commune_codes(year: str) -> frozenset[str]:
    """Return the codes of communes, delegated and associated ones and districts, on the first of January of a year."""
    day = f"{year}-01-01" if year.isdigit() else "9999"
    return frozenset(
        c.code
        for c in places.communes().values()
        if "D" in c.kinds or "A" in c.kinds or "M" in c.kinds or (c.since <= day and (not c.until or c.until > day))
    )


@cache
def _commune_names(year: str) -> frozenset[str]:
    codes = _commune_codes(year)
    return frozenset(c.name for c in places.communes().values() if c.code in codes)


@cache
def _fantoir() -> frozenset[str]:
    out: set[str] = set()
    for part in _areas("code-fantoir", "-"):
        first, _, last = part.partition("-")
        if not last or not (first[1:].isdigit() and last[1:].isdigit()):
            out.add(first)
        else:
            out.update(f"{first[0]}{n:03}" for n in range(int(first[1:]), int(last[1:]) + 1))
    return frozenset(out)


def _is_fantoir(text: str) -> bool:
    return len(text) == 5 and text[4] in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" and text[:4] in _fantoir()


_DEPARTMENTS = frozenset(
    [*(f"{n:02}" for n in range(1, 96) if n != 20), "2A", "2B", "984", "986", "987", "988", "989"]
    + [str(n) for n in range(971, 979)]
)
_REGIONS = frozenset("01 02 03 04 06 11 24 27 28 32 44 52 53 75 76 84 93 94".split())

# --- Other texts ----------------------------------------------------------------------------------

_ACTS = frozenset(
    fold(name)
    for name in (
        "Commande publique",
        "Urbanisme",
        "Domaine et patrimoine",
        "Fonction publique",
        "Institutions et vie politique",
        "Libertés publiques et pouvoirs de police",
        "Finances locales",
        "Domaines de compétences par thèmes",
        "Autres domaines de compétences",
    )
)


def _is_act(text: str) -> bool:
    first, bar, _ = text.partition("/")
    return bool(bar) and fold(first) in _ACTS and first == first.strip() and "/ " not in text


def _years(option: str) -> Judge:
    alone = option in ("yes", "true")

    def holds(text: str) -> bool:
        first, bar, last = text.partition("/")
        if not re.fullmatch(r"[0-9]{4}", first):
            return False
        return alone if not bar else bool(re.fullmatch(r"[0-9]{4}", last)) and first < last

    return holds


# Short numbers: emergencies, social services (116 000), directory enquiries (118 218), four digits (3949).
_SHORT = late(r"1[0-9]|1[0-9]{2}|10[0-9]{2}|3[0-9]{3}|116[0-9]{3}|118[0-9]{3}")
_UNGIVEN = re.compile(r"07[0-2]")  # of the mobile numbers, 07 00 to 07 29 are not given to people
_ABROAD = re.compile(r"\+(?!33)[1-9](?:[\s.\-()/]*[0-9]){6,14}")


def _is_any_phone(text: str) -> bool:
    said = text.strip().removeprefix("tel:")
    digits = re.sub(r"[\s.\-()/]", "", said)
    national = _national(digits)
    if is_phone(said) or is_phone(national):
        return not _UNGIVEN.match(national)
    return bool(_SHORT.fullmatch(digits) or _ABROAD.fullmatch(said))


def _national(digits: str) -> str:
    for prefix in ("+330", "+33", "0033"):
        if digits.startswith(prefix):
            return "0" + digits.removeprefix(prefix)
    return digits


_PAIR = late(r"\s*\[?\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*\]?\s*")
# Guadeloupe, Martinique, Guiana, Réunion, Mayotte, then the mainland with Corsica.
_LANDS = ((-61.81, 15.83, -61.0, 16.52), (-61.23, 14.38, -60.8, 14.88), (-54.61, 2.11, -51.61, 5.75),
          (55.21, -21.39, 55.84, -20.87), (45.01, -13.01, 45.3, -12.63), (-5.15, 41.33, 9.57, 51.09))  # fmt: skip


def _is_place(text: str) -> bool:
    found = _PAIR.fullmatch(text)
    if found is None:
        return False
    x, y = float(found[1]), float(found[2])
    return any(w <= x <= e and s <= y <= n for w, s, e, n in _LANDS)


def _between(low: float, high: float) -> Callable[[str], Judge]:
    def holds(text: str) -> bool:
        try:
            return low <= float(text.replace(",", ".")) <= high
        except ValueError:
            return False

    return lambda option: holds


def _plain(holds: Judge) -> Callable[[str], Judge]:
    return lambda option: holds


_COPY = msg("Recopiez la valeur exacte de la liste officielle, accents et majuscules compris.")
_CODE = msg("Cherchez le code sur insee.fr (Code officiel géographique) ; gardez les zéros de tête.")
FORMATS: Mapping[str, Format] = {
    "canton": Format(msg("des noms de cantons"), _COPY, _listed("canton")),
    "departement": Format(msg("des noms de départements"), _COPY, _listed("departement")),
    "region": Format(msg("des noms de régions"), _COPY, _listed("region")),
    "pays": Format(msg("des noms de pays"), _COPY, _listed("pays")),
    "commune": Format(msg("des noms de communes"), _COPY, lambda year: _commune_names(year).__contains__),
    "code-commune-insee": Format(
        msg("des codes INSEE de communes"), _CODE, lambda year: _commune_codes(year).__contains__
    ),
    "code-departement": Format(msg("des codes de départements"), _CODE, _plain(_DEPARTMENTS.__contains__)),
    "numero-departement": Format(msg("des codes de départements"), _CODE, _plain(_DEPARTMENTS.__contains__)),
    "code-region": Format(msg("des codes de régions"), _CODE, _plain(_REGIONS.__contains__)),
    "code-pays-iso2": Format(msg("des codes de pays à deux lettres (ISO 3166)"), _COPY, _listed("code-pays-iso2")),
    "code-pays-iso3": Format(msg("des codes de pays à trois lettres (ISO 3166)"), _COPY, _listed("code-pays-iso3")),
    "code-postal": Format(
        msg("des codes postaux"),
        msg("Cinq chiffres, zéro de tête compris, d'un bureau qui existe."),
        _listed("code-postal"),
    ),
    "code-fantoir": Format(
        msg("des codes de voies (FANTOIR)"), msg("Quatre signes et une lettre de contrôle."), _plain(_is_fantoir)
    ),
    "id-rnb": Format(
        msg("des identifiants de bâtiments (RNB)"),
        msg("Douze signes ; copiez-les depuis rnb.beta.gouv.fr."),
        _plain(is_rnb),
    ),
    "code-rna": Format(
        msg("des numéros d'association (RNA)"),
        msg("La lettre W et neuf chiffres ; le numéro figure sur le récépissé de la préfecture."),
        _plain(lambda text: re.fullmatch(r"W[0-9]{9}", text) is not None),
    ),
    "coordonnees-gps-francaises": Format(
        msg("des positions en France"),
        msg("Longitude d'abord, latitude ensuite : [3.876, 43.611] ; vérifiez ces lignes sur une carte."),
        _plain(_is_place),
    ),
    "latitude-l93": Format(
        msg("des ordonnées Lambert-93"), msg("Entre 6 000 000 et 7 200 000 mètres."), _between(6037008, 7230728)
    ),
    "longitude-l93": Format(
        msg("des abscisses Lambert-93"), msg("Entre 0 et 1 300 000 mètres."), _between(-357823, 1313633)
    ),
    "nomenclature-acte": Format(
        msg("des matières de la nomenclature des actes"),
        msg(
            "Écrivez la matière, une barre oblique sans espace autour, puis la sous-matière : Finances locales/Subventions."
        ),
        _plain(_is_act),
    ),
    "opening-hours": Format(
        msg("des horaires au format OpenStreetMap"),
        msg("Par exemple « Mo-Fr 08:30-12:00,13:30-17:00; Sa 09:00-12:00 » ou « 24/7 »."),
        _plain(hours.holds),
    ),
    "phone-number": Format(
        msg("des numéros de téléphone"),
        msg("Dix chiffres (01 99 00 27 37), ou le préfixe du pays (+33 1 99 00 27 37)."),
        _plain(_is_any_phone),
    ),
    "year-interval": Format(
        msg("des périodes d'années"), msg("Deux années qui se suivent dans le temps : 2025/2026."), _years
    ),
}
