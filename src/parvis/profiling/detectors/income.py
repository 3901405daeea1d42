"""What a person earns, owns or owes."""

from __future__ import annotations

import re

TITLE = "Revenus ou dettes"
SOURCE = "CRPA, article L311-6"
HEADERS = {
    "revenu": 1.0,
    "revenus": 1.0,
    "revenu fiscal": 1.0,
    "revenu fiscal de reference": 1.0,
    "rfr": 1.0,
    "ressources": 0.9,
    "ressources mensuelles": 1.0,
    "salaire": 1.0,
    "salaire net": 1.0,
    "salaire brut": 1.0,
    "brut mensuel": 1.0,
    "net mensuel": 1.0,
    "net a payer": 0.9,
    "traitement": 0.6,
    "traitement indiciaire": 1.0,
    "indice majore": 0.9,
    "remuneration": 0.9,
    "prime": 0.6,
    "quotient familial": 1.0,
    "qf": 0.8,
    "quotient": 0.7,
    "tranche de revenu": 1.0,
    "tranche de quotient": 1.0,
    "montant du": 1.0,
    "reste a payer": 0.8,
    "dette": 0.9,
    "impaye": 0.9,
    "impayes": 0.9,
    "loyer impaye": 1.0,
    "patrimoine": 0.7,
    "pension": 0.8,
    "retraite mensuelle": 0.9,
}
TOLERANCE = 0.6
ALONE = 0.0
PERSONAL = "sensitive"
EXAMPLES = {True: ["1 850,00", "12000", "T2", "moins de 800 €"], False: ["", "oui"]}

_AMOUNT = re.compile(r"\d")


def holds(cell: str) -> bool:
    return bool(_AMOUNT.search(cell))
