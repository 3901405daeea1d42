"""Public accounts of French towns: what the codes of a budget line mean, by year and nomenclature (M14, M57, M4 ...).

The plans de comptes lie in ``lexicons/accounts.txt``, made by ``scripts/make_accounts.py``. A nomenclature that is not
there is read with its nearest kin, and a year with the nearest one: ``Plan.said`` tells which plan answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache, lru_cache
from pathlib import Path

from parvis.frozen import dataclass

SECTIONS = {"F": "fonctionnement", "I": "investissement"}
_LEAST = 2  # digits of an account under which its elders say nothing
# Which plan answers for a nomenclature: the first of these that is known, in the nearest year.
_KIN: Mapping[str, Sequence[str]] = {
    "M14": ("M14_COM_SUP3500", "M14_COM_500_3500", "M14_COM_INF500"),
    "M14_COM_SUP3500": ("M14_COM_SUP3500",),
    "M14_COM_500_3500": ("M14_COM_500_3500", "M14_COM_SUP3500"),
    "M14_COM_INF500": ("M14_COM_INF500", "M14_COM_500_3500"),
    "M14_CCAS_INF3500": ("M14_CCAS_INF3500", "M14_COM_500_3500"),
    "M14_CCAS_SUP3500": ("M14_COM_SUP3500", "M14_CCAS_INF3500"),
    "M57": ("M57_D", "M57", "M57_A"),
    "M57_A": ("M57_A", "M57", "M57_D"),
    "M57_D": ("M57_D", "M57"),
    "M57_P": ("M57_D", "M57"),
    "M4": ("M4",),
    "M41": ("M4",),
    "M42": ("M4",),
    "M43": ("M43_D", "M4"),
    "M44": ("M4",),
    "M49": ("M49_D", "M49_A"),
    "M49_A": ("M49_A", "M49_D"),
    "M49_D": ("M49_D", "M49_A"),
}
_SIDES = {("D", ""): 0, ("D", "2"): 1, ("D", "1"): 2, ("R", ""): 3, ("R", "2"): 4, ("R", "1"): 5}


@dataclass(frozen=True, slots=True)
class Account:
    """One account by nature: its official name, and its chapter for each sense and kind of operation."""

    name: str
    chapters: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan de comptes: what chapters, accounts and functions are called. Lookups answer "" for what is unknown."""

    nomenclature: str  # the one asked
    year: int
    said: str  # « M57_A 2024 »: the plan that answers
    exact: bool  # False when it is another year's, or a kin's
    chapters: Mapping[str, tuple[str, str]] = field(repr=False, default_factory=dict)  # code -> (F or I, name)
    natures: Mapping[str, Account] = field(repr=False, default_factory=dict)
    functions: Mapping[str, str] = field(repr=False, default_factory=dict)

    def chapter(self, nature: str, sense: str, order: str = "") -> str:
        """Return the chapter of a budget line.

        ``sense`` is « D » or « R »; ``order`` is "" for a real operation, « 2 » for one of order between the sections,
        « 1 » for one inside a section, « ? » for one of order that does not say which. A town's own sub-account has
        the chapter of the account it divides, and an account that only gathers others has theirs when they agree.
        Source: rule found on real budgets, equal to the chapter written there on 295 lines of 295.
        """
        for kind in ("2", "1") if order == "?" else (order,):
            side = _SIDES.get((sense, kind), 0)
            known = [a.chapters[side] for a in self._elders(nature) if a.chapters and a.chapters[side]]
            if known:
                return known[0]
            below = {a.chapters[side] for c, a in self.natures.items() if c.startswith(nature.strip()) and a.chapters}
            if len(below - {""}) == 1:
                return next(iter(below - {""}))
        return self.chapter(nature, sense) if order else ""

    def section(self, chapter: str) -> str:
        """Return « F » or « I » for a chapter."""
        return self._chapter(chapter)[0]

    def chapter_name(self, chapter: str) -> str:
        return self._chapter(chapter)[1]

    def nature_name(self, nature: str) -> str:
        """Return what an account is called; a town's own sub-account is called as the account that it divides."""
        return next((a.name for a in self._elders(nature)), "")

    def function_name(self, function: str) -> str:
        """Return what a function is called, the nearest one above it when the town divided it further."""
        code = function.strip().replace(".", "").replace("-", "")
        return next((self.functions[code[:n]] for n in range(len(code), 0, -1) if code[:n] in self.functions), "")

    def knows(self, nature: str) -> bool:
        """Return whether the account itself stands in the plan."""
        return nature.strip() in self.natures

    def _chapter(self, code: str) -> tuple[str, str]:
        """Return section and name. Works done for others (45) have one chapter each: 4541 and the town's own number."""
        own = code.strip()
        while own.startswith("45") and own not in self.chapters and len(own) > 2:
            own = own[:-1]
        return self.chapters.get(own, ("", ""))

    def _elders(self, nature: str) -> Iterator[Account]:
        code = nature.strip()
        for length in range(len(code), _LEAST - 1, -1):
            if code[:length] in self.natures:
                yield self.natures[code[:length]]
            if code.startswith("0") and length == len(code):
                return  # 001, 002, 021, 023: special lines, divided by nobody


