"""Public contracts (DECP): one row per contract and per concession; what repeats in them as tables linked to them.

A contract has several holders, amendments and subcontractors: each kind has its own table, whose first columns are the
contract's number and its buyer's. Formats: « données essentielles de la commande publique », JSON and XML, order of
14 April 2017 (1.x) and orders of 22 December 2022 (2.x).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.tables import markup, objects
from parvis.values import Finding, Severity, msg

TITLE = "Commande publique (DECP)"
SUFFIXES = (".json", ".xml")

CONTRACTS, CONCESSIONS = "Marchés", "Concessions"
_LISTS = {  # list in a contract -> its table
    "titulaires": "Titulaires",
    "concessionnaires": "Concessionnaires",
    "modifications": "Modifications",
    "actesSousTraitance": "Sous-traitance",
    "modificationsActesSousTraitance": "Modifications de sous-traitance",
    "donneesExecution": "Exécution annuelle",
}
_WORDS = ("considerationsSociales", "considerationsEnvironnementales", "modalitesExecution", "techniques", "typesPrix")
_ORDER = (CONTRACTS, CONCESSIONS, *_LISTS.values())
_BY_NAME = ("marche", "contrat-concession", "contratConcession")
_HEAD = re.compile(r'["<](?:acheteur|autoriteConcedante|codeCPV|valeurGlobale)[">]')
_START = re.compile(r'"marches"\s*:\s*[\[{]')


def recognises(path: Path, head: bytes) -> float:
    if markup.looks(head) == "marches":
        return 0.95 if _HEAD.search(head.replace(b"\x00", b"").decode("latin-1")) else 0.45
    start = objects.start(head)
    if not start.startswith("{") or not _START.search(start) or "json-schema.org" in start:
        return 0.0
    return 0.9 if _HEAD.search(start) else 0.65


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the contracts, the concessions and what hangs on them into the sink."""
    with path.open("rb") as stream:
        is_xml = bool(markup.looks(stream.read(1 << 16)))
    store = _Store()
    if is_xml:
        markup.guard(path)
        remarks: list[Finding] = []
        for line, kind, contract in _from_xml(path):
            store.take(line, kind, contract)
        encoding = "utf-8"
    else:
        source = objects.Objects(path, sink.limits)
        for line, kind, contract in _from_json(source):
            store.take(line, kind, contract)
        remarks = list(source.remarks())
        encoding = source.encoding.removesuffix("-sig")
    if not store.tables:
        raise InputError(
            "Ce fichier de marchés publics (DECP) ne contient aucun marché.",
            "Demandez à votre profil d'acheteur un export complet.",
            code="decp.empty",
        )
    for title in _ORDER:
        if title in store.tables:
            rows = store.tables[title]
            labels = list(dict.fromkeys(k for _, row in rows for k in row))
            shown = title if len(store.tables) > 1 else ""
            sink.rows(
                shown, labels, ((n, [r.get(x) for x in labels]) for n, r in rows), format="decp", encoding=encoding
            )
    if len(store.tables) > 1:
        remarks.append(_linked([t for t in _ORDER if t in store.tables]))
    return remarks


Row = tuple[int, dict[str, str | None]]


@dataclass(slots=True)
class _Store:
    """The rows of each table."""

    tables: dict[str, list[Row]] = field(default_factory=dict)

    def take(self, line: int, kind: str, contract: Mapping[str, Any]) -> None:
        """Put one contract into its table, and its lists into theirs."""
        plain = {k: _unwrapped(k, v) for k, v in contract.items() if k not in _LISTS}
        own = objects.flat(plain)
        key = {"contrat.id": _text(contract.get("uid") or contract.get("id")), "acheteur.id": _buyer(contract)}
        for name, title in _LISTS.items():
            items = [
                i if isinstance(i, Mapping) else {"id": i} for i in _items(contract.get(name)) if i not in (None, "")
            ]
            if name in ("titulaires", "concessionnaires") and items:
                own[name] = "|".join(filter(None, (_text(i.get("id")) for i in items))) or None
            for item in items:
                self._link(line, title, key, item)
        self.tables.setdefault(kind, []).append((line, own))

    def _link(self, line: int, title: str, key: Mapping[str, str | None], item: Mapping[str, Any]) -> None:
        row: dict[str, str | None] = dict(key)
        holders = [i for i in _items(item.get("titulaires") or item.get("concessionnaires")) if isinstance(i, Mapping)]
        rest = {k: _unwrapped(k, v) for k, v in item.items() if k not in _LISTS}
        row |= objects.flat(rest)
        if holders:
            row["titulaires"] = "|".join(filter(None, (_text(h.get("id")) for h in holders))) or None
        self.tables.setdefault(title, []).append((line, row))


