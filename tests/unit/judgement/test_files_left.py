from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_portable.agent.records import Asked
from pytest_portable.judgement.files_left import judge_files
from pytest_portable.judgement.findings import NOTHING, Findings
from support.judging import Answers, context, evidences, loaded, sent, steps, transcript

if TYPE_CHECKING:
    from pytest_portable.agent import Transcript
    from pytest_portable.agent.records import Record

OBJECT = {"fine": 1, "x": [77]}
LOADED: tuple[Record, ...] = (*steps("loading obj"), loaded())
PROBED: tuple[Record, ...] = (*LOADED, *steps("probing probe", "returning probe"))


def judged(run: Transcript, *asked: tuple[str, str], again: Transcript | None = None) -> Findings:
    """Judge a run whose load, watched once more, asked for something at `obj['x'][0]`."""
    known = context(OBJECT, protocol=4)
    travelled = sent(known)
    data = travelled.data("obj")
    assert data is not None
    entries = tuple((kind, what, data.index(b"K\x4d")) for kind, what in asked)
    answers = Answers(blame=transcript(Asked(entries)), load=again)
    return judge_files(run, evidences(known, travelled, run, questions=answers))


def test_a_clean_folder_is_no_finding() -> None:
    known = context(OBJECT)
    run = transcript(*PROBED)

    assert judge_files(run, evidences(known, run=run, questions=Answers())) == NOTHING


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(("written", "left"), id="relative"),
        pytest.param(("written", "/tmp/scratch/left"), id="absolute"),
        pytest.param(("started", "touch"), id="by-a-process"),
    ],
)
@pytest.mark.parametrize("records", [LOADED, PROBED], ids=["load", "probe"])
def test_what_loading_writes_is_a_problem_at_its_writer(
    asked: tuple[str, str], records: tuple[Record, ...]
) -> None:
    found = judged(transcript(*records, files=("left",)), asked)

    (problem,) = found.problems
    assert (problem.code, problem.stage, problem.path) == ("side-effect", "load", "obj['x'][0]")
    assert problem.message == "left files in the working directory: left"
    assert found.notes == ()


def test_who_wrote_a_file_comes_before_who_started_a_process() -> None:
    (problem,) = judged(
        transcript(*LOADED, files=("left",)), ("started", "touch"), ("written", "left")
    ).problems

    assert problem.path == "obj['x'][0]"


@pytest.mark.parametrize("step", ["probing", "calling"])
def test_what_a_call_writes_is_a_note(step: str) -> None:
    run = transcript(*LOADED, *steps(f"{step} x"), files=("left",))

    found = judged(run, ("written", "another"), again=transcript(*LOADED))

    (note,) = found.notes
    assert (note.code, note.stage, note.path) == ("side-effect", "call", "obj()")
    assert note.message == "the call left files in its working directory: left"
    assert found.problems == ()


def test_what_a_second_load_leaves_too_is_of_the_load() -> None:
    run = transcript(*PROBED, files=("left",))

    found = judged(run, again=transcript(*LOADED, files=("left",)))

    assert [(one.code, one.path) for one in found.problems] == [("side-effect", "obj")]


def test_where_nobody_can_be_asked_the_load_is_at_fault() -> None:
    known = context(OBJECT)
    run = transcript(*PROBED, files=("left",))

    assert judge_files(run, evidences(known, run=run)).problems[0].stage == "load"


def test_no_more_than_five_files_are_named() -> None:
    run = transcript(*LOADED, files=tuple("abcdefg"))

    assert judged(run).problems[0].message.endswith("directory: a, b, c, d, e")
