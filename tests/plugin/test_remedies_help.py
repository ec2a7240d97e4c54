"""Every remedy that can be pasted: it is pasted into the test file that failed, and helps there."""

from __future__ import annotations

import gzip
import json
import pickle
import sys
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from support.remedies import apply, producers

if TYPE_CHECKING:
    from pathlib import Path

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
OTHER = "3.12" if sys.version_info[:2] != (3, 12) else "3.11"
TEST = """
import json, pytest
{imports}
KEYS = {keys!r}
{code}

@pytest.mark.portable(**KEYS)
def test_it(portable):
    try:
        {act}
    finally:
        with open("verdict.json", "w") as file:
            json.dump(portable.verdicts[-1].to_dict(), file)
    assert portable.verdicts[-1]
"""


@dataclass(frozen=True)
class Case:
    """A file that fails, and the remedy that its verdict shows.

    Attributes:
        change: of the remedy.
        obj: what is checked.
        code: of the test file.
        kit: of a module beside it, which is shipped.
        filled: what a person writes for `...` of the change.
        act: how it is checked.
    """

    change: str
    obj: str = ""
    keys: dict[str, object] = field(default_factory=dict)
    code: str = ""
    kit: str = ""
    imports: str = ""
    filled: str = "..."
    act: str = ""


KIT: dict[str, object] = {"ship": ["kit"], "python": OTHER}
REDUCE = "def __reduce__(self):\n    "
# A word for a file of a project, beside what is code of the test.
PROJECT = "# a project"
PYPROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "kit"
version = "1"
[tool.setuptools]
py-modules = ["kit"]
"""
LAMBDA = "[lambda value: value]"
EXCEPTION = """
class Limit(Exception):
    def __init__(self, message, {star}model):
        super().__init__(message)
        self.model = model
    # here

def work():
    raise Limit("slow", model=3)
"""

# By the function of ours that gives the remedy.
CASES: dict[str, list[Case]] = {
    "diagnosis/bytecode.py:_foreign": [
        Case(f'python="{HERE}"', LAMBDA, {"serializer": "cloudpickle", "python": OTHER})
    ],
    "diagnosis/causes/constructors.py:_of_exception": [
        Case(
            REDUCE + "return type(self), (self.args[0], self.model), self.__dict__",
            "kit.Limit('slow', 3)",
            KIT,
            kit=EXCEPTION.format(star=""),
        ),
        Case(
            REDUCE + "import functools\n    return functools.partial(type(self), "
            "model=self.model), (self.args[0],), self.__dict__",
            "kit.Limit('slow', model=3)",
            KIT,
            kit=EXCEPTION.format(star="*, "),
        ),
    ],
    "diagnosis/causes/constructors.py:remedy_of_class": [
        Case(
            REDUCE + "return type(self), (self.tag, list(self)), self.__dict__",
            "kit.Tagged('t', [1, 2])",
            KIT,
            kit=f"""
import collections
class Tagged({base}):
    def __init__(self, tag, items):
        super().__init__(items)
        self.tag = tag
    # here
""",
        )
        for base in ("set", "collections.deque")
    ]
    + [
        Case(
            REDUCE + "return type(self), (int(self), self.unit), self.__dict__",
            "kit.Tint(3, 'm')",
            KIT,
            kit="""
class Tint(int):
    def __new__(cls, value, unit):
        made = super().__new__(cls, value)
        made.unit = unit
        return made
    # here
""",
        ),
        Case(
            REDUCE + "import functools\n    return functools.partial(type(self), unit=self._unit),"
            " (), self.__dict__",
            "kit.Unit(unit='m')",
            KIT,
            kit="""
class Unit:
    def __new__(cls, *, unit):
        made = super().__new__(cls)
        made._unit = unit
        return made
    # here
