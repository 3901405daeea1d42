"""Every hostile case of the specification, and others of a commune, from the file to the shelf: it ends blocked or safe.

``brought`` does what ``parvis publish`` does, then what an agent in a hurry does: everything that is proposed is accepted.
What is then on the shelf is looked at by means of our own, not by those that made it.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment
from tests.engine.test_privacy_traces import document, jpeg, pdf

from parvis import pipeline
from parvis.catalogue import metadata as describing
from parvis.errors import ParvisError
from parvis.privacy import policy as policies
from parvis.store.folder import Folder
from parvis.values import Preparation, Reception, Severity, Version

NOW = "2026-11-25T10:00:00+00:00"
FIRST = (
    "Emma Louise Jade Alice Ambre Lina Rose Anna Chloé Mila Léa Julia Léo Gabriel Raphaël Louis Arthur Jules Adam Maël"
).split()
LAST = (
    "Durand Lefebvre Moreau Girard Bonnet Lambert Fontaine Rousseau Vincent Muller Faure Mercier Blanc Guerin Boyer Garnier "
    "Chevalier Perrin Robin Clement"
).split()
PEOPLE = [(f, LAST[(7 * n + 3) % 20]) for n, f in enumerate(FIRST)]
CANARY = "Kervoazouen"


def csv(head: str, rows: Iterable[Sequence[Any]]) -> bytes:
    return (head + "\n" + "".join(";".join(map(str, r)) + "\n" for r in rows)).encode()


def nir(n: int) -> str:
    body = f"2{50 + n % 49:02}{1 + n % 12:02}69{100 + n % 500:03}{1 + n % 990:03}"
    return body + f"{97 - int(body) % 97:02}"


def siret(n: int) -> str:
    def keyed(digits: str) -> str:
        return next(d for d in (f"{digits}{k}" for k in range(10)) if luhn(d))

    return keyed(keyed(f"{40_000_000 + n * 137:08}") + "0001")


def luhn(digits: str) -> bool:
    doubled = [int(c) * (1 + at % 2) for at, c in enumerate(reversed(digits))]
    return sum(d - 9 * (d > 9) for d in doubled) % 10 == 0


# --- The town -------------------------------------------------------------------------------------


@dataclass
class Ending:
    """What came of one table: ``waits`` before anybody decides, ``refused`` or ``rows`` once all that is proposed is."""

    preparation: Preparation
    waits: list[str]
    refused: str = ""
    rows: list[dict[str, Any]] | None = None
    public: str = ""  # all that is written of it

    @property
    def blocked(self) -> bool:
        """Nothing goes by itself."""
        return bool(self.waits or self.refused)

    def says(self, *secrets: str) -> list[str]:
        """Return which secrets can be read in what is public."""
        return [s for s in secrets if s.lower() in self.public.lower()]

    def least(self) -> int:
        """Return the smallest group of rows that are the same in every column."""
        assert self.rows
        return min(Counter(tuple(map(str, r.values())) for r in self.rows).values())


@dataclass
class Town:
    folder: Folder
    released: list[Version] = field(default_factory=list)
    reception: Reception | None = None

    def brought(self, name: str, content: bytes, dataset: str = "") -> Ending:
        (ending,) = self.all_of(name, content, dataset)
        return ending

    def all_of(self, name: str, content: bytes, dataset: str = "") -> list[Ending]:
        parcel = pipeline.collect(self.folder, name, io.BytesIO(content), origin="test", now=NOW)
        self.reception = pipeline.prepare(self.folder, parcel, now=NOW)
        return [self._decided(p, dataset or name.partition(".")[0]) for p in self.reception.preparations]

    def _decided(self, preparation: Preparation, dataset: str) -> Ending:
        stops = [f.text for f in preparation.findings if f.severity in (Severity.BLOCK, Severity.REFUSE)]
        waits = [*policies.undecided(preparation.policy, preparation.profile, preparation.findings), *stops]
        ending = Ending(preparation, waits)
        own = [v for v in self.released if v.dataset == dataset]
        metadata = dataclasses.replace(preparation.metadata, title=preparation.metadata.title or "Un tableau")
        try:
            version = pipeline.commit(
                self.folder,
                preparation,
                policies.accept(preparation.policy, "une agente pressée"),
                describing.decided(metadata),
                dataset=dataset,
                number=len(own) + 1,
                others=self.released,
                inhabitants=2_000,
                now=NOW,
            )
        except ParvisError as error:
            ending.refused = error.text
            return ending
        self.released.append(version)
        ending.rows = pq.read_table(self.folder.object(version.object)).to_pylist()
        written = [p.read_text() for p in self.folder.shelf.rglob("*.json") if version.id in p.name]
        ending.public = "\n".join([json.dumps(ending.rows, default=str, ensure_ascii=False), *written])
        return ending


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(Folder(tmp_path / "data"))


# --- The specification's --------------------------------------------------------------------------


def members(count: int) -> list[Sequence[Any]]:
    return [(30 + n % 5 * 10, "FM"[n % 2], f"Q{n % 3}") for n in range(count)]


def test_whoever_comes_between_two_versions_stops_the_second(town: Town) -> None:
    assert not town.brought("adherents.csv", csv("age;sexe;quartier", members(300))).refused
    second = town.brought("adherents.csv", csv("age;sexe;quartier", [*members(300), (90, "F", "Q1")]))
    assert second.blocked and second.refused


def test_whoever_is_in_one_of_two_overlapping_datasets_stops_the_second(town: Town) -> None:
    assert not town.brought("membres.csv", csv("age;sexe;quartier", members(300)), "un").refused
    second = town.brought("cotisants.csv", csv("age;sexe;quartier", [*members(300), (40, "M", "Q1")]), "deux")
    assert second.refused


def test_a_house_alone_on_a_map_is_moved_among_others(town: Town) -> None:
    near = [(70 + n % 3 * 5, "FM"[n % 2], f"3.{100000 + n * 40}", f"47.{100000 + n * 23}") for n in range(60)]
    alone = (80, "F", "3.412345", "47.398765")
    ending = town.brought("portage-de-repas.csv", csv("age;sexe;longitude;latitude", [*near, alone]))
    assert ending.blocked and not ending.says("412345", "398765", "3.41", "47.39")
    if ending.rows is not None:
        assert ending.least() >= 5


def test_a_rare_occupation_in_a_small_commune_is_not_told(town: Town) -> None:
    rows = [("Employé" if n % 2 else "Ouvrier", f"Q{n % 3}", 20 + n % 50) for n in range(80)]
    ending = town.brought("menages.csv", csv("profession;quartier;age", [*rows, ("Notaire", "Q1", 52)]))
    assert ending.blocked and not ending.says("notaire")
    assert ending.rows is None or ending.least() >= 5


def test_a_group_where_all_share_their_disease_tells_it_of_nobody(town: Town) -> None:
    rows = [(30 + 10 * (n % 4), "FM"[n % 2], f"Q{n % 2}", ["asthme", "diabète"][n % 2]) for n in range(160)]
    ending = town.brought("suivi.csv", csv("age;sexe;quartier;maladie", rows))
    assert ending.blocked and not ending.says("asthme", "diabète")


def test_a_date_with_a_postal_code_is_made_vague(town: Town) -> None:
    rows = [(f"{1 + n % 28:02}/{1 + n % 12:02}/{1940 + n % 60}", f"58{n % 9}00", "FM"[n % 2]) for n in range(120)]
    ending = town.brought("demandes.csv", csv("date_naissance;code_postal;sexe", rows))
    assert ending.blocked and not ending.says("1941-02-02", "02/02/1941")
    assert ending.rows is None or ending.least() >= 5


def test_what_a_workbook_hides_is_told_and_never_published(town: Town) -> None:
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Espèce", "Hauteur", "Suivi par"])
    for n in range(30):
        sheet.append(["Tilleul", 4 + n, f"Mme {FIRST[n % 20]} {CANARY}"])
    sheet.column_dimensions["C"].hidden = True
    sheet["A2"].comment = Comment(f"à vérifier avec Mme {CANARY}", CANARY)
    hidden = book.create_sheet("Caché")
    hidden.append(["Nom", "Téléphone"])
    hidden.append([f"Rose {CANARY}", "06 98 71 23 45"])
    hidden.sheet_state = "hidden"
    book.properties.creator = f"Rose {CANARY}"
    book.save(out)
    endings = town.all_of("arbres.xlsx", out.getvalue())
    assert endings and not [e for e in endings if e.says(CANARY, "0698712345", "06 98 71 23 45")]
    assert town.reception is not None
    told = {f.values.get("trace") for f in town.reception.findings if f.code == "privacy.trace"}
    assert len(told) >= 2 and CANARY not in json.dumps([f.text for f in town.reception.findings])


def test_tracked_changes_and_the_author_of_a_document_are_not_published(town: Town) -> None:
    def cell(text: str) -> str:
        return f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"

    rows = "".join(f"<w:tr>{cell(f'Rue {n}')}{cell(str(n))}</w:tr>" for n in range(12))
    gone = (
        f'<w:p><w:del w:author="{CANARY}"><w:r><w:delText>Mme Rose {CANARY} se plaint</w:delText></w:r></w:del></w:p>'
    )
    body = f"<w:tbl><w:tr>{cell('Voie')}{cell('Longueur')}</w:tr>{rows}</w:tbl>{gone}"
    endings = town.all_of("voies.docx", document(body))
    assert endings and endings[0].rows and not [e for e in endings if e.says(CANARY)]
    assert town.reception is not None and any(f.code == "privacy.trace" for f in town.reception.findings)


def test_text_under_a_black_box_is_not_published(town: Town) -> None:
    source = f"""#set document(author: "Rose {CANARY}")
