"""The map office: addresses, equipment, street lighting, quarters, benches, streets."""

from __future__ import annotations

from datetime import date

from parvis_portal.demo import writing
from parvis_portal.demo.town import INSEE, MAIL, NAME, POSTCODE, QUARTERS, SCHOOLS, Town, moved

EQUIPMENT = (
    ("Équipement administratif", "Mairie", "Hôtel de ville"),
    ("Équipement administratif", "Agence postale", "Agence postale communale de Bel-Air"),
    ("Équipement sportif", "Gymnase", "Gymnase des Tanneries"),
    ("Équipement sportif", "Gymnase", "Gymnase Colette-Besson"),
    ("Équipement sportif", "Stade", "Stade municipal"),
    ("Équipement sportif", "Piscine", "Piscine des Sources"),
    ("Équipement sportif", "Terrain de pétanque", "Boulodrome du Parc"),
    ("Équipement culturel", "Médiathèque", "Médiathèque du Lavoir"),
    ("Équipement culturel", "Cinéma", "Cinéma Le Vagabond"),
    ("Équipement culturel", "Salle de spectacle", "Salle des fêtes"),
    ("Équipement culturel", "École de musique", "École de musique"),
    ("Équipement social", "Crèche", "Crèche Les Moussaillons"),
    ("Équipement social", "Centre social", "Centre social de la Gare"),
    ("Équipement social", "EHPAD", "Résidence des Vergers"),
    ("Équipement de loisirs", "Aire de jeux", "Aire de jeux du Parc"),
    ("Équipement de loisirs", "Aire de jeux", "Aire de jeux Saint-Roch"),
    ("Équipement funéraire", "Cimetière", "Cimetière ancien"),
    ("Équipement funéraire", "Cimetière", "Cimetière paysager"),
    *(("Équipement scolaire", "École", f"École {name}") for name in SCHOOLS),
)


def write(town: Town) -> None:
    _addresses(town)
    _equipment(town)
    _lighting(town)
    _quarters(town)
    _benches(town)
    _streets(town)


def _addresses(town: Town) -> None:
    header = (
        "cle_interop",
        "commune_insee",
        "commune_nom",
        "voie_nom",
        "numero",
        "suffixe",
        "position",
        "long",
        "lat",
        "source",
        "date_der_maj",
        "certification_commune",
    )
    rows: list[writing.Row] = [header]
    for index, street in enumerate(town.streets):
        for number in range(1, max(4, street.length // 12)):
            x, y = street.at(number * 12 / street.length)
            key = f"{INSEE}_{index + 10:04d}_{number:05d}"
            rows.append((key, INSEE, NAME, street.name, number, "", "entrée", x, y, "commune", date(2026, 1, 5), 1))
    writing.csv(town.path("sig/bal_58999.csv"), rows, encoding="utf-8", cell=writing.plain)


def _equipment(town: Town) -> None:
    draw = town.random("equipment")
    header = ("EQUIP_UID", "EQUIP_THEME", "EQUIP_TYPE", "EQUIP_NOM", "ADR_NUMERO", "ADR_NOMVOIE", "ADR_CODEPOSTAL")
    rows: list[writing.Row] = [
        (*header, "ADR_COMMUNE", "EQUIP_LAT", "EQUIP_LONG", "EQUIP_OUVERTURE", "EQUIP_TEL", "EQUIP_EMAIL")
    ]
    for number, (theme, kind, name) in enumerate(EQUIPMENT, 1):
        street = draw.choice(town.streets)
        x, y = street.at(draw.random())
        hours = draw.choice(("Mo-Fr 08:30-12:00,13:30-17:30", "Tu-Sa 10:00-18:00", "24/7", ""))
        where = (draw.randrange(1, 60), street.name, POSTCODE, NAME, y, x)
        uid = f"{INSEE}-{number:08d}-001"
        rows.append((uid, theme, kind, name, *where, hours, f"03 86 00 {number:02d} 00", MAIL))
    writing.csv(town.path("sig/equipements.csv"), rows, encoding="utf-8", separator=",", cell=writing.plain)


def _lighting(town: Town) -> None:
    """A contractor's shapefile: Lambert-93, a cp1252 table, and columns that its software names."""
    draw, points = town.random("lighting"), []
    fields: dict[str, list[object]] = {
        k: [] for k in ("ID_PL", "QUARTIER", "RUE", "LAMPE", "PUISSANCE", "POSE", "HAUTEUR_M")
    }
    number = 0
    for street in town.streets:
        for step in range(0, street.length, 35):
            number += 1
            points.append(writing.point(street.at(step / street.length)))
            led = draw.random() < 0.62
            fields["ID_PL"].append(f"PL{number:05d}")
            fields["QUARTIER"].append(street.quarter)
            fields["RUE"].append(street.name)
            fields["LAMPE"].append("LED" if led else "Sodium haute pression")
            fields["PUISSANCE"].append(draw.choice((28, 36, 45)) if led else draw.choice((70, 100, 150)))
            fields["POSE"].append(draw.randrange(2015, 2026) if led else draw.randrange(1986, 2012))
            fields["HAUTEUR_M"].append(draw.choice((4.0, 6.0, 8.0)))
    writing.shapefile(town.path("sig/eclairage_public_L93.zip"), "eclairage_public", points, fields)


def _quarters(town: Town) -> None:
    draw, features = town.random("quarters"), []
    for number, quarter in enumerate(QUARTERS, 1):
        heart = town.heart(quarter)
        ring = [list(moved(*heart, 6.2832 * i / 14, 520 * draw.uniform(0.9, 1.1))) for i in range(14)]
        households = draw.randrange(380, 1250)
        facts = {"numero": number, "quartier": quarter, "habitants": round(households * 2.1), "menages": households}
        features.append(({"type": "Polygon", "coordinates": [[*ring, ring[0]]]}, facts))
    writing.geojson(town.path("sig/quartiers.geojson"), features)


def _benches(town: Town) -> None:
    draw = town.random("benches")
    marks = []
    for number in range(1, 141):
        kind = draw.choice(("Banc", "Banc", "Corbeille", "Table de pique-nique", "Fontaine à eau"))
        x, y = draw.choice(town.streets).at(draw.random())
        marks.append(
            f"<Placemark><name>{kind} {number}</name><ExtendedData><Data name='type'><value>{kind}</value></Data>"
            f"<Data name='etat'><value>{draw.choice(('Bon', 'Bon', 'Moyen', 'À remplacer'))}</value></Data>"
            "</ExtendedData>"
            f"<Point><coordinates>{x},{y},0</coordinates></Point></Placemark>"
        )
    body = "\n".join(marks)
    town.path("sig/mobilier_urbain.kml").write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<name>Mobilier urbain</name>{body}</Document></kml>",
        "utf-8",
    )


def _streets(town: Town) -> None:
    draw = town.random("surfaces")
    lines = [{"type": "LineString", "coordinates": [s.start, s.end]} for s in town.streets]
    fields: dict[str, list[object]] = {
        "nom": [s.name for s in town.streets],
        "quartier": [s.quarter for s in town.streets],
        "longueur_m": [s.length for s in town.streets],
        "vitesse_kmh": [draw.choice((20, 30, 30, 50)) for _ in town.streets],
        "revetement": [draw.choice(("Enrobé", "Pavés", "Stabilisé")) for _ in town.streets],
    }
    writing.layer(town.path("sig/voies_communales.gpkg"), "GPKG", "voies", lines, fields, crs="EPSG:2154")
