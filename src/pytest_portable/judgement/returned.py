"""What came back: loaded here and compared with what went out."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pytest_portable.agent import Transcript
from pytest_portable.agent.in_target.asking import asked, held_in, is_kind, read_name, slot_of
from pytest_portable.agent.in_target.describe import text_of
from pytest_portable.agent.in_target.portrait import draw, draw_raised
from pytest_portable.agent.records import Failed, Raised, Returned, SmallestPart, TargetError, Value
from pytest_portable.diagnosis import explain_call, pin
from pytest_portable.equivalence import (
    COUNT_LIMIT,
    LOST,
    MAX_SHOWN,
    Difference,
    Differences,
    compare,
)
from pytest_portable.equivalence.guard import module_of, qualname_of
from pytest_portable.equivalence.text import shorten
from pytest_portable.interrupts import pass_on
from pytest_portable.judgement.answered import judge_answered
from pytest_portable.judgement.context import Context
from pytest_portable.judgement.details import with_details
from pytest_portable.judgement.evidence_of_check import Evidences, with_paths
from pytest_portable.judgement.exceptions import changed_fact, load_exception, same_exception
from pytest_portable.judgement.findings import NOTHING, Back, Findings, notes, problems
from pytest_portable.judgement.load_answer import (
    Unloadable,
    load_answer,
    newer_names,
    versions_apart,
    why_unloadable,
)
from pytest_portable.judgement.noise import set_noise_apart
from pytest_portable.judgement.probes_without_answer import nothing_raised, raised_alike
from pytest_portable.judgement.seeds import seeded
from pytest_portable.judgement.state_hooks import state_hook
from pytest_portable.judgement.time_limit import TookTooLong
from pytest_portable.judgement.version_skew import blame_versions, skew_of_return
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Problem, Remedy

__all__ = [
    "judge_probe",
    "judge_probe_there",
    "judge_return",
    "load_back",
    "undumped_result",
    "undumped_there",
]


def load_back(
    context: Context,
    evidence: Evidences,
    record: Value,
    path: str,
    probe: Probe | None = None,
) -> Back[object]:
    """Load what the target dumped.

    Args:
        context: of the check.
        evidence: of the check.
        record: what was dumped.
        path: its name at the root of paths; `obj()` for what a call returned.
        probe: whose result it is, if it is one's.
    """
    try:
        return Back(load_answer(context, record))
    except BaseException as error:  # noqa: BLE001 - a worker-only class may raise anything
        pass_on(error)
        trouble = why_unloadable(context, record.blob, path, error)
        said = f"what came back cannot be loaded here: {trouble}"
        skew = skew_of_return(context, evidence, place=trouble.path, said=said, probe=probe)
        problem = skew or _unloaded(evidence, record, path, trouble)
        # What a call returns has to come back as it is, and time is not given twice.
        if path != "obj()" and not isinstance(error, TookTooLong):
            with suppress(BaseException), newer_names() as is_newer:
                if is_newer:
                    loaded = load_answer(context, record)
                    text = f"{problem.message}; it was compared under its older name"
                    renamed = notes([replace(problem, message=text)])
                    return Back(loaded, renamed if path == "obj" else NOTHING)
        return Back(None, problems([problem]))


def _unloaded(evidence: Evidences, record: Value, root: str, trouble: Unloadable) -> Problem:
    """Return the problem of an answer that cannot be loaded here."""
    module, name = record.type
    kind = f"{module}.{name}".removeprefix("builtins.")
    came = f"came back as {kind}" if trouble.path == root else f"came back in a {kind}"
    remedy = "return what both sides know: plain data, shared classes"
    of_object = evidence()
    is_known = trouble.module is None or of_object.is_stdlib(trouble.module)
    if not is_known and of_object.owner(str(trouble.module)) is None:
        remedy = f"have {str(trouble.module).partition('.')[0]} here too, or {remedy}"
    apart = versions_apart(of_object, trouble.module or module)
    versions = f" ({apart[1]} there, {apart[0]} here)" if apart else ""
    return Problem(
        code="result-not-portable",
        stage="return",
        path=trouble.path,
        module=trouble.module,
        distribution=apart[0].name if apart else None,
        message=f"{came} and cannot be loaded here: {trouble}{versions}",
        remedies=(*(pin(of_object, apart[0]) if apart else ()), Remedy(remedy)),
    )


def undumped_result(record: Failed) -> Problem:
    """Return the problem of a result, or an object, that cannot be dumped there."""
    path, module, kind = record.part or SmallestPart(record.name, "", "")
    what = f"{module}.{kind}".removeprefix("builtins.") if kind else "it"
    is_lazy = "generator" in kind or kind.startswith("dict_") or module == "itertools"
    is_async = kind == "async_generator"
    each = "[one async for one in it]" if is_async else "list(...) of it"
    advice = each if is_lazy else "plain data, or leave that part out"
    remedy = f"return {advice}"
    if record.step == "dumping" and record.error.type == "AttributeError" and kind:
        # The object itself: its class reads on dumping what it did not set on loading.
        lacked = record.error.name or "what its dump reads"
        remedy = f"have {kind} set {lacked} whenever it is loaded, whichever version loads it"
    return Problem(
        code="result-not-portable",
        stage="return",
        path=path,
        module=module or None,
        message=f"{what} cannot be dumped there, so it cannot come back",
        evidence=str(record.error),
        remedies=(Remedy(remedy),),
    )


def undumped_there(record: Failed, label: str) -> Problem:
    """Return the problem of an object that cannot be dumped by the environment that made it.

    Args:
        record: of the dump that failed.
        label: name at the root of its paths there.
    """
    path, module, kind = record.part or SmallestPart(label, "", "")
    what = f"{module}.{kind}".removeprefix("builtins.") if kind else "it"
    is_endless = "RecursionError" in record.error.bases
    return Problem(
        code="recursion" if is_endless else "unserializable",
        stage="dump",
        path="obj" + path.removeprefix(label),
        module=module or None,
        message=f"{what} cannot be dumped where it was made: {record.error}",
        remedies=(Remedy("leave it out of what travels, and make it where it is read"),),
    )


def judge_return(
    context: Context,
    transcript: Transcript,
    evidence: Evidences,
    equal: Callable[[Any, Any], object] | None,
    found: Findings,
) -> Findings:
    """Load the object that came back and compare it with the original.

    Args:
        context: of the check.
        transcript: of the run.
        evidence: of the check.
        equal: the caller's own comparison.
        found: what was found before.

    Returns:
        What is found beside.
    """
    record = transcript.first(Returned)
    if not context.leg.round_trip or record is None:
        return NOTHING
    comparison = _Comparison(context, context.obj, "obj", equal)
    with context.shipping.loading():
        back = load_back(context, evidence, record, "obj")
        if back.findings.problems:
            return back.findings
        compared = comparison.compare(back.value)
        if compared and equal is None:
            compared = comparison.compare(back.value, shown=COUNT_LIMIT)
    differences: Sequence[Difference] = compared.items
    answered = judge_answered(context, evidence, compared.shared) + _dropped(compared)
    if not differences or (equal is None and _is_same(context, back.value)):
        return back.findings + answered
    noise = NOTHING
    if equal is None:  # else the caller's own function has decided
        differences, noise = set_noise_apart(context, evidence, back.value, differences)
    with context.shipping.loading():
        judged = comparison.explain(differences[:MAX_SHOWN], evidence, found)
    return back.findings + judged + noise + answered


def _is_same(context: Context, returned: object) -> bool:
    """Return whether the serializer's own system takes what came back for what went out."""
    is_same = context.serializer.is_same
    if is_same is None:
        return False
    try:
        with context.shipping.loading():
            return bool(is_same(context.obj, returned))
    except BaseException as error:  # noqa: BLE001 - code of a framework: then its answer is no
        pass_on(error)
        return False


