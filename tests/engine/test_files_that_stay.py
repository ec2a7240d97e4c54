"""Files in the working directory and details of failures, on this very interpreter."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.engine.session import Session
from pytest_portable.portable import Portable, portable_on
from pytest_portable.settings.legs import Leg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Runs:
    """Evaluates an expression while it is loaded."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return eval, (self.code,)


@pytest.fixture(scope="module")
def portable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portable]:
    folder = tmp_path_factory.mktemp("effects")
    session = Session(root=folder, cache_dir=folder / "cache", verbosity=2)
    yield portable_on(session, Leg(python=sys.executable, deps=None, round_trip=False))
    session.close()


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("open('left', 'w')", id="open"),
        pytest.param("__import__('os').mkdir('left')", id="folder"),
        pytest.param("open(__import__('os').path.abspath('left'), 'w')", id="absolute"),
        pytest.param("__import__('os').system('touch left')", id="process"),
    ],
)
def test_what_loading_writes_is_a_problem_at_its_writer(portable: Portable, code: str) -> None:
    verdict = portable.check({"fine": 1, "x": [Runs(code)]}, probe="1")

    problem = verdict.problems[0]
    assert (problem.code, problem.stage, problem.path) == ("side-effect", "load", "obj['x'][0]")
    assert "left" in problem.message
    assert verdict.notes == ()


def test_what_a_call_writes_is_a_note(
    portable: Portable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the probe runs here as well

    verdict = portable.check({"fine": 1}, probe="open('left', 'w').write('x')")

    assert verdict.portable
    assert [(note.code, note.stage) for note in verdict.notes] == [("side-effect", "call")]
    assert "left" in verdict.notes[0].message


def test_a_failed_load_tells_its_traceback_and_the_opcodes_around_it(portable: Portable) -> None:
    verdict = portable.check([1, Runs("{}['nothing']")])

    problem = verdict.problems[0]
    marked = [line for line in problem.payload if line.startswith(">")]
    assert problem.traceback.endswith("KeyError: 'nothing'")
    assert len(marked) == 1
    assert " REDUCE " in marked[0]
    assert marked[0].endswith("obj[1]")
    assert "payload, by offset:" in str(verdict)


def test_a_long_payload_is_not_taken_apart(portable: Portable) -> None:
    verdict = portable.check([b"x" * 300_000, Runs("1/0")])

    assert verdict.problems[0].payload == ()
    assert "ZeroDivisionError" in verdict.problems[0].traceback
