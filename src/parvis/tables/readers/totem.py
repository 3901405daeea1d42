"""TOTEM: the budget of a town as its accounting software seals it for the prefecture, one row per line of the budget.

Read: the header and every ``LigneBudget``. Left aside on purpose: the annexes (staff, loans, beneficiaries,
signatories), the accountants' documents and the signature of a compte financier unique, which name people.
Format: DocumentBudgetaire (DGFiP, DGCL), versions 97 to 113, alone or in a CompteFinancierUnique.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from parvis.accounts import SECTIONS, Plan, plan
from parvis.errors import InputError
from parvis.france import is_siret
from parvis.frozen import dataclass
from parvis.tables import markup
from parvis.values import Finding, Place, Severity, msg

TITLE = "Budget (TOTEM)"
SUFFIXES = (".xml",)

_ROOTS = ("DocumentBudgetaire", "CompteFinancierUnique")
STEPS = {
    "01": "budget primitif",
    "02": "décision modificative",
    "03": "budget supplémentaire",
    "09": "compte administratif",
    "10": "compte financier unique",
}
_HEADER = {
    "exercice": ("BlocBudget", "Exer"),
    "nature_document": ("BlocBudget", "NatDec"),
    "numero_decision": ("BlocBudget", "NumDec"),
    "date_decision": ("BlocBudget", "DteDec"),
    "siret": ("EnTeteBudget", "IdEtab"),
    "etablissement": ("EnTeteBudget", "LibelleEtab"),
    "collectivite": ("EnTeteDocBudgetaire", "LibelleColl"),
    "siret_collectivite": ("EnTeteDocBudgetaire", "IdColl"),
    "nomenclature": ("EnTeteBudget", "Nomenclature"),
    "type_budget": ("BlocBudget", "CodTypBud"),
}
_LINE = {
    "chapitre": "ContNat",
    "libelle_chapitre": "",
    "nature": "Nature",
    "libelle_nature": "",
    "libelle": "LibCpte",
    "fonction": "Fonction",
    "libelle_fonction": "",
    "operation": "Operation",
    "chapitre_operation": "ContOp",
    "article_specialise": "ArtSpe",
    "sens": "CodRD",
    "ordre": "OpBudg",
    "type_ordre": "TypOpBudg",
    "section": "Section",
    "budget_precedent": "MtBudgPrec",
    "restes_precedents": "MtRARPrec",
    "propositions_nouvelles": "MtPropNouv",
    "prevu": "MtPrev",
    "credits_ouverts": "CredOuv",
    "realise": "MtReal",
    "restes_a_realiser": "MtRAR3112",
}
_WORDS = {
    "sens": {"D": "dépense", "R": "recette"},
    "ordre": {"0": "réel", "1": "ordre"},
    "type_ordre": {"1": "interne à la section", "2": "entre sections"},
    "section": SECTIONS,
    "type_budget": {"P": "budget principal", "A": "budget annexe"},
    "nature_document": STEPS,
    "article_specialise": {"true": "oui", "false": "non"},
}
_SPARSE = (
    "numero_decision",
    "libelle",
    "fonction",
    "libelle_fonction",
    "operation",
    "chapitre_operation",
    "type_ordre",
)
_ANNEXES = "Annexes"


def recognises(path: Path, head: bytes) -> float:
    return 0.97 if markup.looks(head) in _ROOTS else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the lines of the budget into the sink, each with the facts of its document."""
    markup.guard(path)
    document = _Document()
    lines = list(document.lines(path))
    if not lines:
        raise InputError(
            "Ce fichier de budget (TOTEM) ne contient aucune ligne budgétaire.",
            "Demandez à votre éditeur un export complet du document voté.",
            code="totem.empty",
        )
    columns = [*_HEADER, *_LINE]
    columns = [c for c in columns if c not in _SPARSE or any(row.get(c) for _, row in lines)]
    rows = ((line, [row.get(c) for c in columns]) for line, row in lines)
    sink.rows("", columns, rows, format="totem", encoding="utf-8")
    return list(document.remarks())


