"""The mobility office: the small bus network, car parks, charging points, car-pooling, cycles, counts, works."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

from parvis_portal.demo import writing
from parvis_portal.demo.town import INSEE, SIREN, SIRET, Town

PARKINGS = (
    ("Place du Marché", 120, 0.7),
    ("Gare", 210, 0.85),
    ("Médiathèque", 46, 0.6),
    ("Les Tanneries", 88, 0.45),
    ("Stade", 150, 0.2),
)


def write(town: Town) -> None:
    _buses(town)
    _parkings(town)
    _parking_counts(town)
    _charging(town)
    _carpool(town)
    _cycles(town)
    _works(town)


def _buses(town: Town) -> None:
    draw = town.random("buses")
    stops: dict[str, tuple[str, float, float]] = {}
    lines: dict[str, list[str]] = {}
    for line, quarters in enumerate(
        (
            ("La Gare", "Centre", "Bel-Air"),
            ("Les Vergers", "Centre", "Le Moulin"),
            ("Saint-Roch", "Centre", "La Fontaine"),
            ("La Gare", "Les Tanneries", "Centre"),
        ),
        1,
    ):
        lines[f"L{line}"] = []
        for quarter in quarters:
            for street in [s for s in town.streets if s.quarter == quarter][:4]:
                key = f"S{town.streets.index(street):02d}"
                x, y = street.at(0.5)
                stops[key] = (street.name[0].upper() + street.name[1:], x, y)
                lines[f"L{line}"].append(key)
    trips, times = [], []
    for name, served in lines.items():
        for run, start in enumerate(range(6 * 60 + 40, 19 * 60 + 30, 35 + 5 * draw.randrange(3))):
            for way, path in ((0, served), (1, served[::-1])):
                trip = f"{name}-{run:02d}-{way}"
                trips.append(f"{name},SEM,{trip},{stops[path[-1]][0]},{way}")
                for order, stop in enumerate(path):
                    minute = start + order * 2 + way * 17
                    clock = f"{minute // 60:02d}:{minute % 60:02d}:00"
                    times.append(f"{trip},{clock},{clock},{stop},{order + 1}")
    colours = {"L1": "1F6F54", "L2": "B4531A", "L3": "2E5C9A", "L4": "7A3E8E"}
    files = {
        "agency.txt": [
            "agency_id,agency_name,agency_url,agency_timezone,agency_lang",
            "FC,Le Petit Bus,https://bus.fontclaire.example,Europe/Paris,fr",
        ],
        "stops.txt": ["stop_id,stop_name,stop_lat,stop_lon", *(f"{k},{n},{y},{x}" for k, (n, x, y) in stops.items())],
        "routes.txt": [
            "route_id,agency_id,route_short_name,route_long_name,route_type,route_color,route_text_color",
            *(f"{k},FC,{k[1:]},{stops[s[0]][0]} - {stops[s[-1]][0]},3,{colours[k]},FFFFFF" for k, s in lines.items()),
        ],
        "trips.txt": ["route_id,service_id,trip_id,trip_headsign,direction_id", *trips],
        "stop_times.txt": ["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *times],
        "calendar.txt": [
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
            "SEM,1,1,1,1,1,1,0,20260101,20261231",
        ],
        "calendar_dates.txt": ["service_id,date,exception_type", "SEM,20260501,2", "SEM,20260714,2"],
        "feed_info.txt": [
            "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date",
            "Fontclaire,https://fontclaire.example,fr,20260101,20261231",
        ],
    }
    writing.zipped(
        town.path("mobilite/gtfs_le_petit_bus.zip"), {n: "\r\n".join(rows) + "\r\n" for n, rows in files.items()}
    )


def _parkings(town: Town) -> None:
    header = (
        "id",
        "nom",
        "insee",
        "adresse",
        "url",
        "type_usagers",
        "gratuit",
        "nb_places",
        "nb_pr",
        "nb_pmr",
        "nb_voitures_electriques",
        "nb_velo",
        "hauteur_max",
        "num_siret",
        "Xlong",
        "Ylat",
    )
    rows: list[writing.Row] = [header]
    for number, (name, places, _) in enumerate(PARKINGS, 1):
        street = town.streets[number * 3]
        x, y = street.at(0.3)
        rows.append(
            (
                f"{INSEE}-P-{number:03d}",
                f"Parking {name}",
                INSEE,
                street.name,
                "",
                "tous",
                number > 2,
                places,
                0,
                max(2, places // 50),
                places // 40,
                places // 10,
                "N/A",
                SIRET,
                x,
                y,
            )
        )
    writing.csv(town.path("mobilite/stationnement.csv"), rows, encoding="utf-8", cell=writing.plain)


def _parking_counts(town: Town) -> None:
    """Two months of counts, every half hour: what a barrier's software exports, one column a car park."""
    draw = town.random("parking counts")
    rows: list[writing.Row] = [("Horodatage", *(name for name, _, _ in PARKINGS))]
    moment = datetime(2026, 3, 2)  # noqa: DTZ001  (the barrier writes local time without saying so)
    while moment < datetime(2026, 5, 1):  # noqa: DTZ001
        day = (
            math.sin(max(0.0, (moment.hour + moment.minute / 60 - 6) / 14) * math.pi) if 6 <= moment.hour < 20 else 0.04
        )
        busy = day * (0.55 if moment.weekday() == 6 else 1.0)
        taken = (round(p * min(1.0, share * busy * draw.uniform(0.8, 1.25) + 0.03)) for _, p, share in PARKINGS)
        rows.append((moment, *taken))
        moment += timedelta(minutes=30)
    rows[37] = (*rows[37][:3], "N/D", *rows[37][4:])
    writing.csv(town.path("mobilite/comptages_parkings.csv"), rows)


