"""The dataclasses of the engine do what those of the standard library do, and nothing loads the other ones."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

import pytest

from parvis.frozen import dataclass

SOURCES = Path(__file__).parents[2] / "src"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where."""

    x: int
    y: float = 0.5
    names: Sequence[str] = ()
    said: Mapping[str, Any] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    seen: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Bare:
    only: float


@dataclass(slots=True)
class Open:
    """A value that may change."""

    start: int
    held: list[int] = field(default_factory=list)
    total: int = field(init=False, default=7)
    later: str = field(init=False)

    def __post_init__(self) -> None:
        self.later = f"{self.start}"


@dataclass(frozen=True, eq=False)
class Known:
    name: str


class Own(Spot):
    """A plain class under a frozen one, with a place of its own."""

    __slots__ = ("more",)
    more: int


@dataclass(frozen=True, slots=True)
class Wider(Spot):
    z: int = 3


def standard(cls: Any, *, slots: bool = False) -> Any:
    """Return the class that the standard library makes of the same fields."""
    held = [(f.name, f.type, field(default=f.default, default_factory=f.default_factory, repr=f.repr, compare=f.compare))
            for f in dataclasses.fields(cls)]  # fmt: skip
    return dataclasses.make_dataclass(cls.__name__, held, frozen=True, slots=slots)


def test_values_are_shown_compared_and_hashed_as_by_the_standard_library() -> None:
    other = standard(Spot, slots=True)
    for arguments in ({"x": 1}, {"x": 2, "y": 3.5, "names": ("a",), "secret": "s"}, {"x": 1, "said": {"k": 1}}):
        ours, theirs = Spot(**arguments), other(**arguments)
        assert repr(ours) == repr(theirs)
        assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
        assert ours == Spot(**arguments) and ours == Spot(**arguments, seen=9) and ours != Spot(x=5)
    other_one: object = Bare(1)
    assert Spot(1) != other_one and Bare(1.0) == Bare(1) and len({Bare(1.0), Bare(1), Bare(2)}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(Spot(1))  # as its mapping says
    nan = float("nan")
    assert Bare(nan) == Bare(nan), "the same object, as in a tuple"
    assert Spot.__match_args__ == other.__match_args__ == ("x", "y", "names", "said", "secret", "seen")


def test_a_frozen_value_never_changes_and_has_no_dictionary() -> None:
    spot = Spot(1)
    for name in ("x", "unknown"):
        with pytest.raises(dataclasses.FrozenInstanceError, match=name):
            setattr(spot, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError, match="x"):
        del spot.x
    assert not hasattr(spot, "__dict__") and spot.x == 1


def test_a_value_is_replaced_copied_and_pickled() -> None:
    spot = Spot(1, names=("a", "b"), said={"k": [1]})
    assert dataclasses.replace(spot, x=4) == Spot(4, names=("a", "b"), said={"k": [1]})
    assert pickle.loads(pickle.dumps(spot)) == copy.copy(spot) == copy.deepcopy(spot) == spot
    assert pickle.loads(pickle.dumps(Open(3))) == Open(3)
    with pytest.raises(TypeError):
        dataclasses.replace(spot, nothing=1)  # type: ignore[call-arg]


def test_what_may_change_changes_and_its_defaults_are_its_own() -> None:
    one, other = Open(1), Open(1)
    one.held.append(5)
    assert other.held == [] and one.total == 7 and one.later == "1" and one != other
    one.total = 8
    assert one.total == 8
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_wrong_arguments_are_said_as_by_the_standard_library() -> None:
    for arguments, named in (((), {}), ((1, 2.0, (), {}, "", 0, 9), {}), ((1,), {"nothing": 1}), ((1,), {"x": 1})):
        with pytest.raises(TypeError) as ours:
            Spot(*arguments, **named)  # type: ignore[arg-type]
        with pytest.raises(TypeError) as theirs:
            standard(Spot)(*arguments, **named)
        assert str(ours.value).removeprefix("Spot.") == str(theirs.value).removeprefix("Spot.")


def test_values_without_equality_are_told_apart() -> None:
    one = Known("a")
    assert one != Known("a") and one == one and len({one, Known("a")}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "b"  # type: ignore[misc]


def test_a_class_under_another_one_adds_its_own() -> None:
    own = Own(1)
    own.more = 5
    assert own.more == 5 and own != Spot(1) and own == Own(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        own.x = 2  # type: ignore[misc]
    assert Wider(1, z=4) == Wider(x=1, z=4) and [f.name for f in dataclasses.fields(Wider)][-1] == "z"
    assert dataclasses.replace(Wider(1), z=9).z == 9


def test_first_values_made_by_several_threads_are_whole() -> None:
    @dataclass(frozen=True, slots=True)
    class Many:
        a: int
        b: tuple[int, ...] = ()

    made: list[Many] = []
    ready = threading.Barrier(8)

    def make(number: int) -> None:
        ready.wait()
        made.append(Many(number, (number,)))

    threads = [threading.Thread(target=make, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((m.a, m.b) for m in made) == [(n, (n,)) for n in range(8)]


def test_every_class_of_the_engine_is_made_so() -> None:
    plain = re.compile(r"^from dataclasses import [^\n]*\bdataclass\b|^ *@dataclasses\.dataclass", re.MULTILINE)
    files = [p for p in SOURCES.rglob("*.py") if p.name != "frozen.py"]
    assert [p.name for p in files if plain.search(p.read_text("utf-8"))] == []


def test_the_values_of_parvis_are_made_in_a_third_of_the_time_of_the_standard_library() -> None:
    code = (
        "import sys, time, {module}\n"
        "from pathlib import Path\n"
        "code = compile(Path(sys.argv[1]).read_text('utf-8').replace('parvis.frozen', {module!r}), 'values', 'exec')\n"
        "def once():\n"
        "    started = time.process_time()\n"
        "    exec(code, {{'__name__': 'parvis.values'}})\n"
        "    return time.process_time() - started\n"
        "import parvis.values\n"
        "print(min(once() for _ in range(9)))"
    )

    def taken(module: str) -> float:
        told = subprocess.run([sys.executable, "-c", code.format(module=module), str(SOURCES / "parvis" / "values.py")],
                              check=True, capture_output=True, text=True)  # fmt: skip
        return float(told.stdout)

    assert taken("parvis.frozen") * 3 < taken("dataclasses")