def _with_hook(problem: Problem, hook: str) -> Problem:
    if not hook:
        return problem
    name = str(problem.path).rpartition(".")[2]
    message = f"{problem.message}: {hook} leaves {name} out"
    return replace(problem, message=message, remedies=(Remedy(f"let {hook} bring {name}"),))


def _dropped(compared: Differences) -> Findings:
    """Return a note for each reason why parts did not travel: private attributes, mostly."""
    by_reason: dict[str, list[Difference]] = {}
    for one in compared.dropped:
        by_reason.setdefault(one.reason, []).append(one)
    return notes([_dropped_note(reason, found) for reason, found in by_reason.items()])


def _dropped_note(reason: str, found: Sequence[Difference]) -> Problem:
    first, *others = found
    why = f"{reason}: a cache, or what is made when it is needed" if reason == LOST else reason
    more = f"; also {', '.join(one.path for one in others)}" if others else ""
    evidence = f"{first.original} went out"
    return Problem("mismatch", "compare", f"{why}{more}", path=first.path, evidence=evidence)


@dataclass(frozen=True)
class _Comparison:
    """What went out, to be compared with what came back for it.

    Attributes:
        context: of the check.
        original: the object, or what a probe returned here.
        root: name at the root of its paths.
        equal: the caller's own comparison.
        probe: whose result it is.
    """

    context: Context
    original: object
    root: str
    equal: Callable[[Any, Any], object] | None = None
    probe: Probe | None = None

    def judge(self, returned: object, evidence: Evidences, found: Findings) -> Findings:
        """Return what differs from what came back, and why."""
        return self.explain(self.compare(returned).items, evidence, found)

    def explain(
        self, differences: Sequence[Difference], evidence: Evidences, found: Findings
    ) -> Findings:
        """Return differences, after the version that they come from, if they come from one."""
        versions = NOTHING
        hooks = [self._hook(item) for item in differences]
        if differences and (self.probe is not None or self.root == "obj"):
            versions = blame_versions(
                self.context,
                evidence,
                place=differences[0].path,
                probe=self.probe,
                is_as_here=self._is_as_here,
                found=found,
            )
        told = map(self._mismatch, differences)
        return versions + problems(map(_with_hook, told, hooks))

    def _hook(self, item: Difference) -> str:
        """Return the method that leaves out an attribute that is lost, where its class has one."""
        if item.reason != LOST or self.root != "obj":
            return ""
        try:
            owner = eval(item.path.rpartition(".")[0], {"obj": self.original})  # noqa: S307 - a path of ours
        except BaseException as error:  # noqa: BLE001 - code of the user's, or a path that is cut
            pass_on(error)
            return ""
        return state_hook(owner)

    def compare(self, other: object, *, shown: int = MAX_SHOWN) -> Differences:
        """Return where what came back differs."""
        leg = self.context.leg
        return compare(
            self.original,
            other,
            root=self.root,
            equal=self.equal,
            rtol=leg.rtol,
            atol=leg.atol,
            signed_zero=leg.signed_zero,
            comparators=self.context.comparators,
            sharing=self.context.serializer.keeps_sharing,
            shown=shown,
        )

    def _is_as_here(self, record: Value) -> bool:
        try:
            return not self.compare(load_answer(self.context, record))
        except BaseException as error:  # noqa: BLE001 - whatever it raises, it is not the answer
            pass_on(error)
            return False

    def _mismatch(self, item: Difference) -> Problem:
        sides = ("went out", "came back") if self.root == "obj" else ("here", "there")
        return Problem(
            code="mismatch",
            stage="compare",
            path=item.path,
            message=item.reason,
            evidence=f"{item.original} {sides[0]}, {item.returned} {sides[1]}",
        )


