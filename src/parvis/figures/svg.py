"""Bars and lines as SVG: pages colour them by class, screen readers hear their title and description.

Each picture is drawn twice, for a wide page and for a phone, because text that shrinks with a picture cannot be
read; the page's styles show one of them.
"""

from __future__ import annotations

import html
import math
import zlib
from collections.abc import Callable, Sequence

from parvis.frozen import dataclass
from parvis.text import number

Pairs = Sequence[tuple[str, float]]
_LETTER = 6.9  # width of a letter at 13 pixels, on average
_BAR = 22


@dataclass(frozen=True, slots=True)
class Told:
    """What a picture says besides its marks."""

    title: str
    description: str
    unit: str = ""


def bars(pairs: Pairs, told: Told) -> str:
    """Return horizontal bars, one a pair, those under zero to the left of it."""
    return _both(told, lambda wide: _wide_bars(pairs, told) if wide else _narrow_bars(pairs, told))


def line(points: Sequence[tuple[int, str, float]], told: Told) -> str:
    """Return a line through (position, label, value); positions that are missing leave their room."""
    return _both(told, lambda wide: _line(points, told, 720 if wide else 340))


def columns(pairs: Pairs, told: Told) -> str:
    """Return columns that touch, one a class of a distribution; each label is the class's lower bound."""
    return _both(told, lambda wide: _columns(pairs, told, 720 if wide else 340))


def amount(value: float, unit: str = "") -> str:
    """Return a number as French readers write it, shortened from ten million on, with its unit."""
    size, word = next(((s, w) for s, w in ((1e9, "Md"), (1e7, "M")) if abs(value) >= s), (1.0, ""))
    if word == "M":
        size = 1e6
    said = value / size
    decimals = 1 if word else 0 if abs(said) >= 100 or float(said).is_integer() else 2 if abs(said) >= 0.1 else 4
    text = number(said, decimals)
    if "," in text:
        text = text.rstrip("0").rstrip(",")
    money = unit in ("€", "k€")
    return f"{text}{chr(0xA0) + word if word else ''}{('' if word and money else chr(0xA0)) + unit if unit else ''}"


# --- Pictures -------------------------------------------------------------------------------------


def _wide_bars(pairs: Pairs, told: Told) -> tuple[int, int, str]:
    width, step, most_letters = 720, _BAR + 10, 36
    left = min(270, 24 + int(_LETTER * min(max((len(label) for label, _ in pairs), default=0), most_letters)))
    parts = []
    for n, (label, value, start, length) in enumerate(_lengths(pairs, told, left, width)):
        top = n * step + 4
        parts.append(
            f'<text x="{left - 12}" y="{top + 16}" text-anchor="end">{_text(_cut(label, most_letters))}</text>'
            f"{_bar(start, top, length, value)}{_value(value, start, length, top + 16, told)}"
        )
    return width, max(1, len(pairs)) * step + 6, "".join(parts)


def _narrow_bars(pairs: Pairs, told: Told) -> tuple[int, int, str]:
    width, step = 340, _BAR + 28
    parts = []
    for n, (label, value, start, length) in enumerate(_lengths(pairs, told, 0, width)):
        top = n * step
        parts.append(
            f'<text x="0" y="{top + 14}">{_text(_cut(label, 46))}</text>'
            f"{_bar(start, top + 20, length, value)}{_value(value, start, length, top + 36, told)}"
        )
    return width, max(1, len(pairs)) * step, "".join(parts)


def _lengths(pairs: Pairs, told: Told, left: int, width: int) -> list[tuple[str, float, float, float]]:
    """Return (label, value, where its bar starts, its length) so that every value's text fits beside its bar."""
    longest = max((len(amount(v, told.unit)) for _, v in pairs), default=1)
    room = width - left - 14 - _LETTER * longest
    low, high = min(0.0, *(v for _, v in pairs)), max(0.0, *(v for _, v in pairs))
    scale = room / ((high - low) or 1)
    zero = left - low * scale
    return [(label, v, zero + min(0.0, v * scale), max(abs(v) * scale, 1.5)) for label, v in pairs]


def _bar(start: float, top: float, length: float, value: float) -> str:
    name = "mark" if value >= 0 else "mark under"
    return f'<rect class="{name}" x="{start:.1f}" y="{top}" width="{length:.1f}" height="{_BAR}" rx="3"/>'


def _value(value: float, start: float, length: float, y: int, told: Told) -> str:
    return f'<text class="soft" x="{start + length + 8:.1f}" y="{y}">{_text(amount(value, told.unit))}</text>'


