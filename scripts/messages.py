"""Translations: ``compile`` the catalogues, ``extract`` what is new, ``check`` that English is complete.

Sentences are written in French in the sources, so French needs no catalogue. The engine's sentences
(``msg("…")``, errors) and the portal's (gettext, templates) meet in one English file.
"""

from __future__ import annotations

import ast
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
PORTAL = ROOT / "src" / "parvis_portal"
ENGLISH = PORTAL / "locale" / "en" / "LC_MESSAGES" / "django.po"
ERRORS = (
    "ParvisError InputError UnknownColumn UnknownName RefusedError GoneError BusyError LimitError TooLarge RemoteError "
    "MissingExtra"
).split()
KEYWORDS = dict.fromkeys(
    (
        *("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"),
        *("pgettext", "pgettext_lazy", "npgettext", "msg"),
        *ERRORS,
    )
)
_STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(
    rf"\b(?:n|p|np)?gettext\((?:{_STRING}|[\w\s,.])+\)|\b_\({_STRING}\)"
)  # what templatize leaves of a template
TITLE = re.compile(r'^TITLE = "([^"]+)"$', re.MULTILINE)  # of a plugin
SAID = re.compile(r'^(?:says|todo|gives) = "([^"]+)"$', re.MULTILINE)  # in a data file of the privacy engine
SOURCE = re.compile(r'^source = "([^"]+)"$', re.MULTILINE)  # of a threshold, that a proof sheet cites
PLACE = re.compile(r"%\(\w+\)[sd]|\{\w*[^{}]*\}|%[sd]")


def sources() -> Catalog:
    """Return every sentence of the sources, with the files that hold it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parvis_portal.settings")
    from django.utils.translation.template import templatize

    catalog = Catalog(locale="en", project="Parvis", charset="utf-8")
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix == ".py":
            text = path.read_bytes()
        elif path.suffix in {".html", ".txt", ".xml"} and "templates" in path.parts:
            plain = templatize(path.read_text("utf-8"), origin=str(path))
            text = "\n".join(m.group() for m in CALL.finditer(plain)).encode()
        elif path.suffix == ".toml" and "privacy" in path.parts:  # the law and the thresholds are data
            where = path.relative_to(ROOT).as_posix()
            data = path.read_text("utf-8")
            for said in (*SAID.findall(data), *(SOURCE.findall(data) if path.name == "thresholds.toml" else ())):
                catalog.add(said, locations=[(where, 1)])
            continue
        else:
            continue
        where = path.relative_to(ROOT).as_posix()
        for title in TITLE.findall(text.decode()) if {"detectors", "repairs"} & {*path.parts} else ():
            catalog.add(title, locations=[(where, 1)])
        for hint in _hints(text.decode()) if path.suffix == ".py" else ():
            catalog.add(hint, locations=[(where, 1)])
        for _, name, found, _ in extract_python(io.BytesIO(text), KEYWORDS, [], {"encoding": "utf-8"}):
            message, context = _message(name or "", found)
            if message and (isinstance(message, tuple) or re.search(r"\w", message)):
                catalog.add(message, context=context, locations=[(where, 1)])
    return catalog


def _hints(code: str) -> Iterator[str]:
    """Yield the second sentence of errors, what to do: the extractor of Babel cannot tell it from their values."""
    for call in ast.walk(ast.parse(code)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ERRORS:
            for hint in call.args[1:2]:
                if isinstance(hint, ast.Constant) and isinstance(hint.value, str) and hint.value:
                    yield hint.value


def _message(name: str, found: object) -> tuple[str | tuple[str, str] | None, str | None]:
    """Return (sentence or its two numbers, context) of one call; an error's first argument is its sentence."""
    parts = [p for p in (found if isinstance(found, tuple | list) else (found,)) if isinstance(p, str)]
    if not parts:
        return None, None
    if name.startswith("npgettext"):
        return (parts[1], parts[2]) if len(parts) > 2 else None, parts[0]
    if name.startswith("pgettext"):
        return parts[1] if len(parts) > 1 else None, parts[0]
    if name.startswith("ngettext"):
        return (parts[0], parts[1]) if len(parts) > 1 else None, None
    return parts[0], None


def english() -> Catalog:
    if not ENGLISH.exists():
        return Catalog(locale="en", project="Parvis", charset="utf-8")
    with ENGLISH.open("rb") as stream:
        return read_po(stream, locale="en")


def compile_all() -> None:
    """Write the compiled catalogues beside their sources."""
    for path in (ROOT / "src").rglob("locale/*/LC_MESSAGES/*.po"):
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= path.stat().st_mtime:
            continue
        with path.open("rb") as stream, target.open("wb") as out:
            write_mo(out, read_po(stream, locale=path.parts[-3]))


def extract() -> None:
    """Bring the English file up to date: new sentences empty, dead ones gone."""
    catalog, known = sources(), english()
    for message in catalog:
        before = known.get(message.id, context=message.context) if message.id else None
        if before is not None:
            message.string = before.string
    ENGLISH.parent.mkdir(parents=True, exist_ok=True)
    with ENGLISH.open("wb") as out:
        write_po(out, catalog, width=110, sort_output=True, omit_header=False, include_lineno=False)
    print(f"{len(catalog)} phrases, {sum(not _filled(m.string) for m in catalog if m.id)} à traduire")


def check() -> int:
    """Return 1, naming them, when a sentence has no English or lost one of its places."""
    known, wrong = english(), []
    for message in sources():
        if not message.id:
            continue
        there = known.get(message.id, context=message.context)
        first = message.id[0] if isinstance(message.id, tuple) else message.id
        if there is None or not _filled(there.string):
            wrong.append(f"sans traduction : {first!r} ({message.locations[0][0]})")
            continue
        if _places(message.id) != _places(there.string):
            wrong.append(f"places différentes : {first!r} → {there.string!r}")
    print("\n".join(wrong) or "Traductions complètes.")
    return 1 if wrong else 0


def _places(string: object) -> set[str]:
    """Return the places of a sentence; of its plural when it has two numbers."""
    last = string[-1] if isinstance(string, tuple | list) else string
    return set(PLACE.findall(str(last)))


def _filled(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    command = sys.argv[1] if len(sys.argv) > 1 else "check"
    if command == "compile":
        compile_all()
    elif command == "extract":
        extract()
    else:
        raise SystemExit(check())
