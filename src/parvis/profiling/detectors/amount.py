"""Amount of money."""

from __future__ import annotations

import re

from parvis.text import late

TITLE = "Montant"
SOURCE = ""
HEADERS = {
    "montant": 1.0,
    "prix": 0.9,
    "cout": 0.9,
    "tarif": 0.8,
    "budget": 0.5,
    "depense": 0.8,
    "recette": 0.8,
    "bgt mtreal": 1.0,
    "bgt mtprev": 1.0,
    "bgt mtpropnouv": 1.0,
    "montant vote": 1.0,
    "montant ht": 1.0,
    "montant ttc": 1.0,
    "indemnite brute annuelle": 0.9,
    "montant propose": 1.0,
    "montant attribue": 1.0,
    "montant total": 1.0,
    "budget precedent": 0.9,
    "propositions nouvelles": 0.9,
    "prevu": 0.6,
    "realise": 0.6,
    "credits ouverts": 1.0,
    "restes a realiser": 0.9,
    "valeur globale": 0.9,
    "loyer": 0.8,
    "subvention": 0.7,
    "bp": 0.6,
    "ca": 0.5,
    "price": 0.9,
    "montantsubventionpublique": 1.0,
    "bgt mtbudgprec": 1.0,
    "bgt credouv": 1.0,
    "bgt mtrarprec": 1.0,
    "bgt mtrar3112": 1.0,
    "restes precedents": 0.9,
    "remuneration": 0.9,
    "remunerations": 0.9,
    "somme": 0.7,
    "estimation": 0.7,
}
TOLERANCE = 0.95
ALONE = 0.0
PERSONAL = ""
EXAMPLES = {True: ["1 234,56", "12000", "-3.5", "15 000 € HT", "90 000- 5 185 999,99"], False: ["abc", "12/03"]}

_ONE = r"[-+(]?[\d\s\u00a0\u202f.,]*\d[\d\s\u00a0\u202f.,]*\)?\s*(?:€|eur(?:os)?)?\s*(?:ht|ttc)?"
_ROUNDED = late(r"^\d(?:[.,]\d+)?e\+?\d{1,2}$", re.IGNORECASE)
_AMOUNT = re.compile(rf"^(?:de\s)?{_ONE}(?:(?:-|à|a|et)\s?{_ONE})?$", re.IGNORECASE)  # « 90 000- 5 185 999,99 » too


def holds(cell: str) -> bool:
    return len(cell) < 60 and bool(_AMOUNT.match(cell) or _ROUNDED.match(cell))
