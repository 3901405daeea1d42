"""A report for machines: SARIF 2.1.0, one rule a code, one region a line.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import parvis
from parvis.reports.report import Say, remark
from parvis.validation import standing
from parvis.values import Finding, Place, Reception, Severity, to_json

_LEVELS = {Severity.REFUSE: "error", Severity.BLOCK: "error", Severity.WARN: "warning", Severity.INFO: "note"}
_LINES = 1000  # places of one result


def log(reception: Reception, *, say: Say = str) -> dict[str, Any]:
    """Return the SARIF log of a file, ready to be written as JSON."""
    tables: list[tuple[str, Sequence[Finding]]] = [("", reception.findings)]
    tables += [(p.profile.table, p.findings) for p in reception.preparations]
    codes: dict[str, Finding] = {}
    for _, findings in tables:
        for finding in findings:
            codes.setdefault(finding.code, finding)
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Parvis",
                        "version": parvis.__version__,
                        "rules": [_rule(code, finding, say) for code, finding in codes.items()],
                    }
                },
                "artifacts": [
                    {
                        "location": {"uri": quote(reception.parcel.name)},
                        "length": reception.parcel.size,
                        "hashes": {"sha-256": reception.parcel.digest},
                    }
                ],
                "results": [
                    r for table, findings in tables for r in _results(reception, table, findings, say, list(codes))
                ],
                "properties": {"tables": [_table(p, say) for p in reception.preparations]},
            }
        ],
    }


def _rule(code: str, finding: Finding, say: Say) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": code, "defaultConfiguration": {"level": _LEVELS[finding.severity]}}
    if finding.why:
        rule["fullDescription"] = {"text": say(finding.why).format(**finding.values)}
    return rule


def _results(
    reception: Reception, table: str, findings: Sequence[Finding], say: Say, codes: Sequence[str]
) -> Iterator[dict[str, Any]]:
    for finding in findings:
        said = remark(finding, say)
        properties: dict[str, Any] = {"count": finding.count, "table": table}
        if finding.examples:
            properties["examples"] = list(finding.examples)
        if finding.fix is not None:
            properties["repair"] = {"step": finding.fix.repair, "parameters": to_json(finding.fix.parameters)}
        yield {
            "ruleId": finding.code,
            "ruleIndex": codes.index(finding.code),
            "level": _LEVELS[finding.severity],
            "message": {"text": f"{said.text} {said.hint}".strip()},
            "locations": list(_locations(reception.parcel.name, finding)),
            "occurrenceCount": max(finding.count, 1),
            "properties": properties,
        }


def _locations(name: str, finding: Finding) -> Iterator[dict[str, Any]]:
    place = finding.place or Place()
    lines = finding.lines[:_LINES] or ((place.line,) if place.line else ())
    where = [{"name": n, "kind": k} for n, k in ((place.sheet, "namespace"), (place.column, "member")) if n]
    for line in lines or (None,):
        physical: dict[str, Any] = {"artifactLocation": {"uri": quote(name), "index": 0}}
        if line is not None:
            physical["region"] = {"startLine": max(int(line), 1)}
        location: dict[str, Any] = {"physicalLocation": physical}
        if where:
            location["logicalLocations"] = where
        if place.cell and line is not None:
            letters = place.cell.rstrip("0123456789")
            location["properties"] = {"cell": f"{letters}{line}"}
        yield location


def _table(preparation: Any, say: Say) -> dict[str, Any]:
    stands = standing.standing(preparation.findings, preparation.schema)
    return {
        "table": preparation.profile.table,
        "rows": preparation.profile.rows,
        "schema": preparation.schema,
        "level": str(stands.level),
        "score": standing.score(preparation.quality, preparation.findings).total,
        "quality": dict(preparation.quality),
    }
