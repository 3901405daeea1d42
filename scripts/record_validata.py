"""Write ``tests/cases/validata/verdicts.json``: what Validata says of our small tables and of the real examples.

    python scripts/record_validata.py FOLDER_OF_REAL_FILES

Validata is free software under the GPL and the AGPL: it is never imported by Parvis. It runs here as a program of its
own, in an environment of its own made under ``.cache/validata``, and only its verdicts are kept: for each line and field,
the code of what it says. ``cases.toml`` holds the small tables; the real files are read where they lie, never copied.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".cache" / "validata"
CASES = ROOT / "tests" / "cases" / "validata"
PINS = ("validata_table==0.12.5", "frictionless[ods,excel]==5.18.1")  # 5.21 breaks it: « not a valid ErrType »
# Real examples and the schema each is made for (folder of its document).
FILES = {
    "schema-exemples/irve/exemple-valide-statique.csv": "etalab__schema-irve-statique",
    "schema-exemples/irve/exemple-valide-dynamique.csv": "etalab__schema-irve-dynamique",
    "schema-exemples/prenoms/prenoms-nouveaux-nes_exemple-valide.csv": "scdl__prenoms",
    "schema-exemples/prenoms/prenoms-nouveaux-nes_exemple-invalide.csv": "scdl__prenoms",
    "schema-exemples/stationnement/exemple-valide.csv": "etalab__schema-stationnement",
    "schema-exemples/covoiturage/exemple-valide.csv": "etalab__schema-lieux-covoiturage",
    "schema-exemples/covoiturage/exemple-invalide.csv": "etalab__schema-lieux-covoiturage",
    "schema-exemples/covoiturage/exemple-valide.xls": "etalab__schema-lieux-covoiturage",
    "schema-exemples/hautes-remunerations/exemple-valide.csv": "etalab__schema-hautes-remunerations",
    "schema-exemples/acceslibre/base-exemple.csv": "MTES-MCT__acceslibre-erp-base",
    "schema-exemples/acceslibre/etablissements_scolaires-exemple.csv": "MTES-MCT__acceslibre-erp-etablissement-scolaire",
    "schema-exemples/arbres/exemple-valide.csv": "naturalsolutions__schema-arbre",
    "schema-exemples/subventions/exemple.csv": "scdl__subventions",
    "schema-exemples/subventions/format-subventions.csv": "scdl__subventions",
    "mobilite/bnlc/bnlc-.csv": "etalab__schema-lieux-covoiturage",
    "subventions/departements/data.gouv-cd53-21-12-2018.xlsx": "scdl__subventions",
    "budget-totem/budget-crach-001/expected.csv": "scdl__budget",
}
PROGRAM = """
import json, sys
from validata_core import validate
for line in sys.stdin:
    asked = json.loads(line)
    try:
        report = validate(asked["source"], asked["schema"], ignore_header_case=False).to_dict()
    except Exception as error:
        report = {"errors": [{"type": "crash", "message": str(error)[:200]}]}
    out = []
    for error in report["errors"]:
        out.append([error.get("type"), error.get("rowNumber"), error.get("fieldName") or ""])
    print(json.dumps(out, default=str), flush=True)
"""


def main(folder: Path) -> None:
    python = _environment()
    cases = tomllib.loads((CASES / "cases.toml").read_text("utf-8"))["case"]
    asked = [{"source": table_of(c), "schema": schema_of(c)} for c in cases]
    files = {name: document_of(folder, schema) for name, schema in FILES.items() if (folder / name).is_file()}
    asked += [{"source": str(folder / name), "schema": json.loads(d.read_text("utf-8"))} for name, d in files.items()]
    told = _ask(python, asked)
    verdicts = {
        "validata": list(PINS),
        "cases": {c["name"]: _verdict(t) for c, t in zip(cases, told, strict=False)},
        "files": {
            name: {"schema": FILES[name].replace("__", "/"), **_verdict(t)}
            for name, t in zip(files, told[len(cases):], strict=True)
        },
    }  # fmt: skip
    (CASES / "verdicts.json").write_text(_laid_out(verdicts), "utf-8")
    print(len(cases), "tables,", len(files), "files")


def schema_of(case: dict[str, Any]) -> dict[str, Any]:
    """Return the Table Schema of a small table."""
    fields = [{"type": "string", **f} for f in case.get("fields", [{"name": "v"}])]
    schema: dict[str, Any] = {"fields": fields}
    if "checks" in case:
        schema["custom_checks"] = case["checks"]
    if "key" in case:
        schema["primaryKey"] = case["key"]
    if "missing" in case:
        schema["missingValues"] = case["missing"]
    return schema


def table_of(case: dict[str, Any]) -> list[list[str]]:
    """Return the header and the rows of a small table."""
    header = case.get("header") or [f["name"] for f in schema_of(case)["fields"]]
    return [header, *(case.get("rows") or [[cell] for cell in case["cells"]])]


def document_of(folder: Path, schema: str) -> Path:
    if schema == "naturalsolutions__schema-arbre":
        return folder / "schema-exemples" / "arbres" / "schema.json"
    return next(p for p in sorted((folder / "schemas" / schema).glob("*.json")))


def _environment() -> Path:
    python = HOME / "bin" / "python"
    if not python.exists():
        venv.create(HOME, with_pip=True)
    if subprocess.run([python, "-c", "import validata_core"], capture_output=True, check=False).returncode:
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PINS], check=True)
    return python


def _ask(python: Path, asked: list[dict[str, Any]]) -> list[list[Any]]:
    lines = "".join(json.dumps(a) + "\n" for a in asked)
    done = subprocess.run([python, "-c", PROGRAM], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _verdict(told: list[Any]) -> dict[str, Any]:
    """Return ``table``: [code, field] about the whole, and ``cells``: [line, field, code], the header being line 1."""
    table = [[code, field] for code, line, field in told if line is None or line == 1]
    cells = [[line, field, code] for code, line, field in told if line is not None and line > 1]
    return {"table": sorted(table), "cells": sorted(cells)}


def _laid_out(verdicts: dict[str, Any]) -> str:
    """Return the JSON text, one table a line."""
    parts = [f' "validata": {json.dumps(verdicts["validata"])}']
    for part in ("cases", "files"):
        lines = (
            f"  {json.dumps(n, ensure_ascii=False)}: {json.dumps(v, ensure_ascii=False)}"
            for n, v in verdicts[part].items()
        )
        parts.append(f' "{part}": {{\n' + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
