"""Probes: an expression, or a self-contained function that travels as source."""

from __future__ import annotations

import ast
import builtins
import inspect
import symtable
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_portable.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Probe", "parse"]


@dataclass(frozen=True)
class Probe:
    """What is evaluated on both sides.

    Attributes:
        mode: "expression" or "function".
        source: Python source text.
        name: of the function.
    """

    mode: str
    source: str
    name: str = ""

    def to_request(self) -> dict[str, str]:
        """Return the agent's form."""
        return {"mode": self.mode, "source": self.source, "name": self.name}

    def evaluate(self, obj: object, names: Mapping[str, object]) -> object:
        """Evaluate on the host."""
        scope: dict[str, object] = {"__name__": "__probe__", "__builtins__": builtins}
        if self.mode == "expression":
            code = compile(self.source, "<probe>", "eval")
            return eval(code, {**scope, **names, "obj": obj})  # noqa: S307 - the user's own probe
        exec(compile(self.source, "<probe>", "exec"), scope)  # noqa: S102 - the user's own probe
        function = scope[self.name]
        assert callable(function)
        return function(obj, **names)


def parse(probe: str | Callable[..., object] | None, names: Mapping[str, object]) -> Probe | None:
    """Return a probe that can travel.

    Raises:
        OptionError: it does not parse, is not self-contained, or `obj` is used as a name.
    """
    if "obj" in names:
        raise OptionError("names: `obj` is reserved for the object itself")
    if probe is None:
        return None
    if isinstance(probe, str):
        try:
            compile(probe.strip(), "<probe>", "eval")
        except SyntaxError as error:
            raise OptionError(f"probe: {probe!r} is no expression: {error.msg}") from None
        return Probe("expression", probe.strip())
    return _from_function(probe)


def _from_function(function: Callable[..., object]) -> Probe:
    label = getattr(function, "__name__", repr(function))
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        raise OptionError(
            f"probe: the source of {label} cannot be read; define it with `def`, "
            "or pass an expression as text"
        ) from None
    if not tree.body or not isinstance(tree.body[0], (ast.FunctionDef, ast.AsyncFunctionDef)):
        raise OptionError(f"probe: {label} is no `def`; pass a function or an expression as text")
    definition = tree.body[0]
    _strip(definition)
    source = ast.unparse(ast.fix_missing_locations(ast.Module([definition], [])))
    free = _free_names(source, definition.name)
    if free:
        raise OptionError(
            f"probe: {label} is not self-contained, it uses {', '.join(free)}; "
            "import inside the function, or pass values by name"
        )
    return Probe("function", source, definition.name)


def _strip(definition: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Remove decorators and annotations, which the target need not know."""
    definition.decorator_list = []
    for node in ast.walk(definition):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None


def _free_names(source: str, name: str) -> list[str]:
    free: set[str] = set()
    module = symtable.symtable(source, "<probe>", "exec")  # what defaults refer to is its own
    tables = [module]
    while tables:
        table = tables.pop()
        tables.extend(table.get_children())
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (table is module or symbol.is_global()):
                free.add(symbol.get_name())
    return sorted(free - set(dir(builtins)) - {name})