#table(columns: 2, [Voie], [Longueur], ..for n in range(8) {{ ([Rue #n], [#n]) }})
#place(top + left, [Rose {CANARY}])
#place(top + left, rect(width: 6cm, height: 1cm, fill: black))"""
    endings = town.all_of("voies.pdf", pdf(source))
    assert not [e for e in endings if e.says(CANARY)]
    assert town.reception is not None and any(f.code == "privacy.trace" for f in town.reception.findings)


def test_the_place_and_the_author_of_a_photo_go_nowhere(town: Town) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("bancs.csv", csv("banc;matiere", [(f"B{n}", "bois") for n in range(12)]))
        archive.writestr("photos/banc.jpg", jpeg(artist=f"Rose {CANARY}", gps=True))
    endings = town.all_of("bancs.zip", packed.getvalue())
    assert endings and not [e for e in endings if e.says(CANARY, "photos/banc")]


def test_a_column_of_observations_loses_whom_it_names(town: Town) -> None:
    rows = [("Rue des Lilas", "nid de poule", "RAS")] * 30
    told = ("Rue du Lac", "branche", f"Appeler M. {CANARY} au 06 12 34 56 78, il est hospitalisé")
    ending = town.brought("voirie.csv", csv("rue;type;observations", [*rows, told]))
    assert ending.blocked and not ending.says(CANARY, "06 12 34 56 78")


