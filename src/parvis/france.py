"""Facts about French identifiers: their shapes, their keys, and how spreadsheets spoil them.

Pure functions on text. ``is_…`` say whether a cell, stripped, is well formed and has the right key; none of them says
that the thing exists.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

# --- Companies and associations -------------------------------------------------------------------

LA_POSTE = "356000000"  # its establishments' numbers add up to a multiple of five instead of Luhn's key


def luhn(digits: str) -> bool:
    """Return whether the digits have Luhn's key (ISO/IEC 7812)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = ord(digit) - 48
        if position % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def is_siren(text: str) -> bool:
    digits = _bare(text)
    return len(digits) == 9 and digits.isdigit() and digits != "000000000" and luhn(digits)


def is_siret(text: str) -> bool:
    digits = _bare(text)
    if len(digits) != 14 or not digits.isdigit() or digits.startswith("000000000"):
        return False
    if digits.startswith(LA_POSTE) and not digits.endswith("00048"):
        return sum(map(int, digits)) % 5 == 0
    return luhn(digits) and luhn(digits[:9])


_SCIENTIFIC = re.compile(r"^\d[.,]\d{1,14}E\+?1[23]$", re.IGNORECASE)


def is_spoilt_siret(text: str) -> bool:
    """Return whether a spreadsheet showed a SIRET as 3,51816E+13 and lost its end.

    The sign is kept even when the text was written out again as 14 digits: at least six zeros close it, where a
    head office ends in 000 and five digits.
    """
    bare = _bare(text)
    return bool(_SCIENTIFIC.match(text.strip())) or (len(bare) == 14 and bare.isdigit() and bare.endswith("00000000"))


_RNA = re.compile(r"^W\d[0-9A-Z]{2}\d{6}$", re.IGNORECASE)


def is_rna(text: str) -> bool:
    return bool(_RNA.match(text.strip()))


# --- People ---------------------------------------------------------------------------------------

_NIR = re.compile(r"^([1-478])(\d\d)(0[1-9]|1[0-2]|[2-3]\d|4[0-2]|[5-9]\d)(\d\d|2[AB])(\d{3})(\d{3})(\d\d)?$")


def is_nir(text: str, key: bool = True) -> bool:
    """Return whether the text is a social-security number with its key (NIR: 13 characters and 97 - number % 97).

    Months 20 to 42 and 50 to 99 are those of people whose birth month is unknown; Corsica writes 2A and 2B.
    Source: Insee, « Numéro d'inscription au répertoire ». Without ``key``, 13 characters are enough.
    """
    found = _NIR.match(_bare(text).upper())
    if not found:
        return False
    if found.group(7) is None:
        return not key
    body = "".join(found.groups()[:6])
    value = int(body.replace("2A", "19").replace("2B", "18"))
    return 97 - value % 97 == int(found.group(7))


def is_iban(text: str) -> bool:
    """Return whether the text is an IBAN with its key (ISO 13616)."""
    bare = _bare(text).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", bare) or (bare.startswith("FR") and len(bare) != 27):
        return False
    return int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4])) % 97 == 1


_RIB_LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")


def is_rib(text: str) -> bool:
    """Return whether the text is a French account with its key: 97 - (89 bank + 15 counter + 3 account) % 97."""
    bare = _bare(text).upper()
    if not re.fullmatch(r"\d{10}[0-9A-Z]{11}\d\d", bare):
        return False
    bank, counter, account = int(bare[:5]), int(bare[5:10]), int(bare[10:21].translate(_RIB_LETTERS))
    return 97 - (89 * bank + 15 * counter + 3 * account) % 97 == int(bare[21:])


_PHONE = re.compile(r"^(?:(?:\+|00)33\s?(?:\(0\))?|0)\s?[1-9](?:[\s.\-/]?\d{2}){4}$")


def is_phone(text: str) -> bool:
    """Return whether the text is one French telephone number of ten digits, national or international."""
    return bool(_PHONE.match(text.strip()))