def judge_probe(  # noqa: PLR0913, PLR0917 - two sides, and what was found before
    context: Context,
    transcript: Transcript,
    evidence: Evidences,
    probe: Probe,
    names: Mapping[str, object],
    found: Findings,
) -> Findings:
    """Evaluate a probe here too and compare what both sides return or raise.

    Args:
        context: of the check.
        transcript: of the run.
        evidence: of the check.
        probe: the probe.
        names: the values that it sees.
        found: what was found before.

    Returns:
        What is found beside.
    """
    raised = transcript.first(Raised, probe.label)
    record = transcript.first(Value, probe.label)
    if raised is None and record is None and transcript.first(Failed, probe.label) is None:
        return NOTHING  # the target did not come to it
    here, error = _evaluate(context, probe, names)
    if raised is not None:
        judge = _judge_wanted if probe.raises else _judge_same
        same = None if error is None else judge(context, transcript, evidence, probe, error, raised)
        return _raised_there(context, evidence, probe, error, raised) if same is None else same
    if probe.raises and error is None:
        return problems([nothing_raised(probe, [each.__qualname__ for each in probe.raises])])
    if error is not None:
        return problems([_raised_here(probe, error)])
    if record is None:
        return NOTHING
    comparison = _Comparison(context, here, probe.label, probe=probe)
    return _judge_value(comparison, evidence, record, found)


