"""The finance office: subsidies of five years in five shapes, budgets, contracts, fees, allowances."""

from __future__ import annotations

import json
from datetime import date, timedelta
from random import Random

from parvis_portal.demo import budget, people, writing
from parvis_portal.demo.town import NAME, SIRET, Town

SUBJECTS = (
    "Fonctionnement annuel",
    "Organisation de la fête d'été",
    "Achat de matériel",
    "Stages des vacances scolaires",
    "Déplacements en compétition",
    "Concert de fin d'année",
    "Entretien du local",
)
SCDL = (
    "nomAttribuant",
    "idAttribuant",
    "dateConvention",
    "referenceDecision",
    "nomBeneficiaire",
    "idBeneficiaire",
    "rnaBeneficiaire",
    "objet",
    "montant",
    "nature",
    "conditionsVersement",
    "datesPeriodeVersement",
    "idRAE",
    "notificationUE",
    "pourcentageSubvention",
    "dispositifAide",
)


def write(town: Town) -> None:
    _subsidies(town)
    for step, year in (("09", 2022), ("09", 2023), ("01", 2024)):
        label = {"09": "CA", "01": "BP"}[step]
        path = town.path(f"finances/DOCBUDG-{SIRET}-{label}-{year}.xml")
        path.write_bytes(budget.totem(town.random("budget"), step, year).encode("iso-8859-1", "xmlcharrefreplace"))
    _contracts(town)
    _fees(town)
    _allowances(town)
    _debt(town)


def _grants(town: Town, year: int) -> list[tuple[date, str, str, str, str, str, float]]:
    """Return (date, decision, beneficiary, SIRET, RNA, subject, amount) of one year."""
    draw, rows = town.random(f"subsidies/{year}"), []
    for number, association in enumerate(town.associations, 1):
        day = date(year, draw.choice((3, 4, 6)), draw.randrange(1, 28))
        amount = float(draw.choice((150, 300, 500, 800, 1200, 2500, 4000, 7500, 12000, 26000)))
        subject = SUBJECTS[0] if draw.random() < 0.6 else draw.choice(SUBJECTS[1:])
        rows.append(
            (day, f"{year}-{number:03d}", association.name, association.siret, association.rna, subject, amount)
        )
    return rows


def _subsidies(town: Town) -> None:
    old: list[writing.Row] = [("VILLE DE FONTCLAIRE - SUBVENTIONS VERSÉES AUX ASSOCIATIONS",), ("Exercice 2021",), ()]
    old.append(("Date", "Délibération", "Association", "N° SIRET", "Objet", "Montant (en €)"))
    grants = _grants(town, 2021)
    old.extend((d, ref, name, siret, subject, amount) for d, ref, name, siret, _, subject, amount in grants)
    old.append(("", "", "TOTAL", "", "", sum(g[6] for g in grants)))
    writing.csv(town.path("finances/subv_assos_2021_DEF(2).csv"), old)

    sheet: list[writing.Row] = [
        ("Subventions aux associations", None, None, None, None),
        ("Association", None, "Décision", None, "Montant"),
        ("Nom", "SIRET", "Date", "Référence", "(€)"),
    ]
    grants = _grants(town, 2022)
    sheet.extend((name, siret, d, ref, amount) for d, ref, name, siret, _, _, amount in grants)
    by_field = [("Domaine", "Nombre"), ("Sport", 7), ("Culture", 6), ("Solidarité", 5)]
    writing.xlsx(
        town.path("finances/Subventions 2022.xlsx"),
        {"Subventions 2022": sheet, "Par domaine": by_field},
        {"Subventions 2022": ("A1:E1", "A2:B2", "C2:D2")},
    )

    # A spreadsheet showed the SIRET as 8,12346E+13 and was saved as text: what is lost cannot be recovered.
    spoilt: list[writing.Row] = [("nomBeneficiaire", "idBeneficiaire", "dateConvention", "objet", "montant")]
    for d, _, name, siret, _, subject, amount in _grants(town, 2023):
        spoilt.append((name, f"{float(siret):.5E}".replace(".", ",").replace("E+", "E+"), d, subject, amount))
    writing.csv(town.path("finances/subventions_2023_export.csv"), spoilt)

    conform: list[writing.Row] = [SCDL]
    for d, ref, name, siret, rna, subject, amount in _grants(town, 2024):
        period = f"{d.isoformat()}/{date(2024, 12, 31).isoformat()}"
        conform.append(
            (
                NAME,
                SIRET,
                d,
                ref,
                name,
                siret,
                rna,
                subject,
                amount,
                "aide en numéraire",
                "unique",
                period,
                "",
                "non",
                "",
                "",
            )
        )
    writing.csv(
        town.path("finances/subventions-2024-scdl.csv"), conform, separator=",", encoding="utf-8", cell=writing.plain
    )

    eaten: list[writing.Row] = [
        ("Bénéficiaire", "SIRET", "Code postal", "Commune", "Date", "Montant voté", "Montant versé")
    ]
    draw = town.random("subsidies/eaten")
    for d, _, name, siret, _, _, amount in _grants(town, 2025):
        number = int("0" + siret[1:]) if draw.random() < 0.2 else int(siret)
        eaten.append(
            (
                name,
                number,
                draw.choice((58990, 1000, 3200)),
                "Fontclaire",
                d,
                amount,
                amount if draw.random() < 0.9 else None,
            )
        )
    writing.xls(town.path("finances/SUBVENTIONS 2025 provisoire.xls"), {"Feuil1": eaten})


