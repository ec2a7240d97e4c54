"""Exceptions that came back: rebuilt here with all they were raised from, or why they cannot be."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pytest_portable.agent.in_target.serve import exception_facts
from pytest_portable.diagnosis import explain_call, pin
from pytest_portable.judgement.evidence_of_check import evidence_for
from pytest_portable.judgement.load_answer import (
    Unloadable,
    loader_for,
    versions_apart,
    why_unloadable,
)
from pytest_portable.verdict import Problem, Remedy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_portable.agent import Message
    from pytest_portable.judgement.check import Check

__all__ = [
    "add_note",
    "bring_back_exception",
    "changed_fact",
    "ends_session",
    "explain_import",
    "load_exception",
    "not_raised",
    "same_exception",
]

_NOT_SHARED: Final = Remedy(
    "raise what both sides have: an exception of Python, or of the packages"
)
_REMEDY: Final = Remedy("pass all arguments to super().__init__(), or define __reduce__")


def bring_back_exception(check: Check, record: Message) -> BaseException | None:
    """Return the exception that came back, or judge why it cannot.

    Causes, contexts, members of groups and notes come with it; the traceback of the target is a
    note of its own.
    """
    if record.blob is None:
        check.problems.append(_undumped(check, record))
        return None
    try:
        error = load_exception(check, record)
    except Unloadable as trouble:
        check.problems.append(_unloaded(check, record, trouble))
        return None
    if (changed := _change(check, record, error)) is not None:
        check.problems.append(changed)
        return None
    about = record.header["raised"]
    told = check.standing.in_text(about["traceback"]).rstrip()
    add_note(error, f"raised in {check.label}:\n{told}")
    if isinstance(error, ImportError):
        explain_import(check, error, about)
    return error


def explain_import(check: Check, error: ImportError, about: Mapping[str, Any]) -> None:
    """Add notes that say why an import failed there, and what to declare."""
    for problem in explain_call(about, evidence_for(check)):
        if problem.code != "call-error":
            fixes = "".join(f"; fix: {remedy.text}" for remedy in problem.remedies[:1])
            add_note(error, f"{problem.code}: {problem.message}{fixes}")


def ends_session(error: BaseException) -> bool:
    """Tell whether raising it here would end the whole run, which no payload may do."""
    names = {(kind.__module__, kind.__name__) for kind in type(error).__mro__}
    return not names.isdisjoint({("builtins", "KeyboardInterrupt"), ("_pytest.outcomes", "Exit")})


def not_raised(error: BaseException) -> Problem:
    """Return the problem of an exception that came back and is better not raised."""
    kind = type(error)
    return Problem(
        code="early-exit",
        stage="call",
        path="obj()",
        module=kind.__module__,
        message=f"raised {kind.__name__} there; raised here it would end the whole session",
        evidence=f"{kind.__name__}: {error}",
    )


def same_exception(here: BaseException, record: Message) -> bool:
    """Tell whether the same was raised here and there: class, arguments, attributes."""
    about = record.header["raised"]
    kind = type(here)
    return (
        (about["module"], about["type"]) == (kind.__module__, kind.__qualname__)
    ) and _changed_fact(record.header["facts"], exception_facts(here)) is None


def changed_fact(here: BaseException, record: Message) -> tuple[str, str, str] | None:
    """Return what differs of two exceptions of one class: its name, how it is here, and there."""
    about, facts = record.header["raised"], record.header["facts"]
    kind, found = type(here), exception_facts(here)
    if (about["module"], about["type"]) != (kind.__module__, kind.__qualname__):
        return None
    fact = _changed_fact(facts, found)
    if fact is None:
        return None
    return fact.removeprefix("."), found.get(fact, "nothing"), facts.get(fact, "nothing")


def load_exception(check: Check, record: Message) -> BaseException:
    """Load an exception with what it was raised from; by itself where that cannot be loaded here.

    Raises:
        Unloadable: the exception itself cannot be loaded.
    """
    name = record.header["name"]
    try:
        members = _load(check, record, name)
    except Unloadable as trouble:
        assert check.transcript is not None
        alone = check.transcript.find("alone", name)
        if alone is None:
            raise
        members = _load(check, alone, name)
        add_note(members[0], f"what it was raised from cannot come back: {trouble}")
    for member, link in zip(members, record.header["links"], strict=False):
        _restore(member, link, members)
    return members[0]


def _load(check: Check, record: Message, name: str) -> list[BaseException]:
    assert record.blob is not None
    try:
        members: object = loader_for(check, record)(record.blob)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # required arguments, a worker-only class
        trouble = why_unloadable(check, record.blob, name, error)
        trouble.path = _path(trouble.path, name, record.header.get("links", ()))
        raise trouble from error
    first = members[0] if isinstance(members, list) and members else members
    if not isinstance(members, list) or not isinstance(first, BaseException):
        kind = type(first)
        raise Unloadable(name, f"it loads as {kind.__module__}.{kind.__qualname__}")
    return members


def _path(path: str, name: str, links: Sequence[Sequence[Any]]) -> str:
    """Write the path of a member of the list that was dumped as a person would."""
    if path.startswith(f"{name}[0]"):
        return name + path.removeprefix(f"{name}[0]")
    place = int(found[1]) if (found := re.match(r"\[(\d+)\]", path.removeprefix(name))) else 0
    first = links[0] if links else (None, None)
    for attribute, member in (("__cause__", first[0]), ("__context__", first[1])):
        if place and member == place:
            return f"{name}.{attribute}" + path.removeprefix(f"{name}[{place}]")
    return name


def _restore(member: BaseException, link: Sequence[Any], members: Sequence[BaseException]) -> None:
    """Set what no exception brings along by itself, past any `__setattr__` of its class."""
    cause, context, is_hidden = link
    for name, place in (("__cause__", cause), ("__context__", context)):
        if place is not None and place < len(members):
            with contextlib.suppress(TypeError):  # it loads as something else
                BaseException.__setattr__(member, name, members[place])
    BaseException.__setattr__(member, "__suppress_context__", is_hidden)


def add_note(error: BaseException, note: str) -> None:
    """Add a note where the class lets us; Python 3.10 keeps notes without showing them."""
    notes = getattr(error, "__notes__", [])
    known = list(notes) if isinstance(notes, (list, tuple)) else []
    with contextlib.suppress(AttributeError, TypeError):
        BaseException.__setattr__(error, "__notes__", [*known, note])


# Why it cannot come back


def _name(about: Mapping[str, Any]) -> str:
    return f"{about['module']}.{about['type']}".removeprefix("builtins.")


def _raised(about: Mapping[str, Any]) -> str:
    said = f"({about['message']!r})" if about["message"] else ""
    return f"{_name(about)}{said} was raised there"


def _place(check: Check, about: Mapping[str, Any]) -> str:
    if not about["frames"]:
        return ""
    name, line, function, module = about["frames"][-1]
    file = check.standing.file(name, line, function, module)
    at = f'at File "{file}", line {line}, ' if file else ""
    return f"raised {at}in {function}"


def _lost(  # noqa: PLR0913 - what each reason says of its own
    check: Check,
    record: Message,
    message: str,
    evidence: str,
    *,
    path: str | None = None,
    remedy: Remedy = _REMEDY,
) -> Problem:
    about = record.header["raised"]
    return Problem(
        code="exception-not-portable",
        stage="return",
        path=path or record.header["name"],
        module=about["module"],
        message=f"{_raised(about)} and {message}",
        evidence="\n".join(line for line in (evidence, _place(check, about)) if line),
        remedies=(remedy,),
    )


def _undumped(check: Check, record: Message) -> Problem:
    trouble = record.header["undumped"]
    path, module, kind = record.header["part"]
    name = record.header["name"]
    part = f"{path.removeprefix(name)} is a {module}.{kind}".replace(" builtins.", " ")
    what = f"cannot be dumped there: {part}" if path != name else "cannot be dumped there"
    return _lost(check, record, what, f"{trouble['type']}: {trouble['message']}", path=path)


def _unloaded(check: Check, record: Message, trouble: Unloadable) -> Problem:
    remedy = _NOT_SHARED if trouble.module else _REMEDY
    found = _lost(
        check, record, f"cannot be loaded here: {trouble}", "", path=trouble.path, remedy=remedy
    )
    apart = versions_apart(check, trouble.module or record.header["raised"]["module"])
    if apart is None:
        return found
    here, there = apart
    return replace(
        found,
        distribution=here.name,
        message=f"{found.message} ({there} there, {here} here)",
        remedies=(*pin(evidence_for(check), here), *found.remedies),
    )


def _change(check: Check, record: Message, error: BaseException) -> Problem | None:
    """Return the problem of an exception that is another one after the trip."""
    about, facts = record.header["raised"], record.header["facts"]
    kind = type(error)
    # cloudpickle makes a class there without its qualified name: `f.<locals>.Refused` is `Refused`.
    there = about["module"], about["type"].rpartition(".")[2]
    if there != (kind.__module__, kind.__qualname__.rpartition(".")[2]):
        return _lost(check, record, f"came back as {kind.__module__}.{kind.__qualname__}", "")
    found = exception_facts(error)
    fact = _changed_fact(facts, found)
    if fact is None:
        return None
    name = fact.removeprefix(".")
    change = f"{facts.get(fact, 'nothing')} there, {found.get(fact, 'nothing')} here"
    path = f"{record.header['name']}.{name}"
    return _lost(check, record, f"came back changed: {name} was {change}", "", path=path)


def _changed_fact(there: Mapping[str, str], here: Mapping[str, str]) -> str | None:
    """Return the name of the first fact that differs; what is no plain data cannot be judged."""
    for fact in [*there, *(here.keys() - there.keys())]:
        texts = [re.sub(r"<[\w.]+>", "<>", side.get(fact, "")) for side in (there, here)]
        if texts[0] != texts[1]:
            return fact
    return None
