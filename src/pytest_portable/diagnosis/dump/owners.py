"""The owner of a part: the object whose state can leave it out."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Final

from pytest_portable.agent.in_target.asking import asked, held_in
from pytest_portable.diagnosis.dump.tracing import Leaf
from pytest_portable.diagnosis.host import Here, is_project
from pytest_portable.equivalence.guard import is_a, module_of, qualname_of, slot_names, static
from pytest_portable.verdict import Remedy

__all__ = ["holder_of", "is_stdlib", "leave_out"]

_SITE_FOLDERS: Final = frozenset({"site-packages", "dist-packages"})
_NO_OWNERS: Final = (type, types.FunctionType, types.ModuleType)
# Used everywhere: to name them would not help.
_PLAIN: Final = frozenset({"builtins", "collections", "functools", "types"})
_DROP: Final = """\
def __getstate__(self):
    state = self.__dict__.copy()
    del state[{name!r}]
    return state

def __setstate__(self, state):
    self.__dict__.update(state)
    self.{name} = ...  # make it anew"""


def leave_out(leaf: Leaf) -> tuple[Remedy, ...]:
    """Return the remedy that leaves a part out of its owner's state; empty where there is none.

    The owner is the nearest object whose class the user can change: not one of the standard library
    or of an installed package.
    """
    inner = {id(leaf.value)}
    for part in reversed(leaf.stack):
        kind = type(part)
        if issubclass(kind, _NO_OWNERS):
            return ()
        if not is_stdlib(kind) and not _is_installed(kind):
            found = _in_state(part, kind, inner)
            if found:
                return (found,)
        inner.add(id(part))
    return ()


def is_stdlib(definition: type | types.FunctionType) -> bool:
    """Return whether a class or function is the standard library's."""
    return (
        module_of(definition) if is_a(definition, type) else str(definition.__module__)
    ).partition(".")[0] in sys.stdlib_module_names


def _is_installed(kind: type) -> bool:
    """Return whether a class is one of an installed package that is not the project's own."""
    host = Here(_project_root())
    file = host.file(module_of(kind))
    if file is None or _SITE_FOLDERS.isdisjoint(file.parts):
        return False
    owner = host.owner(module_of(kind))
    return owner is not None and not host.is_own(owner.name)


def _project_root() -> Path:
    """Return the nearest folder upward that holds a project, or the working directory."""
    here = Path.cwd()
    above = (folder for folder in (here, *here.parents) if is_project(folder))
    return next(above, here)


def holder_of(leaf: Leaf) -> object | None:
    """Return the standard library's object that holds a part, as its class is well known."""
    holder: object | None = None
    for part in reversed(leaf.stack):
        kind = type(part)
        if issubclass(kind, _NO_OWNERS) or not is_stdlib(kind):
            break
        if module_of(kind) not in _PLAIN:
            holder = part
    return holder


def _in_state(owner: object, kind: type, inner: set[int]) -> Remedy | None:
    for reducer in ("__reduce_ex__", "__reduce__", "__getstate__"):
        if static(kind, reducer) is not object.__dict__.get(reducer):
            return Remedy(f"leave it out of what {qualname_of(kind)}.{reducer} returns")
    for name, value in held_in(owner).items():
        if id(value) in inner:
            text = f"drop {name} in {qualname_of(kind)}.__getstate__, make it anew in __setstate__"
            return Remedy(text, _DROP.format(name=name))
    for name in slot_names(kind):
        if id(asked(owner, name)) in inner:
            return Remedy(f"leave {name} out in {qualname_of(kind)}.__getstate__")
    return None
