"""The environment office: trees, energy of buildings, waste, water, air."""

from __future__ import annotations

import json
import math
from datetime import date, datetime, timedelta

from parvis_portal.demo import writing
from parvis_portal.demo.places import EQUIPMENT
from parvis_portal.demo.town import INSEE, Town

TREES = (
    ("Platane commun", "Platanus × hispanica"),
    ("Tilleul à grandes feuilles", "Tilia platyphyllos"),
    ("Érable plane", "Acer platanoides"),
    ("Marronnier d'Inde", "Aesculus hippocastanum"),
    ("Charme commun", "Carpinus betulus"),
    ("Cerisier à fleurs", "Prunus serrulata"),
    ("Chêne pédonculé", "Quercus robur"),
    ("Bouleau verruqueux", "Betula pendula"),
    ("Frêne élevé", "Fraxinus excelsior"),
    ("Copalme d'Amérique", "Liquidambar styraciflua"),
)


def write(town: Town) -> None:
    _trees(town)
    _energy(town)
    _waste_points(town)
    _tonnage(town)
    _water(town)
    _air(town)


def _trees(town: Town) -> None:
    """2,000 trees as their software exports them through a dBase table: types stand in the headers."""
    draw = town.random("trees")
    rows: list[writing.Row] = [
        (
            "ID_ARBRE,C,10",
            "ESPECE,C,50",
            "NOM_LATIN,C,50",
            "QUARTIER,C,32",
            "HAUTEUR,N,5,1",
            "CIRCONF,N,5,0",
            "PLANTATION,N,4,0",
            "ETAT,C,20",
            "LONGITUDE,N,12,6",
            "LATITUDE,N,12,6",
        )
    ]
    for number in range(1, 2001):
        street = draw.choice(town.streets)
        x, y = street.at(draw.random())
        name, latin = draw.choices(TREES, weights=(9, 8, 6, 5, 4, 4, 3, 2, 2, 2))[0]
        planted = draw.randrange(1952, 2026)
        height = round(min(26.0, 2.5 + (2026 - planted) * draw.uniform(0.2, 0.42)), 1)
        state = draw.choices(("Bon", "Moyen", "À surveiller", "À abattre"), weights=(70, 20, 8, 2))[0]
        rows.append(
            (
                f"A{number:05d}",
                name,
                latin,
                street.quarter,
                height,
                round(height * 9.5),
                planted,
                state,
                f"{x:.6f}",
                f"{y:.6f}",
            )
        )
    writing.csv(town.path("environnement/arbres.csv"), rows)


def _energy(town: Town) -> None:
    draw = town.random("energy")
    buildings = [
        name
        for _, kind, name in EQUIPMENT
        if kind in ("Mairie", "Gymnase", "Piscine", "Médiathèque", "École", "Crèche")
    ]
    head: writing.Row = (
        "Bâtiment",
        "Surface (m²)",
        "Électricité (kWh)",
        "Gaz (kWh)",
        "Eau (m³)",
        "Coût (€)",
        "Étiquette",
    )
    sheets: dict[str, list[writing.Row]] = {}
    for year in (2023, 2024, 2025):
        rows: list[writing.Row] = [(f"Consommations des bâtiments communaux - {year}",), (), head]
        for name in buildings:
            area = 400 + sum(map(ord, name)) % 2400
            power, gas = area * draw.uniform(28, 55), area * draw.uniform(60, 140) * (0.95 ** (year - 2023))
            water = area * draw.uniform(0.2, 0.9)
            rows.append(
                (
                    name,
                    area,
                    round(power),
                    round(gas),
                    round(water),
                    round(power * 0.21 + gas * 0.11 + water * 4.1, 2),
                    draw.choice("BCCDDE"),
                )
            )
        rows.append(("TOTAL", *(sum(float(r[i]) for r in rows[3:]) for i in range(1, 6)), None))
        sheets[str(year)] = rows
    writing.xlsx(town.path("environnement/energie batiments 2023-2025.xlsx"), sheets, dict.fromkeys(sheets, ("A1:G1",)))


def _waste_points(town: Town) -> None:
    draw, features = town.random("waste points"), []
    for number in range(1, 78):
        street = draw.choice(town.streets)
        kind = draw.choice(("Verre", "Verre", "Emballages", "Textile", "Biodéchets"))
        facts = {
            "ref": f"PAV{number:03d}",
            "flux": kind,
            "rue": street.name,
            "quartier": street.quarter,
            "volume_l": draw.choice((2000, 3000, 4000)),
        }
        features.append((writing.point(street.at(draw.random())), facts))
    writing.geojson(town.path("environnement/points_apport_volontaire.geojson"), features)


def _tonnage(town: Town) -> None:
    draw = town.random("tonnage")
    months = ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]
    rows: list[writing.Row] = [("Tonnages collectés 2025 (tonnes)",), ("Flux", *months, "Total")]
    for name, usual in (
        ("Ordures ménagères", 212),
        ("Emballages", 41),
        ("Verre", 33),
        ("Végétaux", 58),
        ("Biodéchets", 12),
    ):
        values = [round(usual * draw.uniform(0.85, 1.15), 1) for _ in months]
        rows.append((name, *values, round(sum(values), 1)))
    writing.ods(town.path("environnement/tonnages_2025.ods"), {"2025": rows})


def _water(town: Town) -> None:
    draw = town.random("water")
    rows: list[writing.Row] = [("date_prelevement", "point", "parametre", "valeur", "unite", "limite", "conforme")]
    limits = (
        ("Nitrates", 11, 50.0, "mg/L"),
        ("Chlore libre", 0.2, None, "mg/L"),
        ("pH", 7.4, None, "unité pH"),
        ("Turbidité", 0.3, 2.0, "NFU"),
    )
    for week in range(52):
        for place in ("Station du Moulin", "Réservoir de Bel-Air"):
            for name, usual, limit, unit in limits:
                value = round(usual * draw.uniform(0.8, 1.25), 2)
                rows.append(
                    (
                        date(2025, 1, 6) + timedelta(weeks=week),
                        place,
                        name,
                        value,
                        unit,
                        limit,
                        limit is None or value <= limit,
                    )
                )
    writing.csv(town.path("environnement/qualite_eau_2025.csv"), rows, encoding="mac_roman", newline="\r")


def _air(town: Town) -> None:
    draw, results = town.random("air"), []
    for hour in range(24 * 30):
        moment = datetime(2026, 4, 1) + timedelta(hours=hour)  # noqa: DTZ001  (the sensor writes local time)
        rush = 1 + 0.8 * math.exp(-((moment.hour - 8) ** 2) / 6) + 0.6 * math.exp(-((moment.hour - 18) ** 2) / 6)
        results.append(
            {
                "station": {"code": f"{INSEE}-1", "nom": "Place de la Mairie"},
                "horodatage": moment.isoformat(),
                "no2_ug_m3": round(12 * rush * draw.uniform(0.8, 1.2), 1),
                "pm10_ug_m3": round(14 * draw.uniform(0.7, 1.6), 1),
                "o3_ug_m3": round(58 + 22 * math.sin((moment.hour - 9) / 24 * 2 * math.pi) * draw.uniform(0.8, 1.2), 1),
            }
        )
    town.path("environnement/qualite_air_avril_2026.json").write_text(
        json.dumps({"results": results}, ensure_ascii=False), "utf-8"
    )