def test_totals_do_not_give_a_hidden_cell_back(town: Town) -> None:
    figures = (("Nord", (45, 4, 49)), ("Sud", (60, 30, 90)), ("Est", (20, 25, 45)), ("Total", (125, 59, 184)))
    rows = [
        (q, a, n) for q, ns in figures for a, n in zip(("moins de 25 ans", "25 ans et plus", "Total"), ns, strict=True)
    ]
    ending = town.brought("rsa.csv", csv("quartier;age;nombre_beneficiaires_rsa", rows))
    assert ending.blocked and ending.rows
    hidden = [(r["quartier"], r["age"]) for r in ending.rows if r["nombre_beneficiaires_rsa"] is None]
    assert ("Nord", "25 ans et plus") in hidden
    for at in (0, 1):  # neither its line nor its column is left with one unknown
        assert min(Counter(h[at] for h in hidden).values()) >= 2


def test_the_order_of_the_rows_tells_no_name(town: Town) -> None:
    names = sorted(f"{LAST[n % 20]} {FIRST[(3 * n) % 20]}" for n in range(200))
    ending = town.brought(
        "lecteurs.csv", csv("nom;tranche;section", [(x, ["J", "A"][n % 2], "BD") for n, x in enumerate(names)])
    )
    assert ending.blocked
    if ending.rows is not None:
        shown = [tuple(map(str, r.values())) for r in ending.rows]
        assert shown == sorted(shown) and not ending.says("Durand")


