"""Probes: expressions, or self-contained functions that travel as source."""

from __future__ import annotations

import ast
import builtins
import inspect
import symtable
import textwrap
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import CodeType, FunctionType
from typing import Final, TypeAlias, cast

from pytest_portable.agent.in_target.portrait import name_of
from pytest_portable.errors import OptionError, near
from pytest_portable.settings.lambdas import LAMBDA, as_definition, is_lambda
from pytest_portable.settings.mark_checks import KEYS

__all__ = ["Asked", "AskedAll", "Probe", "Wanted", "WantedAll", "parse"]

# Names of every module, and builtins that only other Pythons have.
_KNOWN: Final = frozenset(dir(builtins)) | {
    "__builtins__",
    "__name__",
    "BaseExceptionGroup",
    "EncodingWarning",
    "ExceptionGroup",
    "PythonFinalizationError",
    "aiter",
    "anext",
}

_RESERVED: Final = {
    "obj": "the object itself",
    "raises": "what a probe is wanted to raise",
}
_ARGUMENTS: Final = ("equal", "probe", "raises")

Asked: TypeAlias = "str | Callable[..., object]"
"""What a caller may give as one probe."""

AskedAll: TypeAlias = "Asked | Sequence[Asked] | Mapping[str, Asked] | None"
"""What a caller may give as probes: one, a list, a dict of names, or none."""

Wanted: TypeAlias = "type[BaseException] | tuple[type[BaseException], ...]"
"""What a caller may want one probe to raise."""

WantedAll: TypeAlias = "Wanted | Mapping[str, Wanted] | Mapping[int, Wanted] | None"
"""What a caller may want probes to raise: for several, a dict of their names or numbers."""


@dataclass(frozen=True)
class Probe:
    """An expression or a function that is evaluated on both sides.

    Attributes:
        mode: "expression" or "function".
        source: Python source text.
        name: of the function.
        label: the root of the paths in its result: `probe`, `probe[1]`, `probe['name']`.
        raises: the exceptions that are wanted of it; empty where it has to return.
    """

    mode: str
    source: str
    name: str = ""
    label: str = "probe"
    raises: tuple[type[BaseException], ...] = ()

    @property
    def shown(self) -> str:
        """How a message names it: an expression by its text, a function by its name."""
        if self.mode == "expression":
            return self.source
        return "lambda" if self.name == LAMBDA else self.name

    def to_request(self) -> dict[str, object]:
        """Return the form in which the agent gets it."""
        return {
            "label": self.label,
            "mode": self.mode,
            "source": self.source,
            "name": self.name,
        }

    def to_manifest(self) -> dict[str, object]:
        """Return the agent's form, and the names of the exceptions that are wanted of it."""
        return {**self.to_request(), "raises": [name_of(kind) for kind in self.raises]}

    def evaluate(self, obj: object, names: Mapping[str, object]) -> object:
        """Evaluate on the host; a coroutine is awaited."""
        return _finished(self._evaluate(obj, names))

    def _evaluate(self, obj: object, names: Mapping[str, object]) -> object:
        scope: dict[str, object] = {"__name__": "__probe__", "__builtins__": builtins}
        if self.mode == "expression":
            code = compile(self.source, "<probe>", "eval", dont_inherit=True)
            return eval(code, {**scope, **names, "obj": obj})  # noqa: S307 - the user's own probe
        # Without the future statements of this file: the target compiles it without any.
        code = compile(self.source, "<probe>", "exec", dont_inherit=True)
        exec(code, scope)  # noqa: S102 - the user's own probe
        function = scope[self.name]
        assert callable(function)
        return function(obj, **names)


def _finished(value: object) -> object:
    """Run a coroutine in its own thread, because the test may run in an event loop already."""
    if not inspect.iscoroutine(value):
        return value
    import asyncio  # noqa: PLC0415 - costs 30 ms, and few probes are coroutines
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - the same

    coroutine = cast("Coroutine[object, object, object]", value)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def parse(
    probe: AskedAll, names: Mapping[str, object], raises: WantedAll = None
) -> tuple[Probe, ...]:
    """Return the probes in the form that can travel.

    Args:
        probe: one, a list, or a dict of names and probes.
        names: the values that they see.
        raises: the exceptions that are wanted: of one probe a class or a tuple; of several a dict
            of their names, in a list of their numbers.

    Raises:
        OptionError: one does not parse or is not self-contained, `obj` or `raises` is used as a
            name, or `raises` names no exception or no probe; all mistakes at once.
    """
    mistakes = [
        f"names: `{name}` is reserved for {text}"
        for name, text in _RESERVED.items()
        if name in names
    ]
    mistakes += _misplaced(_unseen(probe, names))
    wanted, wrong = _wanted(probe, raises)
    mistakes += wrong
    found = []
    for label, asked in _labelled(probe).items():
        try:
            found.append(replace(_parse(asked, label, names), raises=wanted.get(label, ())))
        except OptionError as error:  # noqa: PERF203 - all mistakes are told at once
            mistakes += error.mistakes
    if isinstance(probe, (list, tuple, dict)) and not probe:
        mistakes.append(f"probe: {probe!r} is empty; leave it out, or give an expression")
    if mistakes:
        raise OptionError(mistakes)
    return tuple(found)