def _buyer(contract: Mapping[str, Any]) -> str | None:
    buyer = contract.get("acheteur") or contract.get("autoriteConcedante")
    return _text(buyer.get("id")) if isinstance(buyer, Mapping) else None


def _text(value: Any) -> str | None:
    return objects.cell_text(value) if not isinstance(value, Mapping | list) else None


def _items(value: Any) -> list[Any]:
    """Return the things of a list, whichever of the ways of the format it is written in.

    [{…}] (1.x), [{"titulaire": {…}}] (2.x), {"titulaire": [{…}]} and {"titulaire": {…}} (XML).
    """
    if isinstance(value, Mapping):
        inner = list(value.values())
        if len(inner) == 1 and isinstance(inner[0], list | Mapping):
            value = inner[0]
        value = value if isinstance(value, list) else [value]
    if not isinstance(value, list):
        return []
    out: list[Any] = []
    for item in value:
        if (
            isinstance(item, Mapping)
            and len(item) == 1
            and isinstance(only := next(iter(item.values())), Mapping | list)
        ):
            out += only if isinstance(only, list) else [only]
        else:
            out.append(item)
    return out


def _unwrapped(name: str, value: Any) -> Any:
    """Return {"technique": ["Concours"]} as the list that it holds, and fares as texts."""
    if name == "tarifs":
        fares = [i for i in _items(value) if isinstance(i, Mapping)]
        return [f"{_text(f.get('intituleTarif')) or ''} : {_text(f.get('tarif')) or ''}" for f in fares]
    if isinstance(value, Mapping) and len(value) == 1:
        only = next(iter(value.values()))
        if isinstance(only, list) or name in _WORDS:
            return only
    return value


# --- Sources --------------------------------------------------------------------------------------


def _kind(path: str, contract: Mapping[str, Any]) -> str:
    """Return the table of a contract: what its list or its type says, else whose it is."""
    said = f"{path.rpartition('.')[2]} {contract.get('_type', '')}".lower()
    if "concession" in said:
        return CONCESSIONS
    return CONCESSIONS if "autoriteConcedante" in contract and "acheteur" not in contract else CONTRACTS


def _from_json(source: objects.Objects) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    rank = 0
    for item in source.items():
        at = item.path.split(".")
        if item.listed and isinstance(item.value, dict) and at[0] == "marches" and len(at) <= 2:
            rank += 1
            contract = item.value
            if len(contract) == 1 and isinstance(inner := next(iter(contract.values())), dict):
                contract = inner  # [{"marche": {…}}]
            yield item.line, _kind(item.path, contract), contract


def _from_xml(path: Path) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    for _, node in markup.elements(path, [f"{{*}}{name}" for name in _BY_NAME]):
        contract = _plain(node, 0)
        if isinstance(contract, dict):
            yield node.sourceline or 0, _kind(markup.local(node), contract), contract
        markup.drop(node)


def _plain(node: Any, depth: int) -> Any:
    """Return an element as an object: children that repeat as a list, an element without child as its text."""
    children = [c for c in node if isinstance(c.tag, str)]
    if not children or depth > 12:
        return " ".join("".join(node.itertext()).split()) or None
    out: dict[str, Any] = {key: value for key, value in node.attrib.items() if "}" not in key}
    for child in children:
        key, value = markup.local(child), _plain(child, depth + 1)
        if key in out:
            out[key] = [*(out[key] if isinstance(out[key], list) else [out[key]]), value]
        else:
            out[key] = value
    return out


def _linked(titles: Sequence[str]) -> Finding:
    return Finding(
        "decp.linked",
        Severity.INFO,
        msg("Tables tirées de ces marchés : {tables}. « contrat.id » et « acheteur.id » les relient."),
        values={"tables": ", ".join(titles)},
        hint=msg("Publiez-les ensemble : les titulaires et les modifications n'ont de sens qu'avec leurs marchés."),
    )
