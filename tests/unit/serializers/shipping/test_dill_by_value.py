from __future__ import annotations

import enum
import importlib
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import dill
import pytest

from pytest_portable.payload.inspection import inspect_payload
from pytest_portable.serializers.shipping.dill_by_value import dumping_by_value, loading_by_value
from support.laboratory import importable

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with importable(tmp_path_factory.mktemp("lab")) as found:
        yield found


def is_lab(name: str) -> bool:
    return name.partition(".")[0] == "lab"


def dumped(thing: object) -> bytes:
    with dumping_by_value(is_lab):
        return bytes(dill.dumps(thing))


def elsewhere(payload: bytes, expression: str) -> str:
    """Load with dill alone in another process, and evaluate there."""
    code = f"import dill, sys\nobj = dill.loads(sys.stdin.buffer.read())\nprint(({expression}))"
    command = [sys.executable, "-I", "-c", code]
    done = subprocess.run(command, input=payload, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def test_what_is_sent_needs_dill_alone(lab: Any) -> None:
    payload = dumped([lab.core.Child(1), lab.core.Color.BLUE, lab.core.through_module])

    assert elsewhere(payload, "obj[0].go(), obj[1].value, obj[2](2)") == "(5, 'blue', 6)"


def test_the_module_is_named_by_nothing_that_loads(lab: Any) -> None:
    inspection = inspect_payload(dumped([lab.core.Child(1), lab.core.Color.RED, lab.core.tools]))

    named = {one.module for one in inspection.references if one.by == "reference"}
    assert not any(is_lab(name) for name in named)


def test_no_function_takes_more_globals_along_than_it_reads(lab: Any) -> None:
    payload = dumped(lab.core.helper)

    assert elsewhere(payload, "sorted(n for n in obj.__globals__ if n[:2] != '__')") == "['CONST']"


def test_an_enum_keeps_functions_aliases_and_docs(lab: Any) -> None:
    payload = dumped(lab.core.Color)

    expression = "obj.RED.low(), obj.ALSO_RED is obj.RED, obj.first() is obj.RED, obj.__module__"
    assert elsewhere(payload, expression) == "('red3', True, True, '__main__')"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="boundaries came with 3.11")
def test_a_flag_keeps_its_boundary(lab: Any) -> None:
    del lab
    namespace: dict[str, Any] = {"__name__": "lab.core", "enum": enum}
    exec("class Kept(enum.Flag, boundary=enum.KEEP):\n    A = 1\n", namespace)

    payload = dumped(namespace["Kept"])

    assert elsewhere(payload, "obj(8).value") == "8"


def test_a_known_class_comes_back_as_itself_and_a_changed_one_does_not(lab: Any) -> None:
    payload = dumped([lab.core.Point(1), lab.core.Square()])
    changed = payload.replace(b"shifted", b"renamed")

    with loading_by_value(is_lab):
        same, other = (dill.loads(data) for data in (payload, changed))

    assert [type(one) for one in same] == [lab.core.Point, lab.core.Square]
    assert type(other[0]) is not lab.core.Point


def test_modules_of_others_are_still_imported_there(lab: Any) -> None:
    del lab
    payload = dumped([importlib, dill])

    assert elsewhere(payload, "obj[0].__name__, obj[1].__name__") == "('importlib', 'dill')"


def test_dill_is_as_it_was_afterwards(lab: Any) -> None:
    def state() -> tuple[object, ...]:
        return dict(dill.Pickler.dispatch), dict(dill.settings), dill.detect.globalvars

    before = state()

    dumped(lab.core.Color)

    assert state() == before
    assert dill.loads(dill.dumps(lab.core.helper)) is lab.core.helper
