"""What a table is about, told by its name, its headers and the meanings of its columns: people, places, things held back.

Opens no table: the screen, which reads cells, is stricter where it can be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence, Set
from functools import cache

from parvis.frozen import dataclass
from parvis.privacy.heading import cells_say, head, some_cells_say, speaks
from parvis.privacy.meanings import SENSITIVE
from parvis.privacy.words.patterns import any_of
from parvis.text import fold, words
from parvis.values import Column, Kind, Profile

_TRAITS = frozenset({"age", "sex", "nationality", "occupation", "civility"})  # a row that has one is about somebody
_BESIDE_SURNAMES = frozenset({"first_name", "civility", "birth_date", "nir", "sex"})
_THEMES = ("health", "social_aid", "income", "offence", "belief")  # of headers, in this order
_AGO = "1925"  # whoever died before is of history
_GRAVE = ("health", "social_aid", "offence")  # of titles
_BESIDE_THEMES = (
    ("income", "income_beside", "aid"),
    ("offence", "offence_beside", "facts"),
    ("health", "health_beside", "dead"),
    ("belief", "belief_beside", "striking"),
)
_SURE_PEOPLE = frozenset({"last_name", "nir", "birth_date"})
_MARKS = frozenset({"plate", "identifier", "account", "pseudonym"})  # one for each person
_BODIES = frozenset({"siret", "siren", "rna", "finess", "uai"})
_ABOUT_PLACES = frozenset("latitude longitude lonlat address ban_key uai finess".split())
_COUNTS = frozenset(
    "nombre nb nbre effectif effectifs total nombres beneficiaires count population pop taux part pourcentage moyenne "
    "somme cumul denombrement hommes femmes filles garcons moyen median mediane mini maxi "
    "min max plafond plancher seuil bareme".split()
)
_ALL_DIFFER = 0.9  # share of the cells that differ, where each numbers somebody else
_FEW = 60  # different cells of a column of choices
_SURELY = 4  # signs that rows follow people
_ROW_NUMBERS = frozenset("id n no num numero ligne ordre rang reponse response".split())
_ROWS = 20  # times the lines of a table that their numbers may reach: others were left out
_SEVERAL = 10  # cells under which differing means nothing
_MAC = re.compile(r"(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}")
_CODE = 5  # characters of a code that numbers people
# Beside them « nb » counts the people of one home, not rows of people.
_OF_A_HOME = frozenset("adultes mineurs foyer enfants enfant pers personnes charge pieces".split())
# Headers whose cells name places and works after people of the past.
PLACES = frozenset(
    "rue voie adresse lieu lieux nomvoie station arret stop quartier site equipement equipements etablissement ecole "
    "college lycee monument oeuvre denomination toponyme batiment parking bureau parc square jardin auteur artiste "
    "titre film spectacle localisation emplacement commune ville route chemin ligne statue sculpteur architecte "
    "terminus direction destination fontaine lavoir pont "
    "realisateur realisatrice compositeur compositrice interprete illustrateur illustratrice traducteur metteur peintre oeuvres "
    "location local locaux salle gymnase stade creche piscine mediatheque bibliotheque theatre musee cimetiere maison "
    "cantine cantines restaurant editeur editrice edition photographe graveur dessinateur cineaste romancier poete "
    "libellevoie odonyme variete espece essence cultivar genre taxon".split()
)
# Headers of trees and animals, whose ages and sexes are nobody's.
THINGS = frozenset(
    "essence essences espece especes race cultivar arbre arbres chien chiens chat animal animaux faune flore plante plantes "
    "taxon variete bovin cheptel".split()
)
# Headers of what has a room rather than a family.
_PLACE_SIGNS = frozenset(
    "capacite surface superficie jauge horaires ouverture fermeture accessibilite construction rehabilitation gestionnaire "
    "eclairage vestiaires sol hauteur longueur largeur places inscrits votants effectif classes uai niveaux".split()
)
_MERE_NAMES = frozenset("nom noms libelle name denomination intitule designation".split())
_OF_COMPANIES = frozenset(
    "raison denomination entreprise societe enseigne titre association attributaire organisme structure".split()
)
# Headers of bodies, and of acts that those in office sign.
_OF_BODIES = frozenset(
    "association associations entreprise societe enseigne organisme structure club fournisseur attributaire "
    "deliberation delib elu elus rapporteur conseil seance marche bailleur programme".split()
)


# --- What must not be told ------------------------------------------------------------------------

# Each line is a subject held back: all the words of one of its groups, in the table's name, titles or headers.
_EXPOSED: tuple[tuple[frozenset[str], ...], ...] = tuple(
    tuple(frozenset(part.split("|")) for part in line.split())
    for line in (
        "camera|cameras|videoprotection|videosurveillance",
        "alarme|alarmes|telesurveillance|anti-intrusion|antiintrusion",
        "hydrant|hydrants|pei|deci",
        "incendie bouche|bouches|poteau|poteaux|borne|bornes|point|points",
        "abri|abris antiatomique|atomique|nucleaire|civile|bombardement|confinement",
        "refuge|hebergement|mise femmes|victimes|violences",
        "eau potable captage|captages|reservoir|reservoirs|forage|forages|vanne|vannes",
        "gaz canalisation|canalisations|reseau|poste|postes",
        "electricite|electrique|electriques poste|postes source|sources|transformateur|transformateurs",
        "importance vitale",
        "noeud|noeuds raccordement",
        "fibre|telecom nro|chambre|chambres|noeud",
        "defense|militaire|militaires depot|depots|munitions|terrain|terrains|site|sites|emprise|emprises",
        "munitions",
        "digicode|digicodes",
        "code|codes acces porte|portes|portail|local|locaux|batiment|batiments",
        "coffre|coffres|fonds regie|caisse",
    )
)
_SECRETS = frozenset("unitaire unitaires bpu dqe marge marges".split())
_OFFERS = frozenset("marche marches offre offres candidat candidats titulaire attributaire soumissionnaire lot".split())
HOMES = frozenset("logement logements foyer maison appartement habitation domicile pdl prm lgt chambre".split())
_SHOWING = frozenset(
    "presence occupation occupe conso consommation mouvement index puissance kwh ouverture debit luminosite co2 inoccupe".split()
)
_BY_THE_HOUR = frozenset("ouverture occupation occupe debit".split())  # of a day, they are those of a file or a right
_BALLOT = frozenset("vote votes electeur electrice votant votante bulletin scrutin urne emargement".split())
_CHOSEN = frozenset("projet projets choix candidat liste reponse vote votes avis bulletin option classement".split())


@dataclass(frozen=True, slots=True)
class About:
    """What a table is about."""

    people: bool  # a row is somebody, or tells of somebody by name
    places: bool  # a row is a place, and its names are the place's
    counted: bool  # a row counts several
    sole_trader: bool  # a row is someone who trades in a name of their own
    exposed: bool  # its places are for those who see to public safety
    secrets: bool  # it tells what a company offered
    homes: bool  # it tells, hour by hour, of homes
    ballot: bool  # it tells, hour by hour, who chose what
    each: bool  # a row is one person, whether a name is there or not
    animals: bool  # a row is an animal, whoever owns it
    equipment: bool  # a row is a machine
    facts: bool  # it tells what vehicles did, and where
    of_bodies: bool  # it tells of bodies, or of several people at once: whoever is named acts for them
    past: bool  # whom it names died a century ago


def title_words(profile: Profile) -> frozenset[str]:
    """Return the words of a table's name and titles."""
    return frozenset(w for text in (profile.table, *profile.titles) for w in words(text))


