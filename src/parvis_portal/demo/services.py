"""Municipal services: canteens, school rolls, childcare, civil status, opening hours, staff, cameras."""

from __future__ import annotations

from datetime import date, timedelta

from parvis_portal.demo import people, writing
from parvis_portal.demo.town import INSEE, NAME, SCHOOLS, SERVICES, SIRET, Town

COURSES = {
    "entrée": ("Carottes râpées", "Betteraves", "Taboulé", "Concombres", "Potage de légumes"),
    "plat": ("Poulet rôti", "Lasagnes", "Poisson du jour", "Curry de pois chiches", "Omelette"),
    "accompagnement": ("Haricots verts", "Riz", "Purée", "Ratatouille", "Lentilles"),
    "produit laitier": ("Yaourt", "Fromage blanc", "Tomme", "Petit suisse"),
    "dessert": ("Pomme", "Compote", "Gâteau au chocolat", "Clémentines", "Riz au lait"),
}
GIVEN = [
    "Louise",
    "Gabriel",
    "Jade",
    "Léo",
    "Ambre",
    "Raphaël",
    "Alba",
    "Maël",
    "Emma",
    "Louis",
    "Rose",
    "Noah",
    "Alma",
    "Jules",
    "Romy",
    "Adam",
    "Anna",
    "Arthur",
    "Inaya",
    "Isaac",
]
RARE = [
    "Apolline",
    "Balthazar",
    "Célestine",
    "Darius",
    "Eulalie",
    "Fulbert",
    "Galane",
    "Hermine",
    "Ilan",
    "Joachim",
    "Kenza",
    "Lubin",
    "Maïwen",
    "Nils",
    "Ondine",
]


def write(town: Town) -> None:
    _menus(town)
    _rolls(town)
    _sectors(town)
    _childcare(town)
    _first_names(town)
    _civil_status(town)
    _hours(town)
    _staff(town)
    _aid(town)
    _cameras(town)
    town.path("services/effectifs_periscolaire.csv").write_bytes(b"")


def _menus(town: Town) -> None:
    draw = town.random("menus")
    rows: list[writing.Row] = [
        (
            "menuDate",
            "menuRepasType",
            "menuPlatType",
            "menuPlatNom",
            "menuRestaurantNom",
            "gestionnaireNom",
            "gestionnaireSiret",
            "platBio",
            "allergenes",
        )
    ]
    for week in range(8):
        for weekday in (0, 1, 3, 4):
            day = date(2026, 3, 2) + timedelta(days=7 * week + weekday)
            for course, dishes in COURSES.items():
                allergens = draw.choice(("", "", "lait", "gluten", "œufs", "lait|gluten"))
                rows.append(
                    (
                        day,
                        "déjeuner",
                        course,
                        draw.choice(dishes),
                        "Restaurants scolaires",
                        NAME,
                        SIRET,
                        draw.random() < 0.35,
                        allergens,
                    )
                )
    writing.csv(town.path("services/menus-cantine-2026.csv"), rows, encoding="utf-8", separator=",", cell=writing.plain)


def _rolls(town: Town) -> None:
    draw = town.random("rolls")
    levels = ("PS", "MS", "GS", "CP", "CE1", "CE2", "CM1", "CM2")
    rows: list[writing.Row] = [("Effectifs des écoles - rentrée 2025",), (), ("École", "UAI", *levels, "Total")]
    for number, school in enumerate(SCHOOLS):
        counts = [draw.randrange(14, 29) for _ in levels]
        rows.append((f"École {school}", f"058{number + 1:04d}{'ABCDE'[number]}", *counts, sum(counts)))
    rows.append(("TOTAL", "", *(sum(int(r[i]) for r in rows[3:]) for i in range(2, 11))))
    history: list[writing.Row] = [("Année", "Élèves", "Classes")]
    history.extend((year, draw.randrange(820, 960), draw.randrange(36, 41)) for year in range(2016, 2026))
    writing.xls(town.path("services/effectifs ecoles 2025.xls"), {"Effectifs": rows, "Historique": history})


def _sectors(town: Town) -> None:
    rows: list[writing.Row] = [("Voie", "Côté", "De", "À", "École maternelle", "École élémentaire")]
    for index, street in enumerate(town.streets):
        school = SCHOOLS[index % len(SCHOOLS)]
        rows.append((street.name, "tous", 1, 9999, school, school))
    writing.csv(town.path("services/secteurs_scolaires.csv"), rows)


def _childcare(town: Town) -> None:
    draw = town.random("childcare")
    rows: list[writing.Row] = [
        ("Structure", "Gestion", "Places", "Taux d'occupation (%)", "Enfants accueillis", "Liste d'attente")
    ]
    for name, run in (
        ("Les Moussaillons", "Commune"),
        ("Les P'tits Loups", "Association"),
        ("Bulle de jour", "Entreprise"),
        ("Relais petite enfance", "Commune"),
    ):
        places = draw.choice((18, 24, 30, 42))
        rows.append(
            (
                name,
                run,
                places,
                round(draw.uniform(68, 96), 1),
                round(places * draw.uniform(1.3, 1.9)),
                draw.randrange(12, 40),
            )
        )
    writing.xlsx(town.path("services/places petite enfance.xlsx"), {"2025": rows})


