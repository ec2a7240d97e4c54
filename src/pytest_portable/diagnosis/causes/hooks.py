"""The last causes: a hook of the object that raised, or a call that did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pytest_portable.diagnosis.causes.constructors import is_foreign, remedies_of_constructor
from pytest_portable.diagnosis.definitions import live
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.target_errors import CONSTRUCTOR, Failure
from pytest_portable.diagnosis.written_reduce import written_reduce
from pytest_portable.verdict import Problem, Remedy

__all__ = ["CallError", "LoadHook", "Recursion"]

PROBE: Final = "__probe__"
"""The module that probes run in, on both sides."""


# What fills a container before the state of its attributes is set.
_FILLED: Final = frozenset({"__setitem__", "append", "extend", "update", "add"})


class Recursion:
    """Endless or too deep recursion in the load."""

    code = "recursion"

    def explain_failure(self, failure: Failure, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        if "RecursionError" not in failure.error.bases:
            return None
        functions = {frame.name for frame in failure.frames[-8:]}
        loop = ", ".join(sorted(functions)) or evidence.blame.place or "the object"
        fix = "rebuild it without calling itself"
        if "__getattr__" in functions:
            fix = "let __getattr__ raise AttributeError for names that begin with '_'"
        return Problem(
            code=self.code,
            stage=failure.stage,
            path=failure.path,
            module=failure.frames[-1].module if failure.frames else None,
            message=f"calls itself without an end: {loop}",
            evidence=failure.said,
            remedies=(Remedy(fix),),
        )


class LoadHook:
    """A constructor, `__setstate__`, `__hash__` or another hook that raised."""

    code = "load-hook"

    def explain_failure(self, failure: Failure, evidence: Evidence) -> Problem | None:
        """Return the problem; this cause comes last."""
        if failure.stage != "load":
            return None
        frames = failure.frames
        place = evidence.blame.place or "the load"
        if frames:
            last = frames[-1]
            inner = f"{last.module}.{last.function}"
            if not place.endswith(last.name) or place == "the load":
                place = inner if place == "the load" else f"{inner} (while {place} is rebuilt)"
        if failure.importing:
            place = f"the import of {failure.importing}"
        nowhere = ""
        if not failure.importing and evidence.loads_here is False:
            nowhere = "; it cannot be loaded here either, in a fresh process"
        return Problem(
            code=self.code,
            stage=failure.stage,
            path=failure.path,
            module=failure.importing or _module(failure, evidence),
            message=f"{place} raised {failure.summary}{nowhere}",
            evidence=_where(failure, evidence),
            remedies=_remedies(failure, evidence),
        )


class CallError:
    """The object loads, and raises there when it is used."""

    code = "call-error"

    def explain_failure(self, failure: Failure, evidence: Evidence) -> Problem | None:
        """Return the problem; this cause comes last."""
        frames = failure.frames
        is_own = bool(frames) and frames[-1].module == PROBE
        place = f"{frames[-1].module}.{frames[-1].function}" if frames else "the call"
        if is_own:
            place = "the probe" if failure.probe == "probe" else failure.probe
        here = f", {failure.here}" if failure.here else ""
        return Problem(
            code=self.code,
            stage=failure.stage,
            path=failure.probe if is_own else failure.path,
            module=frames[-1].module if frames and not is_own else None,
            message=f"{place} raised {failure.summary} there{here}",
            evidence=_where(failure, evidence),
        )


def _module(failure: Failure, evidence: Evidence) -> str | None:
    frames = failure.frames
    return evidence.blame.callee[0] or (frames[-1].module if frames else None) or None


def _where(failure: Failure, evidence: Evidence) -> str:
    frames = failure.frames
    place = evidence.standing.place(*frames[-1]) if frames else ""
    return f"{failure.said} ({place})" if place else failure.said


def _remedies(failure: Failure, evidence: Evidence) -> tuple[Remedy, ...]:
    module, name = _rebuilt(failure, evidence)
    found = remedies_of_constructor(failure.error.message, module, name, evidence)
    if found:
        return found
    functions = {frame.name for frame in failure.frames}
    hook = functions & {"__hash__", "__eq__"} or functions & _FILLED
    if not hook and failure.error.type != "FrozenInstanceError":
        return ()
    # A set or a dict that is filled calls the hook of another class.
    for frame in failure.frames:
        if frame.name in hook:
            module, name = frame.module, frame.function.rpartition(".")[0] or name
    if name and (owner := is_foreign(module, evidence)):
        return (
            Remedy(f"{name} is {owner}'s: send what it is made from, and make it where it is used"),
        )
    kind = live(module, name) if name else None
    return tuple(_written(kind, said) for said in _remedies_of_hook(failure, hook))


def _written(kind: object, said: Remedy) -> Remedy:
    """Return a remedy with the `__reduce__` of the class, where its constructor tells it."""
    if not isinstance(kind, type):
        return said
    return replace(said, change=written_reduce(kind))


def _remedies_of_hook(failure: Failure, hook: set[str]) -> Iterator[Remedy]:
    if failure.error.type == "FrozenInstanceError":
        yield Remedy(
            "define __reduce__ that returns type(self) and the fields, or __setstate__ that sets "
            "every attribute with object.__setattr__(self, name, value), or use "
            "dataclass(frozen=True, slots=True) for the base too"
        )
    elif hook & {"__hash__", "__eq__"}:
        yield Remedy("define __reduce__, so that what __hash__ reads is set when it is made")
    elif "AttributeError" in failure.error.bases:
        yield Remedy(
            f"items are set before attributes, so {min(hook)} reads what is not there yet: define "
            "__reduce__ that returns type(self) and the arguments of __init__"
        )


def _rebuilt(failure: Failure, evidence: Evidence) -> tuple[str, str]:
    """Return module and name of the class that was being rebuilt, as far as that is known."""
    for module, name in (evidence.blame.callee, evidence.blame.about):
        found = live(module, name) if name else None
        if isinstance(found, type):
            return module, name
    said = CONSTRUCTOR.search(failure.error.message)
    named = [
        (module, name)
        for module, name, _ in evidence.references()
        if said and said["name"] and name.rpartition(".")[2] == said["name"].rpartition(".")[2]
    ]
    return named[0] if named else ("", "")
