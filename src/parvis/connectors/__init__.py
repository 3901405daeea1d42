"""Where parcels come from: one plugin a kind of place (``kinds``), each fetching what it has not brought yet.

A module of ``kinds`` declares TITLE and HELP (French), ORDER (place in the list shown), SETTINGS (what it must be told,
drawn as a form), SECRET (the setting that is kept encrypted, or None), EXTRA (the optional package it needs, or ""),
EXAMPLES (settings that it accepts) and ``fetch(errand) -> Iterator[Arrival | Seen]``. Its recorded exchange lies in
``tests/cases/exchanges/<kind>.json``.

An arrival is read before the next one is asked for; its mark is kept only once its bytes are safe, so that what was
cut is brought again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from parvis import outgoing
from parvis.connectors import setting
from parvis.connectors.arrival import Arrival, Errand, Seen
from parvis.errors import ParvisError, RemoteError, UnknownName
from parvis.plugins import found
from parvis.values import msg

MOST = 100  # arrivals of one visit; the next one brings the others


def plugins() -> Mapping[str, ModuleType]:
    """Return the kinds of place by name, in the order in which a person is shown them."""
    known = found("parvis.connectors.kinds", "connectors")
    return dict(sorted(known.items(), key=lambda pair: (pair[1].ORDER, pair[0])))


def kind(name: str) -> ModuleType:
    """Return a kind of place. Raises: UnknownName, listing those that exist."""
    known = plugins()
    if name not in known:
        raise UnknownName(
            msg("Parvis ne sait pas aller chercher de fichiers par « {name} »."),
            msg("Il connaît : {known}."),
            name=name,
            known=", ".join(known),
        )
    return known[name]


def settled(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a place, checked and completed. Raises: InputError naming the setting."""
    return setting.read(kind(name).SETTINGS, given)


def collect(name: str, errand: Errand) -> Iterator[Arrival | Seen]:
    """Yield what a place holds that is new, at most ``MOST`` arrivals.

    Raises: RemoteError, RefusedError, InputError, MissingExtra: each says what to do.
    """
    count = 0
    try:
        for found_one in kind(name).fetch(errand):
            yield found_one
            count += isinstance(found_one, Arrival)
            if count >= MOST:
                return
    except ParvisError:
        raise
    except (OSError, EOFError) as error:
        raise RemoteError(
            msg("L'échange s'est interrompu ({why})."),
            msg("Parvis réessaiera."),
            retryable=True,
            why=type(error).__name__ if not error.args else str(error.args[-1])[:200],
        ) from error
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        # A service may answer anything: a list for an object, a word for a number. Its kind reads what its document
        # says; the rest ends here, with the cause kept for whoever mends it.
        raise RemoteError(
            msg("Ce service répond autre chose que ce qui est attendu."),
            msg("Vérifiez que l'adresse est la bonne ; si elle l'est, prévenez celui qui tient le service."),
        ) from error


def target(name: str, settings: Mapping[str, Any]) -> str:
    """Return where a secret would be sent: the kind of place, its host and port, how the exchange is protected.

    A secret that was given for one target must be given again for another: who may change the settings of a place
    must not learn, by pointing it at a machine of his own, a password that he was never shown.
    """
    told = [name]
    for one in kind(name).SETTINGS:
        value = settings.get(one.name)
        if one.kind == "address" and value:
            parts, host, port = outgoing.split(str(value))
            told.append(f"{parts.scheme}://{host.lower()}:{port}")
        elif one.kind == "host" or one.name in ("port", "safety", "header", "database_kind"):
            told.append(f"{one.name}={str(value or '').lower()}")
    return "|".join(told)
