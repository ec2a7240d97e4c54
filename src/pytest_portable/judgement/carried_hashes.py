"""Hashes that travelled: kept in an attribute, while every process has hashes of its own."""

from __future__ import annotations

import dis
import functools
import types
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pytest_portable.agent.in_target.asking import asked, is_kind, named_in, read_space
from pytest_portable.agent.in_target.parts import PLAIN_TYPES, held_slots, parts_of
from pytest_portable.agent.records import Parts
from pytest_portable.equivalence.guard import bases, instance_attributes, module_of, qualname_of
from pytest_portable.judgement.argument_paths import with_argument_path
from pytest_portable.judgement.context import Context
from pytest_portable.judgement.evidence_of_check import Evidences
from pytest_portable.judgement.findings import Findings
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Problem, Remedy

__all__ = ["hash_attributes", "judge_carried_hashes"]

_KNOWN: Final = weakref.WeakKeyDictionary[type, dict[str, types.CodeType]]()
_MAX_PARTS: Final = 5_000
_MAX_ASKED: Final = 20
_MAX_DEPTH: Final = 3
_NOTHING: Final = Probe("expression", "None", "probe")
_STORED_BY_NAME: Final = frozenset({"__setattr__", "__dict__"})


@dataclass(frozen=True)
class _Carried:
    """An attribute of one part that holds a hash.

    Attributes:
        kind: class of the part.
        name: of the attribute.
        value: the hash.
        path: expression for the attribute.
        asked: expression whose value there holds it: members of a set have no order.
    """

    kind: type
    name: str
    value: int
    path: str
    asked: str


def judge_carried_hashes(
    context: Context,
    evidence: Evidences,
    named: Sequence[tuple[str, str]],
    found: Findings,
    arguments: tuple[object, object] | None = None,
) -> Findings:
    """Find attributes that still hold a hash of text that this process took.

    Where a probe disagrees, they are why and come first; else each class is a note.

    Args:
        context: of a check whose object could be loaded.
        evidence: asks the target what its own object holds.
        named: module and name of what the payload may refer to.
        found: what was found before.
        arguments: of a call, by position and by name.

    Returns:
        All findings, in their new order.
    """
    kinds = {kind for pair in named if (kind := _class(*pair)) is not None and _known(kind)}
    roots = {"obj": context.obj} if arguments is None else {"arguments": arguments}
    carried = list(_carried(roots, kinds))[:_MAX_ASKED] if kinds else []
    questions = evidence.questions if carried else None
    if questions is None:
        return found
    asked = questions.again(_NOTHING.to_request(), [one.asked for one in carried], (None, []))
    parts = asked.first(Parts) or Parts(())
    travelled: dict[tuple[type, str], _Carried] = {}
    known = {problem.path for problem in found.problems}
    for one, told in zip(carried, parts.parts, strict=False):
        if one.path not in known and str(one.value) in (told.text or ""):
            travelled.setdefault((one.kind, one.name), one)
    stage = next((one.stage for one in found.problems if _is_of_probe(one)), "")
    told_of = [
        replace(with_argument_path(_problem(one)), stage=stage or "compare")
        for one in travelled.values()
    ]
    if stage:
        return Findings((*told_of, *found.problems), found.notes)
    return Findings(found.problems, (*found.notes, *told_of))


def _is_of_probe(problem: Problem) -> bool:
    return problem.stage == "call" or (problem.path or "").startswith("probe")


def _problem(one: _Carried) -> Problem:
    kind = qualname_of(one.kind)
    return Problem(
        code="environment-dependency",
        stage="compare",
        path=one.path,
        module=module_of(one.kind),
        message=f"{kind}.{one.name} holds a hash that was taken here and travelled: hashes of text "
        "differ from process to process, so equal objects made there have another one",
        evidence=f"{one.value} on both sides",
        remedies=(
            Remedy(
                f"leave {one.name} out in {kind}.__getstate__, and take the hash anew in "
                "__setstate__"
            ),
        ),
    )


# --- what a class keeps of hashes --------------------------------------------------------------


def _class(module: str, name: str) -> type | None:
    found = named_in(module, name)
    return found if is_kind(found, type) else None


def _known(kind: type) -> dict[str, types.CodeType]:
    if kind not in _KNOWN:
        _KNOWN[kind] = hash_attributes(kind)
    return _KNOWN[kind]


