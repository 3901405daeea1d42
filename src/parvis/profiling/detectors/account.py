"""Name under which somebody signs in or writes."""

from __future__ import annotations

import re

TITLE = "Compte ou pseudo"
SOURCE = "CNIL, données identifiantes"
HEADERS = {
    "login": 1.0,
    "username": 1.0,
    "user name": 1.0,
    "user": 0.8,
    "utilisateur": 0.8,
    "nom d utilisateur": 1.0,
    "nom utilisateur": 1.0,
    "pseudo": 1.0,
    "pseudonyme": 0.9,
    "identifiant de connexion": 1.0,
    "compte utilisateur": 1.0,
    "alias": 0.7,
    "nickname": 1.0,
}
TOLERANCE = 0.9
ALONE = 0.0
PERSONAL = "direct"
EXAMPLES = {True: ["alice.durand", "citoyen42", "adurand"], False: ["Texte libre de plusieurs mots", "", "12"]}

_NAME = re.compile(r"^(?=.*[^\W\d_])[\w.+@-]{3,40}$")


def holds(cell: str) -> bool:
    return bool(_NAME.match(cell.strip()))
