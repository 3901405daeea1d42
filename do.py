#!/usr/bin/env python3
"""Every command of Parvis's workshop, with nothing to install first: ``python3 do.py demo``, ``python3 do.py test``.

Only the standard library. What it makes lies in ``.tools`` (the installer), ``.venv`` (the libraries, pinned with
hashes) and ``parvis-data/demo`` (the fictional town); remove these folders to start again from nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
LOGS = ROOT / ".cache" / "logs"
BIN = "Scripts" if os.name == "nt" else "bin"
# Each set of pins holds the one before it, so that going back to a smaller one removes nothing.
SETS = ("runtime", "dev", "bench")


class Failed(Exception):
    """A step that could not be done: the sentence says what to do."""


# --- The bar --------------------------------------------------------------------------------------


class Bar:
    """One progress bar for a list of weighted steps; a step that says nothing still moves."""

    def __init__(self, steps: dict[str, float]) -> None:
        self.steps, self.total, self.done = steps, sum(steps.values()), 0.0
        self.live = sys.stdout.isatty()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        weight, start, stop = self.steps[name], time.monotonic(), threading.Event()

        def move() -> None:
            while not stop.wait(0.2):
                # Time spent against the usual time: nears the end of the step and never passes it.
                spent = (time.monotonic() - start) / weight
                self._draw(self.done + weight * spent / (1 + spent), name)

        self._draw(self.done, name)
        if not self.live:
            print(f"… {name}", flush=True)
        thread = threading.Thread(target=move, daemon=True)
        if self.live:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            if self.live:
                thread.join()
            self.done += weight
            self._draw(self.done, name)

    def _draw(self, done: float, name: str) -> None:
        if not self.live:
            return
        share = min(done / self.total, 1.0)
        filled = round(share * 30)
        sys.stdout.write(f"\r\033[K[{'█' * filled}{'·' * (30 - filled)}] {share:4.0%}  {name}")
        sys.stdout.write("\n" if share >= 1 else "")
        sys.stdout.flush()


def run(command: Sequence[str | Path], log: str = "", **more: str) -> None:
    """Run a command; with ``log``, its words go to a file and are shown only when it fails."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **more}
    if not log:
        if subprocess.run([str(c) for c in command], cwd=ROOT, env=environment, check=False).returncode:
            raise SystemExit(1)
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log}.log"
    with path.open("wb") as out:
        done = subprocess.run([str(c) for c in command], cwd=ROOT, env=environment, check=False, stdout=out, stderr=out)
    if done.returncode:
        tail = "\n".join(path.read_text("utf-8", "replace").splitlines()[-25:])
        raise Failed(f"{tail}\n\nL'étape a échoué ; le détail est dans {path.relative_to(ROOT)}.")


# --- The environment ------------------------------------------------------------------------------


def python() -> Path:
    return VENV / BIN / "python"


def parvis() -> Path:
    return VENV / BIN / "parvis"


def digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(p.read_bytes() for p in paths)).hexdigest()


