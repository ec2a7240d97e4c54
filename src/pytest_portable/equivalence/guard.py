"""The only place where methods of the user's objects are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeGuard, TypeVar, cast

from pytest_portable.interrupts import pass_on

__all__ = [
    "FAILED",
    "FailedAttempt",
    "attempt",
    "bases",
    "holds",
    "instance_attributes",
    "is_a",
    "is_true",
    "module_of",
    "own_dict",
    "put_back",
    "qualname_of",
    "slot_names",
    "space_of",
    "static",
]


_Kind = TypeVar("_Kind")
# Of `type` itself: a metaclass may have its own of these names.
_mro: Final = type.__dict__["__mro__"].__get__
_space: Final = type.__dict__["__dict__"].__get__
_name: Final = type.__dict__["__name__"].__get__
_module: Final = cast("Callable[[object], object]", type.__dict__["__module__"].__get__)
_qualname: Final = cast("Callable[[object], object]", type.__dict__["__qualname__"].__get__)


class FailedAttempt:
    """The type of `FAILED`, the answer of a call that raised."""

    def __repr__(self) -> str:
        """Return the name of the constant."""
        return "<failed>"


FAILED: Final = FailedAttempt()
TRUTHS: Final = frozenset({"bool", "bool_", "int"})


def attempt(action: Callable[..., object], *args: object) -> object:
    """Call `action` and return what it returns, or `FAILED` when it raises.

    A comparison must not fail whatever an `__eq__`, `__reduce__` or `__repr__` raises,
    `KeyboardInterrupt` included; a real Ctrl-C is passed on.
    """
    try:
        return action(*args)
    except BaseException as error:  # noqa: BLE001 - foreign code may raise anything, see above
        pass_on(error)
        return FAILED


def is_true(answer: object) -> bool:
    """Return whether an answer is `True`, NumPy's included.

    `==` of arrays, trees of arrays and expressions returns another array, tree or expression, and
    some of those are true whatever they hold.
    """
    return answer is True or (type(answer).__name__ in TRUTHS and attempt(bool, answer) is True)


def bases(kind: type) -> tuple[type, ...]:
    """Return the `__mro__` of a class without asking its metaclass."""
    return cast("tuple[type, ...]", _mro(kind))


def is_a(obj: object, family: type[_Kind]) -> TypeGuard[_Kind]:
    """Return whether an object is an instance, whatever its `__class__` claims to be.

    `isinstance` asks a weak proxy for the class of what it stands for; a dead one raises. A search
    among the bases would ask their metaclasses whether they are equal.
    """
    return issubclass(type(obj), family)


def module_of(kind: object) -> str:
    """Return the module that a class says it is from, without asking its metaclass."""
    found = attempt(_module, kind)
    return found if type(found) is str else "?"


def qualname_of(kind: object) -> str:
    """Return the qualified name of a class without asking its metaclass."""
    return str(_qualname(kind))


def static(kind: type, name: str) -> object:
    """Return a name's value on a class, looked up as the interpreter does for special methods."""
    for base in bases(kind):
        space = _space(base)
        if name in space:
            return space[name]
    return None


def holds(kind: type, name: str) -> bool:
    """Return whether a class has a special method that is not that of `object`."""
    return static(kind, name) is not object.__dict__.get(name)


def instance_attributes(obj: object) -> dict[object, object]:
    """Return the contents of `__dict__` and slots without calling a `__getattribute__`."""
    found = attempt(object.__getattribute__, obj, "__dict__")
    attributes = found if type(found) is dict else {}
    names = slot_names(type(obj))
    if not names:
        return attributes
    attributes = dict(attributes)
    for name in names:
        value = attempt(object.__getattribute__, obj, name)
        if value is not FAILED:  # an unset slot is a missing attribute
            attributes[name] = value
    return attributes


def space_of(obj: object) -> Mapping[str, object]:
    """Return the names that a class, a module or an instance holds."""
    if is_a(obj, type):
        return cast("Mapping[str, object]", _space(obj))
    return cast("Mapping[str, object]", own_dict(obj) or {})


def own_dict(obj: object) -> dict[object, object] | None:
    """Return the `__dict__` itself of an instance, or `None` where it has none."""
    found = attempt(object.__getattribute__, obj, "__dict__")
    return cast("dict[object, object]", found) if type(found) is dict else None


def put_back(present: dict[object, object], before: dict[object, object]) -> None:
    """Undo what was set in the `__dict__` of an instance since a copy of it was taken."""
    for name in present.keys() - before.keys():
        del present[name]
    for name, value in before.items():
        if present.get(name, FAILED) is not value:
            present[name] = value


def slot_names(kind: type) -> list[str]:
    """Return the slots of a class and its bases, with names mangled as by the compiler.

    `copyreg._slotnames` does the same, but it writes a cache into the user's class.
    """
    names = []
    for base in bases(kind):
        slots = _space(base).get("__slots__", ())
        for name in (slots,) if type(slots) is str else tuple(slots):
            if name in {"__dict__", "__weakref__"}:
                continue
            hidden = name.startswith("__") and not name.endswith("__")
            stem = _name(base).lstrip("_")
            names.append(f"_{stem}{name}" if hidden and stem else name)
    return names
