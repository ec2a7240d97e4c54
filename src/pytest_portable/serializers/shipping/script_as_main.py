"""The test module as a script: its namespace is `__main__` while something is dumped."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Final

from pytest_portable.errors import OptionError
from pytest_portable.serializers.shipping.as_main import HOME, SPAWNED, rehomed

__all__ = ["as_script", "find_test_module", "loading_as_script"]

_MISSING: Final = object()
# Assertion rewriting adds these to a module; a script has none.
_REWRITING: Final = ("@py", "@pytest")
_SCRIPT_NAMES: Final[Mapping[str, object]] = {"__name__": HOME, "__package__": None}


def find_test_module(test: str, root: Path) -> ModuleType:
    """Return the module that a test's node id names.

    Args:
        test: such as `tests/test_model.py::test_it[py3.12]`.
        root: directory that its path starts from.

    Raises:
        OptionError: no module of that file is imported.
    """
    path = test.partition("::")[0]
    wanted = (root / path).resolve()
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or Path(file).name != wanted.name:
            continue
        if Path(file).resolve() == wanted:
            return module
    where = f"none is {wanted}" if path else "nothing here is run by pytest"
    raise OptionError(f"as_main: needs an imported test module, and {where}")


@contextlib.contextmanager
def as_script(module: ModuleType) -> Iterator[None]:
    """Make a module `__main__`; everything is restored, also after an error."""
    namespace = vars(module)
    name = module.__name__
    left_out = {key: namespace.pop(key) for key in list(namespace) if key.startswith(_REWRITING)}
    named = {key: namespace.get(key, _MISSING) for key in _SCRIPT_NAMES}
    try:
        namespace.update(_SCRIPT_NAMES)
        with _main_module(module), rehomed(lambda home: home == name):
            yield
    finally:
        for key, value in named.items():
            if value is _MISSING:
                namespace.pop(key, None)
            else:
                namespace[key] = value
        namespace.update(left_out)


@contextlib.contextmanager
def loading_as_script(module: ModuleType) -> Iterator[None]:
    """Make a copy of a module `__main__`, because a load may change it."""
    name = module.__name__
    copy = ModuleType(HOME)
    vars(copy).update(vars(module), **_SCRIPT_NAMES)
    with _main_module(copy), rehomed(lambda home: home == name):
        yield


@contextlib.contextmanager
def _main_module(module: ModuleType) -> Iterator[None]:
    """Replace `__main__` by a module, in dill's own references too."""
    dill = sys.modules.get("dill._dill")
    main, of_dill = sys.modules[HOME], getattr(dill, "_main_module", None)
    spawned = sys.modules.get(SPAWNED)
    sys.modules[HOME] = sys.modules[SPAWNED] = module
    if dill is not None:
        vars(dill)["_main_module"] = module
    try:
        yield
    finally:
        sys.modules[HOME] = main
        sys.modules.pop(SPAWNED)
        if spawned is not None:
            sys.modules[SPAWNED] = spawned
        if dill is not None:
            vars(dill)["_main_module"] = of_dill
