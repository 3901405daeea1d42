"""What is said of each kind of personal data, and the rule proposed for it.

The meanings are the names of the detectors of ``profiling``; « text » sentences are for values found inside cells
that hold other things too.
"""

from __future__ import annotations

from collections.abc import Mapping

from parvis.frozen import dataclass
from parvis.values import msg

# Whose columns hold data of people as they are ...
DIRECT = ("nir", "iban", "email", "phone", "birth_date", "person_name", "last_name", "plate", "ip_address", "account")
# ... or only beside the columns that say the table is about people.
BESIDE_PEOPLE = (
    "address", "health", "social_aid", "income", "offence", "belief", "private", "identifier", "pseudonym", "case_number",
    "parcel", "siret",
)  # fmt: skip
# What the law protects more: shown to nobody while somebody can be recognised.
SENSITIVE = ("health", "social_aid", "income", "offence", "belief", "private", "presence")
# What singles a person out once names are gone.
QUASI = ("age", "birth_date", "sex", "civility", "nationality", "occupation", "postcode", "insee_commune", "commune")
# Never published, whatever the ground: only « it is not that » may keep such a column.
NEVER = ("nir", "iban")


@dataclass(frozen=True, slots=True)
class Meaning:
    """``column`` and ``text`` are the findings' sentences, ``reason`` the proposed rule's."""

    column: str
    text: str
    reason: str
    transform: str  # proposed when the whole column is that


WHY = msg(
    "Le code des relations entre le public et l'administration (article L. 312-1-2) et le RGPD interdisent de publier "
    "des données qui permettent de reconnaître une personne, sauf texte contraire ou accord de sa part."
)
WHY_NIR = msg(
    "Le numéro de sécurité sociale désigne une seule personne pour toute sa vie ; son usage est réservé par décret "
    "(loi Informatique et Libertés, article 30) : il ne se publie jamais."
)
WHY_IBAN = msg("Un compte bancaire publié sert à la fraude aux prélèvements et aux faux ordres de virement.")
WHY_SAFETY = msg(
    "Le code des relations entre le public et l'administration (article L. 311-5, 2° d) réserve ce dont la publication "
    "porterait atteinte à la sécurité des personnes ou à la sécurité publique : la CADA est défavorable à l'emplacement "
    "précis des caméras, des alarmes, des points d'eau des pompiers, et il en va de même des abris, des réseaux vitaux "
    "et des sites de la défense."
)
WHY_SENSITIVE = msg(
    "La santé, la religion, les opinions, le syndicat (RGPD, article 9), les infractions (article 10) et ce qui touche à "
    "la vie privée de quelqu'un (CRPA, article L. 311-6) ne se publient que s'il est impossible de savoir de qui il s'agit."
)
WHY_BUSINESS = msg(
    "Le détail technique et financier d'une offre (prix unitaires, marges, procédés) relève du secret des affaires "
    "(CRPA, article L. 311-6, 1°) : la CADA n'admet que le montant global du marché."
)
HINT = msg("Choisissez ce que devient cette colonne : la retirer, la masquer, ou la garder avec un fondement légal.")
# Of what no rule says, but what all that is seen of a column tells together.
HINT_WORDS = msg(
    "L'intitulé ({words}) et les autres colonnes le font penser. Choisissez ce que devient cette colonne : la retirer, la "
    "masquer, ou la garder avec un fondement légal ; si elle ne parle de personne, dites-le."
)
HINT_BESIDE = msg(
    "La forme des cellules et les autres colonnes le font penser. Choisissez ce que devient cette colonne : la retirer, la "
    "masquer, ou la garder avec un fondement légal ; si elle ne parle de personne, dites-le."
)
HINT_TEXT = msg("Choisissez de masquer ces passages, de retirer la colonne, ou de la garder avec un fondement légal.")