def pins(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def wanted(name: str) -> str:
    """Return the mark of a set: its pins, and what our own package declares of itself."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return f"{name} {digest(pins(name))} {hashlib.sha256(repr(project).encode()).hexdigest()}"


def installed(name: str) -> bool:
    """True when the environment holds at least this set of pins, as they are written today."""
    mark = VENV / "pins"
    if not mark.exists() or not python().exists():
        return False
    return mark.read_text() in {wanted(s) for s in SETS[SETS.index(name) :]}


def installer() -> Path:
    """Return uv, put in a folder of its own by pip with a pinned hash."""
    uv, mark, tools = TOOLS / BIN / "uv", TOOLS / "pins", digest(pins("tools"))
    if uv.exists() and mark.exists() and mark.read_text() == tools:
        return uv
    if importlib.util.find_spec("ensurepip") is None:
        _install_venv_package()
    run([sys.executable, "-m", "venv", "--clear", TOOLS], log="venv")
    run([TOOLS / BIN / "python", "-m", "pip", "install", "--require-hashes", "-r", pins("tools")], log="uv")
    mark.write_text(tools)
    return uv


def _install_venv_package() -> None:
    """Debian splits ``venv`` from Python: add it when we may, else say the one command that does."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        run(["apt-get", "update", "-qq"], log="apt")
        run(["apt-get", "install", "-y", "-qq", package], log="apt", DEBIAN_FRONTEND="noninteractive")
        return
    raise Failed(
        "Il manque à Python de quoi créer un environnement (Debian le livre à part).\n"
        f"Tapez « sudo apt install {package} », puis relancez la même commande."
    )


def environment(bar: Bar, name: str) -> None:
    """Make the virtual environment hold exactly the pinned set, and Parvis itself."""
    with bar.step("Outil d'installation"):
        uv = None if installed(name) else installer()
    with bar.step("Bibliothèques"):
        if uv is None:
            return
        if not python().exists():
            run([uv, "venv", "--python", sys.executable, VENV], log="venv")
        run([uv, "pip", "sync", "--python", python(), "--require-hashes", pins(name)], log="sync")
        here = ["install", "--python", python(), "--no-deps", "--no-build-isolation", "-e", "."]
        run([uv, "pip", *here], log="parvis")
        (VENV / "pins").write_text(wanted(name))


def built(bar: Bar) -> None:
    """Build scripts and styles, and compile the translations, when their sources changed."""
    with bar.step("Pages et traductions"):
        run([python(), "frontend/build.py"], log="frontend")
        run([python(), "scripts/messages.py", "compile"], log="messages")


SETUP = {"Outil d'installation": 15.0, "Bibliothèques": 40.0, "Pages et traductions": 10.0}


def ready(name: str, more: dict[str, float] | None = None) -> Bar:
    """Bring the environment up to date behind one bar; ``more`` are the steps that follow."""
    bar = Bar({**SETUP, **(more or {})})
    environment(bar, name)
    built(bar)
    return bar


# --- The commands ---------------------------------------------------------------------------------


def demo(arguments: Sequence[str]) -> None:
    """installe, puis sert le portail de Fontclaire, commune fictive, sur http://127.0.0.1:8000"""
    ready("runtime")
    _until_interrupted([parvis(), "demo", "--data", ROOT / "parvis-data" / "demo", *arguments])


def serve(arguments: Sequence[str]) -> None:
    """installe, puis sert votre propre portail (dossier parvis-data)"""
    ready("runtime")
    _until_interrupted([parvis(), "serve", *arguments])


def _until_interrupted(command: Sequence[str | Path]) -> None:
    """Run a server in front: Ctrl-C goes to it, and we wait for its clean end."""
    child = subprocess.Popen([str(c) for c in command], cwd=ROOT)
    signal.signal(signal.SIGINT, lambda *_: None)  # the terminal has already told the child
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    raise SystemExit(child.wait())


def test(arguments: Sequence[str]) -> None:
    """installe tout ce qu'il faut aux tests, puis les lance tous (les options vont à pytest)"""
    bar = ready("dev", {"Programmes des réutilisateurs": 30.0})
    with bar.step("Programmes des réutilisateurs"):
        run([python(), "scripts/clients.py"], log="clients")
    os.environ["PARVIS_DATA"] = str(ROOT / ".cache" / "tests")
    chosen = arguments or ("-n", "2", "--dist", "loadgroup")
    run([python(), "-m", "pytest", *chosen])


def lint(_: Sequence[str]) -> None:
    """style, types, architecture, gabarits, scripts et traductions"""
    ready("dev")
    os.environ["PARVIS_DATA"] = str(ROOT / ".cache" / "lint")
    checks: list[tuple[str, list[str | Path]]] = [
        ("Style (ruff)", [python(), "-m", "ruff", "check", "."]),
        ("Mise en forme (ruff)", [python(), "-m", "ruff", "format", "--check", "."]),
        ("Types (mypy strict)", [python(), "-m", "mypy"]),
        ("Architecture (import-linter)", [VENV / BIN / "lint-imports", "--cache-dir", ".cache/import_linter"]),
        ("Gabarits (djlint)", [python(), "-m", "djlint", "src/parvis_portal", "--lint", "--quiet"]),
        ("Traductions", [python(), "scripts/messages.py", "check"]),
        ("Scripts et styles", [python(), "frontend/build.py", "--lint"]),
    ]
    failed = []
    for name, command in checks:
        print(f"\n— {name}", flush=True)
        if subprocess.run([str(c) for c in command], cwd=ROOT, check=False).returncode:
            failed.append(name)
    if failed:
        raise Failed(f"À reprendre : {', '.join(failed)}.")
    print("\nTout est en ordre.")


def bench(arguments: Sequence[str]) -> None:
    """mesures face aux outils voisins, en une fois (noms de benchmarks/ au choix)"""
    ready("bench")
    names = arguments or sorted(p.stem for p in (ROOT / "benchmarks").glob("bench_*.py"))
    for name in names:
        print(f"\n— {name}", flush=True)
        run([python(), f"benchmarks/{name}.py"])


def lock(_: Sequence[str]) -> None:
    """recalcule les épingles de requirements/ à partir de pyproject.toml"""
    uv = installer()
    run([sys.executable, "scripts/lock.py", uv])


COMMANDS: dict[str, Callable[[Sequence[str]], None]] = {f.__name__: f for f in (demo, test, lint, serve, bench, lock)}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="do.py",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=True,
        usage="python3 do.py COMMANDE",
    )
    parser.epilog = "\n".join(f"  {name:6} {function.__doc__}" for name, function in COMMANDS.items())
    parser.add_argument("command", choices=COMMANDS, metavar="COMMANDE")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    chosen = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036  (this file is run by whatever Python the machine has)
        raise SystemExit(f"Parvis demande Python 3.11 ou plus ; celui-ci est {sys.version.split()[0]}.")
    try:
        COMMANDS[chosen.command](chosen.arguments)
    except Failed as error:
        raise SystemExit(f"\n{error}") from None
    except KeyboardInterrupt:
        raise SystemExit("\nArrêté.") from None


if __name__ == "__main__":
    main()
