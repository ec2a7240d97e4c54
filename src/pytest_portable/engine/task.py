"""A call that goes out as a system's own message, and is run there by that system's own code.

The first run is the real one. Where it does not bring a value back, a second one takes the steps
singly (load the function, load its arguments, call), because systems tell failures as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pytest_portable.agent import Transcript
from pytest_portable.agent.in_target.asking import read_name
from pytest_portable.agent.in_target.describe import text_of
from pytest_portable.agent.records import Raised, TargetError, Value
from pytest_portable.diagnosis import remedies_of_exception
from pytest_portable.engine.asking import CheckRun, Request, ask, evidence_of
from pytest_portable.engine.dumping import dump_all
from pytest_portable.engine.outcome import Outcome, conclude
from pytest_portable.interrupts import pass_on
from pytest_portable.judgement.before_load import judge_before_load
from pytest_portable.judgement.context import Context, Sent
from pytest_portable.judgement.evidence_of_check import Evidences
from pytest_portable.judgement.exceptions import add_note, ends_session, explain_raised, not_raised
from pytest_portable.judgement.findings import NOTHING, Back, Findings, notes, problems
from pytest_portable.judgement.limits import check_limits, left_behind_problem
from pytest_portable.judgement.load_answer import Unloadable, why_unloadable
from pytest_portable.judgement.transcript import judge_transcript
from pytest_portable.serializers.task import Answer, Task
from pytest_portable.verdict import Problem, Remedy

__all__ = ["run_task"]


@dataclass(frozen=True)
class _Came:
    """What came of a message: the answer, where it could be read, and what was found.

    Attributes:
        seconds: spent there.
    """

    answer: Answer | None
    found: Findings
    seconds: float


def run_task(
    run: CheckRun, task: Task, args: tuple[object, ...], kwargs: Mapping[str, object]
) -> Outcome:
    """Send a call as the serializer's system sends it; see `Task`."""
    context = run.context
    with task.prepared(context.obj) as function:
        dumped = dump_all(run, {"obj": function, "arguments": (args, kwargs)})
    sent, found, seconds = dumped.sent, dumped.found, {"dump": dumped.seconds}
    if sent.data("obj") is None and _pack(context, task, (), {}).value is not None:
        found = _but_for_function(found)  # only its name travels
    if not found.problems:
        found += _judge_before_load(run, task, sent)
    packed = Back[bytes](None) if found.problems else _pack(context, task, args, kwargs)
    found += packed.findings
    if packed.value is None:
        return conclude(run, sent, found, seconds=seconds)
    message = packed.value
    found += check_limits(context, "task", message)
    if found.problems:
        return conclude(run, sent, found, seconds=seconds, payload=message)
    runner = [task.runner, dict(context.leg.options)]
    real = ask(run, Request("task", (("task", message),), more={"runner": runner}))
    value = real.first(Value)
    if real.finished and value is not None:
        answer = _unpack(evidence_of(run, sent, real), task, value, "result-not-portable")
        came = _Came(answer.value, found + answer.findings, real.seconds)
    else:
        came = _explain(run, task, sent, real, found)
    outcome = conclude(
        run,
        sent,
        came.found,
        seconds={**seconds, "there": came.seconds},
        transcript=real,
        payload=message,
    )
    answer_there = came.answer or Answer()
    return replace(outcome, value=answer_there.value, raised=answer_there.raised)


def _but_for_function(found: Findings) -> Findings:
    def is_other(problem: Problem) -> bool:
        return not str(problem.path).startswith("obj")

    return Findings(tuple(filter(is_other, found.problems)), tuple(filter(is_other, found.notes)))


def _judge_before_load(run: CheckRun, task: Task, sent: Sent) -> Findings:
    found = judge_before_load(run.context, sent, evidence_of(run, sent))
    found += _own_code(run.context, task, found)
    for name, data in sent.payloads:
        found += check_limits(run.context, "function" if name == "obj" else name, data)
    return found


def _explain(run: CheckRun, task: Task, sent: Sent, real: Transcript, found: Findings) -> _Came:
    """Take the steps of a call singly, after the system's own code brought no value back.

    Where only the name of the function travels, there are no steps to take.
    """
    context = run.context
    if sent.data("obj") is None:
        return _told_by_system(run, task, sent, real, found)
    steps = ask(run, Request("call", sent.payloads))
    sent = sent if steps.is_clean() else sent.in_one_piece()
    found += judge_transcript(context, steps, evidence_of(run, sent, steps))
    if (returned := steps.first(Value)) is not None:
        found += check_limits(context, "result", returned.blob)
    raised = real.first(Raised)
    if raised is None and not found.problems:
        found += judge_transcript(context, real, evidence_of(run, sent, real))
    if raised is None or found.problems:
        return _Came(None, found, steps.seconds)
    answer = _unpack(evidence_of(run, sent, steps), task, raised, "exception-not-portable")
    found = _with_blame(context, steps, found + answer.findings)
    missed, came = steps.first(Raised), answer.value
    if missed is not None and came is not None and came.raised is not None:
        why = explain_raised(came.raised, missed, evidence_of(run, sent, steps))
        told = {problem.path for problem in (*found.problems, *found.notes)}
        found += notes(one for one in why if one.code == "main-reference" and one.path not in told)
    return _Came(came, found, steps.seconds)


