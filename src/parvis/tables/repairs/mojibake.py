"""Accents written twice in UTF-8: « AoÃ»t » is « Août »."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.tables.draft import Draft
from parvis.values import Step, msg

TITLE = "Rendre leurs accents aux textes encodés deux fois"
ORDER = 55
KEEPS = True
EXAMPLES = [
    ((["mois"], [["AoÃ»t"], ["MÃ©diathÃ¨que"], ["Parc"]]), (["mois"], [["Août"], ["Médiathèque"], ["Parc"]])),
    ((["nom"], [["São Paulo"], ["Â"]]), (["nom"], [["São Paulo"], ["Â"]])),
    ((["libellÃ©", "n"], [["Parc", "1"]]), (["libellé", "n"], [["Parc", "1"]])),
]

_SIGNS = "éèêëàâäçîïôöùûüÿÉÈÊÀÂÇÎÔÛ°«»’–œŒ€ñ"


def _twice(sign: str) -> str:
    return sign.encode("utf-8").decode("cp1252", "replace")


_PAIRS = [(t, s) for s in _SIGNS if "\ufffd" not in (t := _twice(s))]
_PAIRS += [("Ã\u00a0", "à"), ("â€™", "'"), ("Â\u00a0", "\u00a0")]
_SEEN = re.compile("|".join(re.escape(t) for t, _ in sorted(_PAIRS, key=lambda p: -len(p[0]))))


def propose(draft: Draft) -> Sequence[Step]:
    hit = {i: c for i in range(len(draft.labels)) if (c := _damaged(draft, i))}
    if not hit:
        return []
    return [
        Step(
            "mojibake",
            {"columns": [draft.labels[i] for i in hit]},
            tuple(_SEEN.findall(" ".join(hit.values()))[:3]),
            tuple(_mended(t) for t in _SEEN.findall(" ".join(hit.values()))[:3]),
            msg(
                "Des accents ont été encodés deux fois (« Ã© » pour « é ») dans {count} colonne(s) : ils sont rétablis."
            ),
            {"count": len(hit)},
        )
    ]


def apply(draft: Draft, parameters: Mapping[str, Any]) -> bool:
    wanted = set(parameters.get("columns", ()))
    columns = [i for i, label in enumerate(draft.labels) if label in wanted]
    if not columns:
        return False
    draft.rewrite({i: _sql(f"c{i}") for i in columns})
    draft.relabel([_mended(x) if i in columns else x for i, x in enumerate(draft.labels)])
    return True


def _damaged(draft: Draft, i: int) -> str:
    """Return the last cell of a column that holds accents written twice, else its label when it does, else ""."""
    cells = reversed(draft.column(i)) if _SEEN.search(draft.seen(i).joined) else ()
    return next((text for text in (*cells, draft.labels[i]) if _SEEN.search(text)), "")


def _mended(text: str) -> str:
    for twice, once in sorted(_PAIRS, key=lambda p: -len(p[0])):
        text = text.replace(twice, once)
    return text


def _sql(cell: str) -> str:
    for twice, once in sorted(_PAIRS, key=lambda p: -len(p[0])):
        cell = f"replace({cell}, '{twice}', '{once.replace(chr(39), chr(39) * 2)}')"
    return cell