def _unseen(probe: AskedAll, names: Mapping[str, object]) -> list[str]:
    """Return the names that no expression reads; functions say themselves what they take."""
    read: set[str] = set()
    for asked in _labelled(probe).values():
        if not isinstance(asked, str):
            return []
        with suppress(SyntaxError, ValueError):  # told as a mistake of the probe
            read |= _referenced(symtable.symtable(asked.strip(), "<probe>", "eval"))
    return [name for name in names if name not in read]


def _misplaced(names: Iterable[str]) -> list[str]:
    """Return mistakes: names that no probe reads and that look meant for another argument."""
    mistakes = []
    for name in names:
        if name in KEYS:
            mistakes.append(f"{name}: a key of the mark, not of a check: portable({name}=...)")
        elif meant := near(name, _ARGUMENTS):
            mistakes.append(f"{name}: no argument of a check{meant}")
    return mistakes


def _labelled(
    probe: AskedAll,
) -> dict[str, Asked]:
    if probe is None:
        return {}
    if isinstance(probe, (list, tuple)):
        return {f"probe[{index}]": one for index, one in enumerate(probe)}
    if isinstance(probe, dict):
        return {f"probe[{name!r}]": one for name, one in probe.items()}
    return {"probe": cast("Asked", probe)}


def _wanted(
    probe: AskedAll, raises: WantedAll
) -> tuple[dict[str, tuple[type[BaseException], ...]], list[str]]:
    """Return the exceptions that are wanted by the labels of their probes, and the mistakes."""
    if raises is None:
        return {}, []
    if probe is None:
        return {}, ["raises: says what a probe raises, and there is no probe"]
    if not isinstance(probe, (list, tuple, dict)):
        if isinstance(raises, dict):
            return {}, ["raises: there is one probe: give an exception class, or a tuple of them"]
        return _wanted_of("raises", "probe", raises)
    keys = list(probe) if isinstance(probe, dict) else list(range(len(probe)))
    if not isinstance(raises, dict):
        form = f"raises={{{keys[0]!r}: ValueError}}" if keys else "raises={}"
        return {}, [f"raises: there are several probes: say which one raises what: {form}"]
    found, mistakes = {}, []
    for key, kinds in raises.items():
        if key in keys:
            known, wrong = _wanted_of(f"raises[{key!r}]", f"probe[{key!r}]", kinds)
            found.update(known)
            mistakes += wrong
        else:
            hint = near(str(key), map(str, keys))
            valid = ", ".join(map(repr, keys))
            mistakes.append(f"raises: {key!r} is no probe{hint} (valid: {valid})")
    return found, mistakes


def _wanted_of(
    where: str, label: str, kinds: object
) -> tuple[dict[str, tuple[type[BaseException], ...]], list[str]]:
    every = kinds if isinstance(kinds, tuple) else (kinds,)
    classes = tuple(
        kind for kind in every if isinstance(kind, type) and issubclass(kind, BaseException)
    )
    if classes and len(classes) == len(every):
        return {label: classes}, []
    return {}, [f"{where}: {kinds!r} is neither an exception class nor a tuple of them"]


def _parse(asked: Asked, label: str, names: Mapping[str, object]) -> Probe:
    if not isinstance(asked, str):
        return _from_function(asked, label, names)
    source = asked.strip()
    try:
        compile(source, "<probe>", "eval")
    except (SyntaxError, ValueError) as error:
        said = error.msg if isinstance(error, SyntaxError) else error
        raise OptionError(f"{label}: {asked!r} is no expression: {said}") from None
    # Both sides would raise the same NameError, which would count as agreement.
    if unknown := sorted(_free_in_expression(source) - {"obj", *names}):
        given = ", ".join(names) or "none"
        raise OptionError(
            f"{label}: {asked!r} uses {', '.join(unknown)}, which is neither obj nor a value given "
            f"by name (given: {given}); pass it as a keyword argument of the check"
        )
    return Probe("expression", source, label=label)


