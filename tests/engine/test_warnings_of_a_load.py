from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_portable.portable import Portable

SKEW = (
    "Trying to unpickle estimator StandardScaler from version 1.9.1 when using version 1.4.2. "
    "This might lead to breaking code or invalid results."
)


class Warns:
    """Warns while it is loaded."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return warnings.warn, (self.text,)


def test_a_warning_of_the_load_is_a_note_once(on: Callable[..., Portable]) -> None:
    verdict = on(round_trip=False).check([Warns("old"), Warns("old"), Warns("new")])

    assert verdict.portable
    assert [note.message for note in verdict.notes] == ["UserWarning: old", "UserWarning: new"]
    assert [warning["stage"] for warning in verdict.warnings] == ["load"] * 3


@pytest.mark.parametrize(
    ("warnings", "problems", "notes"),
    [("error", ["load-warning"], []), ("ignore", [], []), ("report", [], ["load-warning"])],
)
def test_the_mark_says_what_a_warning_means(
    on: Callable[..., Portable], warnings: str, problems: list[str], notes: list[str]
) -> None:
    verdict = on(round_trip=False, warnings=warnings).check(Warns("old"))

    assert [problem.code for problem in verdict.problems] == problems
    assert [note.code for note in verdict.notes] == notes


WARNS = """
import warnings
class Old:
    def __setstate__(self, state):
        warnings.warn("old")
        vars(self).update(state)
"""


def test_a_filter_of_the_run_keeps_nothing_from_coming_back(
    on: Callable[..., Portable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "warns_on_load.py").write_text(WARNS, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    old = importlib.import_module("warns_on_load").Old()
    old.value = 1
    portable = on(ship=("warns_on_load",))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = portable.check(old, probe="obj.value")

    assert verdict.portable, str(verdict)
    assert [note.message for note in verdict.notes] == ["UserWarning: old"]


def test_a_warning_of_the_probe_is_kept_and_not_judged(on: Callable[..., Portable]) -> None:
    verdict = on(warnings="error").check(1, probe="__import__('warnings').warn('late')")

    assert verdict.portable
    assert [(w["message"], w["stage"]) for w in verdict.warnings] == [("late", "call")]


def test_scikit_learns_warning_is_version_skew(on: Callable[..., Portable]) -> None:
    portable = on(round_trip=False, warnings="error")

    (problem,) = portable.check([Warns(SKEW)]).problems

    assert (problem.code, problem.distribution) == ("version-skew", "scikit-learn")
    assert "1.9.1" in problem.message
    assert "1.4.2" in problem.message
    assert problem.remedies[0].change == '"scikit-learn==1.9.1"'
    assert portable.check([Warns(SKEW.replace("unpickle", "read"))]).problems[0].code == (
        "load-warning"
    )