@pytest.mark.parametrize("digest", [hashlib.sha256, hashlib.md5])
def test_a_pseudonym_that_is_the_digest_of_a_nir_is_not_published(town: Town, digest: Callable[[bytes], Any]) -> None:
    codes = [digest(nir(n).encode()).hexdigest() for n in range(90)]
    rows = [(nir(n), code, ["Crèche", "Cantine"][n % 2]) for n, code in enumerate(codes)]
    ending = town.brought("usagers.csv", csv("nir;id_usager;service", rows))
    assert ending.blocked and not ending.says(*codes, nir(3))


def test_a_first_name_given_once_in_a_year_is_not_told(town: Town) -> None:
    chance = random.Random(7)
    rows = [
        ("F" if n < 12 else "M", x, year, chance.randint(5, 60)) for year in (2023, 2024) for n, x in enumerate(FIRST)
    ]
    rows += [("F", "Zyxalinde", 2024, 1), ("M", "Théodulphe", 2023, 1), ("F", "Opaline", 2024, 2)]
    ending = town.brought("prenoms.csv", csv("ENFANT_SEXE;ENFANT_PRENOM;ANNEE;NOMBRE_OCCURRENCES", rows))
    assert ending.blocked and ending.rows and not ending.says("Zyxalinde", "Théodulphe", "Opaline")
    assert len(ending.rows) == len(rows) and ending.says("Emma", "Maël")
    births = town.brought(
        "naissances.csv", csv("prenom;sexe;annee", [*[("Emma", "F", 2024)] * 30, ("Zyxalinde", "F", 2024)])
    )
    assert births.blocked and not births.says("Zyxalinde")


def test_a_menu_tells_no_religion(town: Town) -> None:
    menus = ("standard", "sans porc", "halal", "casher", "végétarien")
    rows = [(f"CE{1 + n % 2}", 6 + n % 5, menus[n % 5 if n % 3 else 0]) for n in range(100)]
    ending = town.brought("cantine.csv", csv("classe;age;menu", rows))
    assert ending.blocked and not ending.says("halal", "casher", "sans porc")


@pytest.mark.parametrize("header", ["exploitant", "raison_sociale"])
def test_the_siret_of_a_sole_trader_goes_with_his_name(town: Town, header: str) -> None:
    rows = [(siret(n), f"{x.upper()} {f}", f"A{n}") for n, (f, x) in enumerate(PEOPLE)]
    ending = town.brought("marche.csv", csv(f"siret;{header};emplacement", rows))
    assert ending.blocked and not ending.says(siret(0), siret(5), LAST[0])


def test_initials_with_a_birth_year_name_nobody(town: Town) -> None:
    rows = [
        (f"{FIRST[n % 20][0]}.{LAST[(3 * n) % 20][0]}.", 1940 + n % 60, ["judo", "danse"][n % 2]) for n in range(120)
    ]
    ending = town.brought("inscrits.csv", csv("initiales;annee_naissance;activite", rows))
    assert ending.blocked
    assert ending.rows is None or ending.least() >= 5


def test_minutes_do_not_quote_a_resident_by_name_and_street(town: Town) -> None:
    rows = [("2026-01-01", "Mme le Maire ouvre la séance."), ("2026-01-02", "Le conseil adopte le budget.")] * 6
    told = ("2026-01-01", "Ginette, de la rue des Lilas, se plaint du bruit la nuit.")
    ending = town.brought("debats.csv", csv("date;intervention", [*rows, told]))
    assert ending.blocked and not ending.says("Ginette")