def _from_function(
    function: Callable[..., object], label: str, names: Mapping[str, object]
) -> Probe:
    if not callable(function):
        raise OptionError(f"{label}: {function!r} is neither an expression as text nor a function")
    definition = _definition_of(function, label)
    name = "the lambda" if definition.name == LAMBDA else definition.name
    _check_arguments(definition, name, label, names)
    _strip(definition)
    source = ast.unparse(ast.fix_missing_locations(ast.Module([definition], [])))
    free = _free_names(source, definition.name)
    if free:
        raise OptionError(
            f"{label}: {name} is not self-contained, it uses {', '.join(free)}; "
            "import inside the function, or pass values by name"
        )
    return Probe("function", source, definition.name, label)


def _definition_of(
    function: Callable[..., object], label: str
) -> ast.FunctionDef | ast.AsyncFunctionDef:
    inner = inspect.unwrap(function)
    if is_lambda(inner):
        return as_definition(cast("FunctionType", inner), label)
    name = getattr(function, "__name__", repr(function))
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        tree = ast.Module([], [])
    definition = tree.body[0] if tree.body else None
    if not isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef)) or (
        # What was made at run time may stand on the line of another `def`.
        isinstance(code := getattr(inner, "__code__", None), CodeType)
        and code.co_name != definition.name
    ):
        raise OptionError(
            f"{label}: the source of {name} cannot be read; define it with `def`, "
            "or pass an expression as text"
        )
    return definition


def _strip(definition: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Remove decorators and annotations, whose names the target may not have."""
    definition.decorator_list = []
    waiting: list[ast.AST] = [definition]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        if not isinstance(node, ast.ClassDef):  # in a class an annotation may define a field
            for name in ("body", "orelse", "finalbody"):
                if isinstance(block := getattr(node, name, None), list):
                    block[:] = [_without_annotation(part) for part in block]
        waiting.extend(ast.iter_child_nodes(node))


def _without_annotation(statement: ast.stmt) -> ast.stmt:
    if not isinstance(statement, ast.AnnAssign):
        return statement
    if statement.value is None:
        return ast.copy_location(ast.Pass(), statement)
    return ast.copy_location(ast.Assign([statement.target], statement.value), statement)


def _check_arguments(
    definition: ast.FunctionDef | ast.AsyncFunctionDef,
    name: str,
    label: str,
    names: Mapping[str, object],
) -> None:
    """Refuse a call that raises the same `TypeError` on both sides, which would count as agreement.

    Raises:
        OptionError: the function does not take the object and these names, or needs other names.
    """
    takes = definition.args
    plain = [one.arg for one in (*takes.posonlyargs, *takes.args)]
    known = {*plain[max(1, len(takes.posonlyargs)) :], *(one.arg for one in takes.kwonlyargs)}
    optional = {*plain[len(plain) - len(takes.defaults) :]} if takes.defaults else set()
    optional |= {
        one.arg
        for one, default in zip(takes.kwonlyargs, takes.kw_defaults, strict=True)
        if default is not None
    }
    mistakes = []
    if not plain and takes.vararg is None:
        mistakes.append("takes no object: its first argument is the object")
    if unknown := sorted(names.keys() - known) if takes.kwarg is None else []:
        hints = {near(one, _ARGUMENTS) for one in unknown}
        mistakes.append(f"has no argument {', '.join(unknown)}{''.join(sorted(hints))}")
    if missing := sorted({*plain[1:], *known} - optional - names.keys()):
        mistakes.append(f"wants {', '.join(missing)}, which no value is given for by name")
    if mistakes:
        raise OptionError(f"{label}: {name} {'; '.join(mistakes)}")


def _free_in_expression(source: str) -> set[str]:
    """Return the names that an expression reads and neither assigns nor has from Python."""
    top = symtable.symtable(source, "<probe>", "eval")
    return _referenced(top) - _KNOWN - {s.get_name() for s in top.get_symbols() if s.is_assigned()}


def _free_names(source: str, name: str) -> list[str]:
    """Return the names that neither the function nor Python defines, defaults excluded."""
    # Defaults refer to names of the function's module.
    return sorted(_referenced(symtable.symtable(source, "<probe>", "exec")) - _KNOWN - {name})


def _referenced(module: symtable.SymbolTable) -> set[str]:
    """Return the global names that some code refers to, nested code included."""
    free: set[str] = set()
    tables = [module]
    while tables:
        table = tables.pop()
        tables.extend(table.get_children())
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (table is module or symbol.is_global()):
                free.add(symbol.get_name())
    return free
