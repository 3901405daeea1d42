"""Units as headers write them, and their French names."""

from __future__ import annotations

import re

UNITS = {
    "€": ("euros", ("€", "eur", "euro", "euros")),
    "k€": ("milliers d'euros", ("k€", "keur", "milliers d'euros", "milliers d’euros")),
    "%": ("pour cent", ("%", "pourcentage")),
    "kWh": ("kilowattheures", ("kwh",)),
    "MWh": ("mégawattheures", ("mwh",)),
    "kW": ("kilowatts", ("kw",)),
    "W": ("watts", ("w", "watts")),
    "m": ("mètres", ("m", "mètres", "metres")),
    "cm": ("centimètres", ("cm",)),
    "km": ("kilomètres", ("km",)),
    "m²": ("mètres carrés", ("m²", "m2", "m^2")),
    "ha": ("hectares", ("ha",)),
    "m³": ("mètres cubes", ("m³", "m3")),
    "L": ("litres", ("l", "litres")),
    "t": ("tonnes", ("t", "tonnes")),
    "kg": ("kilogrammes", ("kg",)),
    "°C": ("degrés Celsius", ("°c",)),
    "µg/m³": ("microgrammes par mètre cube", ("µg/m³", "µg/m3", "ug/m3")),
    "mg/L": ("milligrammes par litre", ("mg/l",)),
    "km/h": ("kilomètres à l'heure", ("km/h",)),
    "h": ("heures", ("h", "heures")),
    "j": ("jours", ("j", "jours")),
}
_KNOWN = {word: unit for unit, (_, words) in UNITS.items() for word in words}
_QUALIFIED = frozenset("ttc ht hors taxes net nets brut bruts pcs pci ef ep /an /mois par an mois habitant".split())
_BRACKETS = re.compile(r"[(\[]\s*(?:en\s+)?([^()\[\]]{1,20}?)\s*[)\]]\s*$", re.IGNORECASE)
# At the end of a machine's name only what has no other meaning: « no2_ug_m3 », « surface_m2 », « conso_kwh ».
_SUFFIX = {
    **{
        "ug_m3": "µg/m³",
        "ugm3": "µg/m³",
        "mg_l": "mg/L",
        "kwh": "kWh",
        "mwh": "MWh",
        "m2": "m²",
        "m3": "m³",
        "km": "km",
    },
    **{"kmh": "km/h", "km_h": "km/h", "kg": "kg", "cm": "cm", "ha": "ha", "eur": "€", "euros": "€", "pct": "%"},
}
_ENDING = re.compile(rf"[a-z0-9à-ÿ]_+({'|'.join(sorted(_SUFFIX, key=len, reverse=True))})$", re.IGNORECASE)
_IN = re.compile(r"\ben\s+([^\s()]{1,12})\s*$", re.IGNORECASE)


def unit_of(label: str) -> str:
    """Return the unit that a header names, "" when it names none: « Coût (en €) » gives « € »."""
    for pattern in (_BRACKETS, _IN):
        found = pattern.search(label)
        if found and found.group(1).lower() in _KNOWN:
            return _KNOWN[found.group(1).lower()]
        if found and is_unit(found.group(1)):  # « € TTC », « kWh PCS »
            return _KNOWN[found.group(1).lower().split()[0]]
    ending = _ENDING.search(label.strip())
    return _SUFFIX[ending.group(1).lower()] if ending else ""


def is_unit(cell: str) -> bool:
    """Return whether a cell is a unit and no more: « kWh », « (m²) », « € TTC », « en k€ »."""
    said = cell.strip().strip("()[]").strip().lower().removeprefix("en ").split()
    return bool(said) and said[0] in _KNOWN and all(w in _QUALIFIED for w in said[1:])


def without_unit(label: str) -> str:
    """Return a header without the unit at its end: « no2_ug_m3 » gives « no2 », « Coût (en €) » gives « Coût »."""
    unit = unit_of(label)
    if not unit:
        return label
    ending = _ENDING.search(label.strip())
    if ending:
        return label.strip()[: ending.start() + 1].rstrip("_ ")
    found = _BRACKETS.search(label)
    if found and found.group(1).lower() not in _KNOWN:
        return label  # « (€ TTC) » says more than a unit
    return next(kept for pattern in (_BRACKETS, _IN) if (kept := pattern.sub("", label).strip()) != label.strip())


def name_of(unit: str) -> str:
    """Return a unit's French name, or the unit itself."""
    return UNITS[unit][0] if unit in UNITS else unit


_MEASURED = re.compile(r"no2|nox|so2|co2?|o3|pm\d{1,2}|ph", re.IGNORECASE)


def written(word: str) -> str:
    """Return a word of a header, in its own writing when it names what is measured in air or water: NO2, PM10, pH."""
    if not _MEASURED.fullmatch(word):
        return word
    return "pH" if word.lower() == "ph" else word.upper().replace("X", "x")