def about(
    profile: Profile, names_people: Callable[[Column], bool] | None = None, also: Set[str] = frozenset()
) -> About:
    """Return what a table is about; ``names_people`` says whether a column of names is really of people's.

    ``also`` are the names of other columns whose cells were seen to name people.
    """
    told = _Signs(profile, names_people, also)
    people = told.sure or told.alone or (told.by_name and not told.meanings & _BODIES)
    people = not told.past and (people or told.unnamed or told.by_plate or told.logged or told.ballot)
    unplaced = told.by_name or "plate" in told.meanings or bool(told.meanings & _BESIDE_SURNAMES)
    showing = told.heads & _SHOWING if told.timed else told.heads & (_SHOWING - _BY_THE_HOUR)
    return About(
        people=people,
        places=told.located and not people and not unplaced,
        counted=told.counted,
        sole_trader=told.alone,
        exposed=_exposed(profile),
        secrets=bool(told.heads & _SECRETS) and bool(told.heads & _OFFERS),
        homes=bool(told.heads & HOMES and showing) and (told.timed or "date" in told.meanings) and not told.counted,
        ballot=told.ballot,
        each=not told.past and (told.sure or told.unnamed or told.acts or told.by_plate or told.logged),
        animals=told.animals,
        equipment=told.equipment,
        facts=told.facts,
        of_bodies=told.of_bodies,
        past=told.past,
    )


