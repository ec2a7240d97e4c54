"""Make dill send whole modules by value, which it does not do by itself.

Definitions that were moved to `__main__` are sent like those of a script. This file adds, for the
time of a dump, what dill cannot do for scripts either: functions that call each other, enums,
modules as values. What is sent loads with dill alone.

Source: dill 0.3.8 to 0.4.1, `dill/_dill.py` (`save_type`, `save_function`, `save_module`).
"""

from __future__ import annotations

import contextlib
import dis
import enum
import functools
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from pytest_portable.serializers.shipping.as_main import HOME, rehomed

__all__ = ["dumping_by_value", "loading_by_value"]

_GLOBAL_READS: Final = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
_CLASS_NAME: Final[Any] = type.__dict__["__name__"]
_OF_IMPORT: Final = frozenset(
    ("__builtins__", "__cached__", "__file__", "__loader__", "__path__", "__spec__")
)
# The names that a class statement sets; the metaclass of enums makes the others.
_SAID: Final = frozenset(("__module__", "__qualname__", "__doc__", "__annotations__", "_missing_"))


@contextlib.contextmanager
def dumping_by_value(is_meant: Callable[[str], bool]) -> Iterator[None]:
    """Make `dill.dumps` send what some modules define by value, and the modules themselves.

    Args:
        is_meant: returns whether a module, by its name, is one of them.
    """
    import dill._dill as machinery
    import dill.detect

    dispatch = machinery.Pickler.dispatch
    with rehomed(is_meant) as definitions, contextlib.ExitStack() as stack:
        _replace(stack, machinery.Pickler.settings, "recurse", True)
        _replace(stack, vars(dill.detect), "globalvars", _globals_of)
        _replace(stack, dispatch, types.ModuleType, _module_saver(is_meant, machinery))
        enums: list[Any] = [one for one in definitions if issubclass(type(one), enum.EnumMeta)]
        for kind in {type(one) for one in enums}:
            _replace(stack, dispatch, kind, _enum_saver(enums, machinery))
        yield


def _replace(stack: contextlib.ExitStack, names: dict[Any, Any], key: object, new: object) -> None:
    """Replace an entry until the stack unwinds."""
    before = dict.get(names, key, _replace)  # not dill's own default for missing types

    def put_back() -> None:
        if before is _replace:
            del names[key]
        else:
            names[key] = before

    names[key] = new
    stack.callback(put_back)


def _globals_of(function: object, *_: object, **__: object) -> dict[str, object]:
    """Return the globals that a function reads itself.

    dill's own function adds those of the functions that are called, which have theirs anyway, and
    does not end where two functions call each other.
    """
    function = getattr(function, "__func__", function)
    if not isinstance(function, types.FunctionType):
        return {}
    namespace = function.__globals__
    return {name: namespace[name] for name in _names(function.__code__) if name in namespace}