""",
        ),
    ],
    "diagnosis/causes/dropped_globals.py:_remedies": [
        Case(
            'options={"recurse": True}',
            keys={"serializer": "dill", "as_main": True},
            code="LIMIT = 3\ndef work():\n    return LIMIT",
            act="portable.call(work)",
        ),
        Case(
            'options={"recurse": True}',
            "[work]",
            {"serializer": "dill", "as_main": True},
            code="LIMIT = 3\ndef work():\n    return LIMIT",
            act="portable.check([work], probe='obj[0]()')",
        ),
    ],
    "diagnosis/causes/hooks.py:_written": [
        Case(
            REDUCE + "return type(self), (self.a, self.b)",
            "kit.Sub(1, 2)",
            KIT,
            kit="""
import dataclasses
@dataclasses.dataclass(frozen=True)
class Base:
    __slots__ = ("a",)
    a: int
@dataclasses.dataclass(frozen=True)
class Sub(Base):
    __slots__ = ("b",)
    b: int
    # here
""",
        ),
        Case(
            REDUCE + "return type(self), (self.lower,), self.__dict__, None, iter(self.items())",
            "kit.filled()",
            KIT,
            kit="""
class Folding(dict):
    def __init__(self, lower):
        super().__init__()
        self.lower = lower
    def __setitem__(self, key, value):
        super().__setitem__(key.lower() if self.lower else key, value)
    # here
def filled():
    made = Folding(True)
    made["A"] = 1
    return made
""",
        ),
        Case(
            REDUCE + "return type(self), (self.number,), self.__dict__",
            "kit.Node(1)",
            KIT,
            kit="""
class Node:
    def __init__(self, number):
        self.number = number
        self.near = {self}
    def __hash__(self):
        return hash(self.number)
    # here
""",
        ),
    ],
    "diagnosis/causes/not_installable.py:MainReference.explain": [
        Case('serializer="cloudpickle"', "work", {"as_main": True}, code="def work(): return 1")
    ],
    "diagnosis/causes/not_installable.py:MissingModule._words": [
        Case('ship=["kit"]', "kit.Thing()", {"python": OTHER}, kit="class Thing: pass\n")
    ],
    "diagnosis/causes/not_installable.py:MissingModule._by_value": [
        Case('by_value=["kit"]', "kit.Thing()", {"serializer": name}, kit="class Thing: pass\n")
        for name in ("cloudpickle", "dill")
    ],
    "diagnosis/causes/not_installable.py:MissingModule._project": [
        Case('"."', "kit.Thing()", {"python": OTHER, "deps": []}, PROJECT, "class Thing: pass\n")
    ],
    "diagnosis/causes/stdlib_and_platform.py:_other_python": [
        Case('python=">=3.9"', "graphlib.TopologicalSorter", {"python": "3.8"}, imports="graphlib")
    ],
    "diagnosis/causes/installed.py:_older_protocol": [
        Case(
            "protocol=4",
            "numpy.arange(9)",
            {"serializer": "cloudpickle", "deps": ["numpy==1.26.4"], "python": "3.12"},
            imports="numpy",
        )
    ],
    "diagnosis/causes/wording.py:pin": [
        Case(
            f'"attrs=={version("attrs")}"',
            "attr.validators.or_(attr.validators.instance_of(int))",
            {"deps": ["attrs==22.1.0"]},
            imports="attr.validators",
        )
    ],
    "judgement/surroundings/judge.py:_problem": [
        Case(
            f'"attrs=={version("attrs")}"',
            keys={"deps": ["attrs==22.1.0"]},
            imports="attr",
            act="portable.check(attr.asdict, probe='obj.__doc__')",
        )
    ],
    "diagnosis/causes/wording.py:add": [
        Case('"attrs"', "attr.Factory(list)", {"deps": []}, imports="attr")
    ],
    "diagnosis/dump/__init__.py:_endless": [
        Case(
            'options={"recurse": False}',
            "[show]",
            {"serializer": "dill", "as_main": True, "options": {"recurse": True}},
            imports="functools",
            code="@functools.singledispatch\ndef show(x): return 1",
        )
    ],
    "diagnosis/dump/owners.py:_in_state": [
        Case(
            "def __getstate__(self):\n    state = self.__dict__.copy()\n    del state['lock']\n"
            "    return state\n\ndef __setstate__(self, state):\n    self.__dict__.update(state)\n"
            "    self.lock = ...  # make it anew",
            "kit.Guarded()",
            KIT,
            kit="""
