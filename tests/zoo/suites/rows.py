"""What a row of the zoo is, and how its truth is found by hand, without pytest-portable.

A file of rows is a test module and a script. As a script it dumps every object, loads it in a
fresh process, dumps it there once more, loads that here, and asks the library itself (`Row.same`)
whether both are the same.
"""

from __future__ import annotations

import io
import operator
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

# dill extends the table of reducers that joblib copies when it is imported: it comes first.
import joblib

# isort: split
import cloudpickle
import dill

SERIALIZERS = {"pickle": pickle, "dill": dill, "cloudpickle": cloudpickle, "joblib": joblib}


@dataclass(frozen=True)
class Row:
    """An object, and the truth about it.

    Attributes:
        library: whose object it is.
        name: of the object, in a few words.
        make: makes it as users do.
        same: the library's own answer to whether two of them are the same.
        there: an expression that has to be true of `obj` in the fresh process too.
        fails: the stage and code of the failure, by serializer; all others travel.
        notes: codes of the notes that belong to it, by serializer or for all.
        strict: the stage and code that we say though a person may call it the same, and why.
        serializers: what it is sent with.
        ships: modules of the folder `models` that the object needs there.
        as_script: whether what the file defines travels as a script's own definitions do.
    """

    library: str
    name: str
    make: Callable[[], Any]
    same: Callable[[Any, Any], Any] = operator.eq
    there: str = "True"
    fails: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    strict: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    serializers: tuple[str, ...] = ("pickle", "dill", "cloudpickle")
    ships: tuple[str, ...] = ()
    as_script: bool = False

    def true_stage(self, serializer: str) -> str:
        return self.fails.get(serializer, "travels").split()[0]

    def expected(self, serializer: str) -> str:
        """What a verdict has to say: `travels`, or a stage and a code."""
        if serializer in self.strict:
            return self.strict[serializer][0]
        return self.fails.get(serializer, "travels")

    def expected_notes(self, serializer: str) -> set[str]:
        return set(self.notes.get(serializer, self.notes.get("all", "")).split())


def judge(row: Row, serializer: str, portable: Any) -> None:
    """Compare what a verdict says with the truth."""
    verdict = portable.check(row.make())

    codes = [problem.code for problem in verdict.problems]
    found = "travels" if verdict.portable else f"{verdict.stage} {codes[0]}"
    assert found == row.expected(serializer), str(verdict)
    if verdict.portable:
        assert {note.code for note in verdict.notes} == row.expected_notes(serializer), str(verdict)


def main(rows: Iterable[Row]) -> None:
    """Find the truth about all rows by hand; print where it is not what is written down."""
    warnings.simplefilter("ignore")
    names = [(row.library, row.name) for row in rows]
    wrong = sorted({f"{name}: twice\n" for name in names if names.count(name) > 1})
    for serializer in SERIALIZERS:
        with _FreshProcesses(serializer) as processes:
            for row in rows:
                found, why = processes.find(row) if serializer in row.serializers else ("", "")
                if found not in {"", row.true_stage(serializer)}:
                    wrong.append(f"{row.library} {row.name} {serializer}: {found} {why}\n")
    print(*wrong, sep="", end="")
    print(f"{len(names)} rows, {'other than' if wrong else 'as'} written down")


class _FreshProcesses:
    """A bare interpreter that forks for every payload; it has imported the serializer alone."""

    def __init__(self, serializer: str) -> None:
        self.serializer = serializer

    def __enter__(self) -> Self:
        self.folder = tempfile.TemporaryDirectory()
        self.server = subprocess.Popen(
            [sys.executable, "-c", _SERVER, self.serializer],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=self.folder.name,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent / "models")},
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.server.communicate()
        self.folder.cleanup()

    def find(self, row: Row) -> tuple[str, str]:
        """Give the stage that breaks, or `travels`, and why."""
        obj = row.make()
        try:
            payload = _dumps(self.serializer, obj)
        except Exception as error:
            return "dump", repr(error)
        file = Path(self.folder.name, "payload")
        file.write_bytes(payload)
        print(file, row.there, file=self.server.stdin, flush=True)
        stage, _, why = self.server.stdout.readline().strip().partition(" ")
        if stage != "done":
            return stage, why
        try:
            returned = _loads(self.serializer, file.read_bytes())
        except Exception as error:
            return "return", repr(error)
        try:
            same = bool(row.same(obj, returned))
        except Exception as error:
            return "compare", repr(error)
        return ("travels", "") if same else ("compare", repr(returned)[:300])


def _dumps(serializer: str, obj: Any) -> bytes:
    if serializer == "joblib":
        file = io.BytesIO()
        joblib.dump(obj, file)
        return file.getvalue()
    return SERIALIZERS[serializer].dumps(obj)


def _loads(serializer: str, payload: bytes) -> Any:
    if serializer == "joblib":
        return joblib.load(io.BytesIO(payload))
    return SERIALIZERS[serializer].loads(payload)


_SERVER = """
import importlib, os, signal, sys

name = sys.argv[1]
module = importlib.import_module(name)

def answer(line):
    file, _, expression = line.partition(" ")
    signal.alarm(60)
    stage = "load"
    try:
        with open(file, "rb") as stream:
            obj = module.load(stream)
        stage = "compare"
        if not eval(expression, {"obj": obj}):
            return "compare " + expression
        stage = "return"
        with open(file, "wb") as stream:
            module.dump(obj, stream)
    except BaseException as error:
        return stage + " " + repr(error).replace("\\n", " ")
    return "done"

for line in sys.stdin:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, answer(line.strip()).encode()[:4000])
        os._exit(0)
    os.close(writing)
    with open(reading) as stream:
        said = stream.read()
    os.waitpid(child, 0)
    print(said or "load it ended without an answer", flush=True)
"""


def each(rows: Iterable[Row]) -> Iterator[Any]:
    """Give a row's parameters for every serializer that it is sent with."""
    import pytest

    for row in rows:
        for serializer in row.serializers:
            mark = pytest.mark.portable(
                serializer=serializer, as_main=row.as_script, ship=list(row.ships)
            )
            name = f"{row.library} {row.name} {serializer}"
            yield pytest.param(row, serializer, marks=mark, id=name)
