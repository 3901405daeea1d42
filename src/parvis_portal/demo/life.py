"""Local life: agenda, associations with their presidents, library, places of culture, markets, a Word programme."""

from __future__ import annotations

from datetime import date, timedelta

from parvis_portal.demo import people, writing
from parvis_portal.demo.town import POSTCODE, Town

EVENTS = (
    ("Marché de producteurs", "Marché"),
    ("Concert de l'Harmonie", "Musique"),
    ("Lecture au Lavoir", "Lecture"),
    ("Tournoi de judo", "Sport"),
    ("Visite des Tanneries", "Patrimoine"),
    ("Atelier vélo", "Environnement"),
    ("Bal d'été", "Fête"),
    ("Projection en plein air", "Cinéma"),
    ("Forum des associations", "Vie associative"),
)


def write(town: Town) -> None:
    _agenda(town)
    _associations(town)
    _loans(town)
    _culture(town)
    writing.docx(
        town.path("vie-locale/programme culturel printemps.docx"),
        (
            "Programme culturel du printemps",
            "14 mars : concert de l'Harmonie, salle des fêtes, 20 h 30.",
            "Entrée libre.",
        ),
    )
    town.path("vie-locale/export_site.csv").write_text(
        "<!DOCTYPE html>\n<html><title>Connexion</title><body><p>Votre session a expiré.</p></body></html>\n",
        "utf-8",
    )


def _agenda(town: Town) -> None:
    draw = town.random("agenda")
    rows: list[writing.Row] = [("Titre", "Catégorie", "Date", "Horaires", "Lieu", "Tarif (€)", "Gratuit")]
    for number in range(84):
        title, kind = draw.choice(EVENTS)
        day = date(2026, 1, 10) + timedelta(days=number * 4 + draw.randrange(4))
        start = draw.randrange(9, 21)
        free = draw.random() < 0.6
        place = draw.choice(
            ("Salle des fêtes", "Médiathèque du Lavoir", "Place du Marché", "Parc", "Gymnase des Tanneries")
        )
        rows.append(
            (
                title,
                kind,
                day,
                f"{start}h30 à {start + 2}h00",
                place,
                None if free else draw.choice((3, 5, 8, 12)),
                free,
            )
        )
    writing.csv(town.path("vie-locale/agenda_2026.csv"), rows)


def _associations(town: Town) -> None:
    """A list made for the office: presidents' names, private mailboxes, mobile numbers, home addresses."""
    draw = town.random("associations list")
    rows: list[writing.Row] = [
        ("ANNUAIRE DES ASSOCIATIONS", *[None] * 8),
        ("Mise à jour : janvier 2026", *[None] * 8),
        ("Association", "Domaine", "RNA", "Président(e)", "Adresse", "CP", "Téléphone", "Courriel", "Observations"),
    ]
    for association in town.associations:
        first, last = people.person(draw)
        generic = draw.random() < 0.3
        mail = f"contact@{association.rna.lower()}.example" if generic else people.mailbox(first, last, draw)
        note = draw.choice(
            (
                "",
                "",
                f"Voir Mme {people.surname(draw)} pour les clés",
                "Convention à renouveler",
                f"M. {last} joignable le soir",
            )
        )
        rows.append(
            (
                association.name,
                association.field,
                association.rna,
                f"{first} {last.upper()}",
                people.address(draw),
                POSTCODE,
                people.mobile(draw),
                mail,
                note,
            )
        )
    writing.xlsx(town.path("vie-locale/Annuaire associations 2026.xlsx"), {"Annuaire": rows}, {"Annuaire": ("A1:I1",)})


def _loans(town: Town) -> None:
    draw = town.random("loans")
    rows: list[writing.Row] = [("Mois", "Section", "Support", "Prêts", "Emprunteurs actifs")]
    for year in (2024, 2025):
        for month in range(1, 13):
            for section in ("Adulte", "Jeunesse"):
                for support, usual in (("Livre", 2100), ("BD", 1300), ("DVD", 620), ("Revue", 340), ("Jeu", 180)):
                    count = round(usual * draw.uniform(0.7, 1.3) * (0.6 if month == 8 else 1))
                    rows.append((date(year, month, 1), section, support, count, round(count / draw.uniform(3, 5))))
    writing.csv(town.path("vie-locale/prets_mediatheque.csv"), rows, separator="\t", encoding="utf-8")


def _culture(town: Town) -> None:
    draw = town.random("culture")
    names = (
        "Lavoir des Tanneurs",
        "Église Saint-Roch",
        "Remparts nord",
        "Halle du Marché",
        "Ancienne tannerie",
        "Fontaine claire",
        "Moulin à eau",
    )
    fields: dict[str, list[object]] = {
        "nom": list(names),
        "siecle": [draw.choice(("XIIe", "XVe", "XVIIe", "XIXe")) for _ in names],
        "protection": [draw.choice(("Inscrit MH", "Classé MH", "Aucune")) for _ in names],
        "visites_2025": [draw.randrange(120, 6400) for _ in names],
    }
    spots = [writing.point(draw.choice(town.streets).at(draw.random())) for _ in names]
    writing.layer(town.path("vie-locale/patrimoine.gpkg"), "GPKG", "patrimoine", spots, fields)