def _raised_here(probe: Probe, error: BaseException) -> Problem:
    """Return the problem of a probe that raised here, and not there."""
    missing = asked(error, "name") if is_kind(error, ModuleNotFoundError) else None
    if type(missing) is not str or not missing:
        message = f"raised {read_name(type(error))} here: {text_of(error)}, and nothing there"
        return Problem("mismatch", "compare", message, path=probe.label)
    top = missing.partition(".")[0]
    return Problem(
        code="missing-module",
        stage="compare",
        path=probe.label,
        module=missing,
        message=f"the probe imports {missing}, which is there and not here",
        evidence=f"here: {read_name(type(error))}: {text_of(error)}",
        remedies=(Remedy(f"have {top} here too, or leave it out of the probe"),),
    )


def _judge_value(
    comparison: _Comparison, evidence: Evidences, record: Value, found: Findings
) -> Findings:
    """Compare what a probe returned here with what it returned there."""
    context, here = comparison.context, comparison.original
    with context.shipping.loading():
        back = load_back(context, evidence, record, comparison.root, comparison.probe)
        if back.findings.problems:
            return back.findings
        added = comparison.judge(back.value, evidence, found)
        if added.problems and _is_reordered(here, back.value):
            versions = [one for one in added.problems if one.code != "mismatch"]
            return problems([*versions, _reordered(here, back.value, comparison.root)])
        return added


def _is_reordered(one: object, other: object) -> bool:
    """Return whether two sequences hold the same items in another order."""
    if type(one) is not type(other) or not isinstance(one, (list, tuple, str)):
        return False
    sides: list[Any] = [one, other]
    try:
        return one != other and Counter(map(repr, sides[0])) == Counter(map(repr, sides[1]))
    except BaseException as error:  # noqa: BLE001 - anybody's repr
        pass_on(error)
        return False


def _reordered(here: object, there: object, path: str) -> Problem:
    return Problem(
        code="mismatch",
        stage="compare",
        path=path,
        message="the same items in another order; if they come from a set: it has none, because "
        "hashes of text differ from process to process",
        evidence=f"{shorten(here)} here, {shorten(there)} there",
        remedies=(Remedy("sort them"),),
    )