@dataclass(slots=True)
class _Document:
    """What is noted while the budget goes by."""

    header: dict[str, str] = field(default_factory=dict)
    annexes: Counter[str] = field(default_factory=Counter)
    subtotals: int = 0
    accounts: bool = False
    plan: Plan | None = None
    deduced: int = 0  # lines whose chapter the document does not say
    unnamed: Counter[str] = field(default_factory=Counter)  # accounts that the plan does not know

    def lines(self, path: Path) -> Iterator[tuple[int, dict[str, str | None]]]:
        """Yield line in the file and cells of each line of the budget; its subtotals are left out."""
        wanted = [
            "{*}LigneBudget",
            "{*}EnTeteDocBudgetaire",
            "{*}EnTeteBudget",
            "{*}BlocBudget",
            "{*}Annexes",
            "{*}DocumentComptable",
        ]
        for _, node in markup.elements(path, wanted):
            kind = markup.local(node)
            if kind == "LigneBudget":
                if node.get("calculated") == "true":
                    self.subtotals += 1
                else:
                    yield node.sourceline or 0, {**self.header, **self._line(node)}
                markup.drop(node)
            elif kind == _ANNEXES:
                for part in node:
                    if isinstance(part.tag, str) and len(part):
                        self.annexes[markup.local(part).removeprefix("DATA_")] += len(part)
                markup.drop(node)
            elif kind == "DocumentComptable":
                self.accounts = True
                markup.drop(node)
            else:
                self._head(kind, node)
                self.plan = _plan_of(self.header)

    def _line(self, node: Any) -> dict[str, str | None]:
        """Return the cells of one line, its codes named, its chapter and section found when they are not said."""
        values = _values(node)
        known, nature = self.plan, values.get("Nature", "")
        if known is not None:
            if not values.get("ContNat"):
                values["ContNat"] = known.chapter(nature, values.get("CodRD", "D"), _order(values))
                self.deduced += bool(values["ContNat"])
            values["Section"] = values.get("Section") or known.section(values["ContNat"])
        out: dict[str, str | None] = {c: _word(c, values.get(t, ""), _WORDS) for c, t in _LINE.items()}
        out["section"] = out["section"] or _section(values)
        if known is not None:
            out["libelle_chapitre"] = known.chapter_name(values["ContNat"]) or None
            out["libelle_nature"] = known.nature_name(nature) or None
            out["libelle_fonction"] = known.function_name(values.get("Fonction", "")) or None
            if nature and not known.knows(nature):
                self.unnamed[nature] += 1
        return out

    def _head(self, kind: str, node: Any) -> None:
        for column, (block, tag) in _HEADER.items():
            if block == kind:
                child = node.find(f"{{*}}{tag}")
                value = (child.get("V") or "").strip() if child is not None else ""
                if value:
                    self.header[column] = _WORDS.get(column, {}).get(value, value)

    def remarks(self) -> Iterator[Finding]:
        """Yield what was left aside, and what the header says wrongly."""
        named = [_FRENCH.get(a, a.capitalize()) for a in self.annexes if a not in ("SOMMAIRE",)]
        if named:
            yield Finding(
                "totem.annexes",
                Severity.INFO,
                msg("Les annexes du budget n'ont pas été lues, car elles peuvent nommer des personnes : {names}."),
                values={"names": ", ".join(named[:12])},
                why=msg("Seules les lignes budgétaires, sans donnée personnelle, sont proposées à la publication."),
            )
        if self.accounts:
            yield Finding(
                "totem.accounts",
                Severity.INFO,
                msg(
                    "La partie comptable du compte financier unique n'a pas été lue : seules ses lignes budgétaires le sont."
                ),
            )
        if self.subtotals:
            yield Finding(
                "totem.subtotals",
                Severity.INFO,
                msg("Sous-totaux calculés, laissés de côté pour ne rien compter deux fois : {count}."),
                values={"count": self.subtotals},
                count=self.subtotals,
            )
        yield from self._accounts()
        step = self.header.get("nature_document", "")
        if step not in STEPS.values():
            yield _odd("nature_document", step, msg("L'étape budgétaire de ce fichier (« {value} ») n'est pas connue."))
        siret = self.header.get("siret", "")
        if not is_siret(siret):
            yield _odd(
                "siret",
                siret,
                msg("Le SIRET de l'établissement, dans l'en-tête du budget, n'est pas valable (« {value} »)."),
            )

    def _accounts(self) -> Iterator[Finding]:
        """Yield what the plan de comptes gave, and what it does not know."""
        if self.plan is None:
            if self.header.get("nomenclature"):
                yield Finding(
                    "totem.plan_unknown",
                    Severity.INFO,
                    msg("Le plan de comptes « {name} » n'est pas connu de Parvis : les comptes ne sont pas nommés."),
                    Place(column="nomenclature"),
                    {"name": self.header["nomenclature"][:40]},
                )
            return
        if self.deduced:
            yield Finding(
                "totem.chapters",
                Severity.INFO,
                msg("Chapitre absent du document, retrouvé par le plan de comptes {plan} : {count} ligne(s)."),
                Place(column="chapitre"),
                {"plan": self.plan.said, "count": self.deduced},
                why=msg("Sans le chapitre ni la section, un budget ne suit pas le schéma national."),
                count=self.deduced,
            )
        if self.unnamed:
            yield Finding(
                "totem.accounts_unknown",
                Severity.INFO,
                msg("Comptes absents du plan de comptes {plan}, nommés d'après le compte qu'ils divisent : {names}."),
                Place(column="nature"),
                {"plan": self.plan.said, "names": ", ".join(list(self.unnamed)[:10])},
                count=self.unnamed.total(),
                hint=msg("Vérifiez que ce ne sont pas des comptes supprimés ou mal saisis."),
            )