def test_a_column_called_siret_or_nir_gives_no_nir(town: Town) -> None:
    rows = [(siret(n) if n % 10 else nir(n), 100 + n) for n in range(60)]
    ending = town.brought("fournisseurs.csv", csv("SIRET ou NIR;montant", rows))
    assert ending.blocked and not ending.says(*(nir(n) for n in range(0, 60, 10)))


def test_the_private_mailbox_of_an_association_is_not_published(town: Town) -> None:
    boxes = [f"contact@club{n}.example" if n % 2 else f"{f}.{x}@orange.fr".lower() for n, (f, x) in enumerate(PEOPLE)]
    rows = [(f"Club {n}", box, "Fontclaire") for n, box in enumerate(boxes)]
    ending = town.brought("associations.csv", csv("association;contact;ville", rows))
    assert ending.blocked and not ending.says(*(b for b in boxes if "orange" in b))


def moment(n: int) -> str:
    return f"2026-03-{1 + n % 28:02} {8 + n % 12:02}:{n % 60:02}:{n * 7 % 60:02}"


@pytest.mark.parametrize("head", ["horodatage;projet", "date_vote;choix", "heure;reponse"])
def test_a_vote_is_not_told_with_its_moment(town: Town, head: str) -> None:
    ending = town.brought("votes.csv", csv(head, [(moment(n), f"Projet {n % 4}") for n in range(150)]))
    assert ending.blocked
    if ending.rows is not None:  # not both of them
        assert not (ending.says("Projet 1") and ending.says("09:01:07"))


def test_a_meter_does_not_show_when_a_house_is_empty(town: Town) -> None:
    rows = [
        (
            f"Logement {home}",
            f"2026-01-{1 + hour // 24:02} {hour % 24:02}:00:00",
            (5 if 8 <= hour % 24 < 18 else 60) + home,
        )
        for home in range(6)
        for hour in range(24 * 10)
    ]
    ending = town.brought("consommation.csv", csv("logement;horodatage;consommation_kwh", rows))
    assert ending.blocked
    assert ending.rows is None or not any("consommation_kwh" in r for r in ending.rows[:1])


# --- Others, of a commune -------------------------------------------------------------------------


def test_an_age_at_the_second_of_an_entry_is_made_vague(town: Town) -> None:
    rows = [(moment(n), ["plein", "réduit"][n % 2], 6 + n % 70) for n in range(150)]
    ending = town.brought("piscine.csv", csv("entree;tarif;age", rows))
    assert ending.blocked
    assert ending.rows is None or ending.least() >= 5


def test_a_rank_names_nobody(town: Town) -> None:
    rows = [(n + 1, "FM"[n % 2], 20 + n % 40) for n in range(120)]
    ending = town.brought("concours.csv", csv("rang;sexe;age", rows))
    assert ending.blocked
    assert ending.rows is None or ending.least() >= 5


def test_a_rate_does_not_give_the_count_back(town: Town) -> None:
    figures = [("Nord", 4, 400, "1,0"), ("Sud", 60, 1000, "6,0"), ("Est", 45, 500, "9,0"), ("Ouest", 80, 900, "8,89")]
    ending = town.brought("taux-rsa.csv", csv("quartier;beneficiaires_rsa;population;taux_rsa", figures))
    assert ending.blocked and ending.rows
    (north,) = [r for r in ending.rows if r["quartier"] == "Nord"]
    assert north["beneficiaires_rsa"] is None and north["taux_rsa"] is None


def test_a_share_of_very_few_people_is_not_told(town: Town) -> None:
    figures = [("Nord", 41, "2,44"), ("Sud", 1000, "6,0"), ("Est", 500, "9,0")]
    ending = town.brought("handicap.csv", csv("quartier;population;part_personnes_handicapees", figures))
    assert ending.blocked and ending.rows
    assert [r["part_personnes_handicapees"] for r in ending.rows] == [None, 6.0, 9.0]


