"""A notebook's session as `dill.dump_session` saves it: the names of `__main__`, with its code."""

from __future__ import annotations

import contextlib
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any

__all__ = ["dumps", "loads"]

_OF_EVERY_MODULE = ("__builtins__", "__doc__", "__name__")
# What is no session (the result of a probe) is sent as a session with this name.
_VALUE = "portable_value"
_HOLDERS = ("dill._dill", "dill.session")


def dumps(value: object, **options: Any) -> bytes:
    """Save a session that holds exactly these names."""
    import io

    import dill

    file = io.BytesIO()
    # Functions of `__main__` use its namespace, so the names are put into the real one.
    space = vars(sys.modules["__main__"])
    before = dict(space)
    try:
        for name in before:
            # Loaders of test modules hold pytest, which a notebook has not.
            if name not in _OF_EVERY_MODULE:
                del space[name]
        space.update(_names(value))
        with _main(sys.modules["__main__"]):
            getattr(dill, "dump_module", dill.dump_session)(file, **options)
    finally:
        space.clear()
        space.update(before)
    return file.getvalue()


def loads(data: bytes) -> Any:
    """Load a session into an empty `__main__` and return its names."""
    import io
    import types

    import dill

    main = types.ModuleType("__main__")
    with _main(main):
        getattr(dill, "load_module", dill.load_session)(io.BytesIO(data))
    names = {name: found for name, found in vars(main).items() if not name.startswith("__")}
    return names[_VALUE] if set(names) == {_VALUE} else names


def _names(value: object) -> dict[str, Any]:
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return value
    return {_VALUE: value}


@contextlib.contextmanager
def _main(module: ModuleType) -> Iterator[None]:
    """Make a module `__main__`, for dill too, which keeps it in up to two places."""
    import dill

    holders = [vars(sys.modules[name]) for name in _HOLDERS if name in sys.modules]
    before, of_dill = sys.modules["__main__"], dill._dill._main_module
    sys.modules["__main__"] = module
    for holder in holders:
        holder["_main_module"] = module
    try:
        yield
    finally:
        sys.modules["__main__"] = before
        for holder in holders:
            holder["_main_module"] = of_dill