import threading
class Guarded:
    def __init__(self):
        self.lock = threading.Lock()
    # here
""",
            filled="threading.Lock()",
        )
    ],
    "diagnosis/dump/words.py:_remedies_of_definition": [Case('serializer="cloudpickle"', LAMBDA)],
    "judgement/policies.py:_check_size": [Case("max_size=215", "bytes(200)", {"max_size": 10})],
    "diagnosis/causes/runtime.py:SerializerMissing.explain": [
        Case(
            "install_serializer=True",
            "[lambda: 1]",
            {"serializer": "cloudpickle", "install_serializer": False},
        )
    ],
}

# Why these are not pasted here, and where they are tried; nothing may be in both.
ELSEWHERE: dict[str, str] = {
    "diagnosis/causes/installed.py:ModuleSkew._equal": "tests/real/test_environment_repair.py: "
    "an option of the command line, for an environment that somebody damaged",
    "judgement/before_load.py:newer_than_readable": "tests/unit/judgement/test_before_load.py: "
    "every Python that can be a target reads what this one writes",
    "judgement/load_warnings.py:_problem": "tests/real/test_estimators.py: needs scikit-learn here",
    "judgement/unread_files.py:_remedies": "test_a_file_is_read_by_the_serializer_that_is_named",
}


def test_every_producer_has_a_case() -> None:
    assert sorted([*CASES, *ELSEWHERE]) == sorted(producers())


def write(folder: Path, case: Case, change: str = "") -> None:
    imports = "\n".join(f"import {one}" for one in (case.imports, case.kit and "kit") if one)
    act = case.act or f"portable.check({case.obj})"
    test = TEST.format(imports=imports, keys=case.keys, code=case.code, act=act)
    kit, is_code = case.kit, change.startswith("def ")
    if change and is_code:
        kit = apply(change.replace("...", case.filled), kit)
    elif change:
        test = apply(change, test)
    (folder / "test_pasted.py").write_text(test)
    (folder / "kit.py").write_text(kit)
    if case.code == PROJECT:
        (folder / "pyproject.toml").write_text(PYPROJECT)


def run(pytester: pytest.Pytester, cache: Path) -> tuple[int, dict[str, Any]]:
    found = pytester.run(
        *(sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *("--import-mode=prepend", f"--portable-cache-dir={cache}", "test_pasted.py"),
    )
    return int(found.ret), json.loads((pytester.path / "verdict.json").read_text())


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{producer.rpartition('/')[2]}-{number}")
        for producer, cases in CASES.items()
        for number, case in enumerate(cases)
    ],
)
def test_it_helps_where_it_is_pasted(case: Case, pytester: pytest.Pytester, cache: Path) -> None:
    write(pytester.path, case)
    failed, verdict = run(pytester, cache)
    # What a call raises there is the user's own: its cause is a note.
    found: list[dict[str, list[dict[str, str]]]] = [*verdict["problems"], *verdict["notes"]]
    shown = [remedy["change"] for one in found for remedy in one["remedies"]]

    assert failed == 1
    assert case.change in shown

    write(pytester.path, case, case.change)
    status, verdict = run(pytester, cache)

    assert status == 0, verdict


def test_a_file_is_read_by_the_serializer_that_is_named(
    pytester: pytest.Pytester, cache: Path
) -> None:
    (pytester.path / "object.pkl").write_bytes(gzip.compress(pickle.dumps([1, 2])))
    command = (
        *(sys.executable, "-m", "pytest_portable", "check", "object.pkl"),
        f"--cache-dir={cache}",
    )

    refused = pytester.run(*command)
    read = pytester.run(*command, "--serializer=joblib")

    refused.stdout.fnmatch_lines(['*--serializer "joblib"*'])
    assert (refused.ret, read.ret) == (1, 0)