def _charging(town: Town) -> None:
    header = [
        "nom_amenageur",
        "siren_amenageur",
        "contact_amenageur",
        "nom_operateur",
        "contact_operateur",
        "telephone_operateur",
        "nom_enseigne",
        "id_station_itinerance",
        "id_station_local",
        "nom_station",
        "implantation_station",
        "adresse_station",
        "code_insee_commune",
        "coordonneesXY",
        "nbre_pdc",
        "id_pdc_itinerance",
        "id_pdc_local",
        "puissance_nominale",
        "prise_type_ef",
        "prise_type_2",
        "prise_type_combo_ccs",
        "prise_type_chademo",
        "prise_type_autre",
        "gratuit",
        "paiement_acte",
        "paiement_cb",
        "paiement_autre",
        "tarification",
        "condition_acces",
        "reservation",
        "horaires",
        "accessibilite_pmr",
        "restriction_gabarit",
        "station_deux_roues",
        "raccordement",
        "num_pdl",
        "date_mise_en_service",
        "observations",
        "date_maj",
        "cable_t2_attache",
    ]
    rows: list[writing.Row] = [header]
    draw = town.random("charging")
    for station in range(1, 5):
        street = town.streets[station * 7]
        x, y = street.at(0.4)
        for point in range(1, draw.randrange(2, 5)):
            power = draw.choice((7.4, 22, 22, 50))
            rows.append(
                (
                    "Fontclaire",
                    SIREN,
                    "mairie@fontclaire.example",
                    "Recharge Nivernaise",
                    "contact@recharge.example",
                    "0386000000",
                    "Recharge",
                    f"FRFTCP{station:05d}",
                    f"ST{station}",
                    f"Fontclaire - {street.name}",
                    "Voirie",
                    f"{street.name} 58990 Fontclaire",
                    INSEE,
                    f"[{x},{y}]",
                    3,
                    f"FRFTCE{station:05d}{point}",
                    f"ST{station}-{point}",
                    power,
                    power < 10,
                    True,
                    power >= 50,
                    power >= 50,
                    False,
                    False,
                    True,
                    power >= 50,
                    False,
                    "0,35 €/kWh",
                    "Accès libre",
                    False,
                    "24/7",
                    "Accessible mais non réservé PMR",
                    "aucune",
                    False,
                    "Direct",
                    "",
                    date(2024, station, 12),
                    "",
                    date(2026, 1, 5),
                    False,
                )
            )
    writing.csv(town.path("mobilite/irve-statique.csv"), rows, encoding="utf-8", separator=",", cell=writing.plain)


