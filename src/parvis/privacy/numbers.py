"""Numbers of people inside a text: keys checked where there is one, the word beside it asked where there is none.

Each finder yields (start, end, meaning). ``plain`` is the text in small letters without accents, of the same length.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from parvis import france
from parvis.privacy.words.patterns import any_of
from parvis.text import late

Part = tuple[int, int, str]
LANDLINE = "landline"  # a telephone that is not a mobile: of a home or of a counter, the text does not say

# --- Numbers with a key ---------------------------------------------------------------------------

_GAP = r"[\s.\-]{0,2}"
_NIR = late(
    rf"(?<![0-9A-Za-z])(?<!\d[.,])[1-478]{_GAP}\d\d{_GAP}\d\d{_GAP}(?:\d\d|2[ABab]){_GAP}\d{{3}}{_GAP}\d{{3}}(?:[\s.\-/]{{0,3}}\d\d)?(?![0-9A-Za-z]|[.,]\d)"
)
_NIR_SAID = late(r"\b(?:nir|secu|securite sociale|n[o°]? ?ss)\b")
_IBAN = late(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?:[\s.\-]?[A-Za-z0-9]){11,30}")
_IBAN_LENGTHS = {  # of the countries of the register, ISO 13616
    word[:2]: int(word[2:])
    for word in (
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 "
        "FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 "
        "LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 "
        "SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
    ).split()
}
_RIB = late(r"(?<![0-9A-Za-z])\d{5}[\s-]?\d{5}[\s-]?[0-9A-Z]{11}[\s-]?\d\d(?![0-9A-Za-z])")


def nirs(text: str, plain: str) -> Iterator[Part]:
    for m in _NIR.finditer(text):
        said = bool(_NIR_SAID.search(plain, max(0, m.start() - 40), m.start()))
        if france.is_nir(m.group().replace("/", ""), key=not said):
            yield m.start(), m.end(), "nir"


def ibans(text: str, plain: str) -> Iterator[Part]:
    for m in _IBAN.finditer(text):
        wanted = _IBAN_LENGTHS.get(m.group()[:2].upper())
        if wanted is None:
            continue
        ends = [i for i in range(m.start(), m.end() + 1) if i == m.end() or not text[i].isalnum()]
        lengths = [(i, len(re.sub(r"[\s.\-]", "", text[m.start() : i]))) for i in ends]
        lengths += [(m.start() + n, len(re.sub(r"[\s.\-]", "", m.group()[:n]))) for n in range(wanted, wanted + 13)]
        for end, length in sorted(set(lengths)):
            if length == wanted and france.is_iban(text[m.start() : end]):
                yield m.start(), end, "iban"
                break
    if "rib" in plain or "compte" in plain or "guichet" in plain:
        for m in _RIB.finditer(text):
            if france.is_rib(m.group()):
                yield m.start(), m.end(), "iban"


# --- Telephones -----------------------------------------------------------------------------------

_PHONE = late(
    r"(?<![0-9A-Za-z])(?:(?:\+|00)\s?33\)?[\s.\-]{0,2}(?:\(0\)\s?)?|\(0(?=[1-9]\))|\(0\)|0)([1-9])\)?((?:[\s.\-/,]{0,2}\d{2}){4})(?![0-9A-Za-z])"
)
_ABROAD = late(r"(?<![\w+])\+(?!33)[1-9]\d{0,2}\)?(?:[\s.\-/]{0,2}\d{1,4}){2,6}(?![0-9A-Za-z])")
_THOUSANDS = late(r"\+\d{1,3}(?:\s\d{3})+")  # « +20 000 000 000 € »
_DATED = late(r"\d\d/\d\d/\d{4}")
_RING = late(rf"\b{any_of('ring')}\b")
_CODE = late(rf"\b{any_of('code')}\b[\s.:°#]{{0,4}}(?:[a-z]{{3,14}}\s)?(?:n°\s?)?(?:\d{{4}}-)?$")


def is_landline(digits: str) -> bool:
    """Return whether the first figure after the prefix is not that of a mobile."""
    return digits not in ("6", "7")


def phones(text: str, plain: str) -> Iterator[Part]:
    for m in _PHONE.finditer(text):
        signs = set(re.sub(r"[\d\s]", "", m.group(2)))
        before, after = text[max(0, m.start() - 2) : m.start()], text[m.end() : m.end() + 2]
        if (
            _DATED.match(text, m.start())
            or (len(signs) > 1 and m.group(1) not in "67")
            or re.search(r"\d[-/.]$", before)
            or re.match(r"[-/.]\d", after)
        ):
            continue  # two dates, a reference: not a number to ring
        first, said = m.group(1), plain[max(0, m.start() - 40) : m.start()]
        if _CODE.search(said) and not _RING.search(said):
            continue
        if m.group().isdigit() and is_landline(first) and not _RING.search(said):
            continue  # ten figures in a row are a code more often than a counter's telephone
        if first != "8":
            yield m.start(), m.end(), LANDLINE if is_landline(first) else "phone"
    for m in _ABROAD.finditer(text) if "+" in text else ():
        if 8 <= sum(sign.isdigit() for sign in m.group()) <= 14 and not _THOUSANDS.fullmatch(m.group()):
            yield m.start(), m.end(), "phone"


# --- Vehicles and machines ------------------------------------------------------------------------

_SIV = late(r"(?<![\w-])(?!SS|WW)[A-HJ-NP-TV-Z]{2}([- ]?)\d{3}\1(?!SS)[A-HJ-NP-TV-Z]{2}(?![\w-])")
_FNI = late(r"(?<![\w-])\d{2,4}[ -]?[A-Z]{2,3}[ -]?(?:\d\d|2[AB]|97\d)(?![\w-])")
_VEHICLE = late(any_of("vehicle"))
_REFERENCE = late(r"\b(?:ref|reference|norme|modele|serie|type|article|piece|lot|produit)\b[\s.:°]{0,4}$")
_IPV4 = late(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)")
_IPV6 = late(r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:{1,2}){3,7}[0-9A-Fa-f]{1,4}(?![\w:])")
_VERSION = late(
    r"\b(?:mise a jour|maj|build|release|firmware|version|logiciel|article|v|chapitre|paragraphe|norme)\b\.?\s?(?:n°\s?)?$"
)


def plates(text: str, plain: str) -> Iterator[Part]:
    found = _SIV.search(text) or _FNI.search(text)
    vehicle = bool(found and _VEHICLE.search(plain))
    for m in _SIV.finditer(text) if found else ():
        if (vehicle or m.group(1) == "-") and not _REFERENCE.search(plain, max(0, m.start() - 25), m.start()):
            yield m.start(), m.end(), "plate"
    if vehicle:
        for m in _FNI.finditer(text):
            if " " in m.group() or "-" in m.group():
                yield m.start(), m.end(), "plate"


def addresses_of_machines(text: str, plain: str) -> Iterator[Part]:
    if text.count(".") >= 3:
        for m in _IPV4.finditer(text):
            if all(int(n) < 256 for n in m.group().split(".")) and not _VERSION.search(plain[: m.start()][-25:]):
                yield m.start(), m.end(), "ip_address"
    if text.count(":") >= 4:
        for m in _IPV6.finditer(text):
            try:
                ipaddress.IPv6Address(m.group())
            except ValueError:
                continue
            yield m.start(), m.end(), "ip_address"


# --- Papers, that a word names --------------------------------------------------------------------

_NUMBER_SIGN = (
    r"[\s:.,()-]{0,3}(?:(?:delivree?|portant|sous|est|le|la)\s+){0,2}(?:n°|no|nº|numero|num\.?|n)?[\s:.°]{0,3}"
)
_PAPERS = tuple(
    late(rf"\b(?:{word})(?:\s+[\w'’]+){{0,3}}?{_NUMBER_SIGN}({number})(?![\w-])")
    for word, number in (
        (
            r"(?:numero|n°|no|reference|identifiant|avis) fiscal\w*|reference fiscale|spi|numero d'imposition",
            r"[0-3](?:\s?\d){12}",
        ),
        (r"cartes? (?:nationales? )?d'identite|cni|piece d'identite", r"\d{12}|(?=\w*\d)[a-z0-9]{9}"),
        (r"passeports?", r"\d{2}[a-z]{2}\d{5}"),
        (r"permis de conduire|permis b", r"\d{12}|\d{2}[a-z]{2}\d{5}|\d{6,9}"),
        (r"permis", r"\d{12}"),
        (r"(?:cheque energie|carte|permis|badge)\b[^.;:\d]{0,50} n°", r"\d{9,14}"),
        (r"(?:titre|carte|permis) de sejour|recepisse|(?:numero|n°) etranger|agdref", r"(?=\w*\d)[a-z0-9]{9,10}"),
        (r"ine|identifiant national (?:eleve|etudiant)", r"\d{9,10}[a-z0-9]{1,2}"),
        (r"allocataire|caf|msa", r"\d{7}\s?[a-z]?"),
        (r"puce|transpondeur|icad|tatouage|identifie\w*", r"(?:250|2502)\d{10,12}"),
        (r"rpps", r"\d{11}"),
        (r"adeli", r"\d{9}"),
        (r"mdph|nda|ipp|pdl|fps|ecrou|siao", r"(?!(?:19|20)\d\d(?![\w/-]))(?=[\w/-]*\d)[\w/-]{4,18}"),
        (r"lic|sin|alloc|allocat|fisc", r"\d[\d-]{4,14}[a-z]?"),
        (r"matricules?", r"(?=[\w/-]*\d)[\w/-]{3,14}"),
        (
            r"(?:lect(?:eur|rice)|abonnee?|adherente?|usagere?|licenciee?|electeur|electrice|patiente?|badge|carte|carnet)s?",
            r"(?!0\d{9}(?!\d))\d{5,14}",
        ),
        (
            r"numero (?:de )?(?:licence|adherent|lecteur|electeur|usager|etudiant)|carte de lecteur",
            r"(?=[\w/-]*\d)[\w/-]{4,15}",
        ),
    )
)
SIGNS = (
    "fiscal", "spi", "ident", "cni", "passeport", "permis", "sejour", "recepisse", "ine", "allocataire", "caf", "msa",
    "puce", "transpondeur", "icad", "rpps", "adeli", "matricule", "licence", "imposition", "lecteur", "adherent",
    "elect", "usager", "etudiant", "etranger", "tatouage", "abonne", "licencie", "patient", "badge", "carte", "carnet",
    "cheque", "mdph", "nda", "ipp", "pdl", "fps", "ecrou", "siao", "lic", "sin", "alloc", "fisc",
)  # fmt: skip


_SIGNED = late(rf"\b(?:{'|'.join(SIGNS)})")


def papers(text: str, plain: str) -> Iterator[Part]:
    """Yield the numbers of papers and of files: tax, identity card, passport, family allowances, an animal's chip."""
    if _SIGNED.search(plain):
        for paper in _PAPERS:
            for m in paper.finditer(plain):
                yield m.start(1), m.end(1), "identifier"


