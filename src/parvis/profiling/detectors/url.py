"""Address of a web page."""

from __future__ import annotations

TITLE = "Adresse web"
SOURCE = "RFC 3986"
HEADERS = {
    "url": 1.0,
    "lien": 0.7,
    "site": 0.5,
    "site web": 1.0,
    "site internet": 1.0,
    "web": 0.6,
    "adresse internet": 1.0,
    "internet": 0.7,
    "adresse web": 1.0,
}
TOLERANCE = 0.8
ALONE = 1.0
PERSONAL = ""
EXAMPLES = {True: ["https://ville.example/page", "www.ville.example"], False: ["ville", "mairie@ville.example"]}


def holds(cell: str) -> bool:
    return cell.strip().lower().startswith(("http://", "https://", "www."))
