"""A call that goes out as a system's own message, and is run there by that system's own code.

The first run is the real one. Where it does not bring a value back, a second one takes the steps
singly (load the function, load its arguments, call), because systems tell failures as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_portable.judgement.argument_paths import argument_paths
from pytest_portable.judgement.exceptions import add_note, ends_session, not_raised
from pytest_portable.judgement.outcome import Outcome
from pytest_portable.judgement.transcript import judge_transcript
from pytest_portable.payload.out_of_band import size_of
from pytest_portable.verdict import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_portable.agent import Message, Transcript
    from pytest_portable.judgement.check import Check
    from pytest_portable.serializers.task import Answer, LeftBehind, Task

__all__ = ["check_limits", "note_left_behind", "run_task"]


def run_task(
    check: Check, task: Task, args: tuple[object, ...], kwargs: Mapping[str, object]
) -> Outcome:
    """Send a call as the serializer's system sends it; see `Task`."""
    check.arguments = argument_paths(args, kwargs)
    with task.prepared(check.obj) as function:
        values = {"obj": function, "arguments": (args, kwargs)}
        check.payloads = payloads = check.dump_all(values)
    if not check.problems:
        check.inspect(payloads)
        _own_code(check, task)
        for name, data in payloads:
            check_limits(check, "function" if name == "obj" else name, data)
    message = None if check.problems else _pack(check, task, args, kwargs)
    if message is None:
        return check.outcome()
    check.payload = message
    check_limits(check, "task", message)
    if check.problems:
        return check.outcome()
    runner = [task.runner, dict(check.leg.options)]
    check.travel("task", [("task", message)], (), round_trip=False, runner=runner)
    real = check.transcript
    assert real is not None
    value = real.find("value")
    if real.finished and value is not None:
        answer = _unpack(check, task, value, "result-not-portable")
        return Outcome(check.outcome().verdict, value=answer.value if answer else None)
    return _explain(check, task, payloads, real)


def _explain(
    check: Check, task: Task, payloads: list[tuple[str, bytes]], real: Transcript
) -> Outcome:
    """Take the steps of a call singly, after the system's own code brought no value back."""
    check.travel("call", payloads, (), round_trip=False)
    judge_transcript(check)
    steps, check.transcript = check.transcript, real
    if steps is not None and (returned := steps.find("value")) and returned.blob is not None:
        check_limits(check, "result", returned.blob)
    raised = real.find("raised")
    if raised is None and not check.problems:
        judge_transcript(check)
    if raised is None or check.problems:
        return check.outcome()
    answer = _unpack(check, task, raised, "exception-not-portable")
    _blame_left_behind(check, steps)
    return Outcome(check.outcome().verdict, raised=answer.raised if answer else None)


def _blame_left_behind(check: Check, steps: Transcript | None) -> None:
    """Make a note a problem where a name that did not travel is what was missed."""
    missed = None if steps is None else steps.find("raised")
    if missed is None or missed.header["raised"]["type"] not in {"NameError", "UnboundLocalError"}:
        return
    said = missed.header["raised"]["message"]
    for left in check.serializer.left_behind(check.obj, check.leg.options):
        if f"'{left.name}'" in said:
            check.notes = [note for note in check.notes if note.message != left.message]
            check.problems.append(_left(left, evidence=f"NameError: {said}"))


def note_left_behind(check: Check) -> None:
    """Note every name that the function uses and that does not travel with it."""
    found = check.serializer.left_behind(check.obj, check.leg.options)
    check.notes += [_left(left) for left in found]


def _left(left: LeftBehind, evidence: str = "") -> Problem:
    return Problem("main-reference", "call", left.message, path=left.path, evidence=evidence)


def check_limits(check: Check, what: str, data: bytes) -> None:
    """Compare with what the system lets through; `what` is as in `Limit`."""
    for limit in check.serializer.limits:
        if limit.what != what or size_of(data) <= limit.bytes:
            continue
        problem = Problem(
            code="too-large",
            stage="return" if what == "result" else "inspect",
            path={"result": "obj()", "arguments": "args"}.get(what, "obj"),
            message=f"{size_of(data):,} bytes as encoded, the limit is {limit.bytes:,}: "
            f"{limit.message}",
        )
        (check.problems if limit.fails else check.notes).append(problem)


def _pack(
    check: Check, task: Task, args: tuple[object, ...], kwargs: Mapping[str, object]
) -> bytes | None:
    try:
        with check.shipping.dumping():
            return task.pack(check.obj, args, kwargs, **check.leg.options)
    except Exception as error:  # noqa: BLE001 - whatever the system raises is the finding
        check.problems.append(
            Problem(
                code="unserializable",
                stage="dump",
                path="obj",
                message=f"{check.serializer.name} cannot pack this call",
                evidence=f"{type(error).__name__}: {error}",
            )
        )
        return None


def _own_code(check: Check, task: Task) -> None:
    """Report code of the system's own that another Python cannot run, unless there is other."""
    here = ".".join(map(str, check.host))
    told = [problem.code for problem in (*check.problems, *check.notes)]
    if not task.own_code or check.target.minor == check.host or "bytecode-version" in told:
        return
    problem = Problem(
        code="bytecode-version",
        stage="inspect",
        path="obj",
        message=f"{task.own_code} travels as CPython {here} bytecode; the target is "
        f"{'.'.join(map(str, check.target.minor))}, which cannot run it",
    )
    (check.notes if check.leg.allow_bytecode else check.problems).append(problem)


def _unpack(check: Check, task: Task, record: Message, code: str) -> Answer | None:
    """Read an answer as the system's user does; what cannot be read is a problem."""
    assert record.blob is not None
    check_limits(check, "result", record.blob)
    try:
        with check.shipping.loading():
            answer = task.unpack(record.blob, raised="raised" in record.header)
    except BaseException as error:  # noqa: BLE001 - a worker-only class may raise anything
        about = record.header.get("raised")
        what = "came back" if about is None else f"{about['type']}({about['message']!r}) was raised"
        check.problems.append(
            Problem(
                code=code,
                stage="return",
                path="obj()",
                module=getattr(error, "name", None) or (about or {}).get("module"),
                message=f"{what} there and cannot be loaded here"
                + (f"; {task.lost}" if task.lost else ""),
                evidence=f"{type(error).__name__}: {error}",
            )
        )
        return None
    if answer.raised is not None:
        told = record.header.get("raised", {}).get("traceback", "")
        told = check.standing.in_text(told).rstrip()
        add_note(answer.raised, f"raised in {check.label}:\n{told}")
        if ends_session(answer.raised):
            check.problems.append(not_raised(answer.raised))
    return answer