def test_a_household_unlike_the_others_is_not_alone(town: Town) -> None:
    # Long figures: one of three signs stands in a digest too, one day or another.
    rows = [(f"Q{n % 4}", 1 + n % 6 if n else 11, f"{300 + n * 13}.0417", n % 5) for n in range(120)]
    ending = town.brought("foyers.csv", csv("quartier;personnes_au_foyer;quotient_familial;enfants", rows))
    assert ending.blocked and not ending.says("313.0417", "326.0417")
    assert ending.rows is None or ending.least() >= 5


def test_the_same_number_in_two_datasets_joins_nobody(town: Town) -> None:
    first = town.brought("cantine.csv", csv("id_famille;jours", [(f"F{1000 + n}", 1 + n % 5) for n in range(100)]), "a")
    second = town.brought(
        "aides.csv", csv("id_famille;aide_sociale", [(f"F{1000 + n}", ["RSA", "APA"][n % 2]) for n in range(100)]), "b"
    )
    assert first.blocked and second.blocked and not first.says("F1003") and not second.says("F1003")


def test_a_debt_at_a_parcel_or_an_aid_at_an_address_is_of_whoever_lives_there(town: Town) -> None:
    debts = [(f"58194000AB{n:04}", 100 + n) for n in range(40)]
    ending = town.brought("impayes.csv", csv("parcelle;loyer_impaye", debts))
    assert ending.blocked and not ending.says("58194000AB0003")
    aids = [(f"{n + 1} rue des Lilas", ["APA", "RSA"][n % 2], 100 + n) for n in range(60)]
    other = town.brought("aides.csv", csv("adresse;type_aide;montant", aids))
    assert other.blocked and not (other.says("17 rue des Lilas") and other.says("RSA"))


def test_a_birth_year_with_a_postal_code_is_not_alone(town: Town) -> None:
    rows = [(1940 + n % 70, f"58{n % 40:02}0", "AB"[n % 2]) for n in range(200)]
    ending = town.brought("abonnes.csv", csv("annee_naissance;code_postal;abonnement", rows))
    assert ending.blocked
    assert ending.rows is None or ending.least() >= 5


def test_numbers_given_in_the_order_of_names_tell_none(town: Town) -> None:
    names = sorted(f"{LAST[n % 20]} {FIRST[(3 * n) % 20]}" for n in range(100))
    ending = town.brought(
        "fichier.csv", csv("pseudonyme;nom;age", [(f"L{n:03}", x, 20 + n % 3) for n, x in enumerate(names)])
    )
    assert ending.blocked and not ending.says("L003", "Durand")


def test_people_in_a_json_cell_are_seen(town: Town) -> None:
    cells = [
        json.dumps({"nom": x, "prenom": f, "tel": f"06 12 34 5{n % 10} {10 + n}"}) for n, (f, x) in enumerate(PEOPLE)
    ]
    content = csv("id;details", [(n, '"' + c.replace('"', '""') + '"') for n, c in enumerate(cells)])
    ending = town.brought("dossiers.csv", content)
    assert ending.blocked and not ending.says("06 12 34 51 11", LAST[3])


@pytest.mark.parametrize(
    "write",
    [
        lambda f, x, n: f"{x.upper()}{f.upper()}19400{1 + n % 9}0{1 + n % 9}",
        lambda f, x, n: f"{x.upper()}-{f[0]}-{1940 + n}",
        lambda f, x, n: f"{f}.{x}".lower(),
        lambda f, x, n: base64.b64encode(f"{f}.{x}@orange.fr".encode()).decode(),
        lambda f, x, n: base64.b64encode(nir(n).encode()).decode(),
        lambda f, x, n: nir(n).encode().hex(),
        lambda f, x, n: f"https://demarches.example/dossier?nom={x}&prenom={f}&mail={f}%40orange.fr",
    ],
    ids=["name and birth", "initial and year", "mailbox", "base64", "nir in base64", "nir in hexadecimal", "page"],
)
def test_a_code_that_any_machine_turns_back_is_not_published(town: Town, write: Callable[[str, str, int], str]) -> None:
    codes = [write(f, x, n) for n, (f, x) in enumerate(PEOPLE)]
    ending = town.brought("export.csv", csv("cle;valeur", [(c, n) for n, c in enumerate(codes)]))
    assert ending.blocked and not ending.says(*codes)


