"""Imports that only run when code does, against this very interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from unit.payload.truth import define

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_portable.portable import Portable

LATER = """
def f(x):
    def inner():
        from only_here_later.part import thing
        return thing
    return inner if x else None
"""
GUARDED = """
def f(x):
    try:
        import only_here_later
    except ImportError:
        only_here_later = None
    import json
    return x
"""


@pytest.fixture(autouse=True)
def _only_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "only_here_later").mkdir()
    (tmp_path / "only_here_later" / "part.py").write_text("thing = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize("serializer", ["dill", "cloudpickle"])
@pytest.mark.parametrize("probe", [None, "obj['f'](0)"])
def test_an_import_that_was_not_made_is_a_note(
    on: Callable[..., Portable], serializer: str, probe: str | None
) -> None:
    verdict = on(serializer=serializer).check({"f": define(LATER, "f")}, probe=probe)

    assert verdict.portable
    (note,) = verdict.notes
    assert (note.stage, note.path) == ("call", "obj['f']")
    assert note.module is not None
    assert note.module.startswith("only_here_later")
    assert "did not come to it" in note.message


def test_an_import_that_was_made_and_failed_is_no_note_as_well(
    on: Callable[..., Portable],
) -> None:
    verdict = on(serializer="cloudpickle").check(define(LATER, "f"), probe="obj(1)()")

    assert not verdict.portable
    assert verdict.notes == ()


@pytest.mark.parametrize(
    "source", [GUARDED, "def f(x):\n    import pytest, os.path\n    return x\n"]
)
def test_what_is_there_or_optional_is_no_note(on: Callable[..., Portable], source: str) -> None:
    assert on(serializer="cloudpickle").check(define(source, "f"), probe="obj(1)").notes == ()