def is_mobile(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return is_phone(text) and digits.removeprefix("0033").removeprefix("33").lstrip("0")[:1] in ("6", "7")


_PLATE = re.compile(
    r"^[A-HJ-NP-TV-Z]{2}[\s-]?\d{3}[\s-]?[A-HJ-NP-TV-Z]{2}$|^\d{2,4}[\s-][A-Z]{2,3}[\s-](?:\d{2}|2[AB])$"
)


def is_plate(text: str) -> bool:
    """Return whether the text is a licence plate: AB-123-CD since 2009, 123 ABC 75 before."""
    return bool(_PLATE.match(text.strip().upper()))


_EMAIL = re.compile(r"^[\w.+%'-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}$")
GENERIC_MAILBOXES = frozenset(
    "accueil administration agence animation asso association bibliotheque bureau ccas cinema club commercial "
    "communication compta comptabilite conservatoire contact contacts courrier creche culture direction dpo ecole "
    "enfance environnement etat-civil etatcivil evenements federation finances gymnase info infos jeunesse mairie "
    "marches mediatheque musee office officetourisme opendata president presidence rgpd scolaire secretariat service "
    "services services-techniques social sport sports standard support technique tourisme urbanisme ville voirie "
    "webmaster".split()
)
CONSUMER_PROVIDERS = frozenset(
    "gmail.com hotmail.com hotmail.fr outlook.com outlook.fr live.fr live.com yahoo.fr yahoo.com orange.fr wanadoo.fr "
    "free.fr sfr.fr laposte.net neuf.fr bbox.fr aol.com icloud.com numericable.fr club-internet.fr msn.com me.com "
    "protonmail.com proton.me gmx.fr aliceadsl.fr cegetel.net noos.fr voila.fr libertysurf.fr".split()
)


def is_email(text: str) -> bool:
    return bool(_EMAIL.match(text.strip()))


def is_generic_mailbox(text: str) -> bool:
    """Return whether an address belongs to a function, not to a person: mairie@…, contact@… but not at a provider
    where people have their own mailbox."""
    local, _, domain = text.strip().lower().rpartition("@")
    first = re.split(r"[.\-_+\d]", local)[0]
    return domain not in CONSUMER_PROVIDERS and (local in GENERIC_MAILBOXES or first in GENERIC_MAILBOXES)


# --- Names ----------------------------------------------------------------------------------------


@cache
def _lexicon(name: str) -> dict[str, int]:
    lines = (Path(__file__).parent / "lexicons" / f"{name}.txt").read_text("utf-8").splitlines()
    return {word: int(size) for word, _, size in (line.rpartition(" ") for line in lines)}


def first_name_weight(folded: str) -> int:
    """Return how common a first name is: 0 unknown, else the number of figures of its bearers since 1900."""
    return _lexicon("first_names").get(folded, 0)


def surname_weight(folded: str) -> int:
    """Return how common a surname is: 0 unknown, else the number of figures of its bearers since 1891."""
    return _lexicon("surnames").get(folded, 0)


# --- Places ---------------------------------------------------------------------------------------

_INSEE = re.compile(r"^(?:0[1-9]|1\d|2[1-9AB]|[3-8]\d|9[0-5])\d{3}$|^9[78]\d{3}$")
_POSTCODE = re.compile(r"^(?:0[1-9]|[1-8]\d|9[0-8])\d{3}$")
DEPARTMENTS = frozenset([*(f"{n:02d}" for n in range(1, 96) if n != 20), "2A", "2B", *"971 972 973 974 976".split()])
REGIONS = {
    "01": "Guadeloupe",
    "02": "Martinique",
    "03": "Guyane",
    "04": "La Réunion",
    "06": "Mayotte",
    "11": "Île-de-France",
    "24": "Centre-Val de Loire",
    "27": "Bourgogne-Franche-Comté",
    "28": "Normandie",
    "32": "Hauts-de-France",
    "44": "Grand Est",
    "52": "Pays de la Loire",
    "53": "Bretagne",
    "75": "Nouvelle-Aquitaine",
    "76": "Occitanie",
    "84": "Auvergne-Rhône-Alpes",
    "93": "Provence-Alpes-Côte d'Azur",
    "94": "Corse",
}
# West, south, east, north: where a town's coordinates may lie (metropolitan France, then overseas).
BOXES = (
    (-5.5, 41.2, 9.8, 51.3),
    (-61.9, 14.3, -60.7, 16.6),
    (-54.7, 2.0, -51.5, 5.9),
    (55.1, -21.5, 55.9, -20.8),
    (44.9, -13.1, 45.4, -12.5),
    (-56.5, 46.7, -56.0, 47.2),
    (163.4, -23.0, 168.3, -19.4),
)

# Systems of coordinates that French towns use: EPSG code -> what a person calls it. Registre EPSG.
SYSTEMS = {
    4326: "WGS84",
    2154: "Lambert-93",
    **{3900 + zone: f"Lambert CC{zone}" for zone in range(42, 51)},
    27572: "Lambert II étendu",
    27571: "Lambert I carto",
    27573: "Lambert III carto",
    27574: "Lambert IV carto",
    27561: "Lambert I",
    27562: "Lambert II",
    27563: "Lambert III",
    27564: "Lambert IV",
    32630: "WGS84 / UTM 30N",
    32631: "WGS84 / UTM 31N",
    32632: "WGS84 / UTM 32N",
    5490: "RGAF09 / UTM 20N",
    4467: "RGSPM06 / UTM 21N",
    2972: "RGFG95 / UTM 22N",
    4471: "RGM04 / UTM 38S",
    2975: "RGR92 / UTM 40S",
    3163: "Lambert de Nouvelle-Calédonie",
    3857: "Web Mercator",
}


def is_insee_commune(text: str) -> bool:
    return bool(_INSEE.match(text.strip().upper()))


def is_postcode(text: str) -> bool:
    return bool(_POSTCODE.match(text.strip()))


def in_france(longitude: float, latitude: float) -> bool:
    return any(w <= longitude <= e and s <= latitude <= n for w, s, e, n in BOXES)


def is_lambert93(x: float, y: float) -> bool:
    return 90_000 <= x <= 1_250_000 and 6_040_000 <= y <= 7_130_000


_PARCEL = re.compile(
    r"^(?:\d{5}|\d[AB]\d{3}|\d{2}[AB]\d{2})?\s?(?:\d{3})?\s?[0A-Z]?[A-Z]\s?\d{1,4}$|^\d{14}$|^\w{5}000\w{2}\d{4}$"
)


def is_parcel(text: str) -> bool:
    """Return whether the text is a cadastral parcel: section and number, or the 14 characters of the cadastre."""
    return bool(_PARCEL.match(text.strip().upper()))


_BAN_KEY = re.compile(r"^[0-9AB]{5}_[0-9A-Za-z]{4,6}(?:_\d{5}(?:_\w+)*)?$")


def is_ban_key(text: str) -> bool:
    return bool(_BAN_KEY.match(text.strip()))


# --- Bodies ---------------------------------------------------------------------------------------


def is_finess(text: str) -> bool:
    bare = text.strip().upper()
    return bool(re.fullmatch(r"\d{2}\d{7}|2[AB]\d{7}|97\d{7}", bare))


_UAI_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def is_uai(text: str) -> bool:
    """Return whether the text is a school's number with its key letter (seven digits modulo 23)."""
    bare = text.strip().upper()
    if not re.fullmatch(r"\d{7}[A-Z]", bare):
        return False
    return _UAI_LETTERS[int(bare[:7]) % 23] == bare[7]


_RNB = re.compile(
    r"^[123456789ABCDEFGHJKMNPQRSTVWXYZ]{4}-?[123456789ABCDEFGHJKMNPQRSTVWXYZ]{4}-?[123456789ABCDEFGHJKMNPQRSTVWXYZ]{4}$"
)


def is_rnb(text: str) -> bool:
    return bool(_RNB.match(text.strip().upper())) and any(c.isdigit() for c in text)


# --- Nomenclatures --------------------------------------------------------------------------------

_MATTER = re.compile(r"^[1-9]\.(?:10|[1-9])(?:\.\d{1,2})?$")


def is_actes_matter(text: str) -> bool:
    """Return whether the text is a code of the @ctes classification: 7.5, 8.10."""
    return bool(_MATTER.match(text.strip()))


def _bare(text: str) -> str:
    return re.sub(r"[\s.\-\u00a0\u202f]", "", text)
