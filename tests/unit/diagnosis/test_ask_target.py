"""What a second run tells: where a load broke, and what is there."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.agent.descriptions import Definition
from pytest_portable.agent.records import Asked, Counted, Facts, Frame, Located
from pytest_portable.diagnosis import Evidence, Questions
from pytest_portable.diagnosis.ask_target import Blame, Census, same_failure
from pytest_portable.diagnosis.host import Owner
from pytest_portable.payload import inspection
from support.judging import Answers, context, described, evidences, failed, noted, sent, transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_portable.agent import Transcript

PART = functools.partial(int, "x")


class Process:
    """Stands for an agent: keeps what it is asked, and answers with one transcript."""

    def __init__(self, answer: Transcript) -> None:
        self.answer = answer
        self.requests: list[dict[str, Any]] = []

    def run_check(
        self, request: dict[str, Any], payloads: Sequence[Any], **more: Any
    ) -> Transcript:
        self.requests.append({**request, "payloads": list(payloads), **more})
        return self.answer


def asking(answer: Transcript, **keys: Any) -> tuple[Questions, Process]:
    process = Process(answer)
    given: dict[str, Any] = {
        "payloads": [("obj", b"1"), ("x", b"2")],
        "loaders": [("pickle:loads", {})],
        "timeout_seconds": 60.0,
        **keys,
    }
    return Questions(agent=process, **given), process  # type: ignore[arg-type]


# What is there


def test_a_census_is_read_from_records() -> None:
    missing = described(ModuleNotFoundError("No module named 'b'", name="b"))
    known = Definition("function")
    answer = transcript(
        Counted("a", None, {"f": known, "gone": None}),
        Counted("b", missing, {}),
        Located("c", found=True),
        Located("d", found=False),
        Facts(frozenset({"json"}), {"a": ("alpha", "1.0")}),
    )
    questions, process = asking(answer)

    census = questions.census([("a", "f"), ("a", ""), ("a", "f"), ("b", "g")], ["c", "d", "c"])

    assert census == Census(
        modules={"a": None, "b": missing},
        names={("a", "f"): known, ("a", "gone"): None},
        located={"c": True, "d": False},
        stdlib=frozenset({"json"}),
        owners={"a": Owner("alpha", "1.0")},
    )
    (request,) = process.requests
    assert request["references"] == [["a", ["f"]], ["b", ["g"]]]
    assert request["modules"] == ["c", "d"]
    assert (request["payloads"], request["timeout_seconds"]) == ([], 5.0)


def test_a_target_that_answers_nothing_has_an_empty_census() -> None:
    questions, _ = asking(transcript(finished=False))

    assert questions.census([("a", "f")]) == Census()


def test_payloads_are_loaded_again_up_to_the_one_that_broke() -> None:
    questions, process = asking(transcript(), loaders=[("dill:loads", {})], machinery="dill")

    questions.blame("obj")
    questions.blame("x", b"stream")

    first, second = process.requests
    assert (first["payloads"], first["loaders"]) == ([("obj", b"1")], [["dill:loads", {}]])
    assert first["globals"] != []
    assert (second["payloads"], second["loaders"]) == ([("x", b"stream")], [["dill:loads", {}]])


# Whether two runs failed alike


def test_the_same_words_are_the_same_failure_wherever_things_lie() -> None:
    one = described(ValueError("<a at 0x7f01> is odd"))

    assert same_failure(one, described(ValueError("<a at 0xABC> is odd")))
    assert not same_failure(one, described(ValueError("<b at 0x7f01> is odd")))
    assert not same_failure(one, described(TypeError("<a at 0x7f01> is odd")))


def test_the_same_line_is_the_same_failure_whatever_it_says() -> None:
    line = Frame("a.py", 3, "f", "a")
    one = described(ValueError("first"), frames=(line,))

    assert same_failure(one, replace(one, message="second"))
    assert not same_failure(one, replace(one, message="second", frames=(line._replace(line=4),)))
    assert not same_failure(replace(one, frames=()), replace(one, message="second", frames=()))


@pytest.mark.parametrize(
    ("message", "is_alike"),
    [("NEWOBJ class argument isn't a type object", True), ("pickle data was truncated", False)],
)
def test_the_unpickler_in_c_refuses_what_the_other_calls(message: str, *, is_alike: bool) -> None:
    class UnpicklingError(Exception):
        pass

    fast = described(UnpicklingError(message), type="UnpicklingError")

    assert same_failure(fast, described(TypeError("not callable"))) is is_alike


# Where it broke


def evidence_of(again: Transcript, first: Transcript, **keys: Any) -> tuple[Evidence, Answers]:
    known = context(PART, **keys)
    asked = Answers(blame=again)
    return evidences(known, sent(known), first, questions=asked)(), asked


BROKEN = failed(ValueError("no number"))


def test_the_last_step_of_a_run_that_broke_alike_is_where_it_broke() -> None:
    data = sent(context(PART)).payloads[0][1]
    offset = data.index(b"R")
    words = ("REDUCE", "functools", "partial", "builtins", "int")
    again = transcript(Asked((("variable", "HOME", 3),)), noted(offset, *words), BROKEN)

    evidence, _ = evidence_of(again, transcript(BROKEN))

    assert evidence.blame == Blame(
        offset=offset,
        opcode="REDUCE",
        callee=("functools", "partial"),
        about=("builtins", "int"),
        path=inspection.blame(data, offset, root="obj"),
        surroundings=(("variable", "HOME", 3),),
    )
    assert evidence.blame.place == "functools.partial"


@pytest.mark.parametrize(
    ("second", "first"),
    [
        pytest.param(transcript(failed(KeyError("k"))), transcript(BROKEN), id="another-error"),
        pytest.param(transcript(), transcript(BROKEN), id="no-error"),
        pytest.param(
            transcript(finished=False, status=-6),
            transcript(finished=False, status=-11),
            id="another-signal",
        ),
        pytest.param(
            transcript(finished=False, status=-9, timed_out=True),
            transcript(finished=False, status=-9),
            id="another-end",
        ),
    ],
)
def test_a_run_that_ended_otherwise_shows_only_what_it_asked_for(
    second: Transcript, first: Transcript
) -> None:
    records = (Asked((("variable", "HOME", 3),)), noted(3, "REDUCE"), *second.records)

    evidence, _ = evidence_of(replace(second, records=records), first)

    assert evidence.blame == Blame(surroundings=(("variable", "HOME", 3),))


def test_a_crash_that_ends_alike_is_placed() -> None:
    crash = transcript(finished=False, status=-11)

    evidence, _ = evidence_of(replace(crash, records=(noted(-1, "BUILD", "m", "C"),)), crash)

    assert (evidence.blame.opcode, evidence.blame.path) == ("BUILD", "obj")


def test_a_torn_memory_is_no_step() -> None:
    torn = replace(noted(3, "REDUCE"), blob=b"\0\0")

    evidence, _ = evidence_of(transcript(torn, BROKEN), transcript(BROKEN))

    assert evidence.blame == Blame()


def test_a_loader_that_is_not_watched_is_asked_for_its_pickle() -> None:
    evidence, asked = evidence_of(transcript(BROKEN), transcript(BROKEN), serializer="joblib")

    assert evidence.blame == Blame()
    assert asked.asked == ["blame", "blame"]


# Whether it loads here


@pytest.mark.parametrize(
    ("run", "loads"),
    [
        (transcript(), True),
        (transcript(BROKEN), False),
        (transcript(finished=False), False),
        (transcript(finished=False, timed_out=True), None),
        (None, None),
    ],
)
def test_the_hosts_own_environment_says_whether_it_loads_here(
    run: Transcript | None, loads: bool | None
) -> None:
    known = context(PART)
    control = None if run is None else Answers(load=run)

    evidence = evidences(known, control=control)()

    assert evidence.loads_here is loads
    error = evidence.control_error
    assert (error is not None) is (run is not None and BROKEN in run.records)
