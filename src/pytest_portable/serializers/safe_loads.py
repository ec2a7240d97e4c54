"""Load what a target sent back without changing the host's own definitions.

cloudpickle loads a class that it knows as the existing class and then sets its state again: a
plain load would reset the test's own classes to what they were when they were dumped. Here a
definition that the host had before the load keeps its state.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable, Iterable
from functools import cache
from types import ModuleType
from typing import Any

__all__ = ["loads", "loads_dill"]

_MAKERS = frozenset({"_make_skeleton_class", "_make_skeleton_enum"})


class _Definitions:
    """Keeps which by-value classes this load made; others existed before."""

    def __init__(self) -> None:
        self.made: set[int] = set()

    def wrap(self, module: str, name: str, found: Any) -> Any:
        """Return a careful version of cloudpickle's class makers and setters."""
        if "cloudpickle" not in module.split("."):  # vendored copies too
            return found
        if name in _MAKERS:
            return self._watch(found, module)
        if name == "_class_setstate":
            return self._set_state_of_new(found)
        return found

    def _watch(self, make: Callable[..., type], module: str) -> Callable[..., type]:
        def made(*args: object) -> type:
            tracked = vars(sys.modules[module])["_DYNAMIC_CLASS_TRACKER_BY_ID"]
            known = set(tracked)
            tracker = next(
                (arg for arg in args[-2:] if isinstance(arg, str) and arg in known), None
            )
            made_class = make(*args)
            if tracker is None:
                self.made.add(id(made_class))
            return made_class

        return made

    def _set_state_of_new(self, set_state: Callable[..., type]) -> Callable[..., type]:
        def careful(kind: type, state: object) -> type:
            return set_state(kind, state) if id(kind) in self.made else kind

        return careful


class _Unpickler(pickle.Unpickler):
    """The host's unpickler for answers."""

    def __init__(self, stream: io.BytesIO, buffers: Iterable[Any] | None) -> None:
        super().__init__(stream, buffers=buffers)
        self._definitions = _Definitions()

    def find_class(self, module: str, name: str) -> Any:
        """Return a global; cloudpickle's class makers and setters are replaced."""
        return self._definitions.wrap(module, name, super().find_class(module, name))


def loads(data: bytes, buffers: Iterable[Any] | None = None) -> object:
    """Load an answer that was dumped by pickle or cloudpickle.

    Args:
        data: the answer.
        buffers: its out-of-band buffers.
    """
    # A payload without by-value classes cannot redefine any, and the C unpickler is faster.
    if b"_class_setstate" not in data:
        return pickle.loads(data, buffers=buffers)
    return _Unpickler(io.BytesIO(data), buffers).load()


def loads_dill(data: bytes) -> object:
    """Load an answer that was dumped by dill.

    dill sends a module of the user's with its contents, and loading sets these in the module of the
    same name; `__main__` comes as a reference to its namespace. Both are restored.
    """
    return _dill_unpickler()(io.BytesIO(data)).load()


@cache
def _dill_unpickler() -> type[Any]:
    import dill

    class Careful(dill.Unpickler):  # type: ignore[misc]  # dill comes without types
        """dill's unpickler without changes to the host's modules."""

        def __init__(self, stream: io.BytesIO) -> None:
            super().__init__(stream)
            self.kept: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}

        def keep(self, namespace: dict[str, Any]) -> None:
            self.kept.setdefault(id(namespace), (namespace, dict(namespace)))

        def find_class(self, module: str, name: str) -> Any:
            found = super().find_class(module, name)
            if type(found) is dict:
                self.keep(found)
            elif name == "_import_module" and module.startswith("dill"):
                return self.import_module
            return found

        def import_module(self, *args: Any, **kwargs: Any) -> Any:
            found = dill._dill._import_module(*args, **kwargs)  # noqa: SLF001 - what dill names
            if isinstance(found, ModuleType):
                self.keep(vars(found))
            return found

        def load(self) -> Any:
            try:
                return super().load()
            finally:
                for namespace, before in self.kept.values():
                    _put_back(namespace, before)

    return Careful


def _put_back(namespace: dict[str, Any], before: dict[str, Any]) -> None:
    """Undo what a load set in a module; submodules that were imported stay."""
    for name, value in list(namespace.items()):
        if name not in before and not isinstance(value, ModuleType):
            del namespace[name]
    for name, value in before.items():
        if namespace.get(name, namespace) is not value:
            namespace[name] = value
