"""Surroundings that are others there: which of them fail a check, and which explain a failure."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_portable.diagnosis.host import canonical
from pytest_portable.errors import PayloadError
from pytest_portable.judgement.argument_paths import with_argument_path
from pytest_portable.judgement.surroundings import Contrast, Questions, ask, contrast, fresh_survey
from pytest_portable.judgement.surroundings.members import literal_of, uses_members, writes
from pytest_portable.judgement.surroundings.origins import distribution_of, is_library_file
from pytest_portable.verdict import Problem, Remedy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_portable.judgement.check import Check
    from pytest_portable.judgement.surroundings.survey import Patch

__all__ = ["ANOTHER_VALUE", "ask_around", "judge_surroundings"]

MAX_MEMBERS = 4
ANOTHER_VALUE = "is another value there"


@dataclass(frozen=True)
class _Group:
    """What differs about one global in one way."""

    contrasts: tuple[Contrast, ...]
    is_left: bool
    """It was set at run time: a fresh process of the host has it as the target does."""
    is_own: bool
    """The module itself sets it while it is used: a counter, a cache."""
    skew: tuple[str, str, str] | None
    """Distribution and both versions, where they differ."""

    @property
    def first(self) -> Contrast:
        return self.contrasts[0]


def ask_around(check: Check, payloads: list[tuple[str, bytes]]) -> Questions:
    """Describe what lies around the values that travel, as it is here and now."""
    try:
        pickles = [bytes(part) for _, data in payloads for part in check.serializer.pickles(data)]
    except Exception:  # noqa: BLE001 - an envelope of a framework, read by other people's code
        return Questions()
    return ask(pickles)


def judge_surroundings(
    check: Check, questions: Questions, *, is_overruled: bool, sent: object = None
) -> None:
    """Compare what lies around the object here and there.

    Other code, identity that is lost and state that was left behind fail the check; where that may
    be meant, it is a note. After a probe that disagrees, all of it explains why and comes first.

    Args:
        check: a check whose transcript is there.
        questions: what was asked, and the answers of this side.
        is_overruled: the caller's own comparison decides: findings are notes.
        sent: all that travels, where that is more than the object.
    """
    transcript = check.transcript
    assert transcript is not None
    disagrees = any(
        problem.stage == "call" or (problem.path or "").startswith("probe")
        for problem in check.problems
    )
    problems: list[Problem] = []
    for found, fails in _findings(check, questions, check.obj if sent is None else sent):
        problem = with_argument_path(found)
        if disagrees or (fails and not is_overruled):
            problems.append(problem)
        elif fails is not None:
            check.notes.append(problem)
    # What is said of the code that differs says more than that its distribution does.
    told = {problem.distribution for problem in problems if problem.code == "version-skew"}
    others = [problem for problem in check.problems if not _is_told(problem, told)]
    check.problems[:] = problems + others


def _is_told(problem: Problem, told: set[str | None]) -> bool:
    is_difference = (problem.code, problem.stage) == ("version-skew", "compare")
    return is_difference and problem.distribution in told


def _findings(
    check: Check, questions: Questions, sent: object
) -> Iterator[tuple[Problem, bool | None]]:
    """Yield what was found; true fails, false is a note, `None` only explains a failure."""
    assert check.transcript is not None
    answer = check.transcript.find("surroundings")
    if answer is not None:
        there = answer.header["surroundings"]
        for group in _groups(check, questions, there):
            yield _problem(check, questions, group), _fails(sent, group, questions, there)
    shadowed = check.transcript.find("shadowed")
    for module, name in shadowed.header["shadowed"] if shadowed is not None else ():
        yield _shadowed(check, module, name), False
    for patch in questions.patches:
        yield _patched(check, patch), False


def _groups(check: Check, questions: Questions, there: Mapping[str, Any]) -> Iterator[_Group]:
    found = contrast(questions.here, there, questions.follow)
    # The search for globals finds too much where names repeat. A fresh process is dear.
    sent = _sent(check) if found else set()
    found = [one for one in found if _origin(questions, one.key) in sent]
    if not found:
        return
    request = questions.to_request()
    assert request is not None
    fresh = fresh_survey(request)
    here, elsewhere = (
        None if fresh is None else {one.place for one in contrast(*pair, questions.follow)}
        for pair in ((questions.here, fresh or {}), (fresh or {}, there))
    )
    grouped: dict[tuple[str, str, bool, bool], list[Contrast]] = {}
    for one in found:
        is_left = here is None or one.place in here
        if one.what == "state" and elsewhere is None:
            is_left = literal_of(one.key, one.member) not in {None, one.here}
        elif one.what == "state" and elsewhere is not None and one.place in elsewhere:
            is_left = False  # it is another one in every process: a time, a path, a number of it
        is_own = one.what in {"state", "code"} and writes(one.key, one.member)
        grouped.setdefault((one.key, one.what, is_left, is_own), []).append(one)
    for (key, _, is_left, is_own), contrasts in grouped.items():
        yield _Group(tuple(contrasts), is_left, is_own, _skew(check, key))


def _skew(check: Check, key: str) -> tuple[str, str, str] | None:
    known = distribution_of(key.partition(":")[0])
    if known is None:
        return None
    name, here = known
    versions = {canonical(other): found for other, found in check.target.distributions.items()}
    there = versions.get(canonical(name))
    return None if there in {None, here} else (name, here, str(there))


def _fails(
    sent: object, group: _Group, questions: Questions, there: Mapping[str, Any]
) -> bool | None:
    """Judge one group by itself; see `_findings`."""
    one = group.first
    if one.what == "import":
        return None
    if one.what == "enum":
        return uses_members(sent, one.key, {other.member for other in group.contrasts}) or None
    if group.is_left and one.what == "state":
        return one.is_flat and not group.is_own and not one.member.startswith("_")
    if group.is_left:
        return not group.is_own
    return _is_mix_up(group, questions, there)


def _is_mix_up(group: _Group, questions: Questions, there: Mapping[str, Any]) -> bool | None:
    """Tell whether a module is another one of the same name, and not by environment or version."""
    one = group.first
    module = one.key.partition(":")[0]
    marks = [side["files"].get(module, [None, None])[1] for side in (questions.here, there)]
    if marks[0] == marks[1] or group.skew is not None or one.what not in {"code", "state"}:
        return None
    if one.what == "state" and literal_of(one.key, one.member) != one.here:
        return None  # what a module computes depends on where it is
    # Sources here and a release there may be meant: then only a probe tells that they disagree.
    file = str(there["files"].get(module, [""])[0])
    return distribution_of(module) is not None or not is_library_file(file)


def _origin(questions: Questions, key: str) -> str:
    """Return the global of the payload that led to another one."""
    while before := questions.here["origins"].get(key):
        key = before
    return key


def _sent(check: Check) -> set[str]:
    """Return the globals that the payloads refer to, for certain."""
    found = set()
    for root, data in check.payloads:
        with contextlib.suppress(PayloadError):
            references = check.inspection(data, root).references
            found |= {f"{one.module}:{one.qualname}" for one in references}
    return found


# Words


def _problem(check: Check, questions: Questions, group: _Group) -> Problem:
    one = group.first
    module, _, name = one.key.partition(":")
    origin = _origin(questions, one.key)
    path = _path(check, *origin.split(":"))
    if one.what == "import":
        return _lost_import(check, one, path)
    made = _worded(group, f"{module}.{name}", path if origin == one.key else None, path)
    if origin != one.key:
        user = origin.replace(":", ".")
        made = replace(made, message=f"{made.message} ({user} uses it)")
    if group.skew is not None and not group.is_left:
        distribution, here, there = group.skew
        return replace(
            made,
            code="version-skew",
            module=module,
            distribution=distribution,
            message=f"{distribution} is {here} here and {there} there: {made.message}",
            remedies=(
                Remedy(f'deps=[..., "{distribution}=={here}"]', f'"{distribution}=={here}"'),
            ),
        )
    return replace(made, module=module)


def _lost_import(check: Check, one: Contrast, path: str) -> Problem:
    """Return the problem of an optional import that succeeded here only."""
    home, _, name = one.key.partition(":")
    owner = distribution_of(one.here)
    is_there = owner is None or canonical(owner[0]) in map(canonical, check.target.distributions)
    fix = None if owner is None or is_there else Remedy(f'deps=[..., "{owner[0]}"]')
    return Problem(
        code="mismatch" if is_there else "missing-distribution",
        stage="compare" if is_there else "call",
        path=path,
        module=one.here,
        distribution=None if owner is None else owner[0],
        message=f"{home}.{name} is the module {one.here} here and {one.there} there: an import "
        f"that {home} can do without{'' if is_there else ', and no requirement brings it'}",
        remedies=(fix,) if fix else (),
    )


def _worded(group: _Group, name: str, own: str | None, path: str) -> Problem:
    """Return the problem in words; `own` is the path of the global itself, if that travels."""
    one = group.first
    members = [other.member for other in group.contrasts[:MAX_MEMBERS] if other.member]
    listed = ", ".join(f"{name}.{member}" for member in members) or name
    if len(group.contrasts) > MAX_MEMBERS:
        listed += f" and {len(group.contrasts) - MAX_MEMBERS} more"
    at = f"{own}.{one.member}" if own is not None and one.member else path
    evidence = f"{one.here} here, {one.there} there"
    if one.what == "code" and group.is_left:
        text, fix = f"{listed} was replaced here; the target has the original", _STAYS
    elif one.what == "code":
        text, fix = f"{listed} is other code there: another module of that name", _OTHER
    elif one.what == "state" and group.is_left:
        text, fix = f"{listed} was set here at run time, and that stays behind", _STATE
    elif one.what == "state":
        text, fix = f"{listed} {ANOTHER_VALUE}", _STATE
    elif one.what == "registry":
        text = f"{one.here} was registered with {listed} here at run time, and that stays behind"
        fix, at, evidence = _STAYS, f"{path}.registry" if own else path, ""
    elif one.what == "virtual":
        text = f"{name} was registered as a {one.member} here, and that stays behind"
        fix, at = _STAYS, path
    else:
        text, fix, at = f"{listed} is another member of the enum there", _OTHER, path
    return Problem(
        code="mismatch", stage="compare", path=at, message=text, evidence=evidence, remedies=(fix,)
    )


_STAYS = Remedy("do it where the module is imported, or pass what differs as an argument")
_STATE = Remedy("keep it on the instance, or set it in the target too")
_OTHER = Remedy("install the project that holds it, or rename the module")


def _shadowed(check: Check, module: str, name: str) -> Problem:
    return Problem(
        code="mismatch",
        stage="compare",
        path=_path(check, module, name, by="value"),
        module=module,
        message=f"{module}.{name} travels by value, and {module} is installed there as well: "
        "for isinstance these are two classes",
        remedies=(Remedy("do not send by value what the target has"),),
    )


def _patched(check: Check, patch: Patch) -> Problem:
    member = "" if patch.member is None else f".{patch.member}"
    path = _path(check, patch.module, patch.name)
    return Problem(
        code="mismatch",
        stage="compare",
        path=f"{path}{member}",
        module=patch.module,
        message=f"{patch.module}.{patch.name}{member} was replaced here; the target has the "
        "original",
        evidence=f"here: {patch.place}",
        remedies=(_STAYS,),
    )


def _path(check: Check, module: str, name: str, *, by: str = "reference") -> str:
    """Return the first path that leads to a global; that of an instance for its class."""
    for root, data in check.payloads:
        try:
            references = check.inspection(data, root).references
        except PayloadError:
            continue
        for reference in references:
            named = (reference.module, reference.qualname, reference.by)
            if named == (module, name, by) and reference.paths:
                path = reference.paths[0]
                is_class = path.startswith("type(") and path.endswith(")")
                return path[5:-1] if is_class else path
    return "obj"
