"""Council and votes: deliberations in three shapes, election results, polling districts, participatory budget."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta

from parvis_portal.demo import people, writing
from parvis_portal.demo.town import NAME, QUARTERS, SCHOOLS, SIRET, Town, moved

MATTERS = (
    ("7.5", "Subventions", "Attribution d'une subvention à {association}"),
    ("7.1", "Décisions budgétaires", "Décision modificative n° {number} du budget principal"),
    ("1.1", "Marchés publics", "Autorisation de signer le marché de {works}"),
    ("2.1", "Documents d'urbanisme", "Modification simplifiée du plan local d'urbanisme"),
    ("3.1", "Acquisitions", "Acquisition d'une parcelle rue des Carrières"),
    ("4.1", "Personnel titulaire", "Modification du tableau des effectifs"),
    ("8.1", "Enseignement", "Convention avec les écoles pour les classes de découverte"),
    ("8.8", "Environnement", "Adhésion au groupement d'achat d'énergie"),
    ("9.1", "Autres domaines de compétences des communes", "Dénomination d'une voie nouvelle"),
)
HEADER = [
    "COLL_NOM",
    "COLL_SIRET",
    "DELIB_ID",
    "DELIB_DATE",
    "DELIB_MATIERE_CODE",
    "DELIB_MATIERE_NOM",
    "DELIB_OBJET",
    "BUDGET_ANNEE",
    "BUDGET_NOM",
    "PREF_ID",
    "PREF_DATE",
    "VOTE_EFFECTIF",
    "VOTE_REEL",
    "VOTE_POUR",
    "VOTE_CONTRE",
    "VOTE_ABSTENTION",
    "DELIB_URL",
]
CANDIDATES = {
    "municipales 2026 T1": ("Fontclaire ensemble", "Un nouvel élan", "Fontclaire à gauche"),
    "europeennes 2024": tuple(f"Liste {letter}" for letter in "ABCDEFGH"),
}


def write(town: Town) -> None:
    _deliberations(town)
    for name in CANDIDATES:
        _election(town, name)
    _districts(town)
    _budget_votes(town)
    _budget_projects(town)
    writing.scanned_pdf(town.path("conseil/deliberations 2019 numérisées.pdf"))


def _decisions(town: Town, year: int) -> list[tuple[str, date, str, str, str, int, int, int]]:
    draw, made = town.random(f"deliberations/{year}"), []
    for session, month in enumerate((2, 4, 6, 9, 11, 12), 1):
        for number in range(1, draw.randrange(9, 16)):
            code, label, template = draw.choice(MATTERS)
            what = template.format(
                association=draw.choice(town.associations).name,
                number=draw.randrange(1, 4),
                works=draw.choice(("voirie", "toiture", "restauration")),
            )
            against, abstained = draw.choice(((0, 0), (0, 0), (0, 3), (6, 0), (5, 2)))
            made.append(
                (
                    f"{year}-{session:02d}-{number:03d}",
                    date(year, month, 12),
                    code,
                    label,
                    what,
                    31 - against - abstained,
                    against,
                    abstained,
                )
            )
    return made


def _deliberations(town: Town) -> None:
    rows: list[writing.Row] = [HEADER]
    for key, day, code, label, what, votes, against, abstained in _decisions(town, 2024):
        rows.append(
            (
                NAME,
                SIRET,
                key,
                day,
                code,
                label,
                what,
                2024,
                "Budget principal",
                f"058-{SIRET[:9]}-{day:%Y%m%d}-{key}-DE",
                day + timedelta(days=4),
                *(33, 31, votes, against, abstained, f"https://fontclaire.example/actes/{key}.pdf"),
            )
        )
    writing.csv(
        town.path("conseil/deliberations_2024_scdl.csv"), rows, encoding="utf-8", separator=",", cell=writing.plain
    )

    draw = town.random("deliberations/people")
    office: list[writing.Row] = [
        ("REGISTRE DES DÉLIBÉRATIONS - ANNÉE 2025",),
        (),
        ("Numéro", "Séance du", "Matière", "Objet", "Pour", "Contre", "Abst."),
    ]
    for key, day, code, label, what, votes, against, abstained in _decisions(town, 2025):
        subject = what
        if code == "3.1":
            subject = f"Acquisition d'une parcelle à M. et Mme {people.surname(draw)}, {people.address(draw)}"
        if code == "4.1":
            subject = f"Mise à disposition de Mme {people.surname(draw)} {draw.choice(people.FIRST)} auprès du CCAS"
        office.append((key, day, f"{code} {label}", subject, votes, against, abstained))
    writing.xlsx(town.path("conseil/Registre deliberations 2025.xlsx"), {"2025": office})

    old: list[writing.Row] = [("NUMERO", "DATE", "OBJET", "RAPPORTEUR")]
    for key, day, _, _, what, *_ in _decisions(town, 2020):
        old.append((key, day.strftime("%d-%m-%y"), what, f"M. {people.surname(draw)}, adjoint au maire"))
    writing.csv(town.path("conseil/delib2020.txt"), old, separator="|", encoding="cp850")


def _election(town: Town, name: str) -> None:
    draw = town.random(name)
    lists = CANDIDATES[name]
    strength = [draw.uniform(0.5, 2) for _ in lists]
    rows: list[writing.Row] = [("Bureau", "Lieu", "Inscrits", "Votants", "Blancs", "Nuls", "Exprimés", *lists)]
    for number in range(1, 11):
        enrolled = draw.randrange(720, 1080)
        voters = round(enrolled * draw.uniform(0.48, 0.66))
        blank, void = draw.randrange(4, 18), draw.randrange(2, 12)
        valid = voters - blank - void
        weights = [s * draw.uniform(0.8, 1.2) for s in strength]
        shares = [int(valid * w / sum(weights)) for w in weights]
        shares[0] += valid - sum(shares)
        place = f"École {SCHOOLS[number % len(SCHOOLS)]}" if number > 2 else "Hôtel de ville"
        rows.append((f"{number:02d}", place, enrolled, voters, blank, void, valid, *shares))
    writing.csv(town.path(f"elections/resultats {name}.csv"), rows)


def _districts(town: Town) -> None:
    features = []
    for number in range(1, 11):
        heart = moved(*town.heart(QUARTERS[number % len(QUARTERS)]), number, 150)
        ring = [list(moved(*heart, 6.2832 * i / 9, 430)) for i in range(9)]
        features.append(
            (
                {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
                {"bureau": f"{number:02d}", "libelle": f"Bureau {number}"},
            )
        )
    writing.geojson(town.path("elections/perimetres_bureaux.geojson"), features)


def _budget_votes(town: Town) -> None:
    """The voting site's raw export: e-mails, birth dates, time stamps and a hash that hides nothing."""
    draw = town.random("votes")
    rows: list[writing.Row] = [("horodatage", "email", "date_naissance", "empreinte", "projet", "commentaire")]
    for _ in range(240):
        first, last = people.person(draw)
        mail = people.mailbox(first, last, draw)
        born = date(draw.randrange(1940, 2009), draw.randrange(1, 13), draw.randrange(1, 28))
        moment = datetime(2025, 10, 1, 8) + timedelta(minutes=draw.randrange(30_000))  # noqa: DTZ001  (the site writes local time)
        note = draw.choice(
            (
                "",
                "",
                "",
                f"Bravo à {first} {last} pour l'idée !",
                "Très bon projet",
                f"Me rappeler au {people.mobile(draw)}",
            )
        )
        rows.append(
            (moment, mail, born, hashlib.sha256(mail.encode()).hexdigest()[:16], draw.choice(PROJECTS)[0], note)
        )
    writing.csv(town.path("participation/votes_budget_participatif_2025.csv"), rows, encoding="utf-8-sig")


PROJECTS = (
    ("Végétaliser la cour des Tilleuls", 48_000),
    ("Boîtes à livres dans les quartiers", 6_500),
    ("Abri vélos à la gare", 22_000),
    ("Terrain de basket à Bel-Air", 35_000),
    ("Rucher pédagogique", 9_800),
    ("Bancs à l'ombre", 14_000),
)


def _budget_projects(town: Town) -> None:
    draw = town.random("projects")
    rows: list[writing.Row] = [("projet", "quartier", "cout_estime", "voix", "laureat", "etat")]
    for name, cost in PROJECTS:
        votes = draw.randrange(60, 640)
        rows.append(
            (
                name,
                draw.choice(QUARTERS),
                float(cost),
                votes,
                votes > 250,
                draw.choice(("Réalisé", "En cours", "À l'étude")),
            )
        )
    writing.csv(town.path("participation/projets_budget_participatif.csv"), rows)