class _Signs:
    """What the headers, the meanings and the choices of a table's columns are signs of."""

    def __init__(self, profile: Profile, names_people: Callable[[Column], bool] | None, also: Set[str]) -> None:
        columns = self.columns = profile.columns
        names = names_people or (lambda column: not after_the_dead(column, profile))
        self.meanings = {c.meaning for c in columns}
        self.title = title_words(profile)
        self.heads = self.title | {w for c in columns for w in head(c)}
        self.named = [c for c in columns if c.name in also or (c.meaning == "person_name" and names(c))]
        self.bred = any(speaks(head(c), "breed") for c in columns)
        sure = any(c.meaning in _SURE_PEOPLE and (names_people is None or names_people(c)) for c in columns)
        self.sure = sure and not self.animals
        self.counted = any(map(_counts, columns))
        self.located = (
            bool(self.meanings & _ABOUT_PLACES) or bool(profile.point) or any(c.kind is Kind.GEOMETRY for c in columns)
        )
        self.timed = any(c.kind is Kind.DATETIME for c in columns)
        self.past = any(map(_long_ago, columns))
        self.traits = sum(_tells(c) and not _counts(c) for c in columns)
        self.ballot = bool(self.heads & _BALLOT) and self.timed and not self.counted
        self.of_bodies = self.counted or bool(self.meanings & _BODIES) or bool(self.heads & _OF_BODIES)
        self.marked = any(says_trait(c) or c.meaning in _MARKS or _is_trait(c) for c in columns)

    @property
    def alone(self) -> bool:
        """A row is someone who trades in a name of their own."""
        by_number = bool(self.meanings & {"siret", "siren"})
        return by_number and (_trades_alone(self.columns, self.named, self.heads) or _own_names(self.named))

    @property
    def by_name(self) -> bool:
        """Rows name somebody, or tell how to reach them."""
        reached = bool(self.meanings & {"email", "phone"})
        return bool(self.named) or (bool(self.meanings & {"first_name", "plate", "account"}) and reached)

    @property
    def facts(self) -> bool:
        """Rows tell what vehicles did."""
        return "plate" in self.meanings and (self.timed or speaks(self.heads, "offence"))

    @property
    def animals(self) -> bool:
        """A row is an animal, and names nobody."""
        return self.bred and not self.named and not self.meanings & {"first_name", "email", "phone", "nir"}

    @property
    def equipment(self) -> bool:
        return any(speaks(head(c), "machine") for c in self.columns)

    @property
    def by_plate(self) -> bool:
        return self.facts or ("plate" in self.meanings and speaks(self.heads, "person"))

    @property
    def living(self) -> bool:
        """Rows count nobody, and are no trees, no animals, no communes."""
        things = any(head(c) & THINGS and c.kind is not Kind.BOOLEAN for c in self.columns)
        return not (
            self.counted or things or "plant_species" in self.meanings or any(map(_numbers_places, self.columns))
        )

    @property
    def bare(self) -> bool:
        """Nothing says that rows are bodies, places or machines."""
        return not (self.of_bodies or self.located or self.equipment)

    @property
    def of_persons(self) -> bool:
        """The title says who the rows are, or a number does."""
        return self.living and self.bare and (self._titled or any(map(_numbers_people, self.columns)))

    @property
    def acts(self) -> bool:
        """Whoever a row names is whom it is about, and does not act for others there."""
        in_office = all(speaks(head(c), "officer") for c in self.named)
        return (
            self.by_name
            and not self.bred
            and (self.traits >= 2 or self.of_persons or (self.living and self.bare and not in_office))
        )

    @property
    def logged(self) -> bool:
        """Rows say at what moment somebody who can be reached did something."""
        reached = ("email", "phone", "ip_address", "account")
        who = any(c.meaning in reached and c.filled >= _SEVERAL for c in self.columns)
        return who and self.timed and self.living and self.bare

    @property
    def unnamed(self) -> bool:
        """A row is one person although no name is there: their traits, a number of their own, what the law protects of them."""
        if not self.living:
            return False
        both = "sex" in self.meanings and any(c.meaning == "age" or speaks(head(c), "age") for c in self.columns)
        several = self.traits >= 2 and (not self.located or "plate" in self.meanings)
        return (self.marked and (both or self.of_persons or several)) or self._followed

    @property
    def _titled(self) -> bool:
        return speaks(self.title, "person")

    @property
    def _followed(self) -> bool:
        """Rows follow people by number: « n° bénéficiaire », « GIR », « date d'ouverture des droits »."""
        if not self.bare:
            return False
        protected = sum(bool(theme(c, self.heads)) for c in self.columns)
        number = 2 * any(map(_numbers_people, self.columns)) or any(identifies(c, each=True) for c in self.columns)
        title = 2 * self._titled or speaks(self.title, "register")
        return protected > 0 < number + title and protected + self.traits + number + title >= _SURELY


