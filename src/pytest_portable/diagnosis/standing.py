"""Find the host's file of code that is sent by value, whatever file name the payload has.

Serializers may send code without its file: cloudpickle 3.1.3 and newer call every file
`<dynamic-code>`. Names and line numbers are sent, so the host's own objects show the file.
"""

from __future__ import annotations

import gc
import itertools
import linecache
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, Final

from pytest_portable.agent.in_target.asking import held_in
from pytest_portable.agent.in_target.check import SHIPPED
from pytest_portable.agent.records import Caught
from pytest_portable.host_modules import find_file, real_file
from pytest_portable.payload.inspection import Inspection

__all__ = ["Standing"]

# The lines of Python's tracebacks ("line 3, in f") and of faulthandler's stacks ("line 3 in f").
_LINE: Final = re.compile(
    r'^(?P<head>[ |+]*)File "(?P<file>[^"\n]*)", line (?P<line>\d+)(?P<by>,?) in (?P<name>.+)$',
    re.MULTILINE,
)
# Means only that there is no file. Source: cloudpickle 3.1.3, `_code_reduce`.
_SAYS_NOTHING: Final = "<dynamic-code>"
# Code without a file on any side, so that it is not the host's.
_NOWHERE: Final = ("<string>", "<stdin>", "<frozen ", "<attrs generated ")
_LEAVES: Final = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    bytearray,
    ModuleType,
    BuiltinFunctionType,
    CodeType,
)
_CONTAINERS: Final = (dict, frozenset, list, set, tuple)
_MAX_PARTS: Final = 50_000
_MAX_ELEMENTS: Final = 10_000


@dataclass(frozen=True)
class _Written:
    """A code object of the host, and the module that it runs in."""

    code: CodeType
    module: str

    def is_at(self, line: int, function: str) -> bool:
        """Return whether a line that a target names may be one of this code."""
        full = getattr(self.code, "co_qualname", "")  # Python 3.10 knows no such name
        if full and "." in function:
            is_named = full == function
        else:
            is_named = self.code.co_name == function.rpartition(".")[2] or not function
        lines = {self.code.co_firstlineno, *(at for _, _, at in self.code.co_lines())}
        return is_named and line in lines


@dataclass
class Standing:
    """The host's own code among what is sent.

    Attributes:
        roots: the objects that are sent, as they are here; empty where they are not known.
    """

    roots: Sequence[object] = field(default_factory=list)

    def file(self, name: str, line: int, function: str, module: str = "") -> str:
        """Return the file of a line that ran in a target; empty where there is none.

        Args:
            name: the target's file name; a real file there is returned as it is.
            line: number of the line.
            function: qualified name of the function; its bare name where only that is known,
                and empty where any function may be meant.
            module: name of the module that it ran in, where known.
        """
        if shipped := _shipped(name):
            return find_file(shipped) or name
        if real_file(name):
            return name
        if name.startswith(_NOWHERE):
            return ""
        found = [written for written in self._written if written.is_at(line, function)]
        files = {real_file(written.code.co_filename) for written in found}
        if len(files) > 1:
            near = [written for written in found if written.module == module]
            files = {real_file(written.code.co_filename) for written in near}
        return files.pop() if len(files) == 1 else ""

    def place(self, name: str, line: int, function: str, module: str = "") -> str:
        """Return `file:line` for parentheses behind a sentence; empty where there is no file."""
        file = self.file(name, line, function, module)
        return f"{file}:{line}" if file else ""

    def in_warning(self, warning: Caught) -> dict[str, Any]:
        """Return a warning as plain data, its file as it is on this side."""
        name = warning.file
        file = self.file(name, warning.line, "")
        return {**warning._asdict(), "file": file or ("" if name == _SAYS_NOTHING else name)}

    def is_definition(self, name: str) -> bool:
        """Return whether a qualified name is that of a plain function or class, as far as seen.

        A cache or another object that wraps a function bears its name, and is sent by name even by
        serializers that send functions by value.
        """
        return not any(
            "__wrapped__" in (held := held_in(part)) and held.get("__qualname__") == name
            for part in _walk(self.roots)
            if type(part) is not FunctionType
        )

    def in_text(self, text: str) -> str:
        """Return a target's traceback or stack with real files only.

        Code without a file keeps its line and its function, and a meaningful name, such as
        `<frozen os>`.
        """
        return _LINE.sub(self._spelled, text)

    def in_inspection(self, inspection: Inspection) -> Inspection:
        """Return an inspection with the host's file for all code that was made here."""
        code = tuple(
            replace(sent, filename=self.file(sent.filename, sent.line, sent.name))
            for sent in inspection.code
        )
        return replace(inspection, code=code)

    def _spelled(self, found: re.Match[str]) -> str:
        head, name, line, by, function = found.groups()
        if real_file(name) and not _shipped(name):
            return found[0]
        file = self.file(name, int(line), function)
        if not file:
            named = "" if name == _SAYS_NOTHING else f"{name}, "
            return f"{head}{named}line {line}{by} in {function}"
        place = f'{head}File "{file}", line {line}{by} in {function}'
        # Python shows the source line where it has the file; faulthandler never does.
        source = linecache.getline(file, int(line)).strip() if by else ""
        return f"{place}\n{head}  {source}" if source else place

    @cached_property
    def _written(self) -> list[_Written]:
        return [
            _Written(code, str(function.__globals__.get("__name__")))
            for function in _functions(self.roots)
            for code in _nested(function.__code__)
        ]


def _shipped(file: str) -> str:
    """Return the module of a file that came with the payload; empty for any other file.

    Such a file lies in a folder of the target's: see `agent.in_target.check`.
    """
    _, folder, inside = file.rpartition(f"{SHIPPED}/")
    if not folder or not inside.endswith(".py"):
        return ""
    return inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _functions(roots: Iterable[object]) -> Iterator[FunctionType]:
    """Yield the functions that objects hold, without running code of the objects."""
    return (part for part in _walk(roots) if type(part) is FunctionType)


def _walk(roots: Iterable[object]) -> Iterator[object]:
    """Yield the parts of objects, plain data left out."""
    seen: set[int] = set()
    queue = deque(roots)
    while queue and len(seen) < _MAX_PARTS:
        part = queue.popleft()
        if id(part) in seen or type(part) in _LEAVES:
            continue
        seen.add(id(part))
        yield part
        queue.extend(_parts(part))


def _parts(part: object) -> Iterable[object]:
    """Return what an object refers to; of the globals of a function, what its code names."""
    if type(part) is FunctionType:
        names = {name for code in _nested(part.__code__) for name in code.co_names}
        named = (part.__globals__[name] for name in names if name in part.__globals__)
        held = part.__closure__, part.__defaults__, part.__kwdefaults__, part.__dict__
        return (*held, *named)
    if type(part) in _CONTAINERS and len(part) > _MAX_ELEMENTS:  # type: ignore[arg-type]
        values = part.values() if type(part) is dict else part
        return itertools.islice(values, _MAX_ELEMENTS)  # type: ignore[call-overload, no-any-return]
    # An instance refers to its class, except where the class is static (not made at run time).
    return (*gc.get_referents(part), type(part))


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)