def _line(points: Sequence[tuple[int, str, float]], told: Told, width: int) -> tuple[int, int, str]:
    height, right, top, bottom = (300 if width > 500 else 240), 16, 26, 34
    values = [v for _, _, v in points]
    marks = steps(min(0.0, *values) if _from_zero(values) else min(values), max(values))
    left = 14 + int(_LETTER * max(len(amount(m)) for m in marks))
    first, span = points[0][0], (points[-1][0] - points[0][0]) or 1

    def x(position: int) -> float:
        return left + (width - left - right) * (position - first) / span

    def y(value: float) -> float:
        return top + (height - top - bottom) * (marks[-1] - value) / ((marks[-1] - marks[0]) or 1)

    parts = [_scale(marks, y, left, width - right, told)]
    path = " ".join(f"{x(p):.1f},{y(v):.1f}" for p, _, v in points)
    if marks[0] <= 0 <= marks[-1]:  # a surface compares from zero: above a scale that starts elsewhere it would lie
        base = f"{y(0):.1f}"
        parts.append(f'<polygon class="area" points="{x(first):.1f},{base} {path} {x(points[-1][0]):.1f},{base}"/>')
    parts.append(f'<polyline class="path" points="{path}"/>')
    if len(points) <= 25:
        parts += [f'<circle class="mark" cx="{x(p):.1f}" cy="{y(v):.1f}" r="3.5"/>' for p, _, v in points]
    longest = max(len(label) for _, label, _ in points)
    parts += _foot([(x(p), label) for p, label, _ in points], width, height, longest)
    return width, height, "".join(parts)


def _columns(pairs: Pairs, told: Told, width: int) -> tuple[int, int, str]:
    height, right, top, bottom = (280 if width > 500 else 230), 16, 26, 34
    marks = steps(0.0, max(v for _, v in pairs))
    left = 14 + int(_LETTER * max(len(amount(m)) for m in marks))
    room = (width - left - right) / len(pairs)

    def y(value: float) -> float:
        return top + (height - top - bottom) * (marks[-1] - value) / marks[-1]

    parts = [_scale(marks, y, left, width - right, told)]
    for n, (_, value) in enumerate(pairs):
        parts.append(
            f'<rect class="mark" x="{left + n * room + 1:.1f}" y="{y(value):.1f}" width="{max(room - 2, 1):.1f}" '
            f'height="{height - bottom - y(value):.1f}"/>'
        )
    longest = max(len(label) for label, _ in pairs)
    parts += _foot([(left + n * room, label) for n, (label, _) in enumerate(pairs)], width, height, longest)
    return width, height, "".join(parts)


def _scale(marks: Sequence[float], y: Callable[[float], float], left: int, right: int, told: Told) -> str:
    out = [
        f'<line class="grid" x1="{left}" x2="{right}" y1="{y(m):.1f}" y2="{y(m):.1f}"/>'
        f'<text class="soft" x="{left - 8}" y="{y(m) + 4:.1f}" text-anchor="end">{_text(amount(m))}</text>'
        for m in marks
    ]
    unit = f'<text class="soft" x="0" y="12">{_text(told.unit)}</text>' if told.unit else ""
    return "".join(out) + unit


def _foot(places: Sequence[tuple[float, str]], width: int, height: int, longest: int) -> list[str]:
    """Return the labels under a picture, as many as there is room for."""
    fit = max(2, int(width / (_LETTER * longest + 26)))
    every = max(1, math.ceil(len(places) / fit))
    out = []
    for n, (x, label) in enumerate(places):
        if n % every == 0:
            half = _LETTER * len(label) / 2
            middle = min(max(x, half), width - half)
            out.append(
                f'<text class="soft" x="{middle:.1f}" y="{height - 10}" text-anchor="middle">{_text(label)}</text>'
            )
    return out


def _both(told: Told, draw: Callable[[bool], tuple[int, int, str]]) -> str:
    return "".join(_svg(told, name, *draw(name == "wide")) for name in ("wide", "narrow"))


def _svg(told: Told, name: str, width: int, height: int, inside: str) -> str:
    key = f"g{zlib.crc32(f'{name} {told.title} {told.description}'.encode()):08x}"
    return (
        f'<svg class="chart {name}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{key}t {key}d" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="{key}t">{_text(told.title)}</title>'
        f'<desc id="{key}d">{_text(told.description)}</desc>{inside}</svg>'
    )


def steps(low: float, high: float) -> list[float]:
    """Return round marks from under the lowest value to above the highest."""
    rough = (high - low) / 4 or abs(high) / 4 or 1.0
    size = 10.0 ** math.floor(math.log10(rough))
    size *= next(m for m in (1, 2, 2.5, 5, 10, 20) if m * size >= rough)
    first = math.floor(low / size + 1e-9)
    last = max(math.ceil(high / size - 1e-9), first + 1)
    return [float(f"{n * size:.12g}") for n in range(first, last + 1)]


def _from_zero(values: Sequence[float]) -> bool:
    """A line may start above zero when its values vary little and far from it: 12 400, 12 450, 12 420."""
    low, high = min(values), max(values)
    return low <= 0 or (high - low) > 0.35 * high


def _cut(label: str, letters: int) -> str:
    return label if len(label) <= letters else label[: letters - 1].rstrip() + "…"


def _text(text: str) -> str:
    """Return a text for XML: control characters, which no XML may hold, are left out."""
    return html.escape("".join(c for c in text if c >= " " and c not in "\ufffe\uffff"), quote=True)
