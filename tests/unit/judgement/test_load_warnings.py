from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.judgement.load_warnings import judge_warnings
from support.judging import context, failed, loaded, sent, warned

if TYPE_CHECKING:
    from pytest_portable.judgement.findings import Findings

SKEW = (
    "Trying to unpickle estimator OrderedDict from version 1.9.1 when using version 1.4.2. "
    "This might lead to breaking code or invalid results."
)


def judged(record: Any, obj: object = (), **keys: Any) -> Findings:
    known = context(obj, **keys)
    return judge_warnings(known, sent(known), record)


def test_a_warning_of_the_load_is_a_note_once() -> None:
    record = loaded("obj", *map(warned, ("old", "new", "old")), warned("old", "FutureWarning"))

    found = judged(record)

    assert [note.message for note in found.notes] == [
        "UserWarning: old",
        "UserWarning: new",
        "FutureWarning: old",
    ]
    assert {(note.code, note.stage, note.path) for note in found.notes} == {
        ("load-warning", "load", "obj")
    }
    assert found.notes[0].module == "builtins"
    assert found.problems == ()


@pytest.mark.parametrize(
    ("warnings", "problems", "notes"),
    [("error", ["load-warning"], []), ("ignore", [], []), ("report", [], ["load-warning"])],
)
def test_the_mark_says_what_a_warning_means(
    warnings: str, problems: list[str], notes: list[str]
) -> None:
    found = judged(loaded("obj", warned()), warnings=warnings)

    assert [problem.code for problem in found.problems] == problems
    assert [note.code for note in found.notes] == notes


def test_a_load_that_failed_may_have_warned_before() -> None:
    found = judged(failed(KeyError("k"), name="x", warnings=[warned()]))

    assert [note.path for note in found.notes] == ["x"]


def test_scikit_learns_warning_is_version_skew_at_the_estimator() -> None:
    from collections import OrderedDict

    (note,) = judged(loaded("obj", warned(SKEW)), {"k": [OrderedDict()]}).notes

    assert (note.code, note.distribution) == ("version-skew", "scikit-learn")
    assert note.path == "obj['k'][0]"
    assert note.message.startswith(
        "OrderedDict was made by scikit-learn 1.9.1 and is loaded by 1.4.2"
    )
    assert note.evidence == f"UserWarning: {SKEW}"
    assert note.remedies[0].change == '"scikit-learn==1.9.1"'


@pytest.mark.parametrize(
    ("name", "obj"),
    [
        pytest.param("obj", [1], id="no-such-estimator"),
        pytest.param("unknown", [1], id="no-such-payload"),
        pytest.param("obj", b"no pickle", id="unreadable"),
    ],
)
def test_an_estimator_that_is_not_found_leaves_the_payload_as_the_place(
    name: str, obj: object
) -> None:
    (note,) = judged(loaded(name, warned(SKEW)), obj).notes

    assert (note.code, note.path) == ("version-skew", name)


def test_only_scikit_learns_own_words_are_read() -> None:
    (note,) = judged(loaded("obj", warned(SKEW.replace("unpickle", "read")))).notes

    assert note.code == "load-warning"
