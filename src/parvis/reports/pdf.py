"""A report as a tagged PDF (PDF/UA-1): read by voice as well as printed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from parvis.reports.report import Group, Part, Remark, Report, Say
from parvis.text import day as in_words
from parvis.values import msg

_TEMPLATE = Path(__file__).parent / "report.typ"
_MOST = 400  # remarks of one table; a report of more would be read by nobody


def document(report: Report, *, say: Say = str, language: str = "fr") -> bytes:
    """Return the PDF of a report."""
    import typst

    told = {
        "title": say(msg("Rapport sur « {name} »")).format(name=report.name),
        "language": language,
        "made": say(msg("Vérifié par Parvis le {day}.")).format(day=in_words(date.fromisoformat(report.day))),
        "groups": _groups(report.groups),
        "parts": [_part(p, say) for p in report.parts],
        "words": {
            "first": say(msg("À faire en premier :")),
            "dimension": say(msg("Dimension")),
            "share": say(msg("Part")),
            "reason": say(msg("Pourquoi")),
        },
    }
    made = typst.compile(
        _TEMPLATE.read_bytes(), format="pdf", sys_inputs={"report": json.dumps(told)}, pdf_standards="ua-1"
    )
    return bytes(made)


def _part(part: Part, say: Say) -> dict[str, Any]:
    gain = say(msg("(+ {gain} points)")).format(gain=part.gain) if part.gain else ""
    return {
        "title": part.title or "Tableau",
        "facts": part.facts,
        "schema": say(msg("Comparé au schéma {schema}.")).format(schema=part.schema) if part.schema else "",
        "level": part.level_title,
        "meaning": part.level_meaning,
        "next": say(msg("Pour être « {level} » :")).format(level=part.following) if part.following else "",
        "missing": list(part.missing),
        "score": say(msg("Qualité : {total} sur 100")).format(total=part.total),
        "action": f"{part.action} {gain}".strip() if part.action else "",
        "measures": [{"title": m.title, "share": f"{m.share}\u00a0%", "reason": m.reason} for m in part.measures],
        "groups": _groups(part.groups),
    }


def _groups(groups: Sequence[Group]) -> list[dict[str, Any]]:
    return [
        {"title": f"{g.title} ({len(g.remarks)})", "remarks": [_remark(r) for r in g.remarks[:_MOST]]} for g in groups
    ]


def _remark(remark: Remark) -> dict[str, str]:
    return {
        "severity": remark.severity,
        "text": remark.text,
        "place": " ; ".join(p for p in (remark.where, remark.lines) if p),
        "examples": ", ".join(remark.examples),
        "hint": remark.hint,
        "why": remark.why,
        "repair": remark.repair,
    }
