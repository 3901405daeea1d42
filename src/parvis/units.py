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
_BRACKETS = re.compile(r"[(\[]\s*(?:en\s+)?([^()\[\]]{1,20}?)\s*[)\]]\s*$", re.IGNORECASE)
_IN = re.compile(r"\ben\s+([^\s()]{1,12})\s*$", re.IGNORECASE)


def unit_of(label: str) -> str:
    """Return the unit that a header names, "" when it names none: « Coût (en €) » gives « € »."""
    for pattern in (_BRACKETS, _IN):
        found = pattern.search(label)
        if found and found.group(1).lower() in _KNOWN:
            return _KNOWN[found.group(1).lower()]
    return ""


def name_of(unit: str) -> str:
    """Return a unit's French name, or the unit itself."""
    return UNITS[unit][0] if unit in UNITS else unit
