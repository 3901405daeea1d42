"""People in cells that no eye reads: base64, hexadecimal, addresses of pages with their questions, keys made of names.

« RW1tYS5EdXJhbmRAb3JhbmdlLmZy » is a mailbox to whoever turns it back, which any machine does; « DURANDEMMA19840105 » is a
name and a birth date. None of this hides anything: it is judged for what it says.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_plus, urlsplit

from parvis.privacy import spans
from parvis.privacy.words.lexicon import given, surname
from parvis.text import fold

_LEAST = 5  # cells that must say the same
_SHARE = 0.2  # of those that are read ...
_KEYS = 0.3  # ... of keys, where a name may be no word that is known
_LONGEST = 2_000  # characters of a cell that is turned back
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_HEXADECIMAL = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2}){8,})")
_MONTH, _DAY = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_BIRTH = rf"(?:19|20)\d\d(?:[-/_.]?{_MONTH}(?:[-/_.]?{_DAY})?)?|{_DAY}{_MONTH}(?:19|20)?\d\d"
_KEY = re.compile(rf"([^\W\d_](?:[^\W\d_]|[-'_. ])+?)[-_. ]*(?:{_BIRTH})")  # letters, then when one was born
_KEY_LENGTH = 80  # characters of the longest key
_FAMILY = 3  # letters of the shortest surname that is looked for in joined letters


def meaning(cells: Iterable[str]) -> str:
    """Return the meaning of the personal data that a column holds under another writing, "" for none.

    ``cells`` are some of its distinct values.
    """
    read = [c.strip() for c in cells if c and len(c) <= _LONGEST]
    told = Counter(m for c in read for m in {s.meaning for text in _said(c) for s in spans.find(text)})
    for name, count in told.most_common():
        if name in spans.TEXT_MEANINGS and count >= max(_LEAST, _SHARE * len(read)):
            return name
    keys = sum(_is_key(c) for c in read)
    return "person_name" if keys >= max(_LEAST, _KEYS * len(read)) else ""


def may_hold(cells: Iterable[str]) -> bool:
    """Return whether some cells look like such a writing: the others need not be read again."""
    return any(
        "%" in c or "?" in c or any(form.fullmatch(c[:_KEY_LENGTH].strip()) for form in (_BASE64, _KEY)) for c in cells
    )


def _said(cell: str) -> Iterator[str]:
    """Yield what a cell says once it is turned back, when that is a text."""
    if "%" in cell or "?" in cell:
        parts = urlsplit(cell) if "://" in cell[:12] else None
        yield unquote_plus(f"{parts.query} {parts.fragment}".replace("&", " , ").replace("=", " ") if parts else cell)
    found = _HEXADECIMAL.fullmatch(cell)
    if found is not None:
        yield from _text(bytes.fromhex(found[1]))
    if _BASE64.fullmatch(cell):
        padded = cell.rstrip("=") + "=" * (-len(cell.rstrip("=")) % 4)
        try:
            yield from _text(base64.b64decode(padded, altchars=b"-_" if {*"-_"} & {*cell} else None, validate=True))
        except (binascii.Error, ValueError):
            return


def _text(content: bytes) -> Iterator[str]:
    """Yield bytes as the text that they are, nothing when they are none."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return
    if len(text) >= 6 and all(c.isprintable() or c in "\t\r\n" for c in text):
        yield text


# --- Keys made of names ---------------------------------------------------------------------------


def _is_key(cell: str) -> bool:
    """True for a name and a birth date or year put together: « DURAND-E-1984 », « durandemma05011984 »."""
    found = _KEY.fullmatch(cell) if len(cell) <= _KEY_LENGTH else None
    if found is None:
        return False
    parts = [p for p in re.split(r"[-_. ]+", fold(found[1])) if p]
    if len(parts) > 1:
        long = [p for p in parts if len(p) >= _FAMILY]
        names = [p for p in long if surname(p) >= 3 or given(p) >= 3]
        return bool(names) and len(names) == len(long) and (len(long) > 1 or any(len(p) == 1 for p in parts))
    return _joined(parts[0]) if parts else False


def _joined(letters: str) -> bool:
    """True for a surname and a first name in one word, in this order or the other."""
    for at in range(_FAMILY, len(letters) - _FAMILY + 1):
        first, second = letters[:at], letters[at:]
        if (surname(first) and given(second)) or (given(first) and surname(second)):
            return True
    return False
