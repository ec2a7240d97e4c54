"""What the host itself answered: looked up here on the way back, so the target is asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pytest_portable.agent.descriptions import PartFacts
from pytest_portable.agent.in_target.facts import part_facts
from pytest_portable.agent.typed_json import read_as
from pytest_portable.equivalence import Shared
from pytest_portable.equivalence.guard import bases, module_of
from pytest_portable.judgement.context import Context
from pytest_portable.judgement.evidence_of_check import Evidences
from pytest_portable.judgement.findings import NOTHING, Findings, notes, problems
from pytest_portable.verdict import Problem, Remedy

__all__ = ["judge_answered"]

_MAX_ATTRIBUTES: Final = 30
_CONTENTS: Final = ("dict", "list", "set", "frozenset", "tuple")


def judge_answered(
    context: Context, evidence: Evidences, shared: Sequence[Shared], root: str = "obj"
) -> Findings:
    """Compare objects that came back as the very ones that went out with what the target has.

    They reduce to a lookup, so what came back is what this process has under that name and says
    nothing about the target. It costs one more load there.

    Args:
        context: of the check.
        evidence: asks the target.
        shared: the objects.
        root: the name at the root of their paths.
    """
    if not shared or evidence.questions is None:
        return NOTHING
    values = {root: context.obj}
    wanted = {one.path: _expressions(one, values) for one in shared}
    every = [expression for each in wanted.values() for expression in each]
    told = dict(zip(every, evidence.questions.parts(every), strict=False))
    found = NOTHING
    for path, here in wanted.items():
        there = {expression: told[expression] for expression in here if expression in told}
        found += _judge(path, here, there)
    return found


def _expressions(one: Shared, values: dict[str, object]) -> dict[str, PartFacts]:
    """Return what to ask about an object, described here: itself, its public attributes, items."""
    path = one.path
    itself = _facts(path, values)
    names = [name for name in itself.held if name.isidentifier() and not name.startswith("_")]
    asked = [f"{path}.{name}" for name in names[:_MAX_ATTRIBUTES]]
    asked += [
        f"{base.__name__}({path})"
        for base in bases(type(one.value))
        if module_of(base) == "builtins" and base.__name__ in _CONTENTS
    ]
    return {path: itself, **{expression: _facts(expression, values) for expression in asked}}


def _facts(expression: str, values: dict[str, object]) -> PartFacts:
    return read_as(PartFacts, part_facts(expression, values))


def _judge(path: str, here: Mapping[str, PartFacts], there: Mapping[str, PartFacts]) -> Findings:
    """Judge one object."""
    itself = there.get(path)
    if here[path].text is None or itself is None or itself.text is None:
        why = "" if itself is None or not itself.raised else f": there it raises {itself.raised}"
        message = f"what the target has under its name was not compared{why}"
        return notes([Problem("mismatch", "compare", message, path=path)])
    if not _is_same_class(str(here[path].text), itself.text):
        return problems([_another_class(path, str(here[path].text), itself.text)])
    lost = list(_lost(path, here, there))
    others = [
        f"{expression} is {facts.text} here and {there[expression].text} there"
        for expression, facts in here.items()
        if expression in there
        and there[expression].text is not None
        and facts.text not in {None, there[expression].text}
    ]
    found = problems(lost)
    if others:
        message = "is looked up on both sides, and the target has other values in it"
        note = Problem("mismatch", "compare", message, path=path, evidence="; ".join(others))
        found += notes([note])
    return found


def _another_class(path: str, here: str, there: str) -> Problem:
    return Problem(
        code="mismatch",
        stage="compare",
        path=path,
        message=f"is another object there: {_plain(there)}, and {_plain(here)} here; it is sent as "
        "a lookup, which this process answered on the way back",
        evidence=f"{here} here, {there} there",
        remedies=(
            Remedy(
                "make it in a module that the target imports before it is looked up, or make "
                "it again in __setstate__ of what holds it"
            ),
        ),
    )


def _lost(
    path: str, here: Mapping[str, PartFacts], there: Mapping[str, PartFacts]
) -> Iterator[Problem]:
    """Yield public attributes that can be read here and not there."""
    for expression, facts in here.items():
        known = there.get(expression)
        if facts.text is not None and known and known.raised.startswith("AttributeError"):
            yield Problem(
                code="mismatch",
                stage="compare",
                path=expression,
                message=f"attribute is missing there: {path} is sent as a lookup, without it",
                evidence=f"{facts.text} here, {known.raised} there",
            )


def _is_same_class(here: str, there: str) -> bool:
    """Return whether two texts name one class; releases move classes between submodules."""
    sides = [_plain(side) for side in (here, there)]
    first, last = [
        [name.partition(".")[0] for name in sides],
        [name.rpartition(".")[2] for name in sides],
    ]
    return sides[0] == sides[1] or (first[0] == first[1] and last[0] == last[1])


def _plain(text: str) -> str:
    return text.strip("<>")
