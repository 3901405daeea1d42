"""The dataclasses of the engine, made at a seventh of what the standard library takes to make them.

``dataclasses.dataclass`` writes and compiles six functions for each frozen class as it is made: for the hundred classes that
a check loads, a twelfth of the check of a small file. Here all share the functions that compare, show and forbid, and
``__init__`` is compiled when the first value of a class is made (decision record 27). ``dataclasses.fields``, ``replace``,
``asdict`` and pickles see no difference; type checkers are told that there is none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414  the name is for others
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True, slots=False):
        """Return the class as ``dataclasses.dataclass`` does, by those of its arguments that the engine uses."""

        def made(plain):
            if any(word in str(told) for told in _told(plain) for word in ("InitVar", "ClassVar")):
                return dataclasses.dataclass(frozen=frozen, eq=eq, slots=slots)(plain)
            return _made(plain, frozen=frozen, eq=eq, slots=slots)

        return made if cls is None else made(cls)


def _told(plain: type) -> list[Any]:
    """Return what the fields of a class are said to be."""
    return list(getattr(plain, "__annotations__", {}).values())


def _made(plain: type, *, frozen: bool, eq: bool, slots: bool) -> Any:
    own = {
        name for name, held in vars(plain).items() if held is not None
    }  # ``__hash__``: None comes with an ``__eq__``
    plain.__doc__ = plain.__doc__ or plain.__name__  # else its signature is written there
    # Nothing that it would compile is asked of it: the fields, their order and the slots remain.
    cls: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(plain)
    given: dict[str, Any] = {"__init__": _late(cls, frozen=frozen, slots=slots), "__repr__": _shown}
    if eq:
        given |= {"__eq__": _same, "__hash__": _hashed if frozen else None}
    if frozen:
        given |= {"__setattr__": _not_set, "__delattr__": _not_deleted}
    if frozen and slots:
        given |= {"__getstate__": _state, "__setstate__": _restored}
    for name, function in given.items():
        if name not in own:
            setattr(cls, name, function)
    return cls


# --- Compiled when the first value is made --------------------------------------------------------


def _late(cls: Any, *, frozen: bool, slots: bool) -> Callable[..., None]:
    def __init__(self: Any, /, *args: Any, **named: Any) -> None:  # noqa: N807
        made = _init_of(cls, frozen=frozen, slots=slots)
        if cls.__init__ is __init__:  # no other thread was there first
            cls.__init__ = made
        made(self, *args, **named)

    return __init__


def _init_of(cls: Any, *, frozen: bool, slots: bool) -> Any:
    """Return the ``__init__`` that the standard library would write."""
    names: dict[str, Any] = {"_set": object.__setattr__, "_nothing": object()}
    arguments, lines = [], []
    for field in dataclasses.fields(cls):
        name, value, default = field.name, field.name, ""
        if field.default_factory is not dataclasses.MISSING:
            names[f"_make_{name}"] = field.default_factory
            value, default = f"_make_{name}()", "=_nothing"
            if field.init:
                value += f" if {name} is _nothing else {name}"
        elif field.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = field.default
            value, default = name if field.init else f"_default_{name}", f"=_default_{name}"
        if field.init:
            arguments.append(f"{name}{default}")
        elif not default or (not slots and not default.startswith("=_nothing")):
            continue  # somebody else fills it, or the class holds its value
        lines.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    exec(f"def __init__({', '.join(['self', *arguments])}):\n " + "\n ".join(lines or ["pass"]), names)  # noqa: S102  names of fields, as the standard library does
    made = names["__init__"]
    made.__module__, made.__qualname__ = cls.__module__, f"{cls.__qualname__}.__init__"
    return made


# --- The same for all -----------------------------------------------------------------------------


@cache
def _values(cls: Any, use: str) -> Callable[[Any], tuple[Any, ...]]:
    """Return what gives, of a value of a class, the tuple that it is compared or hashed by."""
    fields = dataclasses.fields(cls)
    if use == "hash":
        names = [f.name for f in fields if (f.compare if f.hash is None else f.hash)]
    else:
        names = [f.name for f in fields if f.compare]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _same(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    told = _values(self.__class__, "compare")
    return told(self) == told(other)


def _hashed(self: Any) -> int:
    return hash(_values(self.__class__, "hash")(self))


def _shown(self: Any) -> str:
    told = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
    return f"{self.__class__.__qualname__}({', '.join(told)})"


def _not_set(self: Any, name: str, value: object) -> None:
    if _is_held(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
    object.__setattr__(self, name, value)


def _not_deleted(self: Any, name: str) -> None:
    if _is_held(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
    object.__delattr__(self, name)


def _is_held(value: Any, name: str) -> bool:
    """True unless the name is one that a plain subclass adds."""
    return "__dataclass_fields__" in vars(type(value)) or name in value.__dataclass_fields__


def _state(self: Any) -> list[Any]:
    return [getattr(self, f.name) for f in dataclasses.fields(self)]


def _restored(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
