"""Words with their weights, looked for where they lie in a file: the few that a table holds cost no loading of the others.

Each line of a file is a weight, then words in the order of their bytes. Surnames alone are two hundred thousand, which a
check of some hundred cells asked forty of; who asks many (long texts) has them all loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

from parvis.frozen import dataclass

_SEARCHED = 2_000  # bytes whose loading takes twice the time of a search


@dataclass(slots=True)
class Held:
    """The words of a file of this folder: ``get`` gives the weight of one, 0 when it is not there."""

    name: str  # of the file, without its end
    _asked: int = 0
    _size: int = 0
    _lines: Sequence[tuple[int, bytes]] = ()
    _words: Mapping[str, int] | None = None

    def get(self, word: str) -> int:
        if self._words is not None:
            return self._words.get(word, 0)
        lines = self._held()
        self._asked += 1
        if self._asked * _SEARCHED > self._size:
            return self.words().get(word, 0)
        wanted = word.encode("utf-8", "surrogatepass")
        return next((weight for weight, line in lines if _stands(wanted, line)), 0)

    def words(self) -> Mapping[str, int]:
        """Return all the words, from now on at hand."""
        if self._words is None:
            out: dict[str, int] = {}
            for weight, line in self._held():
                out.update(dict.fromkeys(line.decode().split(" "), weight))
            self._words, self._lines = out, ()
        return self._words

    def _held(self) -> Sequence[tuple[int, bytes]]:
        if not self._lines:
            held = files("parvis.privacy.words").joinpath(f"{self.name}.txt").read_bytes()
            parts = (line.partition(b" ") for line in held.splitlines())
            self._size, self._lines = len(held), [(int(weight), words) for weight, _, words in parts]
        return self._lines


def _stands(word: bytes, line: bytes) -> bool:
    """Return whether a word is one of a line's, which are in order and a space apart."""
    low, high = 0, len(line)
    while low < high:
        middle = (low + high) // 2
        start = line.rfind(b" ", low, middle) + 1 or low
        end = line.find(b" ", middle, high)
        end = high if end < 0 else end
        here = line[start:end]
        if here == word:
            return True
        if here < word:
            low = end + 1
        else:
            high = start
    return False
