"""What a place must be told before anything can be fetched: the same list checks a command and draws a form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from parvis import outgoing
from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.values import msg

_HOST = re.compile(r"(?=.{1,253}$)[^\s/@:\\?#]+|\[?[0-9a-fA-F:]{2,45}\]?")
_LONGEST = {"text": 500, "host": 253, "address": 2000, "long": 20_000, "lines": 5000}
_SIGNS = re.compile(r"[\x00-\x1f\x7f]")
_SIGNS_OF_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing to tell. ``kind``: "text", "address" (of the web), "host", "number", "choice", "flag", "lines" (a list,
    one a line) or "long" (a text of several lines)."""

    name: str
    label: str  # French
    kind: str = "text"
    help: str = ""  # French
    default: Any = ""
    required: bool = False
    choices: Sequence[tuple[str, str]] = ()  # value, French
    least: int = 0
    most: int = 1 << 31


def read(settings: Sequence[Setting], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings as their kinds say, defaults filled in; what is not asked for is left out.

    Raises: InputError whose value ``field`` names the setting.
    """
    return {s.name: _value(s, given.get(s.name)) for s in settings}


def _value(setting: Setting, given: Any) -> Any:
    if setting.kind == "flag":
        return bool(setting.default if given is None else given) and given not in ("", "0", "non", "false")
    if setting.kind == "lines":
        return _lines(setting, given)
    text = str(setting.default if given is None or given == "" else given).strip()
    if not text:
        if setting.required:
            raise _wrong(setting, msg("« {label} » : ce renseignement est nécessaire."))
        return 0 if setting.kind == "number" else ""
    if setting.kind == "number":
        return _number(setting, text)
    if len(text) > _LONGEST.get(setting.kind, 500):
        raise _wrong(setting, msg("« {label} » : ce texte est trop long."))
    if (_SIGNS_OF_LINES if setting.kind == "long" else _SIGNS).search(text):
        raise _wrong(setting, msg("« {label} » contient un signe invisible : retapez-le."))
    if setting.kind == "choice" and text not in {value for value, _ in setting.choices}:
        raise _wrong(setting, msg("« {label} » : choisissez dans la liste."))
    if setting.kind == "address":
        text = text.replace(" ", "%20")  # as a browser would have copied it
        _address(setting, text)
    if setting.kind == "host" and not _HOST.fullmatch(text):
        raise _wrong(setting, msg("« {label} » : donnez le nom du serveur seul, comme serveur.mairie.fr."))
    return text


def _number(setting: Setting, text: str) -> int:
    if not re.fullmatch(r"\d{1,10}", text) or not setting.least <= int(text) <= setting.most:
        raise _wrong(
            setting,
            msg("« {label} » : donnez un nombre entre {least} et {most}."),
            least=setting.least,
            most=setting.most,
        )
    return int(text)


def _lines(setting: Setting, given: Any) -> list[str]:
    asked = given if given is not None else setting.default
    lines = asked.splitlines() if isinstance(asked, str) else [str(line) for line in asked or ()]
    kept = [line.strip() for line in lines if line.strip()]
    if setting.required and not kept:
        raise _wrong(setting, msg("« {label} » : ce renseignement est nécessaire."))
    if sum(map(len, kept)) > _LONGEST["lines"] or any(_SIGNS.search(line) for line in kept):
        raise _wrong(setting, msg("« {label} » : ce texte est trop long ou contient un signe invisible."))
    return kept


def _address(setting: Setting, text: str) -> None:
    try:
        outgoing.split(text)
    except InputError as error:
        raise _wrong(setting, msg("« {label} » ne va pas. {why}"), why=error.text) from error


def _wrong(setting: Setting, message: str, **values: Any) -> InputError:
    return InputError(message, label=setting.label, field=setting.name, **values)