def _told_by_system(
    run: CheckRun, task: Task, sent: Sent, real: Transcript, found: Findings
) -> _Came:
    raised, evidence = real.first(Raised), evidence_of(run, sent, real)
    if raised is None or raised.blob is None:
        found += judge_transcript(run.context, real, evidence)
        return _Came(None, found, real.seconds)
    answer = _unpack(evidence, task, raised, "exception-not-portable")
    return _Came(answer.value, found + answer.findings, real.seconds)


def _with_blame(context: Context, steps: Transcript, found: Findings) -> Findings:
    """Return the findings with a note as a problem where a name that did not travel was missed."""
    missed = steps.first(Raised)
    if missed is None or missed.error.type not in {"NameError", "UnboundLocalError"}:
        return found
    said = missed.error.message
    for left in context.serializer.left_behind(context.obj, context.leg.options):
        if f"'{left.name}'" in said:
            kept = tuple(note for note in found.notes if note.message != left.message)
            problem = left_behind_problem(left, evidence=f"NameError: {text_of(said)}")
            found = Findings((*found.problems, problem), kept)
    return found


def _pack(
    context: Context, task: Task, args: tuple[object, ...], kwargs: Mapping[str, object]
) -> Back[bytes]:
    try:
        with context.shipping.dumping():
            return Back(task.pack(context.obj, args, kwargs, **context.leg.options))
    except BaseException as error:  # noqa: BLE001 - whatever the system raises is the finding
        pass_on(error)
        problem = Problem(
            code="unserializable",
            stage="dump",
            path="obj",
            message=f"{context.serializer.name} cannot pack this call",
            evidence=f"{read_name(type(error))}: {text_of(error)}",
        )
        return Back(None, problems([problem]))


def _own_code(context: Context, task: Task, found: Findings) -> Findings:
    """Report code of the system's own that another Python cannot run, unless there is other."""
    maker, reader = context.maker.minor, context.reader.minor
    told = [problem.code for problem in (*found.problems, *found.notes)]
    if not task.own_code or reader == maker or "bytecode-version" in told:
        return NOTHING
    problem = Problem(
        code="bytecode-version",
        stage="inspect",
        path="obj",
        message=f"{task.own_code} travels as CPython {'.'.join(map(str, maker))} bytecode; "
        f"the target is {'.'.join(map(str, reader))}, which cannot run it",
    )
    return notes([problem]) if context.leg.allow_bytecode else problems([problem])


def _have_here(trouble: Unloadable) -> Iterator[Remedy]:
    if trouble.module is not None:
        top = trouble.module.partition(".")[0]
        yield Remedy(f"have {top} here too, or return what both sides know")


def _of_exception(
    evidence: Evidences, told: TargetError | None, message: str
) -> tuple[Remedy, ...]:
    if told is None:
        return ()
    return remedies_of_exception(told.module, told.type, message, evidence())


def _unpack(evidence: Evidences, task: Task, record: Value | Raised, code: str) -> Back[Answer]:
    """Read an answer as the system's user does; what cannot be read is a problem."""
    assert record.blob is not None
    sent, context = evidence.sent, evidence.context
    told = record.error if isinstance(record, Raised) else None
    found = check_limits(context, "result", record.blob)
    try:
        with context.shipping.loading():
            answer = task.unpack(record.blob, raised=told is not None)
    except BaseException as error:  # noqa: BLE001 - a worker-only class may raise anything
        pass_on(error)
        what = "came back" if told is None else f"{told.type}({told.message!r}) was raised"
        trouble = why_unloadable(context, record.blob, "obj()", error)
        lacking = trouble.module
        problem = Problem(
            code=code,
            stage="return",
            path=trouble.path if trouble.path.startswith("obj()") else "obj()",
            module=lacking or (None if told is None else told.module),
            message=f"{what} there and cannot be loaded here: {trouble}"
            + (f"; {task.lost}" if task.lost else ""),
            remedies=tuple(_have_here(trouble)) or _of_exception(evidence, told, str(trouble)),
        )
        return Back(None, found + problems([problem]))
    if answer.raised is not None:
        trace = "" if told is None else sent.standing.in_text(told.traceback).rstrip()
        add_note(answer.raised, f"raised in {context.label}:\n{trace}")
        if ends_session(answer.raised):
            found += problems([not_raised(answer.raised)])
    return Back(answer, found)