def _first_names(town: Town) -> None:
    """The register's count: most names are given once, and a child given one of them can be found."""
    draw = town.random("first names")
    rows: list[writing.Row] = [("COLL_INSEE", "ENFANT_SEXE", "ENFANT_PRENOM", "NOMBRE_OCCURRENCES", "ANNEE")]
    for year in (2023, 2024, 2025):
        for name in GIVEN:
            rows.append((INSEE, draw.choice("FM"), name, draw.randrange(3, 9), year))
        for name in draw.sample(RARE, 11):
            rows.append((INSEE, draw.choice("FM"), name, draw.choice((1, 1, 2)), year))
    writing.csv(town.path("services/prenoms.csv"), rows, encoding="utf-8", separator=",", cell=writing.plain)


def _civil_status(town: Town) -> None:
    draw = town.random("civil status")
    rows: list[writing.Row] = [("Année", "Naissances", "Mariages", "PACS", "Décès", "Reconnaissances")]
    for year in range(2010, 2026):
        rows.append(
            (
                year,
                draw.randrange(110, 158),
                draw.randrange(28, 52),
                draw.randrange(18, 44),
                draw.randrange(105, 149),
                draw.randrange(55, 84),
            )
        )
    writing.ods(town.path("services/etat_civil_annuel.ods"), {"Actes": rows})


def _hours(town: Town) -> None:
    rows: list[writing.Row] = [
        ("Service", "Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi", "Téléphone", "Courriel")
    ]
    for number, service in enumerate(SERVICES):
        plain = "8h30-12h00 / 13h30-17h30"
        late = "13h30-19h00" if number % 3 == 0 else plain
        box = f"{service.split()[0].lower().replace('é', 'e').replace('É', 'e')}@fontclaire.example"
        rows.append(
            (
                service,
                plain,
                plain,
                plain,
                late,
                plain,
                "9h00-12h00" if number == 6 else "fermé",
                f"03 86 00 00 {number + 10}",
                box,
            )
        )
    writing.ods(town.path("services/horaires_services.ods"), {"Horaires": rows})


def _staff(town: Town) -> None:
    """A staff list that should never have been dropped: social-security numbers and bank accounts."""
    draw = town.random("staff")
    rows: list[writing.Row] = [
        ("Matricule", "Nom", "Prénom", "NIR", "Date de naissance", "Service", "Grade", "IBAN", "Arrêts maladie (jours)")
    ]
    for number in range(1, 61):
        first, last = people.person(draw)
        born = date(draw.randrange(1962, 2002), draw.randrange(1, 13), draw.randrange(1, 28))
        account = f"{draw.randrange(10**10):010d}"
        rows.append(
            (
                f"{number:05d}",
                last.upper(),
                first,
                people.nir(draw),
                born,
                draw.choice(SERVICES),
                draw.choice(("Adjoint technique", "Rédacteur", "ATSEM", "Attaché")),
                _iban(account),
                draw.choice((0, 0, 0, 3, 12, 45)),
            )
        )
    writing.xlsx(town.path("services/liste agents RH.xlsx"), {"Agents": rows})


def _iban(account: str) -> str:
    body = f"20041010{account}Z0261"[:23].ljust(23, "0").replace("Z", "0")
    number = int("".join(str(int(c, 36)) for c in f"{body}FR00"))
    return f"FR{98 - number % 97:02d}{body}"


def _aid(town: Town) -> None:
    draw = town.random("aid")
    rows: list[writing.Row] = [("Quartier", "Tranche d'âge", "Situation", "Aide accordée", "Montant", "Motif")]
    for _ in range(130):
        rows.append(
            (
                draw.choice(("Centre", "Bel-Air", "La Gare", "Saint-Roch")),
                draw.choice(("18-25", "26-40", "41-60", "61 et plus")),
                draw.choice(("Seul", "Couple", "Famille monoparentale")),
                draw.choice(("Alimentaire", "Énergie", "Loyer")),
                float(draw.randrange(40, 600)),
                draw.choice(("Perte d'emploi", "Maladie", "Séparation", "Handicap")),
            )
        )
    writing.csv(town.path("services/ccas_aides_2025.csv"), rows)


def _cameras(town: Town) -> None:
    draw = town.random("cameras")
    rows: list[writing.Row] = [("N° caméra", "Implantation", "Longitude", "Latitude", "Type", "Conservation (jours)")]
    for number in range(1, 19):
        street = draw.choice(town.streets)
        x, y = street.at(draw.random())
        rows.append((f"CAM{number:02d}", street.name, x, y, draw.choice(("Dôme", "Fixe")), 21))
    writing.csv(town.path("services/videoprotection.csv"), rows)
