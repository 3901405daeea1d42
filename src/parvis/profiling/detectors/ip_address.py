"""Internet address of a machine, often of a person."""

from __future__ import annotations

import ipaddress

TITLE = "Adresse IP"
SOURCE = "RFC 791"
HEADERS = {"ip": 1.0, "adresse ip": 1.0, "ip address": 1.0}
TOLERANCE = 0.8
ALONE = 1.0
PERSONAL = "direct"
EXAMPLES = {True: ["192.168.1.12", "2001:db8::1"], False: ["1.2.3", "texte"]}


def holds(cell: str) -> bool:
    try:
        ipaddress.ip_address(cell.strip())
    except ValueError:
        return False
    return True