_FRENCH = {
    "PERSONNEL": "personnel",
    "EMPRUNT": "emprunts",
    "CONCOURS": "concours et subventions versés",
    "SIGNATAIRE": "signataires",
    "SIGNATURE": "signature",
    "FORMATION": "formation des élus",
    "PATRIMOINE": "patrimoine",
    "FISCALITE": "fiscalité",
    "TIERS": "tiers",
    "PROVISION": "provisions",
    "AMORTISSEMENT_METHODE": "méthodes d'amortissement",
    "ORGANISME_ENG": "organismes de regroupement",
    "ORGANISME_GROUP": "organismes de regroupement",
    "CREDIT_BAIL": "crédits-bails",
    "PRET": "prêts",
    "DETTE": "dette",
    "TRESORERIE": "trésorerie",
    "APCP": "autorisations de programme",
    "CHARGE": "charges",
    "ETAB_SERVICE": "établissements et services",
    "FLUX_CROISES": "flux croisés",
    "MEMBRESASA": "membres",
    "CONTRAT_COUV": "contrats de couverture",
    "SERVICE_FERROVIAIRE_PATRIM": "services ferroviaires",
}  # fmt: skip


def _odd(column: str, value: str, message: str) -> Finding:
    return Finding(
        f"totem.{column}",
        Severity.WARN,
        message,
        Place(column=column),
        {"value": value[:40] or "absent"},
        msg("Vérifiez le paramétrage de votre logiciel comptable, puis exportez à nouveau."),
    )


def _values(node: Any) -> dict[str, str]:
    """Return what one line says: attribute V of its children, by tag."""
    values: dict[str, str] = {}
    for child in node:
        tag = markup.local(child) if isinstance(child.tag, str) else ""
        if tag == "CaracSup":
            if child.get("Code") == "Section":
                values["Section"] = child.get("V", "").strip()
        elif child.get("V"):
            values.setdefault(tag, child.get("V", "").strip())
    return values


def _plan_of(header: Mapping[str, str]) -> Plan | None:
    year = header.get("exercice", "")
    return plan(header.get("nomenclature", ""), int(year)) if year.isdigit() and len(year) == 4 else None


def _order(values: Mapping[str, str]) -> str:
    """Return the kind of operation as the plan asks it: "" real, « 1 » inside a section, « 2 » between the two."""
    return "" if values.get("OpBudg", "0") == "0" else values.get("TypOpBudg") or "?"


def _word(column: str, value: str, words: Mapping[str, Mapping[str, str]]) -> str | None:
    return words.get(column, {}).get(value, value) or None


# Chapters that stand in one section only, whatever the nomenclature (M14, M57, M4x).
_INVESTMENT = ("040", "041", "010", "018", "020", "021", "024", "001")
_RUNNING = ("011", "012", "013", "014", "015", "016", "017", "022", "023", "042", "043", "002")


def _section(values: Mapping[str, str]) -> str | None:
    """Return the section of a line that does not say it: its chapter's, else its account's class, when that is sure."""
    chapter, nature = values.get("ContNat", "").strip(), values.get("Nature", "").strip()
    for code in (chapter, nature):
        if code in _INVESTMENT:
            return SECTIONS["I"]
        if code in _RUNNING:
            return SECTIONS["F"]
    first = (chapter or nature)[:1]
    if values.get("OpBudg", "0").strip() == "1" and not chapter and first not in ("6", "7"):
        return None  # an operation of order on a balance-sheet account may stand in either
    return SECTIONS["F"] if first in ("6", "7") else SECTIONS["I"] if first in ("1", "2", "3", "4", "5") else None