def _exposed(profile: Profile) -> bool:
    """True when one title or one header speaks of a subject that is held back: « points d'eau incendie »."""
    texts = [profile.table, *profile.titles, *(c.label for c in profile.columns), *(c.name for c in profile.columns)]
    said = [set(words(text.replace("_", " "))) for text in texts]
    return any(all(one & group for group in subject) for subject in _EXPOSED for one in said)


def theme(column: Column, heads: Set[str], title: Set[str] = frozenset()) -> str:
    """Return the meaning that a header alone tells, in a table about people whose headers are ``heads``; "" for none.

    Where the words of the ``title`` or of other headers are of a grave matter, so are a « motif » and an « orientation ».
    """
    said = head(column)
    for name in _THEMES:
        if speaks(said, name):
            return name
    for name, word, beside in _BESIDE_THEMES:
        if speaks(said, word) and speaks(heads, beside):
            return name
    if column.kind is Kind.TEXT and column.distinct <= _FEW and speaks(said, "vague"):
        return next((name for name in _GRAVE if speaks(title, name)), "social_aid" if speaks(heads, "grave") else "")
    return ""


def identifies(column: Column, *, each: bool) -> bool:
    """Return whether a column numbers people one by one: « n° de dossier », nearly all different.

    Where ``each`` row is one person, any number that never comes twice does.
    """
    said = head(column)
    if _numbers_rows(column):
        return False
    numbers = speaks(said, "identifier", several=False) or (
        each and (speaks(said, "number", several=False) or _is_coded(column))
    )
    if not numbers or speaks(said, "act") or column.kind not in (Kind.TEXT, Kind.INTEGER) or column.filled < _SEVERAL:
        return False
    coded = all(any(s.isdigit() for s in e) and " " not in e.strip() for e in column.examples)
    return coded and column.distinct >= _ALL_DIFFER * column.filled


def _numbers_rows(column: Column) -> bool:
    """True for « id » and « n° » that count the lines."""
    if column.kind is not Kind.INTEGER or not head(column) <= _ROW_NUMBERS or column.maximum is None:
        return False
    return float(column.maximum) <= _ROWS * column.filled


def _is_coded(column: Column) -> bool:
    """True for codes of one form, long enough to number people: « 07512345 », « MC-2025-0147 »."""
    forms = {re.sub(r"[A-Za-z]", "a", re.sub(r"\d", "9", e.strip())) for e in column.examples}
    return column.kind is Kind.TEXT and len(column.examples) > 1 and len(forms) == 1 and len(max(forms)) >= _CODE


# --- What the cells say where the header does not -------------------------------------------------

_VALUES = ("health", "social_aid", "offence", "belief")