MEANINGS: Mapping[str, Meaning] = {
    "nir": Meaning(
        msg("La colonne « {column} » contient {count} numéro(s) de sécurité sociale."),
        msg("La colonne « {column} » cite un numéro de sécurité sociale dans {count} cellule(s)."),
        msg("Numéros de sécurité sociale : ils ne se publient jamais."),
        "drop",
    ),
    "iban": Meaning(
        msg("La colonne « {column} » contient {count} compte(s) bancaire(s)."),
        msg("La colonne « {column} » cite un compte bancaire dans {count} cellule(s)."),
        msg("Comptes bancaires : leur publication expose à la fraude."),
        "drop",
    ),
    "email": Meaning(
        msg("La colonne « {column} » contient {count} adresse(s) électronique(s) de personnes."),
        msg("La colonne « {column} » cite l'adresse électronique d'une personne dans {count} cellule(s)."),
        msg("Adresses électroniques de personnes."),
        "drop",
    ),
    "phone": Meaning(
        msg("La colonne « {column} » contient {count} numéro(s) de téléphone de personnes."),
        msg("La colonne « {column} » cite le téléphone d'une personne dans {count} cellule(s)."),
        msg("Numéros de téléphone de personnes."),
        "drop",
    ),
    "birth_date": Meaning(
        msg("La colonne « {column} » contient {count} date(s) de naissance."),
        msg("La colonne « {column} » cite une date de naissance dans {count} cellule(s)."),
        msg("Dates de naissance : seule l'année est gardée."),
        "year",
    ),
    "person_name": Meaning(
        msg("La colonne « {column} » contient le nom de personnes dans {count} cellule(s)."),
        msg("La colonne « {column} » nomme des personnes dans {count} cellule(s)."),
        msg("Noms de personnes."),
        "drop",
    ),
    "last_name": Meaning(
        msg("La colonne « {column} » contient {count} nom(s) de famille."),
        msg("La colonne « {column} » cite un nom de famille dans {count} cellule(s)."),
        msg("Noms de famille."),
        "drop",
    ),
    "first_name": Meaning(
        msg("La colonne « {column} » contient {count} prénom(s) de personnes que d'autres colonnes font reconnaître."),
        msg("La colonne « {column} » cite un prénom dans {count} cellule(s)."),
        msg("Prénoms de personnes que d'autres colonnes font reconnaître."),
        "drop",
    ),
    "address": Meaning(
        msg(
            "La colonne « {column} » contient {count} adresse(s) à côté de noms de personnes : sans doute leur domicile."
        ),
        msg("La colonne « {column} » donne le domicile d'une personne dans {count} cellule(s)."),
        msg("Adresses à côté de noms de personnes : sans doute leur domicile."),
        "drop",
    ),
    "plate": Meaning(
        msg("La colonne « {column} » contient {count} plaque(s) d'immatriculation."),
        msg("La colonne « {column} » cite une plaque d'immatriculation dans {count} cellule(s)."),
        msg("Plaques d'immatriculation : elles mènent au propriétaire du véhicule."),
        "drop",
    ),
    "ip_address": Meaning(
        msg("La colonne « {column} » contient {count} adresse(s) IP."),
        msg("La colonne « {column} » cite une adresse IP dans {count} cellule(s)."),
        msg("Adresses IP : elles mènent à la personne qui se connectait."),
        "drop",
    ),
    "health": Meaning(
        msg("La colonne « {column} » dit l'état de santé de personnes dans {count} cellule(s)."),
        msg("La colonne « {column} » parle de la santé d'une personne dans {count} cellule(s)."),
        msg("Santé de personnes que d'autres colonnes font reconnaître."),
        "drop",
    ),
    "social_aid": Meaning(
        msg("La colonne « {column} » dit l'aide sociale que reçoivent des personnes dans {count} cellule(s)."),
        msg("La colonne « {column} » parle de l'aide sociale reçue par une personne dans {count} cellule(s)."),
        msg("Aides sociales reçues par des personnes que d'autres colonnes font reconnaître."),
        "drop",
    ),
    "income": Meaning(
        msg("La colonne « {column} » dit les revenus de personnes dans {count} cellule(s)."),
        msg("La colonne « {column} » cite les revenus d'une personne dans {count} cellule(s)."),
        msg("Revenus de personnes que d'autres colonnes font reconnaître."),
        "drop",
    ),
    "offence": Meaning(
        msg(
            "La colonne « {column} » dit les infractions ou les mesures de justice de personnes dans {count} cellule(s)."
        ),
        msg("La colonne « {column} » parle d'une infraction ou d'une mesure de justice dans {count} cellule(s)."),
        msg("Infractions et mesures de justice : seuls les services de l'État peuvent en tenir la liste."),
        "drop",
    ),
    "belief": Meaning(
        msg(
            "La colonne « {column} » révèle la religion, les opinions ou le syndicat de personnes dans {count} cellule(s)."
        ),
        msg(
            "La colonne « {column} » révèle la religion, l'opinion ou le syndicat d'une personne dans {count} cellule(s)."
        ),
        msg("Religion, opinions ou syndicat de personnes que d'autres colonnes font reconnaître."),
        "drop",
    ),
    "private": Meaning(
        msg(
            "La colonne « {column} » dit de personnes ce que la loi protège (santé, aide, justice…) dans {count} cellule(s)."
        ),
        msg(
            "La colonne « {column} » dit d'une personne ce que la loi protège (santé, aide, justice…) dans {count} cellule(s)."
        ),
        msg("Santé, aides, justice ou convictions de personnes que d'autres colonnes font reconnaître."),
        "drop",
    ),
    "identifier": Meaning(
        msg("La colonne « {column} » contient {count} numéro(s) qui désignent chacun une personne."),
        msg("La colonne « {column} » cite le numéro d'une pièce ou d'un dossier personnel dans {count} cellule(s)."),
        msg("Numéros qui désignent chacun une personne : pièce d'identité, allocataire, élève, agent, abonné."),
        "drop",
    ),
    "account": Meaning(
        msg("La colonne « {column} » contient {count} nom(s) de compte ou pseudo(s) de personnes."),
        msg("La colonne « {column} » cite le compte ou le pseudo d'une personne dans {count} cellule(s)."),
        msg("Comptes et pseudos : la même personne les emploie ailleurs."),
        "drop",
    ),
    "pseudonym": Meaning(
        msg("La colonne « {column} » contient {count} empreinte(s) qui suivent chacune une personne."),
        msg("La colonne « {column} » cite l'empreinte d'un numéro personnel dans {count} cellule(s)."),
        msg("Empreintes de numéros : il suffit d'essayer tous les numéros pour retrouver chaque personne."),
        "drop",
    ),
    "presence": Meaning(
        msg("La colonne « {column} » dit, {count} fois, si un logement est occupé."),
        msg("La colonne « {column} » dit si un logement est occupé dans {count} cellule(s)."),
        msg("Présence dans des logements : elle montre quand ils sont vides."),
        "drop",
    ),
    "case_number": Meaning(
        msg("La colonne « {column} » contient {count} numéro(s) de dossier de personnes."),
        msg("La colonne « {column} » cite le numéro du dossier d'une personne dans {count} cellule(s)."),
        msg("Numéros de dossier : ils mènent à la personne qui l'a déposé."),
        "drop",
    ),
    "parcel": Meaning(
        msg("La colonne « {column} » contient {count} parcelle(s) à côté du nom de leur propriétaire."),
        msg("La colonne « {column} » cite une parcelle et son propriétaire dans {count} cellule(s)."),
        msg("Parcelles à côté de noms de personnes : elles disent ce que chacun possède."),
        "drop",
    ),
    "siret": Meaning(
        msg("La colonne « {column} » contient {count} SIRET de personnes qui travaillent à leur nom."),
        msg("La colonne « {column} » cite le SIRET d'une personne qui travaille à son nom dans {count} cellule(s)."),
        msg("SIRET d'entrepreneurs individuels : ils mènent au nom et souvent au domicile."),
        "drop",
    ),
    "business_secret": Meaning(
        msg("La colonne « {column} » donne le détail des prix d'entreprises dans {count} cellule(s)."),
        msg("La colonne « {column} » donne le détail des prix d'une entreprise dans {count} cellule(s)."),
        msg("Détail des prix d'une offre : il est couvert par le secret des affaires."),
        "drop",
    ),
    "safety": Meaning(
        msg("La colonne « {column} » dit où se trouvent {count} équipement(s) de sécurité."),
        msg("La colonne « {column} » dit où se trouve un équipement de sécurité dans {count} cellule(s)."),
        msg("Emplacement d'équipements de sécurité : le publier aiderait à les contourner."),
        "drop",
    ),
}
IN_LABEL = msg("L'intitulé de la colonne « {column} » porte lui-même une donnée personnelle.")
HINT_LABEL = msg("Changez cet intitulé dans votre fichier, ou retirez la colonne.")

