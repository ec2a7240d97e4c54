"""What was observed of the frameworks themselves: every observation has a test that names it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE: Final = Path(__file__).parent

# A test names its observation at the start of its docstring: "a1." or "b5, with ...: ...".
OBSERVED: Final = {
    "a1": "dill sends a class of a module by reference",
    "a2": "Garden's redefinition travels with dill alone, read by older and newer dills",
    "a3": "an instance from before the redefinition stays a reference",
    "a4": "a redefined function has lost its module's globals",
    "a5": "a redefined class of 3.10 does not load on 3.11, and crashes 3.12",
    "a6": "a session of dill 0.4.1 does not load with 0.3.5.1, its functions not on other Pythons",
    "b1": "Parsl sends an importable function by reference",
    "b2": "a closure of an importable module needs that module, unless dill recurses",
    "b3": "bytecode of 3.11 loads on 3.12, works where it is short, and crashes in a loop",
    "b4": "bytecode of 3.12 loads on 3.13, and nothing of it works",
    "b5": "a result or exception that the submit side cannot load stops Parsl's executor",
    "b6": "one record that does not load costs a whole checkpoint",
    "b7": "dill carries locks, lambdas and local classes",
    "c1": "Orquestra sends a task's own module, not a second one, and packages by its imports",
    "c2": "the SDK that Orquestra adds to every task cannot be installed on 3.12",
    "d1": "modulepickle sends the package of a global",
    "d2": "modulepickle runs with no cloudpickle from 1.3 on and no Python from 3.8 on",
    "d3": "modulepickle does not send what is imported inside functions, nor a second version",
    "e1": "Covalent's server reads an object without its package, the executor does not",
    "e2": "a lattice's JSON cannot be read with an older networkx",
    "f1": "Globus Compute's bytecode crashes another Python, its source strategies work there",
    "f2": "Globus Compute's own check passes what no endpoint can load",
}


def docstrings() -> Iterator[tuple[str, str]]:
    """Give the names of all tests here that have a docstring, and its first word or words."""
    files = [*HERE.glob("test_*.py"), *(HERE / "suites").rglob("test_*.py")]
    files += (HERE.parent / "unit" / "payload").glob("test_files.py")
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name, ast.get_docstring(node) or ""


@pytest.mark.parametrize("name", OBSERVED)
def test_an_observation_has_a_test(name: str) -> None:
    found = [test for test, text in docstrings() if re.match(rf"{name}\b[,.:]", text)]

    assert found, f"no test says in its docstring that it is about {name}: {OBSERVED[name]}"