def hash_attributes(kind: type) -> dict[str, types.CodeType]:
    """Return the attributes in which a class's methods keep a hash of something that varies.

    Returns:
        The code that takes the hash, by name.
    """
    found: dict[str, types.CodeType] = {}
    for base in bases(kind):
        if module_of(base) == "builtins":
            continue
        for name, member in read_space(base).items():
            is_cached = is_kind(member, functools.cached_property)
            taken_by = asked(member.func if is_cached else member, "__code__")
            if type(taken_by) is not types.CodeType or "hash" not in taken_by.co_names:
                continue
            for stored in [name] if is_cached else _stored_hashes(taken_by):
                found.setdefault(stored, taken_by)
    return found


def _stored_hashes(code: types.CodeType) -> Iterator[str]:  # noqa: C901 - a branch for each kind
    """Yield the attributes that are set, in one statement or through one variable, to a hash."""
    is_hash, tainted, texts = False, set[str](), list[str]()
    for step in dis.get_instructions(code):
        operation, value = step.opname, step.argval
        if operation in {"LOAD_GLOBAL", "LOAD_NAME"} and value == "hash":
            is_hash = True
        elif "FAST" in operation:
            names = value if is_kind(value, tuple) else (value,)
            for word, name in zip(_words(operation), names, strict=False):
                if word == "STORE" and is_hash:
                    tainted.add(name)
                    is_hash = False
                elif word == "LOAD":
                    is_hash = is_hash or name in tainted
        elif operation == "LOAD_CONST" and is_kind(value, str):
            texts.append(value)
        elif operation == "STORE_ATTR":
            if is_hash:
                yield value
            is_hash = False
        elif operation in {"STORE_SUBSCR", "POP_TOP"}:
            if is_hash and _STORED_BY_NAME.intersection(code.co_names):
                yield from (text for text in texts if text.isidentifier())
            is_hash, texts = False, []


def _words(operation: str) -> list[str]:
    """Return what an instruction does to each of its variables."""
    return [word for word in operation.split("_") if word in {"LOAD", "STORE"}]


# --- where objects hold them -------------------------------------------------------------------


def _carried(roots: Mapping[str, object], kinds: set[type]) -> Iterator[_Carried]:
    """Yield what holds a hash among the parts of some objects; nothing of their own code runs."""
    seen: set[int] = set()
    # What a dict's key or a set's member holds is asked of all of them at once.
    waiting = [(root, value, "") for root, value in roots.items()]
    for path, part, among in waiting:
        if type(part) in PLAIN_TYPES or id(part) in seen or len(seen) > _MAX_PARTS:
            continue
        seen.add(id(part))
        held = _held(part) if type(part) in kinds else {}
        for name in _known(type(part)) if held else ():
            value = held.get(name)
            if type(value) is int and _varies(type(part), name, held):
                each = f"[getattr(one, {name!r}, None) for one in {among}]"
                asked = each if among else f"{path}.{name}"
                yield _Carried(type(part), name, value, f"{path}.{name}", asked)
        if among:
            continue  # what has no path of its own leads no further
        waiting += [(path + suffix, inner, "") for suffix, inner in _parts(part)]
        if is_kind(part, dict, set, frozenset):
            members = enumerate(list(part))
            waiting += [(f"list({path})[{place}]", one, path) for place, one in members]


def _held(part: object) -> dict[str, object]:
    found = instance_attributes(part)
    return {name: value for name, value in found.items() if isinstance(name, str)}


def _parts(part: object) -> list[tuple[str, object]]:
    found = [*parts_of(part), *held_slots(part)]
    return [(suffix, inner) for suffix, inner in found if not suffix.startswith("[<")]


def _varies(kind: type, name: str, held: dict[str, object]) -> bool:
    """Return whether a hash is of something with text in it, as far as its code shows."""
    code = _known(kind)[name]
    texts = [one for one in code.co_consts if isinstance(one, (str, bytes)) and one != name]
    if code.co_consts and texts and texts[0] == code.co_consts[0]:
        texts = texts[1:]  # it may be the docstring
    read = {*code.co_names, *code.co_varnames} - {name}
    return bool(texts) or any(_has_text(held[one]) for one in read if one in held)


def _has_text(value: object, depth: int = _MAX_DEPTH) -> bool:
    if is_kind(value, str, bytes, type, types.FunctionType):
        return True
    if depth and is_kind(value, tuple, list, frozenset, set):
        return any(_has_text(part, depth - 1) for part in value)
    if depth and is_kind(value, dict):
        return any(_has_text(part, depth - 1) for pair in value.items() for part in pair)
    held = {} if type(value) in PLAIN_TYPES else _held(value)
    return bool(depth) and any(_has_text(part, depth - 1) for part in held.values())