def plan(nomenclature: str, year: int) -> Plan | None:
    """Return the plan de comptes of a nomenclature as TOTEM writes it (« M57-M57_A », « M57_A », « M14 »), in a year.

    None when its family is unknown (M52, M61, M71: departments and regions).
    """
    asked = nomenclature.strip().upper().rpartition("-")[2]
    return _plan(asked, year) if _wanted(asked) else None


@lru_cache(maxsize=64)
def _plan(asked: str, year: int) -> Plan:
    wanted = _wanted(asked)
    name = asked if "_" in asked and asked in wanted else min(wanted, key=lambda n: (_far(n, year), wanted.index(n)))
    nearest = _nearest(name, year)
    parts = _parts()[nearest, name]
    kin = _merged([*wanted, *_kin_of_family(asked)], year)
    return Plan(
        nomenclature=asked,
        year=year,
        said=f"{name} {nearest}",
        exact=nearest == year and name == asked,
        chapters={**kin.chapters, **parts.chapters},
        natures={**kin.natures, **parts.natures},
        functions=parts.functions or kin.functions,
    )


# --- Reading the lexicon --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Parts:
    chapters: dict[str, tuple[str, str]] = field(default_factory=dict)
    natures: dict[str, Account] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)


@cache
def _parts() -> Mapping[tuple[int, str], _Parts]:
    """Return every plan by year and name."""
    plans: list[tuple[int, str]] = []
    out: dict[tuple[int, str], _Parts] = {}
    shared: dict[str, Sequence[str]] = {}
    for line in (Path(__file__).parent / "lexicons" / "accounts.txt").read_text("utf-8").splitlines():
        kind, code, *rest = line.split("\t")
        if kind == "P":
            plans.append((int(code), rest[0]))
            out[plans[-1]] = _Parts()
            continue
        told, name, bits = rest
        held = int(bits, 16)
        account = Account(name, shared.setdefault(told, tuple(told.split("/")) if told else ()))
        for number, key in enumerate(plans):
            if held >> number & 1:
                if kind == "C":
                    out[key].chapters[code] = (told, name)
                elif kind == "N":
                    out[key].natures[code] = account
                else:
                    out[key].functions[code] = name
    return out


def _wanted(asked: str) -> Sequence[str]:
    return _KIN.get(asked) or _KIN.get(asked.partition("_")[0], ())


def _kin_of_family(asked: str) -> Sequence[str]:
    """Return the fuller plans of the family: they name what an abridged plan leaves out, its functions first."""
    family = asked[:3] if asked.startswith(("M14", "M57")) else "M4"
    return _KIN[family]


def _nearest(name: str, year: int) -> int:
    return min((y for y, n in _parts() if n == name), key=lambda y: (abs(y - year), -y))


def _far(name: str, year: int) -> int:
    return abs(_nearest(name, year) - year)


def _merged(names: Sequence[str], year: int) -> _Parts:
    out = _Parts()
    for name in names:
        parts = _parts()[_nearest(name, year), name]
        for code, chapter in parts.chapters.items():
            out.chapters.setdefault(code, chapter)
        for code, account in parts.natures.items():
            out.natures.setdefault(code, account)
        if not out.functions:
            out.functions.update(parts.functions)
    return out


# --- Whatever the plan ----------------------------------------------------------------------------


@cache
def known_chapters() -> frozenset[str]:
    """Return the codes of all chapters of all plans."""
    return frozenset(code for parts in _parts().values() for code in parts.chapters)


def is_nature(text: str) -> bool:
    """Return whether the text is an account of some plan, or divides one of three digits or more."""
    code = text.strip()
    return code.isdigit() and len(code) <= 10 and any(code[:n] in _natures() for n in {len(code), *range(3, len(code))})


def is_function(text: str) -> bool:
    """Return whether the text is a function of some plan; zeros that a spreadsheet ate are given back."""
    code = text.strip().replace(".", "").replace("-", "")
    return code.isdigit() and len(code) <= 4 and bool({code, f"0{code}"} & _functions())


@cache
def _natures() -> frozenset[str]:
    return frozenset(code for parts in _parts().values() for code in parts.natures)


@cache
def _functions() -> frozenset[str]:
    return frozenset(code for parts in _parts().values() for code in parts.functions)
