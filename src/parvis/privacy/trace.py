"""A trace: something that stands in a file where nobody looks, and what to say of it.

No trace holds what it found: only its kind, how often, where, and the meanings of the personal data recognised in it.
The plugins of ``traces`` make them from bytes, in the confined process.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.privacy import exif
from parvis.tables import package
from parvis.tables.table import Limits
from parvis.values import msg

CODE = "privacy.trace"
_LONGEST = 200_000  # characters of a hidden text in which people are looked for
LARGEST = 64 << 20  # bytes of a member of a document that is read whole


@dataclass(frozen=True, slots=True)
class Trace:
    """What stands in one hidden place of a file. ``people``: meanings of the personal data recognised there."""

    kind: str  # a key of ``SENTENCES``
    count: int = 1
    sheet: str = ""
    cell: str = ""
    page: int = 0
    people: tuple[str, ...] = ()


@dataclass(slots=True)
class Gathered:
    """The traces of one file as they are met: those of a kind and place are one, with what was recognised in all."""

    traces: dict[tuple[str, str], Trace] = field(default_factory=dict)
    texts: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(
        self, kind: str, texts: Iterable[str] = (), *, count: int = 1, sheet: str = "", cell: str = "", page: int = 0
    ) -> None:
        """Note a trace and the texts that stand in it; nothing when ``count`` is 0."""
        if count < 1:
            return
        at = (kind, sheet)
        before = self.traces.get(at)
        if before is None:
            self.traces[at] = Trace(kind, count, sheet, cell, page)
        else:
            self.traces[at] = Trace(kind, before.count + count, sheet, before.cell, before.page)
        self.texts.setdefault(at, []).extend(t for t in texts if t.strip())

    def picture(self, data: bytes) -> None:
        """Note what a picture says of who took it and where."""
        if not exif.is_picture(data[:16]):
            return
        seen = exif.look(data)
        self.add("gps", count=int(seen.gps))
        self.add("photo_author", seen.authors, count=int(bool(seen.authors)))
        self.add("photo_device", count=int(seen.device))
        self.add("photo_time", count=int(seen.time))
        self.add("photo_thumbnail", count=int(seen.thumbnail))
        self.add("photo_text", seen.texts, count=int(bool(seen.texts)))

    def found(self) -> tuple[Trace, ...]:
        """Return the traces, each with the meanings of what was recognised in its texts."""
        out = []
        for at, trace in self.traces.items():
            seen = people_in(self.texts[at], named=trace.kind in _NAMED)
            out.append(Trace(trace.kind, trace.count, trace.sheet, trace.cell, trace.page, seen))
        return tuple(out)


# --- Who stands in a text -------------------------------------------------------------------------

_NAMED = frozenset({"author", "reviewer", "photo_author", "account"})  # whatever stands there names somebody
# What programs write there when nobody gave a name, and what names an office.
_NOBODY = re.compile(
    r"(?:microsoft|libreoffice|openoffice|openpyxl|xlsxwriter|python|apache|google|adobe|typst|writer|calc|excel|word|"
    r"office|pdf|user|utilisateur|admin\w*|auteur|author|unknown|inconnu|default|owner|test|mairie|commune|ville|"
    r"communaute|metropole|departement|region|prefecture|service|direction|secretariat|accueil|dgs|ccas|syndicat|"
    r"canon|nikon|sony|apple|samsung|iphone|windows|macos|root|poste|pc|ordinateur)\b",
    re.IGNORECASE,
)


def people_in(texts: Iterable[str], *, named: bool = False) -> tuple[str, ...]:
    """Return the meanings of the personal data in texts. ``named``: a text names somebody unless it names an office."""
    from parvis.privacy import spans  # late: pages that show a trace need no lexicon
    from parvis.text import fold

    seen = set[str]()
    room = _LONGEST
    for text in dict.fromkeys(texts):
        cut = text[:room]
        room -= len(cut)
        seen |= {s.meaning for s in spans.find(cut)} & set(spans.TEXT_MEANINGS)
        if named and not _NOBODY.match(fold(cut.strip())) and re.search(r"[^\W\d_]{2}", cut):
            seen.add("person_name")
        if room <= 0:
            break
    return tuple(sorted(seen))


# --- Reading packages -----------------------------------------------------------------------------


class Package:
    """A ZIP document opened with care: its members as text and as XML, none of them larger than memory bears."""

    def __init__(self, opened: zipfile.ZipFile, size: int) -> None:
        self.zip = opened
        self.names = [n for n in opened.namelist() if not n.endswith("/")]
        self._meter = package.Meter(Limits(), size)

    def matching(self, pattern: str) -> list[str]:
        """Return the members whose name is that, whatever its case."""
        told = re.compile(pattern, re.IGNORECASE)
        return [n for n in self.names if told.fullmatch(n)]

    def windows(self, name: str) -> Iterator[bytes]:
        """Yield an XML member in overlapping windows, for what is too large to be held."""
        return package.xml(self.zip, name, self._meter, "Ce document")

    def data(self, name: str) -> bytes:
        """Return a member, or the start of it when it is very large."""
        out = bytearray()
        for chunk in package.chunks(self.zip, name, self._meter):
            out += chunk
            if len(out) > LARGEST:
                break
        return bytes(out)

    def xml(self, pattern: str) -> Iterator[tuple[str, Any]]:
        """Yield (name, root) of the XML members of that name; one that cannot be read gives nothing."""
        for name in self.matching(pattern):
            root = xml_root(self.data(name))
            if root is not None:
                yield name, root


def xml_root(data: bytes) -> Any:
    """Return the root of an XML text, or None. A DOCTYPE is refused: it opens other files."""
    from lxml import etree

    if re.search(rb"<!(?:DOCTYPE|ENTITY)", data[:65536], re.IGNORECASE):
        raise InputError("Ce document contient des définitions XML interdites (DOCTYPE, entités).")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def local(node: Any) -> str:
    """Return an element's name without its namespace; "" for a comment."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def named(root: Any, *names: str) -> list[Any]:
    """Return the elements of these local names, anywhere."""
    return [n for n in root.iter() if local(n) in names]


