"""Explain a failed load or call: first what raised, then everything else that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec

from pytest_portable.agent.records import TargetError
from pytest_portable.diagnosis.causes import explain_failure, explain_lack
from pytest_portable.diagnosis.causes.dropped_globals import sender_of
from pytest_portable.diagnosis.evidence import Evidence, plainest
from pytest_portable.diagnosis.target_errors import Failure, Lack, chain_of, lack_in
from pytest_portable.payload.bytecode import CodeSent
from pytest_portable.verdict import Problem

__all__ = ["explain_call", "explain_later", "explain_load", "explain_options", "take_census"]


def explain_load(error: TargetError, evidence: Evidence) -> list[Problem]:
    """Return the problems of a load that raised, the root cause first.

    Args:
        error: what it raised.
        evidence: what else can be asked.
    """
    others = list(_lacks(evidence))
    raised = lack_in(error) or _swallowed(error)
    if raised is None:
        failure = Failure(error, "load", evidence.blame.path or evidence.root)
        return _distinct([explain_failure(failure, evidence), *_explain(others, evidence)])
    first = [lack for lack in others if _same(lack, raised)]
    if first:
        # The payload's own reference has more: the whole name, and all of its paths.
        first[0] = replace(first[0], error=error)
        # A namespace package is of several distributions, and each is a lack of its own.
        known = _distribution(first[0].module, evidence)
        if not first[0].name:
            siblings = [one for one in first if _distribution(one.module, evidence) != known]
            first = [first[0], *siblings]
    else:
        paths = evidence.paths_of(raised.module, raised.name)
        path = (paths or [evidence.blame.path or evidence.root])[0]
        first = [replace(raised, path=path)]
    rest = [lack for lack in others if not _same(lack, raised)]
    return _distinct(_explain([*first, *rest], evidence))


def explain_call(  # noqa: PLR0913 - what raised, and what is known of the call
    error: TargetError,
    evidence: Evidence,
    *,
    probe: str = "probe",
    here: str = "and not here",
    within: str = "",
    control: Callable[[], TargetError | None] = lambda: None,
) -> list[Problem]:
    """Return the problems of a call that raised, the root cause first.

    Args:
        error: what it raised.
        evidence: what else can be asked.
        probe: label of the probe that made the call.
        here: what it did here; empty where it was not called.
        within: path of the part whose method raised it, where that is known.
        control: see `Failure`.
    """
    path = within or evidence.root
    failure = Failure(error, "call", path, probe=probe, here=here, control=control)
    code = sender_of(failure, evidence)
    failure = replace(failure, path=code.path) if code else failure
    raised = lack_in(error) or _swallowed(error)
    later = [lack for lack in _lacks(evidence) if lack.stage == "call"]
    if raised is None:
        return _distinct([explain_failure(failure, evidence), *_explain(later, evidence)])
    user = (code.name if code else raised.user) or raised.user
    lack = replace(raised, stage="call", path=failure.path, user=user)
    rest = [each for each in later if not _same(each, lack)]
    return _distinct(_explain([lack, *rest], evidence))


def take_census(evidence: Evidence) -> list[Problem]:
    """Return everything that the payload refers to and the target does not have."""
    return _distinct(_explain(list(_lacks(evidence)), evidence))


def explain_options(evidence: Evidence) -> list[Problem]:
    """Return optional imports of code in the payload that succeed here and fail there.

    They alone fail nothing; where the results of a call differ, they are a likely reason.
    """
    wanted = {
        module: code
        for code in evidence.code
        for module in code.conditional_imports
        if _is_here(module)
    }
    return [
        replace(problem, message=f"{problem.message}; the import is optional, and succeeds here")
        for problem in _not_there(wanted, evidence)
    ]


def explain_later(evidence: Evidence) -> list[Problem]:
    """Return what code in the payload imports when it runs, and what is not there."""
    wanted = {module: code for code in reversed(evidence.code) for module in code.imports}
    return _not_there(wanted, evidence)


def _not_there(wanted: Mapping[str, CodeSent], evidence: Evidence) -> list[Problem]:
    wanted = {module: code for module, code in wanted.items() if not evidence.is_stdlib(module)}
    if not wanted or evidence.questions is None:
        return []
    located = evidence.questions.census((), sorted(wanted)).located
    lacks = [
        Lack(module, stage="call", path=code.path, user=code.name)
        for module, code in wanted.items()
        if located.get(module) is False
    ]
    return _distinct(_explain(lacks, evidence))


def _swallowed(error: TargetError) -> Lack | None:
    """Return the import behind an exception of another kind, where it succeeds here."""
    for each in chain_of(error.cause):
        lack = lack_in(each) if "ModuleNotFoundError" in each.bases else None
        if lack is not None and _is_here(lack.module):
            return replace(lack, error=error)
    return None


def _is_here(module: str) -> bool:
    try:
        return find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False


def _explain(lacks: Iterable[Lack], evidence: Evidence) -> list[Problem]:
    return [explain_lack(lack, evidence) for lack in lacks]


def _same(lack: Lack, other: Lack) -> bool:
    """Return whether two lacks have one cause."""
    if lack.name and other.name:
        # A moved module may keep its old name: `numpy._core._internal` of NumPy 1.26 is called
        # `numpy.core._internal`.
        ends = [(each.top, each.module.rpartition(".")[2], each.name) for each in (lack, other)]
        return ends[0] == ends[1]
    return lack.top == other.top and bool(lack.name) == bool(other.name)


def _lacks(evidence: Evidence) -> Iterator[Lack]:
    """Yield what the payload refers to or imports later and the target does not have, merged."""
    merged: dict[tuple[str, str, str], list[Lack]] = {}
    for lack in [*_missing_references(evidence), *_missing_imports(evidence)]:
        # All that one requirement would install is one problem; names are one problem each.
        key = (lack.stage, lack.module, lack.name)
        if not lack.name:
            key = (lack.stage, lack.top, _distribution(lack.module, evidence))
        merged.setdefault(key, []).append(lack)
    for group in merged.values():
        paths = plainest(path for lack in group for path in (lack.path, *lack.also))
        best = next(lack for lack in group if paths[0] in (lack.path, *lack.also))
        yield replace(best, path=paths[0], also=tuple(paths[1:]))


def _distribution(module: str, evidence: Evidence) -> str:
    """Return the name of a module's distribution: namespace packages are of several."""
    owner = evidence.owner(module)
    return owner.name if owner else ""


