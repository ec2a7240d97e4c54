from __future__ import annotations

import collections
import itertools
import pathlib
import pickle
from typing import Any

import cloudpickle
import numpy as np
import pytest

from pytest_portable.payload.inspection import Inspection, inspect_payload
from pytest_portable.report.inspection import render_inspection, size_text
from unit.payload.truth import Color, define

SOURCE = """
class Model:
    def predict(self, x):
        import requests
        try:
            import ujson
        except ImportError:
            pass
        return missing(x) + np.sum(x)
"""


def tree(thing: object) -> str:
    return str(inspect_payload(cloudpickle.dumps(thing)))


def section(text: str, title: str) -> list[str]:
    lines = text.splitlines()
    at = lines.index(title)
    below = itertools.takewhile(lambda line: not line or line[0] == " ", lines[at + 1 :])
    return [line for line in below if line]


@pytest.fixture(scope="module")
def text() -> str:
    model = define(SOURCE, "Model", np=np)()
    inner = pickle.dumps({"k": collections.Counter()})
    thing = {
        "m": model,
        "w": np.zeros(5000),
        "p": pathlib.PosixPath("/x"),
        "b": inner,
        "c": Color.RED,
    }
    return tree(thing)


def test_needs_are_told_by_distribution_with_paths(text: str) -> None:
    needs = section(text, "needs")

    assert needs[0].startswith("  numpy==")
    assert "    numpy  type(obj['m']).predict.__globals__['np']" in needs
    # Python 3.13 calls it pathlib._local.PosixPath.
    assert f"    {pathlib.PosixPath.__module__}.PosixPath  obj['p']" in needs
    assert needs[-1].startswith("  cloudpickle==")
    assert needs[-1].endswith("(what dumped it)")
    at = needs.index("  a source tree here, and no distribution")
    assert needs[at + 1] == f"    {Color.__module__}.Color  obj['c']"


def test_a_distribution_that_only_imports_need_is_told_too() -> None:
    function = define("def f():\n    import hypothesis\n    return hypothesis\n", "f")

    (line,) = [line for line in section(tree(function), "needs") if "hypothesis" in line]

    assert line.endswith("(for imports inside code)")


def test_what_travels_by_value_tells_its_python_and_what_it_does(text: str) -> None:
    held = section(text, "holds by value")

    assert "  class Model  type(obj['m'])" in held
    below = "\n".join(held)
    assert "imports requests when it runs\n" in below
    assert "imports ujson when it runs, and can do without" in below
    assert "reads missing, which did not come along" in below
    assert "for Python 3." in below


def test_what_it_is_bound_to_and_what_fills_it(text: str) -> None:
    assert "  POSIX (paths of the file system)" in section(text, "is bound to")
    assert any("(bytecode)" in line for line in section(text, "is bound to"))
    assert section(text, "is filled by")[0].split() == ["40", "kB", "obj['w']"]


def test_payloads_inside_are_trees_of_their_own(text: str) -> None:
    nested = section(text, "holds payloads")

    assert nested[0].startswith("  obj['b']: protocol 4, ")
    assert "        collections.Counter  pickle.loads(obj['b'])['k']" in nested


def test_plain_data_needs_nothing() -> None:
    text = tree([1, "two", {3.0}])

    assert section(text, "needs") == ["  nothing but Python"]
    assert "by value" not in text
    assert "filled" not in text


def test_long_lists_are_cut_and_counted() -> None:
    kinds = [type(f"K{i}", (), {"__module__": "__main__"}) for i in range(30)]
    text = tree(kinds)
    crowd = str(inspect_payload(pickle.dumps([collections.Counter() for _ in range(100)])))

    assert "and 20 more" in section(text, "holds by value")[-1]
    assert "collections.Counter  obj[0], obj[1], obj[2], and 97 more" in crowd


def test_damage_is_told_first() -> None:
    lines = str(inspect_payload(pickle.dumps([1, "x" * 50])[:-20])).splitlines()

    assert lines[2].startswith("damaged: readable up to byte ")


def test_keys_of_an_inspection_are_those_of_the_contract() -> None:
    found: dict[str, Any] = inspect_payload(pickle.dumps([Color.RED])).to_dict()

    assert {"references", "requirements", "code", "sizes", "nested", "bound_to"} <= found.keys()
    assert {"protocol", "payload_bytes", "damaged"} <= found.keys()
    reference = found["references"][0]
    assert {"module", "qualname", "paths", "by", "distribution", "stdlib"} <= reference.keys()
    assert render_inspection(found) == str(inspect_payload(pickle.dumps([Color.RED])))


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (8_000_548, "8 MB"), (1.234e9, "1.23 GB")],
)
def test_sizes_are_written_as_people_do(count: float, text: str) -> None:
    assert size_text(int(count)) == text


def test_the_public_name_is_the_class() -> None:
    import pytest_portable

    assert pytest_portable.Inspection is Inspection