def text_of(node: Any) -> str:
    return " ".join(t for t in (x.strip() for x in node.itertext()) if t)


def attribute(node: Any, name: str) -> str:
    """Return an attribute by its local name, "" without it."""
    return next((str(v) for k, v in node.attrib.items() if str(k).rpartition("}")[2] == name), "")


# --- What is said ---------------------------------------------------------------------------------

SENTENCES: Mapping[str, str] = {
    "unread": msg("Les traces cachées de ce fichier n'ont pas toutes pu être cherchées : il est endommagé ou protégé."),
    "author": msg("Les propriétés du document disent qui l'a écrit, modifié ou validé."),
    "reviewer": msg("Le document garde le nom de ceux qui l'ont relu ou commenté ({count})."),
    "property": msg("Les propriétés du document portent des renseignements ({count})."),
    "path": msg("Le document garde le chemin de dossiers d'un ordinateur, où se lit souvent un nom ({count})."),
    "account": msg("Le document garde le compte d'un agent ({count})."),
    "comment": msg("{count} commentaire(s) restent dans le document."),
    "tracked": msg("{count} modification(s) suivie(s) : ce qui a été effacé se lit encore."),
    "hidden_text": msg("{count} passage(s) de texte masqué."),
    "hidden_sheet": msg("La feuille « {sheet} » est masquée : elle reste dans le fichier."),
    "hidden_rows": msg("{count} ligne(s) masquée(s) dans la feuille « {sheet} »."),
    "hidden_columns": msg("{count} colonne(s) masquée(s) dans la feuille « {sheet} »."),
    "hidden_slide": msg("{count} diapositive(s) masquée(s)."),
    "notes": msg("{count} page(s) de notes de l'orateur."),
    "pivot_cache": msg("Un tableau croisé garde une copie de {count} ligne(s) d'origine, même effacées de la feuille."),
    "external_link": msg("Le classeur garde une copie de {count} cellule(s) d'un autre fichier."),
    "defined_name": msg("{count} nom(s) de plage, masqués ou parlants, restent dans le classeur."),
    "connection": msg("Le classeur garde l'adresse d'une base de données ({count})."),
    "header_footer": msg("L'en-tête ou le pied de page nomme quelqu'un ({count})."),
    "embedded": msg("{count} fichier(s) joint(s) dans le document."),
    "thumbnail": msg("Une image de la première page, telle qu'elle était, reste dans le document."),
    "macro": msg("Le document contient des macros, où se lisent souvent des noms et des chemins."),
    "custom_data": msg("{count} donnée(s) ajoutée(s) par un logiciel restent dans le document."),
    "sheet_name": msg("Le nom de {count} feuille(s) porte lui-même une donnée personnelle."),
    "file_name": msg("Le nom du fichier porte lui-même une donnée personnelle."),
    "member_name": msg("Le nom de {count} fichier(s) de l'archive porte lui-même une donnée personnelle."),
    "annotation": msg("{count} annotation(s) restent dans le PDF."),
    "covered": msg("{count} lettre(s) sous un cache : un simple copier-coller les rend."),
    "earlier_version": msg("Le PDF garde {count} état(s) antérieur(s) : ce qui a été effacé se lit encore."),
    "hidden_layer": msg("{count} calque(s) masqué(s) dans le PDF."),
    "form_field": msg("{count} champ(s) de formulaire remplis dans le PDF."),
    "bookmark": msg("{count} signet(s) du PDF nomment quelqu'un."),
    "gps": msg("{count} photo(s) disent où elles ont été prises, à quelques mètres près."),
    "photo_author": msg("{count} photo(s) disent qui les a prises."),
    "photo_device": msg(
        "{count} photo(s) portent le numéro de l'appareil, qui relie toutes celles de la même personne."
    ),
    "photo_time": msg("{count} photo(s) disent le jour et l'heure de la prise de vue."),
    "photo_thumbnail": msg("{count} photo(s) gardent une vignette, parfois d'avant le recadrage ou le floutage."),
    "photo_text": msg("{count} photo(s) portent une légende ou un commentaire cachés."),
    "deleted_rows": msg("La base garde {count} page(s) de lignes effacées, qui se lisent encore."),
    "table_metadata": msg("{count} renseignement(s) sont cachés dans les métadonnées du fichier."),
}
WHY = msg(
    "Ce qui est caché dans un fichier se lit en quelques secondes. Parvis ne publie que la copie propre du tableau ; le "
    "fichier d'origine ne doit pas être mis en ligne tel quel."
)
HINT = msg(
    "Publiez la copie propre, ou retirez ces traces dans votre logiciel (« Inspecter le document », « Nettoyer »)."
)
HINT_SHEET = msg("Affichez la feuille pour vérifier ce qu'elle contient, ou supprimez-la.")
HINT_COVERED = msg("Caviardez avec un outil qui efface le texte, ou refaites le PDF à partir du document corrigé.")
HINT_NAME = msg("Renommez-le avant de l'envoyer : le nom voyage avec le fichier.")
HINT_PHOTO = msg("Enregistrez la photo sans ses métadonnées, ou publiez la copie que prépare Parvis.")
HINT_UNREAD = msg("Ne le mettez pas en ligne tel quel ; publiez la copie propre du tableau.")
HINTS: Mapping[str, str] = {
    "unread": HINT_UNREAD,
    **dict.fromkeys(("hidden_sheet", "hidden_rows", "hidden_columns"), HINT_SHEET),
    "covered": HINT_COVERED,
    **dict.fromkeys(("sheet_name", "file_name", "member_name"), HINT_NAME),
    **{kind: HINT_PHOTO for kind in SENTENCES if kind.startswith(("photo", "gps"))},
}