# --- What is personal beside a person -------------------------------------------------------------

_SIGN = r"(?:n°|no|nº|numero|ref\.?|reference)"
_CASE = late(
    r"\b(?:dossiers?|affaires?|recours|requete|demande|procedure|plainte|signalement|main courante|aide|allocation|"
    rf"situation|enquete sociale|mesure)\b(?:\s+[\w'’-]+){{0,3}}?\s*(?::|,)?\s*{_SIGN}\s*[:.]?\s*"
    r"((?=[\w/.-]*\d)[a-z]{0,4}[\s-]?\d[\w/-]{2,16})(?![\w-])"
)
_CASE_BARE = late(r"\bdossiers?(?:\s+[\w'’-]+)?\s*:?\s+(\d{4}[-/]\d{3,8}|[a-z]{1,4}-?\d{3,12})(?![\w-])")
_CASE_NUMBERED = late(
    rf"\b{_SIGN}\s*(?:de |du |d'|de l')?(?:dossier|affaire|demande|recours|sinistre|contrat|foyer|inscription|client|plainte|"
    rf"procedure|signalement|proces-verbal|pv|"
    rf"unique|ticket|reclamation|fiche|beneficiaire|usager|abonne)\s*:?\s*((?=[\w/.-]*\d)[\w/.-]{{4,18}})(?![\w-])"
)
_CASE_OF_YEAR = late(r"(?:\b([a-z]{2,})\.?\s+(?:n°\s*)?|,\s*n°\s*|\()((?:19|20)\d\d-\d{4,8})(?![\w-])")
_PUBLIC_ACTS = frozenset(
    "marche deliberation facture devis mandat commande arrete decret loi lot article titre convention avenant bordereau contrat "
    "decision circulaire ordonnance rapport projet annexe budget chapitre compte bulletin".split()
)
_SOCIAL = late(rf"\b{any_of('social')}\b")
CASES = (
    "dossier", "affaire", "recours", "requete", "demande", "procedure", "plainte", "signalement", "courante", "aide",
    "allocation", "situation", "enquete", "mesure", "sinistre", "contrat", "foyer", "inscription", "client", "proces", "pv",
    "n°", "19", "20", "ticket", "reclamation", "fiche", "beneficiaire", "usager", "abonne",
)  # fmt: skip
_DATE_LIKE = late(r"\d{1,2}/\d{1,2}/\d{2,4}|\d{4}")


