"""Tools of the field, each set in a virtual environment of its own: made once, from pins, never ours."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def python(name: str) -> Path:
    """Return the Python of the environment that holds ``requirements/<name>.txt``, made when it is absent or old."""
    pins = ROOT / "requirements" / f"{name}.txt"
    place = ROOT / ".cache" / "peers" / name
    mark, wanted = place / "pins", hashlib.sha256(pins.read_bytes()).hexdigest()
    found = place / "bin" / "python"
    if mark.exists() and mark.read_text() == wanted:
        return found
    print(f"installation de {name} dans {place.relative_to(ROOT)}", flush=True)
    uv = ROOT / ".tools" / "bin" / "uv"
    if uv.exists():
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, place], check=True)
        subprocess.run([uv, "pip", "sync", "--quiet", "--python", found, "--require-hashes", pins], check=True)
    else:
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        subprocess.run([found, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", pins], check=True)
    mark.write_text(wanted)
    return found
