"""Why a probe disagrees, found by running it once more."""

from __future__ import annotations

import decimal
import importlib
import logging
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.laboratory import importable
from unit.payload.truth import define

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_portable.portable import Portable
    from pytest_portable.verdict import Problem

MODEL = """
class Model:
    n = 0
    def __init__(self):
        self.n, self.k = 5, 1
    def __getstate__(self):
        return {"k": self.k}
    def double(self):
        return 2 * self.n
"""
ROWS = """
class Rows(list):
    label = None
    def __reduce__(self):
        return Rows, (list(self),)
"""


@pytest.fixture
def sent(on: Callable[..., Portable]) -> Callable[..., Portable]:
    def make(**keys: Any) -> Portable:
        return on(serializer="cloudpickle", **keys)

    return make


def first(portable: Portable, obj: object, probe: str) -> Problem:
    verdict = portable.check(obj, probe=probe)
    assert not verdict.portable
    assert (verdict.problems[-1].path or "").startswith(("probe", "obj"))
    return verdict.problems[0]


# What the probe reads


def test_an_attribute_that_the_state_leaves_out_is_named(sent: Callable[..., Portable]) -> None:
    problem = first(sent(), {"m": define(MODEL, "Model")()}, "obj['m'].n")

    assert (problem.code, problem.stage, problem.path) == ("mismatch", "compare", "obj['m'].n")
    assert problem.message.endswith("which did not travel: Model.__getstate__ leaves n out")
    assert problem.evidence == "5 here, 0 there"


def test_an_attribute_that_is_not_there_at_all_is_named(sent: Callable[..., Portable]) -> None:
    model = define(MODEL.replace("    n = 0\n", ""), "Model")()

    problem = first(sent(), [model], "obj[0].n + 1")

    assert (problem.stage, problem.path) == ("call", "obj[0].n")
    assert "there it raises AttributeError" in str(problem.evidence)


def test_an_attribute_that_a_reducer_loses_is_named(sent: Callable[..., Portable]) -> None:
    rows = define(ROWS, "Rows")([1, 2])
    rows.label = "x"

    problem = first(sent(), rows, "str(obj.label)")

    assert problem.path == "obj.label"
    assert "Rows.__reduce__ leaves label out" in problem.message


def test_what_is_only_looked_up_there_has_a_state_of_its_own(
    on: Callable[..., Portable],
) -> None:
    log = logging.getLogger("tests.again")
    log.setLevel(logging.ERROR)

    problem = first(on(), {"log": log}, "obj['log'].level")

    assert problem.path == "obj['log'].level"
    assert "Logger.__reduce__" in problem.message


def test_what_a_method_reads_of_an_equal_object_is_a_note(sent: Callable[..., Portable]) -> None:
    verdict = sent().check({"m": [1]}, probe="obj['m'].__len__() + __import__('os').getpid()")

    assert [problem.path for problem in verdict.problems] == ["probe"]
    assert [note.path for note in verdict.notes] == ["obj['m']"]
    assert "is equal on both sides; it asks for getpid" in verdict.notes[0].message


def test_the_order_of_a_set_is_one_difference(sent: Callable[..., Portable]) -> None:
    verdict = sent().check({f"item {number}" for number in range(60)}, probe="list(obj)")

    (problem,) = verdict.problems
    assert problem.path == "probe"
    assert "another order" in problem.message


# What it asks for


def asks(body: str) -> Any:
    return define(f"import os, time\ndef asks():\n    return {body}\n", "asks")


