"""Every office of Fontclaire writes its files: the whole town, from one seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from parvis_portal.demo import environment, finances, life, mobility, participation, places, services, urbanism, worst
from parvis_portal.demo.town import Town


def write_town(folder: Path, seed: int = 2026) -> tuple[Path, ...]:
    """Write the raw files of every office under a folder and return them, in the order they were written."""
    town = Town(folder, seed)
    offices: Sequence[Callable[[Town], None]] = (
        finances.write,
        places.write,
        urbanism.write,
        mobility.write,
        environment.write,
        life.write,
        participation.write,
        services.write,
        worst.write,
    )
    for write in offices:
        write(town)
    return tuple(town.written)
