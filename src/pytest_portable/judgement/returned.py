"""What came back: loaded here and compared with what went out."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_portable.diagnosis import explain_call, pin
from pytest_portable.equivalence import compare
from pytest_portable.equivalence.text import shorten
from pytest_portable.judgement.details import with_details
from pytest_portable.judgement.evidence_of_check import evidence_for, with_paths
from pytest_portable.judgement.exceptions import changed_fact, load_exception, same_exception
from pytest_portable.judgement.load_answer import (
    Unloadable,
    loader_for,
    newer_names,
    versions_apart,
    why_unloadable,
)
from pytest_portable.judgement.seeds import seeded
from pytest_portable.judgement.version_skew import blame_versions
from pytest_portable.verdict import Problem, Remedy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_portable.agent import Message
    from pytest_portable.equivalence import Difference
    from pytest_portable.judgement.check import Check
    from pytest_portable.settings.probes import Probe

__all__ = ["judge_probe", "judge_probe_there", "judge_return", "load_back", "undumped_result"]


def load_back(check: Check, record: Message, path: str) -> object:
    """Load what the target dumped; a failure becomes a problem at stage `return`."""
    assert record.blob is not None
    try:
        return _load(check, record)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a worker-only class may raise anything
        trouble = why_unloadable(check, record.blob, path, error)
        problem = _unloaded(check, record, path, trouble)
        if path != "obj()":  # what a call returns has to come back as it is
            with suppress(Exception), newer_names() as is_newer:
                loaded = _load(check, record) if is_newer else None
                if is_newer and path == "obj":
                    text = f"{problem.message}; it was compared under its older name"
                    check.notes.append(replace(problem, message=text))
                if is_newer:
                    return loaded
        check.problems.append(problem)
        return None


def _unloaded(check: Check, record: Message, root: str, trouble: Unloadable) -> Problem:
    """Return the problem of an answer that cannot be loaded here."""
    module, name = record.header["type"]
    kind = f"{module}.{name}".removeprefix("builtins.")
    came = f"came back as {kind}" if trouble.path == root else f"came back in a {kind}"
    remedy = "return what both sides know: plain data, shared classes"
    evidence = evidence_for(check)
    is_known = trouble.module is None or evidence.is_stdlib(trouble.module)
    if not is_known and evidence.here.owner(str(trouble.module)) is None:
        remedy = f"have {str(trouble.module).partition('.')[0]} here too, or {remedy}"
    apart = versions_apart(check, trouble.module or module)
    versions = f" ({apart[1]} there, {apart[0]} here)" if apart else ""
    return Problem(
        code="result-not-portable",
        stage="return",
        path=trouble.path,
        module=trouble.module,
        distribution=apart[0].name if apart else None,
        message=f"{came} and cannot be loaded here: {trouble}{versions}",
        remedies=(*(pin(evidence_for(check), apart[0]) if apart else ()), Remedy(remedy)),
    )


def _load(check: Check, record: Message) -> object:
    assert record.blob is not None
    beside = {"buffers": record.buffers} if record.buffers else {}
    return loader_for(check, record)(record.blob, **beside)


def undumped_result(record: Message) -> Problem:
    """Return the problem of a result, or an object, that cannot be dumped there."""
    error, name = record.header["exception"], record.header["name"]
    path, module, kind = record.header["part"] or (name, "", "")
    what = f"{module}.{kind}".removeprefix("builtins.") if kind else "it"
    is_lazy = "generator" in kind or kind.startswith("dict_") or module == "itertools"
    is_async = kind == "async_generator"
    each = "[one async for one in it]" if is_async else "list(...) of it"
    advice = each if is_lazy else "plain data, or leave that part out"
    return Problem(
        code="result-not-portable",
        stage="return",
        path=path,
        module=module or None,
        message=f"{what} cannot be dumped there, so it cannot come back",
        evidence=f"{error['type']}: {error['message']}",
        remedies=(Remedy(f"return {advice}"),),
    )


def judge_return(
    check: Check, equal: Callable[[Any, Any], object] | None, *, round_trip: bool
) -> None:
    """Load what came back and compare it with the original."""
    assert check.transcript is not None
    record = check.transcript.find("returned")
    if not round_trip or record is None:
        return
    begun = time.monotonic()
    before = len(check.problems)
    with check.shipping.loading():
        returned = load_back(check, record, "obj")
        if len(check.problems) == before:
            compare_with(check, check.obj, returned, "obj", equal=equal)
    check.seconds["compare"] = time.monotonic() - begun


def compare_with(  # noqa: PLR0913 - two sides, what they are called, and how they are compared
    check: Check,
    original: object,
    returned: object,
    root: str,
    *,
    equal: Callable[[Any, Any], object] | None = None,
    probe: Probe | None = None,
) -> None:
    """Make what differs problems, and the version that it comes from, if it does, the first.

    Args:
        check: the check.
        original: the object, or what a probe gave here.
        returned: what came back for it.
        root: name at the root of its paths.
        equal: the caller's own comparison.
        probe: whose result it is.
    """

    def differences(other: object) -> tuple[Difference, ...]:
        return compare(
            original,
            other,
            root=root,
            equal=equal,
            rtol=check.leg.rtol,
            atol=check.leg.atol,
            signed_zero=check.leg.signed_zero,
            comparators=check.comparators,
            sharing=check.serializer.keeps_sharing,
        ).items

    def is_as_here(record: Message) -> bool:
        try:
            return not differences(_load(check, record))
        except Exception:  # noqa: BLE001 - whatever it raises, it is not the answer
            return False

    found = differences(returned)
    sides = ("went out", "came back") if root == "obj" else ("here", "there")
    if found and (probe is not None or root == "obj"):
        check.problems += blame_versions(check, found[0].path, probe, is_as_here)
    for item in found:
        check.problems.append(
            Problem(
                code="mismatch",
                stage="compare",
                path=item.path,
                message=item.reason,
                evidence=f"{item.original} {sides[0]}, {item.returned} {sides[1]}",
            )
        )


def judge_probe(check: Check, probe: Probe, names: Mapping[str, object]) -> None:
    """Evaluate a probe here too and compare what both sides say."""
    transcript = check.transcript
    assert transcript is not None
    raised, record, failed = (
        transcript.find(key, probe.label) for key in ("raised", "value", "failed")
    )
    if raised is None and record is None and failed is None:
        return  # the target did not come to it
    here, error = _evaluate(check, probe, names, raised)
    if raised is not None:
        if error is None or not _is_same(check, probe, error, raised):
            _raised_there(check, probe, error, raised)
    elif error is not None:
        check.problems.append(
            Problem(
                code="mismatch",
                stage="compare",
                path=probe.label,
                message=f"raised {type(error).__name__} here: {error}, and nothing there",
            )
        )
    elif record is not None:
        before = len(check.problems)
        with check.shipping.loading():
            there = load_back(check, record, probe.label)
            if len(check.problems) == before:
                compare_with(check, here, there, probe.label, probe=probe)
                if len(check.problems) > before and is_reordered(here, there):
                    versions = [one for one in check.problems[before:] if one.code != "mismatch"]
                    check.problems[before:] = [*versions, _reordered(here, there, probe)]


def is_reordered(one: object, other: object) -> bool:
    """Tell whether two sequences hold the same items in another order."""
    if type(one) is not type(other) or not isinstance(one, (list, tuple, str)):
        return False
    sides: list[Any] = [one, other]
    try:
        return one != other and Counter(map(repr, sides[0])) == Counter(map(repr, sides[1]))
    except Exception:  # noqa: BLE001 - anybody's repr
        return False


def _reordered(here: object, there: object, probe: Probe) -> Problem:
    return Problem(
        code="mismatch",
        stage="compare",
        path=probe.label,
        message="the same items in another order; if they come from a set: it has none, because "
        "hashes of text differ from process to process",
        evidence=f"{shorten(here)} here, {shorten(there)} there",
        remedies=(Remedy("sort them"),),
    )


def _evaluate(
    check: Check, probe: Probe, names: Mapping[str, object], raised: Message | None
) -> tuple[object, BaseException | None]:
    """Evaluate on the host under the seed of the leg."""
    try:
        # As there: a filter of pytest must not turn a warning into an exception on one side only.
        with seeded(check.leg.seed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return probe.evaluate(check.obj, names), None
    except KeyboardInterrupt as error:
        if raised is None or raised.header["raised"]["type"] != "KeyboardInterrupt":
            raise  # somebody pressed Ctrl-C
        return None, error
    except BaseException as error:  # noqa: BLE001 - the probe is the user's code
        return None, error


def _is_same(check: Check, probe: Probe, here: BaseException, raised: Message) -> bool:
    """Tell whether both sides raised the same, to the causes where they could come back."""
    with check.shipping.loading():
        return _is_same_loaded(check, probe, here, raised)


def _is_same_loaded(check: Check, probe: Probe, here: BaseException, raised: Message) -> bool:
    if not same_exception(here, raised):
        return False
    if raised.blob is None:
        return True  # what can be known of it is the same
    try:
        there = load_exception(check, raised)
    except Unloadable:
        return True
    for side in (here, there):
        side.__dict__.pop("__notes__", None)
    compare_with(check, here, there, probe.label)
    return True


def judge_probe_there(check: Check, probe: Probe) -> None:
    """Judge a probe that is not evaluated here: what it gives is not compared with anything."""
    assert check.transcript is not None
    raised = check.transcript.find("raised", probe.label)
    if raised is not None:
        _raised_there(check, probe, None, raised, told="")


def _raised_there(
    check: Check,
    probe: Probe,
    here: BaseException | None,
    raised: Message,
    *,
    told: str = "and not here",
) -> None:
    """Judge an exception of the target that was not raised here, or not like that."""
    error = raised.header["raised"]
    if error["type"] == "SyntaxError" and not error["frames"]:  # it was not raised by any code
        check.problems.append(_foreign_syntax(check, probe, error))
        return
    evidence = evidence_for(check)
    fact = None if here is None else changed_fact(here, raised)
    other = "" if fact is None else _other(fact[0])
    if here is not None:
        told = f"and with {other} here" if other else f"and {type(here).__name__} here"
    found = explain_call(error, evidence, probe=probe.label, here=told)
    check.problems += with_paths(with_details(found, error, evidence, check))
    if here is None:
        return
    sides = f"{type(here).__name__}: {here}", f"{error['type']}: {error['message']}"
    if fact is not None and fact[0] != "args":
        sides = fact[1:]
    with_other = f"{error['type']} was raised on both sides, with {other}"
    check.problems.append(
        Problem(
            code="mismatch",
            stage="compare",
            path=probe.label,
            message=with_other if other else "another exception was raised here than there",
            evidence=f"{sides[0]} here, {sides[1]} there",
        )
    )


def _other(name: str) -> str:
    """Say what of an exception is another one."""
    return "other arguments" if name == "args" else f"another {name}"


def _foreign_syntax(check: Check, probe: Probe, error: Mapping[str, Any]) -> Problem:
    return Problem(
        code="stdlib-version",
        stage="call",
        path=probe.label,
        message=f"the probe is written in syntax that Python {check.target.python} does not have",
        evidence=f"{error['type']}: {error['message']}",
        remedies=(Remedy("write the probe for the oldest Python of the mark"),),
    )