def test_an_archive_names_nobody_by_its_members(town: Town) -> None:
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("Aides_MARTIN_Julie.csv", csv("quartier;nombre", [(f"Q{n}", 40 + n) for n in range(12)]))
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("Courrier_MARTIN_Julie.zip", inner.getvalue())
    for ending in town.all_of("depot.zip", outer.getvalue()):
        assert not ending.says("Martin", "Julie")


def test_the_alternative_text_of_a_picture_names_nobody(town: Town) -> None:
    rows = [(f"IMG_{n}.jpg", "La place du marché") for n in range(20)]
    told = ("IMG_mme_durand.jpg", "Mme Ginette Durand reçoit sa médaille des mains du maire")
    ending = town.brought("photos.csv", csv("fichier;texte_alternatif", [*rows, told]))
    assert ending.blocked and not ending.says("durand", "Ginette")


def test_what_the_file_is_called_says_what_is_held_back(town: Town) -> None:
    rows = [(f"{n + 1} rue du Lac", f"3.{10000 + n}", f"47.{20000 + n}") for n in range(12)]
    ending = town.brought("cameras-de-la-ville.csv", csv("adresse;longitude;latitude", rows))
    assert ending.blocked and not ending.says("7 rue du Lac")


def test_the_days_of_absence_of_an_agent_are_not_told_by_his_grade(town: Town) -> None:
    rows = [(f"M{n:04}", "ABC"[n % 3], 1 + n % 30) for n in range(80)]
    ending = town.brought("agents.csv", csv("matricule;grade;arret_maladie_jours", rows))
    assert ending.blocked and not ending.says("M0003", 'arret_maladie_jours": 4')


def test_two_columns_of_counts_do_not_give_the_third_back(town: Town) -> None:
    figures = [("Nord", 3, 40, 43), ("Sud", 50, 60, 110), ("Est", 30, 20, 50)]
    head = "quartier;demandeurs_emploi_femmes;demandeurs_emploi_hommes;demandeurs_emploi_total"
    ending = town.brought("chomage.csv", csv(head, figures))
    assert ending.blocked and ending.rows
    north = next(r for r in ending.rows if r["quartier"] == "Nord")
    assert sum(v is None for n, v in north.items() if n.startswith("demandeurs")) >= 2


def test_the_version_before_gives_no_hidden_count_back(town: Town) -> None:
    cells = [
        ("Nord", "moins de 25 ans", 4),
        ("Nord", "25 ans et plus", 45),
        ("Sud", "moins de 25 ans", 60),
        ("Sud", "25 ans et plus", 30),
    ]
    totals = [("Nord", "Total", 49), ("Sud", "Total", 90)]
    head = "quartier;age;nombre_beneficiaires_rsa"
    assert town.brought("rsa.csv", csv(head, [*cells, *totals])).rows
    second = town.brought("rsa.csv", csv(head, cells))
    assert second.rows is not None
    gone = {(r["quartier"], r["age"]) for r in second.rows if r["nombre_beneficiaires_rsa"] is None}
    assert gone >= {("Nord", "moins de 25 ans"), ("Nord", "25 ans et plus")}


def test_another_dataset_gives_no_hidden_count_back(town: Town) -> None:
    cells = [
        ("Nord", "moins de 25 ans", 4),
        ("Nord", "25 ans et plus", 45),
        ("Sud", "moins de 25 ans", 60),
        ("Sud", "25 ans et plus", 30),
    ]
    totals = [("Nord", 49), ("Sud", 90)]
    assert town.brought("rsa-quartiers.csv", csv("quartier;nombre_beneficiaires_rsa", totals), "a").rows
    second = town.brought("rsa-ages.csv", csv("quartier;age;nombre_beneficiaires_rsa", cells), "b")
    assert second.rows is not None
    gone = {(r["quartier"], r["age"]) for r in second.rows if r["nombre_beneficiaires_rsa"] is None}
    assert gone >= {("Nord", "moins de 25 ans"), ("Nord", "25 ans et plus")}
