from __future__ import annotations

import pickle
from typing import Any

import pytest

from pytest_portable.diagnosis.ask_target import Census
from pytest_portable.judgement.findings import NOTHING
from pytest_portable.judgement.transcript import judge_transcript
from support.judging import (
    Answers,
    context,
    error_of,
    evidences,
    failed,
    loaded,
    noted,
    sent,
    steps,
    transcript,
    warned,
)


def test_a_run_that_did_everything_leaves_nothing() -> None:
    known = context([1])
    run = transcript(*steps("loading obj"), loaded(), *steps("dumping obj"))

    assert judge_transcript(known, run, evidences(known, run=run)) == NOTHING


def test_a_load_that_raised_is_explained() -> None:
    known = context([1])
    run = transcript(*steps("loading obj"), failed(error_of(lambda: int("x"))))

    (problem,) = judge_transcript(known, run, evidences(known, run=run)).problems

    assert (problem.code, problem.stage, problem.path) == ("load-hook", "load", "obj")
    assert "ValueError: invalid literal" in problem.message
    assert problem.traceback.endswith("base 10: 'x'")


def test_where_an_argument_broke_is_written_as_a_person_would() -> None:
    known = context(len)
    travelled = sent(known, ("obj", len), ("arguments", ((1, [2]), {})))
    error = failed(KeyError("k"), name="arguments")
    run = transcript(*steps("loading obj", "loading arguments"), error)
    data = travelled.data("arguments")
    assert data is not None
    again = transcript(noted(data.index(b"K\x02"), "BUILD"), error)
    asked = Answers(blame=again, census=Census())

    found = judge_transcript(known, run, evidences(known, travelled, run, questions=asked))

    assert [problem.path for problem in found.problems] == ["args[1][0]"]
    assert asked.asked == ["census", "blame"]


@pytest.mark.parametrize("step", ["dumping", "returning"])
def test_what_cannot_be_dumped_there_cannot_come_back(step: str) -> None:
    known = context([1])
    part = ("obj['rows'][1]", "builtins", "dict_keys")
    run = transcript(failed(TypeError("cannot pickle"), step, "obj", part))

    (problem,) = judge_transcript(known, run, evidences(known, run=run)).problems

    assert (problem.code, problem.stage) == ("result-not-portable", "return")
    assert problem.path == "obj['rows'][1]"
    assert problem.message == "dict_keys cannot be dumped there, so it cannot come back"
    assert problem.evidence == "TypeError: cannot pickle"
    assert "list(...)" in problem.remedies[0].text


def test_problems_and_notes_stand_in_the_order_of_the_records() -> None:
    known = context([1], warnings="error")
    travelled = sent(known, ("obj", [1]), ("x", 2))
    run = transcript(
        loaded("obj", warned("old")),
        failed(KeyError("k"), name="x", warnings=[warned("late")]),
        finished=False,
        status=3,
        files=("left",),
    )

    found = judge_transcript(known, run, evidences(known, travelled, run))

    codes = ["load-warning", "load-hook", "load-warning", "early-exit", "side-effect"]
    assert [problem.code for problem in found.problems] == codes
    assert [problem.path for problem in found.problems] == ["obj", "x", "x", "obj", "obj"]


@pytest.mark.parametrize(
    ("facts", "code", "words"),
    [
        ({"status": -9}, "crash", "ended by signal 9 (SIGKILL) while loading"),
        ({"status": 3}, "early-exit", "ended with status 3 without an answer while loading"),
        ({"status": 0}, "early-exit", "ended with status 0 without an answer while loading"),
        ({"timed_out": True}, "timeout", "did not finish in 2.5 s; last step: loading"),
    ],
)
def test_a_child_that_never_finished_says_how_it_ended(
    facts: dict[str, Any], code: str, words: str
) -> None:
    known = context([1], timeout_seconds=2.5)
    run = transcript(*steps("loading obj"), finished=False, **facts)

    (problem,) = judge_transcript(known, run, evidences(known, run=run)).problems

    assert problem.code == code
    assert words in problem.message


@pytest.mark.parametrize(
    ("last", "stage", "path"),
    [
        ("", "load", "obj"),
        ("loading obj", "load", "obj"),
        ("loading x", "load", "x"),
        ("loading unknown", "load", "obj"),
        ("describing", "load", "obj"),
        ("dumping obj", "return", "obj"),
        ("probing probe", "call", "obj"),
        ("calling obj()", "call", "obj"),
        ("returning probe", "return", "obj"),
        ("forwarding", "load", "obj"),
        ("no step of ours", "load", "obj"),
    ],
)
@pytest.mark.parametrize("malformed", ["", "name: 3 is no str"])
def test_the_last_step_places_what_was_lost(
    last: str, stage: str, path: str, malformed: str
) -> None:
    known = context([1])
    travelled = sent(known, ("obj", [1]), ("x", 2))
    run = transcript(*steps(*[last] * bool(last)), finished=False, status=1, malformed=malformed)

    (problem,) = judge_transcript(known, run, evidences(known, travelled, run)).problems

    assert (problem.code, problem.stage, problem.path) == ("early-exit", stage, path)


@pytest.mark.parametrize("folder", ["/site/pytest_portable", "pytest_portable"], ids=str)
def test_the_stack_of_a_lost_child_has_no_frame_of_ours_but_its_last_words_stay(
    folder: str,
) -> None:
    known = context([1])
    ours = f"{folder}/agent/in_target"
    words = f"agent: OSError: no (/{ours}/check.py, line 7, in load)"
    stack = (
        "Fatal Python error: Aborted",
        f'  File "{ours}/steps.py", line 5 in loads',
        '  File "/project/mine.py", line 3 in hang',
        f'  File "{ours}/loading.py", line 9 in resolve',
        words,
    )
    run = transcript(finished=False, status=-6, stderr="\n".join(stack))

    (problem,) = judge_transcript(known, run, evidences(known, run=run)).problems

    assert problem.message.endswith("in hang (/project/mine.py:3)")
    assert problem.evidence.splitlines() == [stack[0], stack[2], words]


@pytest.mark.parametrize("finished", [True, False])
def test_records_that_no_agent_writes_are_the_objects_doing(*, finished: bool) -> None:
    known = context([1])
    run = transcript(
        *steps("loading obj"), loaded(), finished=finished, malformed="name: 3 is no str"
    )

    (problem,) = judge_transcript(known, run, evidences(known, run=run)).problems

    assert (problem.code, problem.stage) == ("early-exit", "load")
    assert problem.message == "the object tampered with the answer: name: 3 is no str"


def test_nobody_is_asked_where_all_is_well() -> None:
    known = context({"k": pickle.dumps})
    run = transcript(loaded())
    asked = Answers()

    judge_transcript(known, run, evidences(known, run=run, questions=asked))

    assert asked.asked == []
