"""Letters of a PDF page that are in the file and not seen: under a box, under a picture, or white on white.

Format: ISO 32000; a page is one of pdfplumber's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parvis.frozen import dataclass

Key = tuple[str, float, float]  # the letter, its place in points

_WHOLE = 0.5  # share of the page from which a picture is the page itself


def key(char: Any) -> Key:
    return char["text"], round(float(char["x0"]), 1), round(float(char["y0"]), 1)


def covered(page: Any, *, pictures: bool = False) -> set[Key]:
    """Return the letters that a dark or white box drawn after them covers, and those written white on white.

    ``pictures``: a picture laid over some letters covers them too, unless it is the whole page, as a scanner's is.
    """
    from pdfminer.layout import LTChar, LTCurve, LTImage

    letters: list[Any] = []
    under: list[Any] = []  # filled shapes and images met so far
    hidden: set[int] = set()
    for item in _drawn(page.layout):
        if isinstance(item, LTChar):
            if _light(_ink(item)) > 0.97 and not any(_holds(u, item) for u in under):
                hidden.add(len(letters))
            letters.append(item)
        elif isinstance(item, LTImage):
            if pictures and item.width * item.height < _WHOLE * page.width * page.height:
                hidden |= {i for i, c in enumerate(letters) if _holds(item, c)}
            under.append(item)
        elif isinstance(item, LTCurve) and item.fill and item.width > 3 and item.height > 3:
            light = _light(item.non_stroking_color)
            if light < 0.3 or light > 0.97:
                hidden |= {i for i, c in enumerate(letters) if _holds(item, c)}
            if light < 0.97:
                under.append(item)
    for box in _redactions(page):
        hidden |= {i for i, c in enumerate(letters) if _holds(box, c)}
    return {
        (c.get_text(), round(c.x0, 1), round(c.y0, 1)) for c in (letters[i] for i in hidden) if c.get_text().strip()
    }


def _drawn(container: Any) -> Iterator[Any]:
    """Yield what was drawn, in the order of drawing, forms opened."""
    from pdfminer.layout import LTFigure

    for item in container:
        if isinstance(item, LTFigure):
            yield from _drawn(item)
        else:
            yield item


def _ink(char: Any) -> Any:
    return getattr(getattr(char, "graphicstate", None), "ncolor", None)


def _light(colour: Any) -> float:
    """Return how light a colour is, 0 black to 1 white; 0 when it is not said, since ink is black by default."""
    values = [
        float(v) for v in (colour if isinstance(colour, list | tuple) else [colour]) if isinstance(v, int | float)
    ]
    if len(values) == 1:
        return values[0]
    if len(values) == 3:
        return 0.299 * values[0] + 0.587 * values[1] + 0.114 * values[2]
    if len(values) == 4:
        return (1 - values[3]) * (1 - (values[0] + values[1] + values[2]) / 3)
    return 0.0 if not values else 0.5


@dataclass(frozen=True, slots=True)
class _Box:
    x0: float
    y0: float
    x1: float
    y1: float


def _holds(box: Any, char: Any) -> bool:
    x, y = (char.x0 + char.x1) / 2, (char.y0 + char.y1) / 2
    return bool(box.x0 - 0.5 <= x <= box.x1 + 0.5 and box.y0 - 0.5 <= y <= box.y1 + 0.5)


def _redactions(page: Any) -> Iterator[_Box]:
    """Yield the marks that a viewer lays over the text: boxes of redaction, dark squares."""
    for note in page.annots:
        kind = annotation(note)
        if kind == "Redact" or (kind == "Square" and _light(list(note["data"].get("IC") or [1.0])) < 0.3):
            yield _Box(note["x0"], note["y0"], note["x1"], note["y1"])


def annotation(note: Any) -> str:
    kind = (note.get("data") or {}).get("Subtype")
    return str(getattr(kind, "name", "") or "")
