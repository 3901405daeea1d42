"""The planning office: zones, building permits with their petitioners, land sales, monuments' surroundings."""

from __future__ import annotations

from datetime import date, timedelta

from parvis_portal.demo import people, writing
from parvis_portal.demo.town import LATITUDE, LONGITUDE, QUARTERS, Town, moved

ZONES = (
    ("UA", "Centre ancien"),
    ("UB", "Faubourgs"),
    ("UC", "Habitat pavillonnaire"),
    ("UX", "Activités économiques"),
    ("1AU", "À urbaniser"),
    ("A", "Agricole"),
    ("N", "Naturelle"),
)


def write(town: Town) -> None:
    _zones(town)
    _permits(town)
    _sales(town)
    _permit_counts(town)


def _zones(town: Town) -> None:
    draw, features = town.random("zones"), []
    for band, (code, label) in enumerate(ZONES):
        for sector in range(3):
            start = 2.0944 * sector
            inner, outer = 330.0 * band, 330.0 * (band + 1)
            steps = [start + 2.0944 * i / 10 for i in range(11)]
            ring = [list(moved(LONGITUDE, LATITUDE, a, outer)) for a in steps]
            ring += [list(moved(LONGITUDE, LATITUDE, a, max(inner, 1))) for a in reversed(steps)]
            facts = {
                "LIBELLE": f"{code}{chr(97 + sector)}",
                "LIBELONG": label,
                "TYPEZONE": code[:3],
                "DATVALID": f"2021{draw.randrange(1, 13):02d}15",
            }
            features.append(({"type": "Polygon", "coordinates": [[*ring, ring[0]]]}, facts))
    writing.geojson(town.path("urbanisme/zone_urba.geojson"), features)


def _permits(town: Town) -> None:
    """What the planning software exports: petitioners' names, private addresses and cadastral parcels."""
    draw = town.random("permits")
    rows: list[writing.Row] = [
        ("Export ADS - autorisations d'urbanisme 2025",),
        (
            "N° dossier",
            "Type",
            "Date dépôt",
            "Demandeur",
            "Adresse demandeur",
            "Terrain",
            "Parcelle",
            "Nature des travaux",
            "Décision",
            "Date décision",
        ),
    ]
    for number in range(1, 97):
        first, last = people.person(draw)
        filed = date(2025, 1, 6) + timedelta(days=draw.randrange(340))
        kind = draw.choice(("PC", "DP", "DP", "DP", "PA", "PD"))
        decided = draw.random() < 0.85
        rows.append(
            (
                f"{kind}0589992500{number:03d}",
                kind,
                filed,
                f"{draw.choice(('M.', 'Mme'))} {last.upper()} {first}",
                f"{people.address(draw)}, 58990 Fontclaire",
                people.address(draw),
                f"{draw.choice('AB')}{draw.choice('CDEHK')} {draw.randrange(1, 420):04d}",
                draw.choice(
                    ("Maison individuelle", "Piscine", "Clôture", "Extension", "Panneaux solaires", "Abri de jardin")
                ),
                draw.choice(("Favorable", "Favorable", "Favorable", "Refus")) if decided else "En cours",
                filed + timedelta(days=draw.randrange(20, 75)) if decided else None,
            )
        )
    writing.csv(town.path("urbanisme/export_ads_2025.csv"), rows)


def _sales(town: Town) -> None:
    draw = town.random("sales")
    head = ["Quartier", *(str(y) for y in range(2019, 2026))]
    rows: list[writing.Row] = [("Déclarations d'intention d'aliéner par quartier",), (), tuple(head)]
    counts = [[draw.randrange(12, 60) for _ in range(7)] for _ in QUARTERS]
    rows.extend((q, *c) for q, c in zip(QUARTERS, counts, strict=True))
    rows.append(("Total", *(sum(c[i] for c in counts) for i in range(7))))
    writing.xls(town.path("urbanisme/DIA par quartier.xls"), {"DIA": rows})


def _permit_counts(town: Town) -> None:
    draw = town.random("permit counts")
    rows: list[writing.Row] = [("annee", "type", "deposes", "accordes", "refuses", "delai_moyen_jours")]
    for year in range(2017, 2026):
        for kind in ("Permis de construire", "Déclaration préalable", "Permis d'aménager", "Permis de démolir"):
            filed = draw.randrange(60, 190) if kind.startswith("D") else draw.randrange(11, 60)
            refused = draw.randrange(0, filed // 8 + 1)
            rows.append((year, kind, filed, filed - refused, refused, round(draw.uniform(21, 68), 1)))
    writing.csv(town.path("urbanisme/autorisations_par_an.csv"), rows, encoding="cp850")
