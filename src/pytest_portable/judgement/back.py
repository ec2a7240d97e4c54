"""What came back: loaded here and compared with what went out."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

from pytest_portable.diagnosis import explain_exception
from pytest_portable.equivalence import compare
from pytest_portable.verdict import Problem, Remedy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_portable.judgement.check import Check
    from pytest_portable.probes import Probe
    from pytest_portable.target import Message

__all__ = ["bring_back_exception", "judge_probe", "judge_return", "load_back"]


def load_back(check: Check, record: Message, path: str) -> object:
    """Load what the target dumped; a failure becomes a problem at stage `return`."""
    assert record.blob is not None
    try:
        return _loads(check, record, record.blob)
    except BaseException as error:  # noqa: BLE001 - a worker-only class may raise anything
        check.problems.append(
            Problem(
                code="result-not-portable",
                stage="return",
                path=path,
                message=f"came back as {'.'.join(record.header['type'])}, "
                "which cannot be loaded here",
                evidence=f"{type(error).__name__}: {error}",
            )
        )
        return None


def _loads(check: Check, record: Message, data: bytes) -> object:
    """Load with what belongs to the dumper that was used there."""
    from pytest_portable.serializers import loading  # noqa: PLC0415 - pickle, for what came back

    if str(record.header["dumper"]).startswith("pickle:"):
        return loading.loads(data)
    return check.serializer.load(data)


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
    returned = load_back(check, record, "obj")
    if len(check.problems) == before:
        compare_with(check, check.obj, returned, "obj", equal)
    check.seconds["compare"] = time.monotonic() - begun


def compare_with(
    check: Check,
    original: object,
    returned: object,
    root: str,
    equal: Callable[[Any, Any], object] | None = None,
) -> None:
    found = compare(
        original,
        returned,
        root=root,
        equal=equal,
        rtol=check.leg.rtol,
        atol=check.leg.atol,
        sharing=check.serializer.keeps_sharing,
    )
    for item in found.items:
        check.problems.append(
            Problem(
                code="mismatch",
                stage="compare",
                path=item.path,
                message=item.reason,
                evidence=f"{item.original} went out, {item.returned} came back",
            )
        )


def judge_probe(check: Check, probe: Probe, names: Mapping[str, object]) -> None:
    """Evaluate the probe here too and compare the results."""
    transcript = check.transcript
    assert transcript is not None
    raised, record = transcript.find("raised"), transcript.find("value")
    if raised is None and record is None:
        return
    try:
        here = probe.evaluate(check.obj, names)
    except BaseException as error:  # noqa: BLE001 - the probe is the user's code
        if raised is None or raised.header["raised"]["type"] != type(error).__qualname__:
            check.problems.append(
                Problem(
                    code="mismatch",
                    stage="compare",
                    path="obj",
                    message=f"the probe raised {type(error).__name__} here: {error}, and not there",
                )
            )
        return
    if raised is not None:
        error_there = raised.header["raised"]
        data = check.payload
        check.problems.append(explain_exception(error_there, "call", check.evidence(data, "obj")))
        return
    assert record is not None
    before = len(check.problems)
    there = load_back(check, record, "obj()")
    if len(check.problems) == before:
        compare_with(check, here, there, "probe")


def bring_back_exception(check: Check, record: Message) -> BaseException | None:
    """Return the exception that came back, or judge why it cannot."""
    about = record.header["raised"]
    if record.blob is None:
        trouble = record.header["undumped"]
        _exception_lost(check, about, f"{trouble['type']}: {trouble['message']}", "dumped there")
        return None
    try:
        chain: Any = _loads(check, record, record.blob)
    except BaseException as error:  # noqa: BLE001 - required arguments, a worker-only class
        _exception_lost(check, about, f"{type(error).__name__}: {error}", "loaded here")
        return None
    for outer, inner in itertools.pairwise(chain):
        outer.__cause__ = inner
    note = f"raised in {check.label}:\n{about['traceback']}"
    first: BaseException = chain[0]
    first.__notes__ = [*getattr(first, "__notes__", []), note]
    return first


def _exception_lost(check: Check, about: Mapping[str, Any], evidence: str, what: str) -> None:
    check.problems.append(
        Problem(
            code="exception-not-portable",
            stage="return",
            path="obj()",
            module=about["module"],
            message=f"{about['type']}({about['message']!r}) was raised there and cannot be {what}",
            evidence=evidence,
            remedies=(Remedy("pass all arguments to super().__init__(), or define __reduce__"),),
        )
    )
