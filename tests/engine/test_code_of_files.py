"""Who dumped a payload that is only found is told by its bytes, not by the running Python."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cloudpickle
import pytest

from pytest_portable.diagnosis import foreign_code
from pytest_portable.environment.interpreters import find_interpreter
from pytest_portable.payload.inspection import inspect_payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.portable import Portable

MAKE = """\
import sys
from dataclasses import replace
sys.path.append(sys.argv[1])
import cloudpickle
def f(x): return [x + i for i in range(3)]
sys.stdout.buffer.write(cloudpickle.dumps(f))
"""


@pytest.fixture
def reading(on: Callable[..., Portable], tmp_path: Path) -> Callable[[str], Portable]:
    """Return what checks on a Python that has cloudpickle and nothing else."""
    (tmp_path / "cloudpickle").symlink_to(Path(cloudpickle.__file__).parent)

    def make(python: str) -> Portable:
        path = str(find_interpreter(python).path)
        return on(python=path, serializer="cloudpickle", env={"PYTHONPATH": str(tmp_path)})

    return make


def made_on(python: str) -> bytes:
    folder = Path(cloudpickle.__file__).parents[1]
    command = [str(find_interpreter(python).path), "-c", MAKE, str(folder)]
    return subprocess.run(command, capture_output=True, check=True).stdout


def test_code_of_another_python_runs_on_its_own(reading: Callable[[str], Portable]) -> None:
    other = reading("3.12")

    verdict = other.check_payload(made_on("3.12"), probe="obj(1)")

    assert verdict, str(verdict)


@pytest.mark.parametrize("reader", ["3.10", "3.13"])
def test_code_of_another_python_is_refused_elsewhere(
    reading: Callable[[str], Portable], reader: str
) -> None:
    other = reading(reader)

    (problem,) = other.check_payload(made_on("3.12")).problems

    assert problem.code == "bytecode-version"
    assert "travels as CPython 3.12 bytecode" in problem.message
    assert [remedy.change for remedy in problem.remedies] == ['python="3.12"']


def test_code_of_this_python_is_refused_elsewhere(reading: Callable[[str], Portable]) -> None:
    own = f'python="{sys.version_info[0]}.{sys.version_info[1]}"'
    other = "3.13" if sys.version_info[:2] < (3, 13) else "3.12"
    portable = reading(other)

    (problem,) = portable.check_payload(cloudpickle.dumps(lambda x: [x for _ in range(3)])).problems

    assert problem.code == "bytecode-version"
    assert [remedy.change for remedy in problem.remedies] == [own]


def test_data_has_no_python(on: Callable[..., Portable]) -> None:
    other = on(python=str(find_interpreter("3.12").path))

    assert other.check_payload(b"\x80\x04]\x94K\x01a.").portable


def test_code_that_shows_no_python_stays_unknown() -> None:
    """As older releases of dill write it: no object of today's Pythons has such arguments."""
    made = inspect_payload(cloudpickle.dumps(lambda x: x))
    unknown = replace(made, code=tuple(replace(code, python=None) for code in made.code))

    assert foreign_code(unknown, maker=None, reader=(3, 10)) == []
    assert foreign_code(unknown, maker=(3, 9), reader=(3, 10)) != []