WORKS = (
    ("Réfection de la toiture de l'école Louise-Michel", "45261900-3", "Travaux", 184_300.0),
    ("Entretien des espaces verts", "77310000-6", "Services", 96_500.0),
    ("Fourniture de repas en liaison froide", "55524000-9", "Services", 412_000.0),
    ("Maintenance de l'éclairage public", "50232100-1", "Services", 74_250.0),
    ("Achat d'un véhicule électrique", "34144900-7", "Fournitures", 31_480.0),
    ("Aménagement de la place du Marché", "45233140-2", "Travaux", 638_900.0),
    ("Mobilier des salles de classe", "39160000-1", "Fournitures", 27_640.0),
    ("Contrôle technique des bâtiments", "71631300-3", "Services", 18_900.0),
    ("Rénovation énergétique du gymnase", "45321000-3", "Travaux", 521_700.0),
    ("Assurances de la commune", "66510000-8", "Services", 58_300.0),
    ("Signalisation routière", "45233290-8", "Travaux", 44_120.0),
    ("Logiciel de gestion de l'enfance", "48000000-8", "Fournitures", 22_350.0),
)


def _contracts(town: Town) -> None:
    draw, contracts = town.random("contracts"), []
    for number, (subject, cpv, nature, amount) in enumerate(WORKS, 1):
        day = date(2024, 1, 8) + timedelta(days=draw.randrange(330))
        contracts.append(
            {
                "id": f"2024{number:04d}00",
                "acheteur": {"id": SIRET},
                "nature": "Marché",
                "objet": subject,
                "codeCPV": cpv,
                "procedure": "Procédure adaptée",
                "lieuExecution": {"code": "58999", "typeCode": "Code commune"},
                "dureeMois": draw.choice((1, 4, 12, 24, 36, 48)),
                "dateNotification": day.isoformat(),
                "datePublicationDonnees": (day + timedelta(days=draw.randrange(5, 55))).isoformat(),
                "montant": amount,
                "formePrix": "Ferme",
                "titulaires": [{"typeIdentifiant": "SIRET", "id": people.siret(draw)}],
                "typeMarche": nature,
            }
        )
    body = json.dumps({"marches": {"marche": contracts}}, ensure_ascii=False, indent=1)
    town.path("finances/decp-2024.json").write_text(body, "utf-8")

    before: list[writing.Row] = [
        ("LISTE DES MARCHÉS CONCLUS EN 2023",),
        ("Article R2196-1 du code de la commande publique",),
        (),
        ("Objet", "Type", "Date de notification", "Attributaire", "Code postal", "Montant HT"),
    ]
    for subject, _, nature, amount in WORKS[:9]:
        day = date(2023, draw.randrange(1, 13), draw.randrange(1, 28))
        before.append((subject, nature, day, f"Société {people.surname(draw)}", "58000", round(amount * 0.93, 2)))
    before.append(("(1) montants hors taxes, hors avenants",))
    writing.xlsx(town.path("finances/marches publics 2023.xlsx"), {"Marchés": before, "~Brouillon": [("à vérifier",)]})


def _fees(town: Town) -> None:
    fees: list[writing.Row] = [("Service", "Tarif", "Quotient familial", "Montant (€)")]
    for service, base in (("Restauration scolaire", 3.85), ("Accueil du matin", 1.6), ("Accueil du soir", 2.4)):
        for index, band in enumerate(("moins de 400", "400 à 699", "700 à 999", "1000 à 1399", "1400 et plus")):
            fees.append((service, f"T{index + 1}", band, round(base * (0.35 + 0.2 * index), 2)))
    for label, amount in (
        ("Entrée piscine, adulte", 4.2),
        ("Entrée piscine, enfant", 2.6),
        ("Médiathèque, annuel", 12.0),
    ):
        fees.append((label, "Unique", "", amount))
    writing.ods(town.path("finances/tarifs_municipaux_2026.ods"), {"Tarifs": fees})


def _allowances(town: Town) -> None:
    """The yearly statement of elected people's allowances: names are published, by law, with their function."""
    draw = town.random("allowances")
    rows: list[writing.Row] = [("Nom", "Prénom", "Fonction élective", "Indemnité brute annuelle", "Frais remboursés")]
    roles = ["Maire", *["Adjoint au maire"] * 8, *["Conseiller municipal délégué"] * 5]
    for role in roles:
        first, last = people.person(draw)
        amount = {"Maire": 32_450.0, "Adjoint au maire": 12_980.0}.get(role, 2_910.0)
        rows.append((last.upper(), first, role, amount, round(draw.uniform(0, 420), 2)))
    writing.xlsx(town.path("finances/etat indemnites elus 2025.xlsx"), {"L2123-24-1-1": rows})


def _debt(town: Town) -> None:
    draw: Random = town.random("debt")
    rows: list[writing.Row] = [("Année", "Encours au 1er janvier", "Annuité", "dont intérêts", "Encours par habitant")]
    stock = 9_850_000.0
    for year in range(2016, 2027):
        interest = stock * 0.021
        repaid = draw.uniform(610_000, 740_000)
        rows.append((year, round(stock, 2), round(repaid + interest, 2), round(interest, 2), round(stock / 12_400, 2)))
        stock += draw.choice((0, 0, 900_000)) - repaid
    writing.csv(town.path("finances/dette.csv"), rows, encoding="utf-8-sig")
