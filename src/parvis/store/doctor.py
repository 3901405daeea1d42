"""What is well and what is not on this machine and in a data folder, and what to do about it."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from parvis import __version__
from parvis.errors import LimitError
from parvis.frozen import dataclass
from parvis.store import retention, sealed, shelf
from parvis.store.folder import Folder
from parvis.tables import cage

FREE_WANTED = 2 * 1024**3  # bytes; under it a large file could not be staged beside its original


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing the doctor looked at: ``ok``, what was seen, and what to do when it is not well."""

    name: str
    ok: bool
    seen: str
    hint: str = ""


def doctor(data: str | Path = "parvis-data") -> tuple[Sign, ...]:
    """Return what was looked at, in French: programs, confinement of the readers, room, published files, vault, secret key."""
    return tuple(_signs(Path(data)))


def _signs(data: Path) -> Iterator[Sign]:
    yield Sign("Parvis", True, f"{__version__}, Python {platform.python_version()}, {platform.system()}")
    yield Sign("Bibliothèques", *_libraries())
    yield from _cage_signs()
    yield from _folder_signs(data)


def _libraries() -> tuple[bool, str, str]:
    seen, missing = [], []
    for name in ("duckdb", "pyarrow", "pyogrio", "python-calamine", "lxml", "django"):
        try:
            seen.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    return not missing, ", ".join(seen), f"Il manque {', '.join(missing)} : réinstallez Parvis."


def _cage_signs() -> Iterator[Sign]:
    """Yield what confines the readers of files here. Memory and time limits must hold; the rest depends on the
    kernel and is said, not demanded."""
    for protection, active in cage.state().items():
        always = protection in ("memory", "time")
        yield Sign(
            f"Confinement des lecteurs ({protection})",
            active or not always,
            "actif" if active else "indisponible sur ce système",
            "Les fichiers hostiles ne seraient pas assez contenus : utilisez un Linux récent.",
        )


def _folder_signs(data: Path) -> Iterator[Sign]:
    if not data.exists():
        yield Sign("Dossier des données", True, f"{data} n'existe pas encore ; il sera créé au premier démarrage")
        return
    free = shutil.disk_usage(data).free
    yield Sign("Espace libre", free > FREE_WANTED, f"{free / 1e9:.1f} Go", "Libérez de la place sur ce disque.")
    damaged = shelf.verify(Folder(data))
    yield Sign(
        "Fichiers publiés",
        not damaged,
        "toutes les empreintes sont justes" if not damaged else f"abîmés : {', '.join(damaged)}",
        "Restaurez ces fichiers depuis une sauvegarde (« parvis restore »).",
    )
    yield from _vault_signs(Folder(data))
    secret = data / "secret_key"
    private = not secret.exists() or (secret.stat().st_mode & 0o077) == 0
    yield Sign("Clé secrète", private or sys.platform == "win32", "privée" if private else "lisible par d'autres")


def _vault_signs(folder: Folder) -> Iterator[Sign]:
    """Yield what is plain, without a key, or late among the originals."""
    plain = len(retention.plain(folder))
    yield Sign(
        "Coffre des originaux",
        not plain,
        f"{plain} fichier(s) encore en clair" if plain else "tout y est chiffré",
        "Lancez « parvis worker --once » : ces fichiers d'avant le chiffrement seront enfermés.",
    )
    try:
        closed = len(retention.closed(folder))
        seen = f"{closed} fichier(s) qu'aucune clé n'ouvre" if closed else "ouvre tout le coffre"
        if not folder.vault_key.exists() and not closed:
            seen = "sera faite à la première arrivée"
        hint = "Remettez la clé que vous gardez à part : une ligne pour chaque clé, celle d'aujourd'hui la première."
    except LimitError as error:
        closed, seen, hint = 1, error.message.format(**error.values), error.hint.format(**error.values)
    apart = sealed.kept_apart(folder) or sys.platform == "win32"
    if not closed and not apart:
        seen, hint = "lisible par d'autres", f"Ôtez-leur ce droit : « chmod 600 {folder.vault_key.name} »."
    yield Sign("Clé du coffre", not closed and apart, seen, hint)
    late = len(retention.late(folder))
    told = retention.noted(folder)
    yield Sign(
        "Durée de garde des originaux",
        not late,
        f"{late} fichier(s) à effacer" if late else f"{told.days if told is not None else retention.DAYS} jours, tenue",
        "Le travail qui efface n'a pas été fait : laissez tourner « parvis serve », ou « parvis worker --once ».",
    )
