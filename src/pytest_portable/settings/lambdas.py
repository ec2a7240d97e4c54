"""Where a lambda stands in its file, as a `def` of its own that can travel.

`inspect.getsource` returns the lines around a lambda, which are often no statement, or those of a
`def` that merely stands on the same line. The whole file is parsed instead, and of the lambdas on
that line the one is taken that compiles to the same code.
"""

from __future__ import annotations

import ast
import inspect
from types import CodeType, FunctionType
from typing import Final

from pytest_portable.errors import OptionError

__all__ = ["LAMBDA", "as_definition", "is_lambda"]

LAMBDA: Final = "lambda_probe"
"""What the `def` is called that is made of a lambda."""

_SAME: Final = (
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
)
# Of the flags of code: `*args`, `**kwargs`, generators and future statements. Where it stands is
# another matter: a lambda inside of a function says so in its flags.
_FLAGS: Final = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS | inspect.CO_GENERATOR
_FUTURE: Final = 0x1FF0000  # the bits that future statements set in the flags of code


def is_lambda(function: object) -> bool:
    """Return whether a function was written as a lambda, whatever its name is now."""
    return isinstance(function, FunctionType) and function.__code__.co_name == "<lambda>"


def as_definition(function: FunctionType, label: str) -> ast.FunctionDef:
    """Return a lambda as a `def` of the name `LAMBDA`.

    Args:
        function: the lambda.
        label: of the probe, for the text of a mistake.

    Raises:
        OptionError: it uses what stands around it, its source cannot be had, or several lambdas on
            one line compile to the same code.
    """
    if around := function.__code__.co_freevars:
        raise OptionError(
            f"{label}: the lambda is not self-contained, it uses {', '.join(around)}; "
            "pass values by name"
        )
    found = {ast.unparse(node): node for node in _written(function)}
    if not found:
        raise OptionError(
            f"{label}: the source of this lambda cannot be read; define it with `def`, "
            "or pass an expression as text"
        )
    if len(found) > 1:
        line = function.__code__.co_firstlineno
        raise OptionError(
            f"{label}: several lambdas on line {line} cannot be told apart; "
            "write each on a line of its own, or pass expressions as text"
        )
    (node,) = found.values()
    source = f"def {LAMBDA}({ast.unparse(node.args)}):\n    return {ast.unparse(node.body)}\n"
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef)
    return definition


def _written(function: FunctionType) -> list[ast.Lambda]:
    """Return the lambdas of its file that stand where it does and compile to its code.

    Alone, a call of what the module imports compiles to other opcodes: where none has the very
    opcodes, those that agree in names, constants and arguments.
    """
    try:
        lines, _ = inspect.findsource(function)
        tree = ast.parse("".join(lines))
    except (OSError, TypeError, SyntaxError, ValueError):
        return []
    found: dict[bool, list[ast.Lambda]] = {True: [], False: []}
    code = function.__code__
    values = function.__defaults__, function.__kwdefaults__
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno:
            made = compile(
                ast.Expression(node),
                "<probe>",
                "eval",
                flags=code.co_flags & _FUTURE,
                dont_inherit=True,
            ).co_consts
            body = next(one for one in made if isinstance(one, CodeType))
            if _is_same(code, body) and _defaults_agree(node, values):
                found[code.co_code == body.co_code].append(node)
    return found[True] or found[False]


def _is_same(one: CodeType, two: CodeType) -> bool:
    if any(getattr(one, name) != getattr(two, name) for name in _SAME):
        return False
    if (one.co_flags ^ two.co_flags) & (_FLAGS | _FUTURE):
        return False
    pairs = zip(one.co_consts, two.co_consts, strict=False)
    return len(one.co_consts) == len(two.co_consts) and all(
        _is_same(a, b)
        if isinstance(a, CodeType) and isinstance(b, CodeType)
        else _constant(a) == _constant(b)
        for a, b in pairs
    )


def _constant(value: object) -> str:
    """Return a constant as text; of a qualified name, which Python 3.10 keeps there, the end."""
    return repr(value).rpartition("<locals>.")[2]


def _defaults_agree(node: ast.Lambda, values: tuple[object, object]) -> bool:
    """Return whether defaults that are literals have the values that the lambda has."""
    positional, named = values
    given = list(positional) if isinstance(positional, tuple) else []
    if len(given) != len(node.args.defaults):
        return False
    pairs = list(zip(node.args.defaults, given, strict=True))
    kept = named if isinstance(named, dict) else {}
    for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if default is not None:
            pairs.append((default, kept.get(argument.arg)))
    return all(
        repr(one.value) == repr(value) for one, value in pairs if isinstance(one, ast.Constant)
    )
