"""Parvis, the open-data system of a French commune: the engine.

Bytes in, values out. This package reads any file a town hall holds, finds out what it is, repairs it,
checks it, protects the people in it, keeps it as an immutable version and answers questions about it.
It knows no web framework, no clock and no network unless they are passed in.

The verbs of the command are here under the same names::

    import parvis
    parvis.inspect("subventions.xlsx").preparations[0].profile.columns
    parvis.check("subventions.csv", schema="scdl/subventions")
    parvis.protect("associations.csv", "sortie/")
    parvis.publish(["fichiers/"], data="parvis-data")
    parvis.backup("parvis-data", "copie")

Behind them: ``parvis.pipeline`` (``collect``, ``prepare``, ``commit``: the path of one file) and
``parvis.store.query`` (``run``: the question that every API asks). Nothing is imported until a verb is used:
reading one value must not load the parsers nor the database engine.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

_ENGINE = {
    "inspect": "parvis.pipeline",
    "check": "parvis.pipeline",
    "protect": "parvis.pipeline",
    "backup": "parvis.store.backup",
    "restore": "parvis.store.backup",
    "doctor": "parvis.store.doctor",
}


def __getattr__(name: str) -> Any:
    """Find a verb when it is first used: ours, or one that the portal declares under ``parvis.verbs``."""
    from importlib import import_module, util

    if name in _ENGINE:
        return getattr(import_module(_ENGINE[name]), name)
    if name.startswith("_") or util.find_spec(f"parvis.{name}") is not None:
        raise AttributeError(name)  # « from parvis import values » asks here first: it is a module, not a verb
    from importlib.metadata import entry_points

    for point in entry_points(group="parvis.verbs", name=name):
        return point.load()
    raise AttributeError(f"module 'parvis' has no attribute {name!r}")