def _evaluate(
    context: Context, probe: Probe, names: Mapping[str, object]
) -> tuple[object, BaseException | None]:
    """Evaluate on the host under the seed of the leg."""
    try:
        # As there: a filter of pytest must not turn a warning into an exception on one side only.
        with seeded(context.leg.seed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = probe.evaluate(context.obj, names)
            if context.portraits is not None:
                context.portraits[probe.label] = draw(value)
            return value, None
    except BaseException as error:  # noqa: BLE001 - the probe is the user's code
        pass_on(error)
        if context.portraits is not None:
            context.portraits[probe.label] = draw_raised(error)
        return None, error


def _judge_same(  # noqa: PLR0913, PLR0917 - two sides, and what knows of both
    context: Context,
    transcript: Transcript,
    evidence: Evidences,
    probe: Probe,
    here: BaseException,
    raised: Raised,
) -> Findings | None:
    """Compare what both sides raised unasked, to the causes where they could come back.

    Returns:
        What differs, or that a probe without an answer proves nothing; `None` where these are not
        the same exception at all.
    """
    with context.shipping.loading():
        if not same_exception(here, raised):
            return None
        alike = problems([raised_alike(probe, read_name(type(here)), str(raised.error), ())])
        alike = alike.map(lambda one: replace(one, traceback=raised.error.traceback))
        if raised.blob is None:
            return alike  # what can be known of it is the same
        try:
            there = load_exception(context, transcript, raised)
        except Unloadable:
            return alike
        for side in (here, there):
            held_in(side).pop("__notes__", None)
        differing = _Comparison(context, here, raised.name).judge(there, evidence, NOTHING)
        return differing if differing.problems else alike


def _judge_wanted(  # noqa: PLR0913, PLR0917 - two sides, and what knows of both
    context: Context,
    transcript: Transcript,
    evidence: Evidences,
    probe: Probe,
    here: BaseException,
    raised: Raised,
) -> Findings | None:
    """Compare what both sides raised where that was asked for: the class and the arguments.

    The texts of Python's own exceptions change between its versions: of those, the class alone.

    Returns:
        What differs; `None` where it is of another class there, or has other arguments.
    """
    kind = type(here)
    with context.shipping.loading():
        if (raised.error.module, raised.error.type) != (module_of(kind), qualname_of(kind)):
            return None
        if not issubclass(kind, probe.raises):
            return problems(
                [
                    raised_alike(
                        probe,
                        kind.__name__,
                        str(raised.error),
                        [each.__qualname__ for each in probe.raises],
                    )
                ]
            )
        fact = changed_fact(here, raised)
        if module_of(kind) != "builtins" and fact is not None and fact[0] == "args":
            return None
        try:
            if module_of(kind) == "builtins" or raised.blob is None:
                return NOTHING
            there = load_exception(context, transcript, raised)
        except Unloadable:
            return NOTHING
        arguments = _Comparison(context, slot_of(here, "args"), f"{raised.name}.args")
        return arguments.judge(slot_of(there, "args"), evidence, NOTHING)


def judge_probe_there(
    context: Context, transcript: Transcript, evidence: Evidences, probe: Probe, *, told: str = ""
) -> Findings:
    """Judge a probe that is not evaluated here: what it returns is compared with nothing.

    Args:
        context: of the check.
        transcript: of the run.
        evidence: of the check.
        probe: the probe.
        told: what it did elsewhere, where that is known.
    """
    raised = transcript.first(Raised, probe.label)
    if raised is None:
        return NOTHING
    return _raised_there(context, evidence, probe, None, raised, told=told)


def _raised_there(  # noqa: PLR0913 - two sides
    context: Context,
    evidence: Evidences,
    probe: Probe,
    here: BaseException | None,
    raised: Raised,
    *,
    told: str = "and not here",
) -> Findings:
    """Judge an exception of the target that was not raised here, or not like that."""
    error = raised.error
    if error.type == "SyntaxError" and not error.frames:  # it was not raised by any code
        return problems([_foreign_syntax(context, probe, error)])
    fact = None if here is None else changed_fact(here, raised)
    other = "" if fact is None else _other(fact[0])
    if here is not None:
        told = f"and with {other} here" if other else f"and {read_name(type(here))} here"
    explained = explain_call(
        error,
        evidence(),
        probe=probe.label,
        here=told,
        within=raised.within,
        control=partial(_raised_by_control, context, evidence, probe),
    )
    found = problems(with_paths(with_details(explained, error, evidence(), evidence.sent)))
    if here is None:
        return found
    sides = f"{read_name(type(here))}: {text_of(here)}", str(error)
    if fact is not None and fact[0] != "args":
        sides = fact[1:]
    message = "another exception was raised here than there"
    if other:
        message = f"{error.type} was raised on both sides, with {other}"
    seen = f"{sides[0]} here, {sides[1]} there"
    mismatch = Problem("mismatch", "compare", message, path=probe.label, evidence=seen)
    return found + problems([mismatch])


def _raised_by_control(context: Context, evidence: Evidences, probe: Probe) -> TargetError | None:
    """Return what a probe raises in a fresh process of the maker's own environment."""
    run = None if context.is_routed else evidence.run_here(probe)
    raised = None if run is None else run.first(Raised, probe.label)
    return None if raised is None else raised.error


def _other(name: str) -> str:
    """Return what of an exception is another one, in words."""
    return "other arguments" if name == "args" else f"another {name}"


def _foreign_syntax(context: Context, probe: Probe, error: TargetError) -> Problem:
    return Problem(
        code="stdlib-version",
        stage="call",
        path=probe.label,
        message=f"the probe is written in syntax that Python {context.reader.python} does not have",
        evidence=str(error),
        remedies=(Remedy("write the probe for the oldest Python of the mark"),),
    )
