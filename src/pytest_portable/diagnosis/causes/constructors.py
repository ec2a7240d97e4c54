"""How to make a class rebuild: what helps depends on what it is, and on whose it is."""

from __future__ import annotations

import inspect
import re
from typing import Final

from pytest_portable.diagnosis.definitions import live
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.target_errors import CONSTRUCTOR
from pytest_portable.diagnosis.written_reduce import written_reduce
from pytest_portable.verdict import Remedy

__all__ = ["is_foreign", "remedies_of_constructor", "remedies_of_exception", "remedy_of_class"]

_MISSING: Final = re.compile(
    CONSTRUCTOR.pattern + r" missing [^()\n]{0,40}(?P<kind>positional|keyword-only) argument"
)
_ALL_ARGUMENTS: Final = "pass all arguments to super().__init__(), or define __reduce__"
_NOT_IN_ARGS: Final = "(arguments by keyword do not travel in args)"


def is_foreign(module: str, evidence: Evidence) -> str:
    """Return whose a definition is, where it is not the user's to change: `Python`, `rich`."""
    if evidence.is_stdlib(module) or module == "builtins":
        return "Python"
    owner = evidence.owner(module)
    if owner is None or evidence.maker.is_edited(owner.name) or evidence.maker.is_own(owner.name):
        return ""
    return owner.name


def remedies_of_constructor(
    message: str, module: str, name: str, evidence: Evidence
) -> tuple[Remedy, ...]:
    """Return what helps where rebuilding an object calls its class with too few arguments.

    Args:
        message: what was raised.
        module: of the class.
        name: qualified name of the class; empty where it is not known.
        evidence: tells whose it is.
    """
    missing = _MISSING.search(message)
    if missing is None:
        return ()
    if name and (owner := is_foreign(module, evidence)):
        kind = name.rpartition(".")[2]
        return (
            Remedy(f"{kind} is {owner}'s: send what it is made from, and make it where it is used"),
        )
    return (_of_class(live(module, name) if name else None, missing),)


def remedies_of_exception(
    module: str, name: str, message: str, evidence: Evidence
) -> tuple[Remedy, ...]:
    """Return what helps where an exception that was raised there cannot come back.

    Args:
        module: of its class.
        name: qualified name of its class.
        message: why it cannot be rebuilt.
        evidence: tells whose it is.
    """
    if owner := is_foreign(module, evidence):
        return (
            Remedy(
                f"{name.rpartition('.')[2]} is {owner}'s: catch it where it is raised, and raise "
                "an exception with its text that takes only that"
            ),
        )
    found = live(module, name)
    kind = found if isinstance(found, type) and issubclass(found, BaseException) else Exception
    return (_of_exception(kind, message),)


def remedy_of_class(kind: type, otherwise: str) -> Remedy:
    """Return the `__reduce__` that calls the constructor of a class of the user's.

    Args:
        kind: the class.
        otherwise: what to say where its constructor does not tell what it was given.
    """
    code = written_reduce(kind)
    if not code:
        return Remedy(otherwise)
    return Remedy(f"define __reduce__ in {kind.__name__}: {_body(code)}", code)


def _body(code: str) -> str:
    return code.rpartition("\n")[2].strip()


def _of_class(kind: object, missing: re.Match[str]) -> Remedy:
    """Return what helps a class of the user's; `kind` is `None` where it is not known here."""
    if isinstance(kind, type) and issubclass(kind, BaseException):
        return _of_exception(kind, missing[0])
    otherwise = _ALL_ARGUMENTS
    if missing["hook"] == "new":
        otherwise = "define __getnewargs__ (or __reduce__), so that all arguments travel"
    elif isinstance(kind, type):
        otherwise = (
            f"define __reduce__ in {kind.__name__}: return type(self) and all arguments that "
            f"{kind.__name__}.__init__ takes"
        )
    if missing["kind"] == "keyword-only":
        otherwise = "define __reduce__ with functools.partial, which passes keywords"
    return remedy_of_class(kind, otherwise) if isinstance(kind, type) else Remedy(otherwise)


def _of_exception(kind: type[BaseException], message: str) -> Remedy:
    words, code = _keywords(kind), written_reduce(kind)
    if not words and "keyword-only" not in message:
        return Remedy(f"{_ALL_ARGUMENTS}: {_body(code)}" if code else _ALL_ARGUMENTS, code)
    if code:
        return Remedy(f"define __reduce__: {_body(code)} {_NOT_IN_ARGS}", code)
    given = ", ".join(f"{word}=self.{word}" for word in words) or "..."
    return Remedy(
        f"define __reduce__: return functools.partial(type(self), {given}), self.args "
        f"{_NOT_IN_ARGS}"
    )


def _keywords(kind: type) -> list[str]:
    """Return the arguments that a class takes by keyword only and cannot do without."""
    try:
        parameters = inspect.signature(kind.__init__).parameters.values()  # type: ignore[misc]
    except (TypeError, ValueError):
        return []
    return [
        one.name for one in parameters if one.kind is one.KEYWORD_ONLY and one.default is one.empty
    ]