@cache
def _told(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{any_of(name)}")


def theme_of_cells(column: Column, cells: Sequence[str], *, each: bool) -> str:
    """Return the sensitive meaning that one different cell in eight tells, in a table about people; "" for none.

    Where ``each`` row is one person, words that say nothing elsewhere do: « FO », « bon alimentaire ». A family is no matter
    that the law protects (« isolé »), nor is a brand.
    """
    if column.kind is not Kind.TEXT or len(cells) > _FEW or says_trait(column) or speaks(head(column), "goods"):
        return ""
    for name in _VALUES:
        told = sum(bool(_told(name).search(fold(cell))) for cell in cells)
        if (told and told * 8 >= len(cells)) or (each and some_cells_say(cells, name, 1 / 8)):
            return name
    return ""


def _tells(column: Column) -> bool:
    """True for a column that speaks of somebody: an age, a family, an illness, « abonné »."""
    if column.meaning in _TRAITS or column.meaning in SENSITIVE or column.meaning in _MARKS:
        return True
    told = says_trait(column) or speaks(head(column), "person") or _is_trait(column)
    return told and column.meaning not in _BODIES


def says_trait(column: Column) -> bool:
    """Return whether a header speaks of what somebody is."""
    return speaks(head(column), "trait_figures" if column.kind in (Kind.INTEGER, Kind.NUMBER) else "trait")


def _is_trait(column: Column) -> bool:
    """True when the cells alone speak of somebody: « célibataire », « malienne »."""
    return column.kind is Kind.TEXT and bool(cells_say(column.examples, "family", "nationality", "sex"))


def _numbers_places(column: Column) -> bool:
    """True for the communes of a table that has one line for each."""
    if column.meaning not in ("insee_commune", "commune", "department", "region"):
        return False
    return column.distinct >= _ALL_DIFFER * column.filled and column.filled >= _SEVERAL


def _numbers_people(column: Column) -> bool:
    """True for numbers that are each somebody's: « agent_matricule », « respondent_id »."""
    if column.meaning in ("identifier", "pseudonym", "account"):
        return True
    said = head(column)
    numbered = speaks(said, "number", several=False) or speaks(said, "identifier", several=False)
    return numbered and speaks(said, "person") and column.distinct >= _ALL_DIFFER * column.filled > 0


def _long_ago(column: Column) -> bool:
    """True for the days or years of deaths of another century."""
    if not speaks(head(column), "death") or column.maximum is None:
        return False
    when = str(column.maximum)
    return when < _AGO and (column.kind in (Kind.DATE, Kind.DATETIME) or (len(when) >= 4 and when[:4].isdigit()))


def names_a_place(column: Column, profile: Profile) -> bool:
    """Return whether « nom » heads the names of gymnasiums: a table of places, where nothing else speaks of somebody."""
    if not head(column) <= _MERE_NAMES or {c.meaning for c in profile.columns if c is not column} & (
        _BESIDE_SURNAMES | {"last_name"}
    ):
        return False
    said = {w.rstrip("sx") for text in (profile.table, *profile.titles) for w in words(text)}
    signs = any(head(c) & _PLACE_SIGNS for c in profile.columns if c is not column)
    return signs or bool(said & {w.rstrip("sx") for w in PLACES})


def is_of_things(column: Column) -> bool:
    """Return whether a column is about the animal of somebody rather than about them."""
    return bool(head(column) & THINGS)


def is_scene(column: Column, told: About) -> bool:
    """Return whether a column is where something happened, rather than where somebody lives."""
    said = head(column)
    return speaks(said, "scene") or (told.facts and speaks(said, "street"))


def is_secret(column: Column) -> bool:
    """Return whether a column tells the details of a price: « prix unitaire », « BPU »."""
    return bool(head(column) & _SECRETS)


def shows_a_home(column: Column) -> bool:
    """Return whether a column tells whether somebody is at home."""
    return bool(head(column) & _SHOWING)


def is_choice(column: Column) -> bool:
    """Return whether a column is what a voter chose."""
    return bool(head(column) & _CHOSEN) and column.kind not in (Kind.DATE, Kind.DATETIME)


def _counts(column: Column) -> bool:
    """True for a number of people: « nb_prets », « nbJoursMaladie » say what one of them did."""
    said = head(column)
    counted = bool(said & _COUNTS) and not said & _OF_A_HOME and column.kind in (Kind.INTEGER, Kind.NUMBER)
    return counted and not speaks(said, "done") and not any(speaks(said, name) for name in ("health", "income"))


def after_the_dead(column: Column, profile: Profile) -> bool:
    """Return whether a header names places and works after people: « auteur » does beside a title, not beside an age."""
    said = head(column) & PLACES
    if said == {"auteur"}:
        return any(speaks(head(c), "works") for c in profile.columns if c is not column)
    return bool(said)


def _own_names(named: Sequence[Column]) -> bool:
    """True where the cells of « raison sociale » name people: they trade in a name of their own."""
    return any(head(c) & _OF_COMPANIES for c in named)


def _trades_alone(columns: Iterable[Column], named: list[Column], heads: Set[str]) -> bool:
    """True where the SIRET stands beside « exploitant », and no company is named."""
    if heads & _OF_COMPANIES or any(c.meaning == "rna" for c in columns):
        return False
    if any(head(c) <= _MERE_NAMES and c not in named for c in columns if c.meaning != "last_name"):
        return False  # « nom » is the body's, and the person its president
    return bool(named) or any(c.meaning == "last_name" and head(c) & _MERE_NAMES for c in columns)