@pytest.mark.parametrize(
    "body",
    [
        "int(os.getenv('AGAIN_JOBS'))",
        "os.environ.get('AGAIN_JOBS', 'none')",
        "'AGAIN_JOBS' in os.environ",
    ],
)
def test_a_variable_that_is_set_here_only_is_named(
    sent: Callable[..., Portable], monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setenv("AGAIN_JOBS", "3")

    problem = first(sent(), {"f": asks(body)}, "obj['f']()")

    assert (problem.code, problem.path) == ("environment-dependency", "obj['f']")
    assert "AGAIN_JOBS" in problem.message
    assert problem.remedies[0].text == 'env={"AGAIN_JOBS": "..."}'
    assert sent(env={"AGAIN_JOBS": "3"}).check(asks(body), probe="obj()")


@pytest.mark.parametrize(
    "body",
    [
        "os.path.exists('settings.ini')",
        "__import__('pathlib').Path('settings.ini').is_file()",
        "open('settings.ini').read() if os.path.lexists('settings.ini') else ''",
    ],
)
def test_a_file_that_is_here_only_is_named(
    sent: Callable[..., Portable], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str
) -> None:
    (tmp_path / "settings.ini").write_text("[a]")
    monkeypatch.chdir(tmp_path)

    problem = first(sent(), asks(body), "obj()")

    if "lexists" in body:  # nobody hears of that
        assert problem.path == "probe"
    else:
        assert (problem.code, problem.path) == ("environment-dependency", "obj")
        assert "settings.ini" in problem.message


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def test_another_decimal_context_is_named(sent: Callable[..., Portable]) -> None:
    function = define("import decimal\ndef f():\n    return str(decimal.Decimal(1) / 3)\n", "f")

    with decimal.localcontext() as context:
        context.prec = 5
        problem = first(sent(), function, "obj()")

    assert "prec=5" in problem.message
    assert "prec=28" in problem.message


@pytest.mark.usefixtures("tokyo")
def test_another_time_zone_is_named(sent: Callable[..., Portable]) -> None:
    problem = first(sent(env={"TZ": "UTC"}), asks("time.localtime(0).tm_hour"), "obj()")

    assert problem.code == "environment-dependency"
    assert "JST/JST (UTC+9) here and UTC/UTC (UTC+0) there" in problem.message
    assert os.environ["TZ"] == "Asia/Tokyo"


def test_a_hash_of_text_is_named(sent: Callable[..., Portable]) -> None:
    problem = first(sent(), asks("hash('a')"), "obj()")

    assert "hashes of text differ" in problem.message


@pytest.mark.parametrize(
    ("body", "words"),
    [("os.getcwd()", "working directory"), ("__import__('random').random()", "random numbers")],
)
def test_what_no_two_processes_share_is_named(
    sent: Callable[..., Portable], body: str, words: str
) -> None:
    problem = first(sent(), asks(body), "obj()")

    assert (problem.code, problem.path) == ("environment-dependency", "obj")
    assert words in problem.message


def test_a_variable_that_an_import_reads_is_named(
    on: Callable[..., Portable], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = "import os\nMODE = os.environ.get('AGAIN_MODE', 'slow')\ndef f():\n    return MODE\n"
    (tmp_path / "reads_again.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("AGAIN_MODE", "fast")
    function = importlib.import_module("reads_again").f

    problem = first(on(env={"PYTHONPATH": str(tmp_path)}), function, "obj()")

    assert problem.code == "environment-dependency"
    assert "AGAIN_MODE" in problem.message


def test_an_optional_import_that_succeeds_here_only_is_named(
    sent: Callable[..., Portable], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "only_here_again.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    source = (
        "def f():\n    try:\n        import only_here_again as m\n"
        "    except ImportError:\n        return 0\n    return m.VALUE\n"
    )

    problem = first(sent(), define(source, "f"), "obj()")

    assert problem.module == "only_here_again"
    assert "the import is optional, and succeeds here" in problem.message


def test_a_module_that_only_the_target_has_is_missing_here(
    tmp_path: Path, on: Callable[..., Portable]
) -> None:
    with importable(tmp_path, {"only_there.py": "def make(): return {hash('a')}\n"}):
        portable = on(ship=("only_there",))
    sys.modules.pop("only_there", None)

    (problem,) = portable.check([1], probe="__import__('only_there').make()").problems

    assert (problem.code, problem.path, problem.module) == ("missing-module", "probe", "only_there")
    assert "there and not here" in problem.message