# Why a column of personal data may be kept: article D. 312-1-3 of the CRPA for most.
GROUNDS: Mapping[str, str] = {
    "not_personal": msg("Vérification faite, ces valeurs ne désignent aucune personne physique."),
    "law": msg("Une loi ou un règlement impose cette publication."),
    "consent": msg("Les personnes concernées ont donné leur accord, et peuvent le retirer."),
    "elected": msg("Il s'agit d'élus dans l'exercice de leur mandat (CRPA, article D. 312-1-3)."),
    "public_agent": msg(
        "Il s'agit de l'organisation de l'administration : organigramme, annuaire d'agents publics "
        "(CRPA, article D. 312-1-3)."
    ),
    "register": msg(
        "Ces données figurent au répertoire des associations ou des entreprises (CRPA, article D. 312-1-3)."
    ),
    "profession": msg("Il s'agit de l'annuaire d'une profession réglementée (CRPA, article D. 312-1-3)."),
    "exam": msg("Il s'agit des résultats d'un examen ou d'un concours public (CRPA, article D. 312-1-3)."),
    "sport": msg("Il s'agit de l'organisation d'activités sportives (CRPA, article D. 312-1-3)."),
    "tourism": msg("Il s'agit de l'organisation d'activités touristiques (CRPA, article D. 312-1-3)."),
    "planning": msg(
        "Il s'agit de formalités d'urbanisme ou d'occupation du domaine public (CRPA, article D. 312-1-3)."
    ),
    "no_danger": msg(
        "Vérification faite avec le service concerné, connaître ces emplacements ne met en danger ni personne ni bien."
    ),
    "archive": msg("Le document est une archive publique dont le délai de communication est passé."),
}