def _carpool(town: Town) -> None:
    header = [
        "id_lieu",
        "id_local",
        "nom_lieu",
        "ad_lieu",
        "com_lieu",
        "insee",
        "type",
        "date_maj",
        "ouvert",
        "source",
        "Xlong",
        "Ylat",
        "nbre_pl",
        "nbre_pmr",
        "duree",
        "horaires",
        "proprio",
        "lumiere",
    ]
    rows: list[writing.Row] = [header]
    for number, quarter in enumerate(("La Gare", "Bel-Air", "Saint-Roch"), 1):
        x, y = town.heart(quarter)
        kind = "Aire de covoiturage" if number == 1 else "Parking"
        rows.append(
            (
                "",
                f"{number}",
                f"Aire de {quarter}",
                f"Entrée {quarter}",
                "Fontclaire",
                INSEE,
                kind,
                date(2026, 1, 5),
                True,
                SIREN,
                x,
                y,
                20 * number,
                1,
                "",
                "24/7",
                "Commune",
                True,
            )
        )
    writing.csv(town.path("mobilite/lieux_covoiturage.csv"), rows, encoding="utf-8", separator=",", cell=writing.plain)


def _cycles(town: Town) -> None:
    draw, features = town.random("cycles"), []
    for number in range(1, 64):
        street = draw.choice(town.streets)
        facts = {
            "id_local": f"AV{number:03d}",
            "quartier": street.quarter,
            "capacite": draw.choice((4, 6, 8, 10, 12)),
            "type_accroche": draw.choice(("CADRE", "CADRE", "ROUE")),
            "couverture": draw.random() < 0.2,
            "date_pose": f"{draw.randrange(2016, 2026)}-{draw.randrange(1, 13):02d}-01",
        }
        features.append((writing.point(street.at(draw.random())), facts))
    writing.geojson(town.path("mobilite/stationnement_velos.geojson"), features)

    counts: list[writing.Row] = [("date", "compteur", "passages")]
    for day in range(365):
        when = date(2025, 1, 1) + timedelta(days=day)
        season = 1 + 0.7 * math.sin((day - 90) / 365 * 2 * math.pi)
        for name, usual in (("Quai des Mariniers", 310), ("Avenue de la Gare", 190)):
            rest = 0.6 if when.weekday() >= 5 else 1.0
            counts.append((when, name, round(usual * season * rest * draw.uniform(0.7, 1.3))))
    writing.csv(town.path("mobilite/compteurs_velos_2025.csv"), counts, encoding="utf-16")


def _works(town: Town) -> None:
    draw = town.random("works")
    rows: list[writing.Row] = [
        ("ARRÊTÉS DE CIRCULATION EN COURS", None, None, None, None, None),
        ("N°", "Rue", "Quartier", "Du", "Au", "Motif"),
    ]
    for number in range(1, 34):
        street, start = draw.choice(town.streets), date(2026, 1, 5) + timedelta(days=draw.randrange(120))
        why = draw.choice(("Réseau d'eau", "Fibre optique", "Enrobé", "Élagage", "Déménagement", "Marché"))
        rows.append(
            (
                f"2026-{number:03d}",
                street.name,
                street.quarter,
                start,
                start + timedelta(days=draw.randrange(1, 30)),
                why,
            )
        )
    writing.xlsx(town.path("mobilite/arretes circulation 2026.xlsx"), {"2026": rows}, {"2026": ("A1:F1",)})
