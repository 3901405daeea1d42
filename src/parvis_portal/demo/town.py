"""The facts of Fontclaire, and ``write_town``: its offices' raw files, the same for the same seed.

Nothing here is real: the commune, its code, its streets, its people and its figures are invented. The files have
the faults of real ones (titles above headers, cp1252, scientific SIRET, names where none should be), because the
demonstration shows what Parvis does of them.
"""

from __future__ import annotations

import math
import random
from dataclasses import field
from functools import cached_property
from pathlib import Path

from parvis.frozen import dataclass

NAME = "Fontclaire"
INSEE = "58999"  # well formed, and given to no commune
POSTCODE = "58990"
POPULATION = 12_400
LONGITUDE, LATITUDE = 3.1042, 47.0317  # degrees; the town hall
SIREN = "215809997"
SIRET = "21580999700012"
MAIL = "mairie@fontclaire.example"

QUARTERS = ("Centre", "La Fontaine", "Les Tanneries", "Bel-Air", "Le Moulin", "Les Vergers", "La Gare", "Saint-Roch")
SCHOOLS = ("Jean-Jaurès", "Les Tilleuls", "Louise-Michel", "Le Petit Bois", "Jacques-Prévert")
SERVICES = ("Finances", "Urbanisme", "Enfance", "Voirie", "Espaces verts", "Culture", "État civil", "Sports")

_STREETS = """
rue de la Fontaine|rue des Tanneurs|avenue de la Gare|rue du Moulin|place du Marché|rue Victor-Hugo|rue Jean-Jaurès
boulevard des Vergers|rue de l'Abreuvoir|chemin des Écoliers|rue du Lavoir|allée des Tilleuls|rue Saint-Roch
impasse du Puits|rue des Vignes|route de Bel-Air|rue Pasteur|quai des Mariniers|rue du Four|rue Marie-Curie
avenue de la Libération|rue des Carrières|rue du Pré-aux-Clercs|rue des Charmes|rue de la Tuilerie|rue Basse
rue Haute|sentier des Sources|rue du Stade|rue des Glycines|place de la Mairie|rue Olympe-de-Gouges|rue des Forges
rue du Canal|avenue du Président-Wilson|rue de l'Église|rue des Remparts|rue du Colombier|rue des Acacias
rue Lamartine|allée du Parc|rue du Levant|rue des Peupliers|rue de la Croix-Blanche|rue des Jardiniers
chemin de la Garenne|rue Simone-Veil|rue du Commerce|rue des Lilas|rue Jules-Ferry
"""
STREETS = tuple(s for line in _STREETS.split("\n") for s in line.split("|") if s)


def luhn_closed(digits: str) -> str:
    """Return the digits with the last one that makes the Luhn sum a multiple of ten."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return f"{digits}{-total % 10}"


@dataclass(frozen=True, slots=True)
class Street:
    name: str
    quarter: str
    start: tuple[float, float]  # longitude, latitude
    end: tuple[float, float]
    length: int  # metres

    def at(self, share: float) -> tuple[float, float]:
        (x1, y1), (x2, y2) = self.start, self.end
        return round(x1 + (x2 - x1) * share, 6), round(y1 + (y2 - y1) * share, 6)


@dataclass(frozen=True, slots=True)
class Association:
    name: str
    siret: str
    rna: str
    field: str


@dataclass
class Town:
    """Fontclaire drawn from one seed: what several files must agree on."""

    folder: Path
    seed: int
    written: list[Path] = field(default_factory=list)

    def random(self, name: str) -> random.Random:
        """Return the generator of one file: adding a file never changes the others."""
        return random.Random(f"{self.seed}/{name}")  # noqa: S311  (a town is drawn, nothing is kept secret)

    def path(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.written.append(path)
        return path

    @cached_property
    def outline(self) -> list[tuple[float, float]]:
        """The commune's limit: an irregular ring of about 2.6 km, closed, in degrees."""
        draw, ring = self.random("outline"), []
        for step in range(40):
            angle = 2 * math.pi * step / 40
            ring.append(moved(LONGITUDE, LATITUDE, angle, 2600 * draw.uniform(0.85, 1.15)))
        return [*ring, ring[0]]

    @cached_property
    def streets(self) -> tuple[Street, ...]:
        draw, streets = self.random("streets"), []
        for index, name in enumerate(STREETS):
            quarter = QUARTERS[index % len(QUARTERS)]
            heart = self.heart(quarter)
            start = moved(*heart, draw.uniform(0, 2 * math.pi), draw.uniform(40, 450))
            length = draw.randrange(120, 700)
            streets.append(Street(name, quarter, start, moved(*start, draw.uniform(0, 2 * math.pi), length), length))
        return tuple(streets)

    def heart(self, quarter: str) -> tuple[float, float]:
        index = QUARTERS.index(quarter)
        return moved(LONGITUDE, LATITUDE, 2 * math.pi * index / len(QUARTERS), 0 if index == 0 else 1200)

    @cached_property
    def associations(self) -> tuple[Association, ...]:
        draw, made = self.random("associations"), []
        for name, what in ASSOCIATIONS:
            siren = luhn_closed(f"{draw.randrange(30, 92)}{draw.randrange(10**6):06d}")
            siret = luhn_closed(f"{siren}{draw.randrange(1, 4):04d}")
            made.append(Association(name, siret, f"W58{draw.randrange(10**7):07d}", what))
        return tuple(made)


ASSOCIATIONS = (
    ("Judo-club de Fontclaire", "Sport"),
    ("Union sportive fontclairoise", "Sport"),
    ("Les Archers du Moulin", "Sport"),
    ("Tennis-club des Vergers", "Sport"),
    ("Fontclaire Natation", "Sport"),
    ("Gym volontaire de Bel-Air", "Sport"),
    ("Cyclo-club des Sources", "Sport"),
    ("Harmonie municipale", "Culture"),
    ("Chœur des Tanneries", "Culture"),
    ("Théâtre du Lavoir", "Culture"),
    ("Ciné-club de la Gare", "Culture"),
    ("Les Amis de la Médiathèque", "Culture"),
    ("Patrimoine et Mémoire de Fontclaire", "Culture"),
    ("Amicale des écoles publiques", "Éducation"),
    ("Les Petits Débrouillards du Moulin", "Éducation"),
    ("Foyer du collège", "Éducation"),
    ("Entraide fontclairoise", "Solidarité"),
    ("L'Épicerie du Puits", "Solidarité"),
    ("Secours des quatre vents", "Solidarité"),
    ("Accueil et partage", "Solidarité"),
    ("Club des aînés", "Solidarité"),
    ("Les Jardins partagés de Saint-Roch", "Environnement"),
    ("Sauvegarde de la rivière", "Environnement"),
    ("Vélo en ville", "Environnement"),
    ("Comité des fêtes", "Animation"),
    ("Comité de jumelage", "Animation"),
    ("Marché de Noël des Remparts", "Animation"),
    ("Union des commerçants", "Économie"),
)


def moved(longitude: float, latitude: float, angle: float, metres: float) -> tuple[float, float]:
    """Return the point at so many metres in a direction (radians from the east)."""
    north, east = metres * math.sin(angle), metres * math.cos(angle)
    return (
        round(longitude + east / (111_320 * math.cos(math.radians(latitude))), 6),
        round(latitude + north / 111_320, 6),
    )