def _missing_references(evidence: Evidence) -> Iterator[Lack]:
    known = evidence.census
    for module, name, paths in evidence.references():
        if module not in known.modules:
            continue
        error = known.modules[module]
        lack: Lack | None
        if error is not None:
            lack = _failed_import(module, name, error)
        elif name and (module, name) in known.names and known.names[module, name] is None:
            lack = Lack(module, name)
        else:
            lack = None
        if lack is not None:
            yield replace(lack, path=paths[0], also=tuple(paths[1:]))


def _failed_import(module: str, name: str, error: TargetError) -> Lack | None:
    """Return what the import of a referenced module lacks; `None` where it raised otherwise."""
    lack = lack_in(error)
    if lack is None:
        return None
    if not lack.name and not lack.importer and f"{module}.".startswith(f"{lack.module}."):
        return Lack(module, "", error=error, wanted=name)
    return lack


def _missing_imports(evidence: Evidence) -> Iterator[Lack]:
    located = evidence.census.located
    for code in evidence.code:
        for module in code.imports:
            if located.get(module) is False:
                yield Lack(module, stage="call", path=code.path, user=code.name)


def _distinct(problems: list[Problem]) -> list[Problem]:
    found: dict[tuple[str, str | None, str | None], Problem] = {}
    for problem in problems:
        found.setdefault((problem.code, problem.module, problem.path), problem)
    return list(found.values())
