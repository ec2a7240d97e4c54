"""Instances: compare what they reduce to, without calling what would rebuild them."""

from __future__ import annotations

import copyreg
import operator
import sys
import warnings
from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Final, cast

from pytest_portable.equivalence.constants import sentinels_of
from pytest_portable.equivalence.containers import elements, unordered
from pytest_portable.equivalence.definitions import is_reachable
from pytest_portable.equivalence.guard import (
    FAILED,
    attempt,
    bases,
    holds,
    instance_attributes,
    is_a,
    is_true,
    module_of,
    own_dict,
    put_back,
    static,
)
from pytest_portable.equivalence.mappings import attributes, mapping
from pytest_portable.equivalence.paths import ATTRIBUTE, Path
from pytest_portable.equivalence.reduced import reduced
from pytest_portable.equivalence.walk import Handler, Walk

__all__ = [
    "GENERATED",
    "by_equality",
    "by_structure",
    "by_value",
    "has_own_equality",
    "is_standard",
    "may_hold_more",
]


def _list(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare the elements of subclasses of list without calling their `__iter__`."""
    lefts, rights = cast("list[object]", left), cast("list[object]", right)
    elements(walk, list(list.__iter__(lefts)), list(list.__iter__(rights)), path)


CONTENTS: Final[dict[type[object], Handler]] = {
    dict: mapping,
    list: _list,
    set: unordered,
    frozenset: unordered,
}
VALUES: Final[tuple[type[object], ...]] = (str, bytes, int, float, complex)
_BASES: Final = frozenset({tuple, *VALUES, *CONTENTS})
GENERATED: Final = ("<string>", "<attrs generated")
"""Where `dataclasses` and attrs say that the code of a generated `__eq__` comes from."""


def has_own_equality(kind: type) -> bool:
    """Return whether the class has a handwritten `__eq__`.

    A generated one compares the fields with `==`, and so do those of the built-in containers:
    for them `1` equals `True`. Comparing the structure is stricter.
    """
    equal = static(kind, "__eq__")
    if equal is object.__eq__:
        return False
    owner = next((base for base in bases(kind) if "__eq__" in base.__dict__), object)
    if (
        owner in CONTENTS
        or owner in VALUES
        or owner is tuple
        or owner is SimpleNamespace
        or module_of(owner) in {"collections", "collections.abc"}
    ):
        return False
    if module_of(owner) == "pydantic.main":
        return False
    code = getattr(getattr(equal, "__wrapped__", equal), "__code__", None)
    return not (code is not None and code.co_filename.startswith(GENERATED))


def by_equality(walk: Walk, left: object, right: object, path: Path) -> None:
    """Accept two instances that `==` of the class calls equal; compare others part by part."""
    kind = type(left)
    answer = _ask(walk, left, right) if kind is type(right) else FAILED
    if is_true(answer) and not _is_strict(walk, kind):
        if type(static(kind, "__eq__")) is not FunctionType:  # C code has no Python attributes
            attributes(walk, _without_cache(left), _without_cache(right), path)
        elif not is_standard(kind):
            walk.lose(path, left, right)
        return
    if answer is False and _is_left_behind(walk, left, right, path):
        attributes(walk, instance_attributes(left), instance_attributes(right), path)
        return
    before = walk.count
    is_value = static(kind, "__hash__") is not None and (
        is_standard(kind)
        or _home(kind) == "pandas"
        or not (instance_attributes(left) or _is_default_cached(walk, kind))
    )
    has_parts = (_value if is_value else _structure)(walk, left, right, path)
    is_unseen = not has_parts and walk.count == before and answer is False
    if is_unseen and is_true(attempt(operator.eq, left, left)):
        # Nothing of it is visible but its own `==`: a false answer counts where it can be true.
        walk.differ(path, left, right, "values differ")


def _ask(walk: Walk, left: object, right: object) -> object:
    """Return what `==` answers, and undo what it sets on either side: caches, for example.

    A class whose `==` gives no truth value (an expression, an array) is not asked again.
    """
    kind = type(left)
    if kind in walk.truthless:
        return FAILED
    held = [(one, dict(one)) for one in map(own_dict, (left, right)) if one is not None]
    answer = attempt(operator.eq, left, right)
    for present, before in held:
        put_back(present, before)
    if answer is not FAILED and answer is not NotImplemented and not _is_truth(answer):
        walk.truthless.add(kind)
    return answer


def _is_truth(answer: object) -> bool:
    return type(answer).__name__ in {"bool", "bool_", "int"}


def _is_left_behind(walk: Walk, left: object, right: object, path: Path) -> bool:
    """Return whether `==` may see something that is not in the state.

    Two instances reduce to the same, and still their `==` says that they differ.
    """
    kind = type(left)
    if walk.is_trying or all(_is_default_cached(walk, type(side)) for side in (left, right)):
        return False
    is_same = walk.dry_run(lambda: _structure(walk, left, right, path))
    return is_same and is_true(attempt(operator.eq, left, left)) and not is_standard(kind)


def by_value(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare two values such as paths or fractions: they differ as a whole.

    A path to the arguments that make them, or to their contents, would help nobody.
    """
    _value(walk, left, right, path)


def _value(walk: Walk, left: object, right: object, path: Path) -> bool:
    """Compare two values as a whole; the answer is that of `_structure`."""
    if not walk.may_try:
        return _structure(walk, left, right, path)
    parts: list[bool] = []
    if not walk.dry_run(lambda: parts.append(_structure(walk, left, right, path))):
        walk.differ(path, left, right, "values differ")
    return any(parts)


def is_standard(kind: type) -> bool:
    """Return whether a class is one of the standard library."""
    return _home(kind) in sys.stdlib_module_names


def _home(kind: type) -> str:
    return module_of(kind).partition(".")[0]


def _without_cache(obj: object) -> dict[object, object]:
    """Return the attributes of an instance without the cache that pandas does not pickle."""
    found = instance_attributes(obj)
    if "_cache" in found and _home(type(obj)) == "pandas":
        return {name: value for name, value in found.items() if name != "_cache"}
    return found


def _is_strict(walk: Walk, kind: type) -> bool:
    """Return whether the `__eq__` is one of the standard library that compares attributes by `==`.

    An example is that of `argparse.Namespace`: for it `1` equals `True`. Scalars of pandas compare
    their numbers in the same way.
    """
    if _home(kind) == "pandas":
        return type(static(kind, "__eq__")) is not FunctionType
    owner = next(base for base in bases(kind) if "__eq__" in base.__dict__)
    return is_standard(owner) and _is_default_cached(walk, kind)


def by_structure(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare what two instances reduce to, whatever their `==` says."""
    _structure(walk, left, right, path)


def _structure(walk: Walk, left: object, right: object, path: Path) -> bool:
    """Compare two instances part by part; return false where no part is visible."""
    if all(_is_default_cached(walk, type(side)) for side in (left, right)):
        return _held(walk, left, right, path)
    one, other = attempt(_reduce, left), attempt(_reduce, right)
    if isinstance(one, str):
        lost = f"identity lost: it is the global `{one}`"
        walk.differ(path, left, right, lost if one == other else "values differ")
        return True
    if not isinstance(one, tuple) or not isinstance(other, tuple):
        return _held(walk, left, right, path)  # it refuses; its attributes are still visible
    walk.keep(one, other)
    if type(left) is not type(right) and _is_remade(left, one, other):
        walk.remade.add((id(type(left)), id(type(right))))
    if not is_standard(type(left)):
        if _has_other_content(walk, left, right, path):
            return _content(walk, left, right, path)
        walk.lose(path, left, right)
    return reduced(walk, (left, right), (one, other), path)


def _has_other_content(walk: Walk, left: object, right: object, path: Path) -> bool:
    """Return whether the built-in bases of two instances hold different contents.

    Both may reduce to the same, which is less than what one of them holds.
    """
    if not may_hold_more(type(left)) or not walk.may_try:
        return False
    return not walk.dry_run(lambda: _content(walk, left, right, path))


def may_hold_more(kind: type) -> bool:
    """Return whether instances of a class have the content of a built-in base."""
    return not is_standard(kind) and not _BASES.isdisjoint(bases(kind))


def _is_remade(left: object, one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """Return whether the function that rebuilds an instance makes its class too.

    It is one function of a module on both sides, no part of what it is given is that class, and
    the name of the class leads nowhere.
    """
    kind, made_by = type(left), one[0]
    if made_by is not other[0] or not isinstance(made_by, FunctionType):
        return False
    arguments = one[1] if isinstance(one[1], tuple) else ()
    return all(part is not kind for part in arguments) and not is_reachable(kind)


def _is_default_cached(walk: Walk, kind: type) -> bool:
    if walk.raw:
        return True
    found = walk.defaults.get(kind)
    if found is None:
        found = walk.defaults[kind] = _is_default(kind)
    return found


def _is_default(kind: type) -> bool:
    """Return whether instances reduce to their attributes, because no class changes that."""
    if any(holds(kind, name) for name in ("__reduce_ex__", "__reduce__")):
        return False
    if holds(kind, "__getstate__") and not _is_generated_state(kind):
        return False
    if kind in copyreg.dispatch_table or static(kind, "__getnewargs_ex__") is not None:
        return False
    arguments = static(kind, "__getnewargs__")
    if arguments is not None and all(
        arguments is not base.__dict__["__getnewargs__"] for base in (tuple, *VALUES)
    ):
        # A namedtuple defines one that returns its content, like that of a tuple.
        return tuple in bases(kind) and hasattr(kind, "_fields")
    return True


def _is_generated_state(kind: type) -> bool:
    """Return whether the state is a list of the fields, as in frozen dataclasses with slots."""
    name = getattr(static(kind, "__getstate__"), "__qualname__", "")
    return name == "_dataclass_getstate" and getattr(kind, "__dataclass_fields__", None) is not None


def _reduce(obj: object) -> object:
    """Return what an instance reduces to, asked as a pickler does."""
    kind = type(obj)
    reducer = copyreg.dispatch_table.get(kind)
    if reducer is not None:
        return reducer(obj)
    if module_of(kind) != "itertools":
        return kind.__reduce_ex__(obj, 4)
    with warnings.catch_warnings():  # they warn that they will not pickle in Python 3.14
        warnings.simplefilter("ignore")
        return kind.__reduce_ex__(obj, 4)


# Contents of an instance


def _held(walk: Walk, left: object, right: object, path: Path) -> bool:
    """Compare the attributes of two instances and the content of a built-in base."""
    held = instance_attributes(left), instance_attributes(right)
    attributes(walk, *held, path)
    if _content(walk, left, right, path):
        return True
    is_bare = not (held[0] or held[1])
    _constant(walk, left, right, path, is_bare=is_bare)
    return not is_bare


def _constant(walk: Walk, left: object, right: object, path: Path, *, is_bare: bool) -> None:
    """Report a copy of what code compares by `is`."""
    kind = type(left)
    if kind not in walk.constants:
        walk.constants[kind] = sentinels_of(kind, is_bare=is_bare)
    name = walk.constants[kind].get(id(left))
    if name is not None and (id(left), id(right)) not in walk.rebuilt:
        walk.differ(path, left, right, f"identity lost: `{name}` is a constant of its module")


def _content(walk: Walk, left: object, right: object, path: Path) -> bool:
    """Compare the content of a built-in base class; return false where there is no such base."""
    if is_a(left, tuple) and is_a(right, tuple):
        _tuple(walk, cast("tuple[object]", left), cast("tuple[object]", right), path)
        return True
    for base in VALUES:
        if is_a(left, base):
            arguments = cast("Callable[[object], tuple[object]]", base.__dict__["__getnewargs__"])
            walk.push(arguments(left)[0], arguments(right)[0], path)
            return True
    for base, handler in CONTENTS.items():
        if is_a(left, base):
            handler(walk, left, right, path)
            return True
    return False


def _tuple(walk: Walk, left: tuple[object, ...], right: tuple[object, ...], path: Path) -> None:
    """Compare subclasses of tuple; the elements of a named tuple have names."""
    lefts, rights = tuple(tuple.__iter__(left)), tuple(tuple.__iter__(right))
    names = getattr(type(left), "_fields", None)
    if not isinstance(names, tuple) or len(names) != len(lefts) or len(lefts) != len(rights):
        elements(walk, lefts, rights, path)
    else:
        walk.sequence(lefts, rights, path, step=ATTRIBUTE, labels=names)
