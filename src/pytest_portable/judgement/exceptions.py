"""Exceptions that came back: rebuilt here with all they were raised from, or why they cannot be."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from pytest_portable.agent import Transcript
from pytest_portable.agent.in_target.asking import (
    asked,
    is_kind,
    module_of,
    qualname_of,
    read_mro,
    read_name,
)
from pytest_portable.agent.in_target.describe import exception_facts, text_of
from pytest_portable.agent.records import Alone, Raised, SmallestPart, TargetError
from pytest_portable.diagnosis import Standing, explain_call, pin, remedies_of_exception
from pytest_portable.equivalence.guard import is_a
from pytest_portable.interrupts import pass_on
from pytest_portable.judgement.argument_paths import with_argument_path
from pytest_portable.judgement.context import Context
from pytest_portable.judgement.evidence_of_check import Evidences
from pytest_portable.judgement.findings import Back, notes, problems
from pytest_portable.judgement.load_answer import (
    Unloadable,
    loader_for,
    versions_apart,
    why_unloadable,
)
from pytest_portable.judgement.time_limit import TookTooLong
from pytest_portable.verdict import Problem, Remedy

__all__ = [
    "add_note",
    "bring_back_exception",
    "changed_fact",
    "ends_session",
    "explain_raised",
    "load_exception",
    "not_raised",
    "same_exception",
]

_Link = tuple[int | None, int | None, bool]

_NOT_SHARED: Final = Remedy(
    "raise what both sides have: an exception of Python, or of the packages"
)


def bring_back_exception(
    context: Context, transcript: Transcript, evidence: Evidences, record: Raised
) -> Back[BaseException]:
    """Return the exception that came back, or why it cannot.

    Causes, contexts, members of groups and notes come with it; the traceback of the target is a
    note of its own.
    """
    standing = evidence.sent.standing
    if record.blob is None:
        return Back(None, problems([_undumped(evidence, record)]))
    try:
        error = load_exception(context, transcript, record)
    except Unloadable as trouble:
        return Back(None, problems([_unloaded(evidence, record, trouble)]))
    if (changed := _change(evidence, record, error)) is not None:
        return Back(None, problems([changed]))
    told = standing.in_text(record.error.traceback).rstrip()
    add_note(error, f"raised in {context.label}:\n{told}")
    why = explain_raised(error, record, evidence)
    return Back(error, notes(one for one in why if one.code == "main-reference"))


def explain_raised(error: BaseException, record: Raised, evidence: Evidences) -> list[Problem]:
    """Return why an import failed there, or a name was not found; notes of the exception say it.

    Args:
        error: what came back.
        record: of it.
        evidence: of the call.
    """
    if not is_kind(error, ImportError, NameError):
        return []
    found = explain_call(record.error, evidence(), within=record.within)
    why = [with_argument_path(one) for one in found if one.code != "call-error"]
    for problem in why:
        fixes = "".join(f"; fix: {remedy.text}" for remedy in problem.remedies[:1])
        add_note(error, f"{problem.code}: {problem.message}{fixes}")
    return why


def ends_session(error: BaseException) -> bool:
    """Return whether raising it here would end the whole run, which no payload may do."""
    names = {(module_of(kind), read_name(kind)) for kind in read_mro(type(error))}
    return not names.isdisjoint({("builtins", "KeyboardInterrupt"), ("_pytest.outcomes", "Exit")})


def not_raised(error: BaseException) -> Problem:
    """Return the problem of an exception that came back and is better not raised."""
    kind = type(error)
    return Problem(
        code="early-exit",
        stage="call",
        path="obj()",
        module=module_of(kind),
        message=f"raised {read_name(kind)} there; raised here it would end the whole session",
        evidence=f"{read_name(kind)}: {text_of(error)}",
    )


def same_exception(here: BaseException, record: Raised) -> bool:
    """Return whether the same was raised here and there: class, arguments, attributes."""
    return _is_of_class(here, record) and (
        _changed_fact(record.facts, exception_facts(here)) is None
    )


def changed_fact(here: BaseException, record: Raised) -> tuple[str, str, str] | None:
    """Return what differs of two exceptions of one class: its name, how it is here, and there."""
    found = exception_facts(here)
    fact = _changed_fact(record.facts, found) if _is_of_class(here, record) else None
    if fact is None:
        return None
    return fact.removeprefix("."), found.get(fact, "nothing"), record.facts.get(fact, "nothing")


def _is_of_class(here: BaseException, record: Raised) -> bool:
    kind = type(here)
    return (record.error.module, record.error.type) == (module_of(kind), qualname_of(kind))


def load_exception(context: Context, transcript: Transcript, record: Raised) -> BaseException:
    """Load an exception with what it was raised from; by itself where that cannot be loaded here.

    Raises:
        Unloadable: the exception itself cannot be loaded.
    """
    try:
        members = _load(context, record, record.links)
    except Unloadable as trouble:
        alone = transcript.first(Alone, record.name)
        if alone is None or is_a(trouble.__cause__, TookTooLong):
            raise
        members = _load(context, alone)
        add_note(members[0], f"what it was raised from cannot come back: {trouble}")
    for member, link in zip(members, record.links, strict=False):
        _restore(member, link, members)
    return members[0]


def _load(
    context: Context, record: Alone | Raised, links: Sequence[_Link] = ()
) -> list[BaseException]:
    name = record.name
    assert record.blob is not None
    try:
        members: object = loader_for(context, record)(record.blob)
    except BaseException as error:  # required arguments, a worker-only class
        pass_on(error)
        trouble = why_unloadable(context, record.blob, name, error)
        path = _path(trouble.path, name, links)
        raise Unloadable(path, trouble.why, trouble.module) from error
    first = members[0] if isinstance(members, list) and members else members
    if not isinstance(members, list) or not is_kind(first, BaseException):
        kind = type(first)
        raise Unloadable(name, f"it loads as {module_of(kind)}.{qualname_of(kind)}")
    return members


def _path(path: str, name: str, links: Sequence[_Link]) -> str:
    """Write the path of a member of the list that was dumped as a person would."""
    if path.startswith(f"{name}[0]"):
        return name + path.removeprefix(f"{name}[0]")
    place = int(found[1]) if (found := re.match(r"\[(\d+)\]", path.removeprefix(name))) else 0
    first = links[0] if links else (None, None)
    for attribute, member in (("__cause__", first[0]), ("__context__", first[1])):
        if place and member == place:
            return f"{name}.{attribute}" + path.removeprefix(f"{name}[{place}]")
    return name


def _restore(member: BaseException, link: _Link, members: Sequence[BaseException]) -> None:
    """Set what no exception brings along by itself, past any `__setattr__` of its class."""
    cause, context, is_hidden = link
    for name, place in (("__cause__", cause), ("__context__", context)):
        if place is not None and 0 <= place < len(members):
            with contextlib.suppress(TypeError):  # it loads as something else
                BaseException.__setattr__(member, name, members[place])
    with contextlib.suppress(TypeError):
        BaseException.__setattr__(member, "__suppress_context__", is_hidden)


def add_note(error: BaseException, note: str) -> None:
    """Add a note where the class lets us; Python 3.10 keeps notes without showing them."""
    notes = asked(error, "__notes__", [])
    known = list(notes) if type(notes) in {list, tuple} else []
    with contextlib.suppress(AttributeError, TypeError):
        BaseException.__setattr__(error, "__notes__", [*known, note])


# Why it cannot come back


def _raised(error: TargetError) -> str:
    said = f"({error.message!r})" if error.message else ""
    return f"{error.module}.{error.type}".removeprefix("builtins.") + f"{said} was raised there"


def _place(standing: Standing, error: TargetError) -> str:
    if not error.frames:
        return ""
    frame = error.frames[-1]
    file = standing.file(*frame)
    at = f'at File "{file}", line {frame.line}, ' if file else ""
    return f"raised {at}in {frame.function}"


def _lost(  # noqa: PLR0913 - what each reason says of its own
    evidence: Evidences,
    record: Raised,
    message: str,
    said: str,
    *,
    path: str | None = None,
    remedy: Remedy | None = None,
) -> Problem:
    error, standing = record.error, evidence.sent.standing
    by_class = remedies_of_exception(error.module, error.type, message, evidence())
    return Problem(
        code="exception-not-portable",
        stage="return",
        path=path or record.name,
        module=error.module,
        message=f"{_raised(error)} and {message}",
        evidence="\n".join(line for line in (said, _place(standing, error)) if line),
        remedies=by_class if remedy is None else (remedy,),
    )


def _undumped(evidence: Evidences, record: Raised) -> Problem:
    path, module, kind = record.part or SmallestPart(record.name, "", "")
    part = f"{path.removeprefix(record.name)} is a {module}.{kind}".replace(" builtins.", " ")
    what = "cannot be dumped there" + (f": {part}" if path != record.name else "")
    return _lost(evidence, record, what, str(record.undumped or ""), path=path)


def _unloaded(evidence: Evidences, record: Raised, trouble: Unloadable) -> Problem:
    remedy = _NOT_SHARED if trouble.module else None
    said = f"cannot be loaded here: {trouble}"
    found = _lost(evidence, record, said, "", path=trouble.path, remedy=remedy)
    apart = versions_apart(evidence(), trouble.module or record.error.module)
    if apart is None:
        return found
    here, there = apart
    return replace(
        found,
        distribution=here.name,
        message=f"{found.message} ({there} there, {here} here)",
        remedies=(*pin(evidence(), here), *found.remedies),
    )


def _change(evidence: Evidences, record: Raised, error: BaseException) -> Problem | None:
    """Return the problem of an exception that is another one after the trip."""
    kind = type(error)
    # cloudpickle makes a class there without its qualified name: `f.<locals>.Refused` is `Refused`.
    there = record.error.module, record.error.type.rpartition(".")[2]
    if there != (module_of(kind), qualname_of(kind).rpartition(".")[2]):
        return _lost(evidence, record, f"came back as {module_of(kind)}.{qualname_of(kind)}", "")
    found = exception_facts(error)
    fact = _changed_fact(record.facts, found)
    if fact is None:
        return None
    name = fact.removeprefix(".")
    change = f"{record.facts.get(fact, 'nothing')} there, {found.get(fact, 'nothing')} here"
    said = f"came back changed: {name} was {change}"
    return _lost(evidence, record, said, "", path=f"{record.name}.{name}")


def _changed_fact(there: Mapping[str, str], here: Mapping[str, str]) -> str | None:
    """Return the name of the first fact that differs; what is no plain data cannot be judged."""
    for fact in [*there, *(here.keys() - there.keys())]:
        texts = [re.sub(r"<[\w.]+>", "<>", side.get(fact, "")) for side in (there, here)]
        if texts[0] != texts[1]:
            return fact
    return None
