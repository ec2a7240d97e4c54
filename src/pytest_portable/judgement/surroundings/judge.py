"""Surroundings that are others there: which of them fail a check, and which explain a failure."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pytest_portable.agent import Transcript
from pytest_portable.agent.descriptions import SurveyAnswers
from pytest_portable.agent.records import Shadowed, Surroundings
from pytest_portable.agent.typed_json import read_as
from pytest_portable.diagnosis.host import canonical
from pytest_portable.equivalence.definitions import leads_somewhere
from pytest_portable.errors import PayloadError
from pytest_portable.interrupts import pass_on
from pytest_portable.judgement.argument_paths import with_argument_path
from pytest_portable.judgement.context import Context, Sent
from pytest_portable.judgement.evidence_of_check import Evidences
from pytest_portable.judgement.findings import Findings
from pytest_portable.judgement.probes_without_answer import is_without_answer
from pytest_portable.judgement.surroundings.contrast import Contrast, contrast
from pytest_portable.judgement.surroundings.members import literal_of, uses_members, writes
from pytest_portable.judgement.surroundings.origins import distribution_of, is_library_file
from pytest_portable.judgement.surroundings.survey import Patch, SurveyQuestions, ask
from pytest_portable.serializers import Serializer
from pytest_portable.verdict import Problem, Remedy, Target

__all__ = ["ANOTHER_VALUE", "ask_around", "judge_surroundings"]

MAX_MEMBERS: Final = 4
ANOTHER_VALUE: Final = "is another value there"


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


def ask_around(serializer: Serializer, payloads: Sequence[tuple[str, bytes]]) -> SurveyQuestions:
    """Describe what lies around the values that travel, as it is here and now."""
    try:
        pickles = [bytes(part) for _, data in payloads for part in serializer.pickles(data)]
    except BaseException as error:  # noqa: BLE001 - an envelope, read by other people's code
        pass_on(error)
        return SurveyQuestions()
    return ask(pickles)


def judge_surroundings(  # noqa: PLR0913 - what lies around on both sides, and what was found
    context: Context,
    transcript: Transcript,
    evidence: Evidences,
    questions: SurveyQuestions,
    found: Findings,
    *,
    is_overruled: bool,
    travelled: object = None,
) -> Findings:
    """Compare what lies around the object here and there.

    Other code, identity that is lost and state that was left behind fail the check; where that may
    be meant, it is a note. After a probe that disagrees, all of it explains why and comes first.

    Args:
        context: of the check.
        transcript: of the run that is judged.
        evidence: answers the same questions in a fresh process of the host.
        questions: what was asked, and the answers of this side.
        found: what was found before.
        is_overruled: the caller's own comparison decides: findings are notes.
        travelled: all that travels, where that is more than the object.

    Returns:
        All findings, in their new order.
    """
    disagrees = any(
        problem.stage == "call" or (problem.path or "").startswith("probe")
        for problem in found.problems
        if not is_without_answer(problem)
    )
    problems: list[Problem] = []
    notes: list[Problem] = []
    obj = context.obj if travelled is None else travelled
    for one, fails in _all(evidence, transcript, questions, obj):
        problem = with_argument_path(one)
        if disagrees or (fails and not is_overruled):
            problems.append(problem)
        elif fails is not None:
            notes.append(problem)
    # What is said of the code that differs says more than that its distribution does.
    told = {problem.distribution for problem in problems if problem.code == "version-skew"}
    others = [problem for problem in found.problems if not _is_told(problem, told)]
    return Findings((*problems, *others), (*found.notes, *notes))


def _is_told(problem: Problem, told: set[str | None]) -> bool:
    is_difference = (problem.code, problem.stage) == ("version-skew", "compare")
    return is_difference and problem.distribution in told


def _all(
    evidence: Evidences, transcript: Transcript, questions: SurveyQuestions, obj: object
) -> Iterator[tuple[Problem, bool | None]]:
    """Yield what was found; true fails, false is a note, `None` only explains a failure."""
    sent = evidence.sent
    answer = transcript.first(Surroundings)
    if answer is not None:
        for group in _groups(evidence, questions, answer.survey):
            problem = _problem(sent, questions, group)
            yield problem, _fails(obj, group, questions.here, answer.survey)
    shadowed = transcript.first(Shadowed)
    for module, name in () if shadowed is None else shadowed.names:
        yield _shadowed(sent, module, name), False
    for patch in questions.patches:
        yield _patched(sent, patch), False


def _groups(
    evidence: Evidences, questions: SurveyQuestions, there: SurveyAnswers
) -> Iterator[_Group]:
    found = _contrasts(questions, questions.here, there)
    # The search for globals finds too much where names repeat. A fresh process is dear.
    sent = _globals(evidence.sent) if found else set()
    found = [one for one in found if _origin(questions, one.key) in sent]
    if not found:
        return
    fresh = _ask_fresh(evidence, questions)
    left = None if fresh is None else _places(_contrasts(questions, questions.here, fresh))
    elsewhere = None if fresh is None else _places(_contrasts(questions, fresh, there))
    grouped: dict[tuple[str, str, bool, bool], list[Contrast]] = {}
    for one in found:
        is_left = left is None or one.place in left
        if one.what == "state" and elsewhere is None:
            is_left = literal_of(one.key, one.member) not in {None, one.here}
        elif one.what == "state" and elsewhere is not None and one.place in elsewhere:
            is_left = False  # it is another one in every process: a time, a path, a number of it
        is_own = one.what in {"state", "code"} and writes(one.key, one.member)
        grouped.setdefault((one.key, one.what, is_left, is_own), []).append(one)
    there_versions = evidence.context.target.distributions
    for (key, _, is_left, is_own), contrasts in grouped.items():
        yield _Group(tuple(contrasts), is_left, is_own, _skew(key, there_versions))


def _ask_fresh(evidence: Evidences, questions: SurveyQuestions) -> SurveyAnswers | None:
    """Return what a fresh process of the host says; `None` where there is none to ask."""
    request = questions.to_request()
    told = None if request is None else evidence.survey_fresh(request)
    return None if told is None else read_as(SurveyAnswers, told)


def _contrasts(
    questions: SurveyQuestions, here: SurveyAnswers, there: SurveyAnswers
) -> list[Contrast]:
    return contrast(here, there, questions.follow, questions.virtual)


def _places(contrasts: list[Contrast]) -> set[tuple[str, str, str]]:
    return {one.place for one in contrasts}


def _skew(key: str, there: Mapping[str, str]) -> tuple[str, str, str] | None:
    known = distribution_of(key.partition(":")[0])
    if known is None:
        return None
    name, here = known
    versions = {canonical(other): found for other, found in there.items()}
    version = versions.get(canonical(name))
    return None if version in {None, here} else (name, here, str(version))


def _fails(obj: object, group: _Group, here: SurveyAnswers, there: SurveyAnswers) -> bool | None:
    """Judge one group by itself; see `_all`."""
    one = group.first
    if one.what == "import":
        return None
    if one.what == "enum":
        return uses_members(obj, one.key, {other.member for other in group.contrasts}) or None
    if group.is_left and one.what == "state":
        return one.is_flat and not group.is_own and not one.member.startswith("_")
    if group.is_left:
        return not group.is_own
    return _is_mix_up(group, here, there)


def _is_mix_up(group: _Group, here: SurveyAnswers, there: SurveyAnswers) -> bool | None:
    """Return whether it is another module of that name, and not by environment or version."""
    one = group.first
    module = one.key.partition(":")[0]
    mine, theirs = (side.files.get(module, ("", None)) for side in (here, there))
    if mine[1] == theirs[1] or group.skew is not None or one.what not in {"code", "state"}:
        return None
    if one.what == "state" and literal_of(one.key, one.member) != one.here:
        return None  # what a module computes depends on where it is
    # Sources here and a release there may be meant: then only a probe tells that they disagree.
    return distribution_of(module) is not None or not is_library_file(theirs[0])


def _origin(questions: SurveyQuestions, key: str) -> str:
    """Return the global of the payload that led to another one."""
    while before := questions.here.origins.get(key):
        key = before
    return key


def _globals(sent: Sent) -> set[str]:
    """Return the globals that the payloads refer to, for certain."""
    found = set()
    for root, _ in sent.payloads:
        with contextlib.suppress(PayloadError):
            references = sent.inspection(root).references
            found |= {f"{one.module}:{one.qualname}" for one in references}
    return found


# Words


def _problem(sent: Sent, questions: SurveyQuestions, group: _Group) -> Problem:
    one = group.first
    module, _, name = one.key.partition(":")
    origin = _origin(questions, one.key)
    path = _path(sent, *origin.split(":"))
    if one.what == "import":
        return _lost_import(sent.context.target, one, path)
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


def _lost_import(target: Target, one: Contrast, path: str) -> Problem:
    """Return the problem of an optional import that succeeded here only."""
    home, _, name = one.key.partition(":")
    owner = distribution_of(one.here)
    is_there = owner is None or canonical(owner[0]) in map(canonical, target.distributions)
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


def _shadowed(sent: Sent, module: str, name: str) -> Problem:
    message = (
        f"{module}.{name} travels by value, and {module} is installed there as well: "
        "for isinstance these are two classes"
    )
    fix = "do not send by value what the target has"
    if not leads_somewhere(module, name):
        message = (
            f"{module} holds no class by the name {name}, so it travels by value: for isinstance "
            f"it is another class than one that {module} makes there"
        )
        fix = "give the class that name in its module, where the module is imported"
    return Problem(
        code="mismatch",
        stage="compare",
        path=_path(sent, module, name, by="value"),
        module=module,
        message=message,
        remedies=(Remedy(fix),),
    )


def _patched(sent: Sent, patch: Patch) -> Problem:
    member = "" if patch.member is None else f".{patch.member}"
    path = _path(sent, patch.module, patch.name)
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


def _path(sent: Sent, module: str, name: str, *, by: str = "reference") -> str:
    """Return the first path that leads to a global; that of an instance for its class."""
    for root, _ in sent.payloads:
        try:
            references = sent.inspection(root).references
        except PayloadError:
            continue
        for reference in references:
            named = (reference.module, reference.qualname, reference.by)
            if named == (module, name, by) and reference.paths:
                path = reference.paths[0]
                is_class = path.startswith("type(") and path.endswith(")")
                return path[5:-1] if is_class else path
    return "obj"