_CASE_SIGN = late("|".join(CASES))


def may_be_a_case(plain: str) -> bool:
    """Return whether a text speaks of files at all."""
    return bool(_CASE_SIGN.search(plain))


def cases(text: str, plain: str, start: int, end: int, *, someone: bool) -> Iterator[Part]:
    """Yield the numbers of case files of a sentence about someone, or about social matters."""
    if not someone and not _SOCIAL.search(plain, start, end):
        return
    for pattern in (_CASE_NUMBERED, _CASE, _CASE_BARE):
        for m in pattern.finditer(plain, start, end):
            if not _DATE_LIKE.fullmatch(m.group(1).strip()):
                yield m.start(1), m.end(1), "case_number"
    for m in _CASE_OF_YEAR.finditer(plain, start, end) if someone else ():
        if (m.group(1) or "") not in _PUBLIC_ACTS:
            yield m.start(2), m.end(2), "case_number"


_PARCEL = late(
    r"(?<![\w-])(?:(?:[Ss]ection\s+)(?:cadastr\S+\s+)?)?(?!RD|RN|EN|NF|CM|CE|HT|LE|LA|DE|DU|VC|CR|AR|PC|DP|PA|CU|RF|TF|TH)"
    r"[A-Z]{1,2}\s?(?:n[°o]\s?|numéro\s|,\s?n[°o]\s?)?\d{1,4}(?![\w%€-])|(?<!\w)\d{5}000[0A-Z]{2}\d{4}(?!\w)"
)
_PARCEL_SAID = late(
    r"(?:[Pp]arcelles?|[Pp]arc\.|[Ss]ection|[Cc]adastr\w+)\s+(?:(?:section|cadastr\w+|n°)\s+)?([A-Z]{1,2}\s?(?:n[°o]\s?)?\d{1,4})(?!\w)"
)
_LAND = late(
    r"parcelle|\bparc\.|\bdia\b|cadastr|bornage|terrain|\bsection\b|\bfonds\b|propriete|\blots?\b|servitude|jardin|verger|\bpre\b|\bbois\b|\bbien\b"
)
_SIRET = late(r"(?<!\d)\d{3}[\s.]?\d{3}[\s.]?\d{3}[\s.]?\d{5}(?!\d)|(?<!\d)\d{3}[\s.]?\d{3}[\s.]?\d{3}(?![\d\s.]*\d)")
_ALONE = late(any_of("trade"))
TRADES = (
    "entrepr",
    "micro",
    "artisan",
    "commer",
    "forain",
    "exploitant",
    "liberale",
    "independant",
    "compte",
    "ambulant",
    " ei ",
    " ei,",
    "guichet",
)
_COMPANY = late(rf"\b{any_of('company')}\b")


def parcels(text: str, plain: str, start: int, end: int) -> Iterator[Part]:
    """Yield the parcels of a sentence that names their owner."""
    if _LAND.search(plain, start, end):
        for m in _PARCEL.finditer(text, start, end):
            yield m.start(), m.end(), "parcel"
        for m in _PARCEL_SAID.finditer(text, start, end):
            yield m.start(1), m.end(1), "parcel"


def sole_traders(text: str, plain: str, start: int, end: int, *, someone: bool) -> Iterator[Part]:
    """Yield the SIREN and SIRET of a sentence about someone who trades in a name of their own."""
    alone = bool(_ALONE.search(plain, start, end))
    if not (alone or (someone and not _COMPANY.search(plain, start, end))):
        return
    for m in _SIRET.finditer(text, start, end):
        if france.is_siret(m.group()) or (alone and france.is_siren(m.group())):
            yield m.start(), m.end(), "siret"