def _names(code: types.CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in _GLOBAL_READS:
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _module_saver(
    is_meant: Callable[[str], bool], machinery: Any
) -> Callable[[Any, types.ModuleType], None]:
    """Return a function that saves modules; dill's own would have them imported there."""

    def save(pickler: Any, module: types.ModuleType) -> None:
        if not is_meant(module.__name__):
            machinery.save_module(pickler, module)
            return
        state = {name: value for name, value in vars(module).items() if name not in _OF_IMPORT}
        pickler.save_reduce(types.ModuleType, (module.__name__,), state=state, obj=module)

    return save


class _Main:
    """The module `__main__` of the loading process."""

    def __init__(self, machinery: Any) -> None:
        self.machinery = machinery

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return self.machinery._import_module, (HOME,)


def _enum_saver(enums: list[enum.EnumMeta], machinery: Any) -> Callable[[Any, Any], None]:
    """Return a function that saves enums by value; dill's own sends them by reference."""
    meant = {id(one) for one in enums}

    def save(pickler: Any, kind: Any) -> None:
        if id(kind) not in meant or id(kind) in getattr(pickler, "_postproc", ()):
            machinery.save_type(pickler, kind)
            return
        filler = functools.partial(machinery._setitems, source=_enum_body(kind))
        arguments = (kind.__name__, kind.__bases__, _enum_keywords(kind), filler)
        # dill sends enums by reference, so it must find this one there to send it back.
        after = [(setattr, (_Main(machinery), kind.__name__, kind))]
        machinery._save_with_postproc(
            pickler, (types.new_class, arguments), obj=kind, postproc_list=after
        )

    return save


def _enum_keywords(kind: enum.EnumMeta) -> dict[str, object]:
    boundary = getattr(kind, "_boundary_", None)
    inherited = [getattr(base, "_boundary_", None) for base in kind.__bases__]
    own = boundary is not None and boundary not in inherited
    return {"metaclass": type(kind), **({"boundary": boundary} if own else {})}


def _enum_body(kind: enum.EnumMeta) -> dict[str, object]:
    """Return the namespace of an enum's class statement: values of members, functions."""
    space = vars(kind)
    members = cast("Mapping[str, enum.Enum]", kind.__members__)
    body = {
        name: space[name] for name in ("__module__", "__qualname__", "__doc__") if name in space
    }
    if "__new_member__" in space:
        body["__new__"] = space["__new_member__"]
    body.update({name: member.value for name, member in members.items()})
    for name, value in space.items():
        inner = getattr(value, "__func__", getattr(value, "fget", value))
        written = getattr(inner, "__module__", None) == HOME
        if name not in body and name not in members and _is_said(name, written=written):
            body[name] = value
    return body


def _is_said(name: str, *, written: bool) -> bool:
    if name.startswith("_") and name.endswith("_"):
        return name in _SAID or (name.startswith("__") and written and name != "__new_member__")
    return True


# Loading


@contextlib.contextmanager
def loading_by_value(is_meant: Callable[[str], bool]) -> Iterator[None]:
    """Make dill load a class with the name and body of one of ours as that class.

    Args:
        is_meant: returns whether a module, by its name, is one of those that were sent.
    """
    import dill

    with rehomed(is_meant) as definitions:
        classes: list[Any] = [one for one in definitions if issubclass(type(one), type)]
        known = _Known(classes)
        find = dill.Unpickler.find_class

        def find_class(unpickler: Any, module: str, name: str) -> Any:
            named = known.named(name) if module == HOME else None
            return named or known.wrap(module, name, find(unpickler, module, name))

        dill.Unpickler.find_class = find_class
        try:
            yield
        finally:
            dill.Unpickler.find_class = find


class _Known:
    """Classes of the host that a payload defines again."""

    def __init__(self, classes: list[type]) -> None:
        self.classes: dict[str, list[type]] = {}
        for kind in classes:
            # A metaclass may raise anything when an attribute is read.
            self.classes.setdefault(_CLASS_NAME.__get__(kind), []).append(kind)

    def named(self, name: str) -> type | None:
        """Return the class of a qualified name."""
        alike = self.classes.get(name.rpartition(".")[2], ())
        return next((kind for kind in alike if kind.__qualname__ == name), None)

    def wrap(self, module: str, name: str, found: Any) -> Any:
        """Return a maker of classes that looks for an existing class first."""
        makers: dict[tuple[str, str], Callable[..., type | None]] = {
            ("dill._dill", "_create_type"): self._of_type,
            ("dill._dill", "_create_namedtuple"): self._of_namedtuple,
            ("types", "new_class"): self._of_new_class,
        }
        ask = makers.get((module, name))
        if ask is None:
            return found

        def make(*arguments: Any) -> object:
            known = ask(*arguments)
            return found(*arguments) if known is None else known

        return make

    def _of_type(self, _: object, *arguments: Any) -> type | None:
        if len(arguments) != len(("name", "bases", "body")):
            return None
        name, _, body = arguments
        return self._find(name, body)

    def _of_namedtuple(self, name: str, fields: Any, module: str, *_: object) -> type | None:
        if module != HOME:
            return None
        like = [one for one in self.classes.get(name, ()) if getattr(one, "_fields", 0) == fields]
        return like[0] if like else None

    def _of_new_class(self, name: str, _: object, __: object, fill: Any = None) -> type | None:
        body = getattr(fill, "keywords", {}).get("source", {})
        return self._find(name, body)

    def _find(self, name: str, body: Mapping[str, object]) -> type | None:
        if body.get("__module__") != HOME:
            return None
        for kind in self.classes.get(name, ()):
            if _codes(vars(kind)) == _codes(body) and body.get("__qualname__") in (
                None,
                kind.__qualname__,
            ):
                return kind
        return None


def _codes(body: Mapping[str, object]) -> dict[str, types.CodeType]:
    """Return the code of the functions in a class body, by name."""
    found = {}
    for name, value in body.items():
        inner = getattr(value, "__func__", getattr(value, "fget", value))
        # Functions that the metaclass of enums adds are from another module.
        if isinstance(inner, types.FunctionType) and inner.__module__ == HOME:
            found[name] = inner.__code__
    return found
