"""The folder is the architecture: what no linter checks about modules, imports and their tests."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_portable

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parent
PACKAGE = Path(pytest_portable.__file__).parent
MODULES = {
    path.relative_to(PACKAGE).with_suffix("").as_posix(): path for path in PACKAGE.rglob("*.py")
}
AGENT = PACKAGE / "agent" / "in_target" / "serve.py"
MAX_LINES = 600

# A file is one concept, however long that is. Longer than MAX_LINES needs a reason.
LONGER = {
    "agent/in_target/serve": "the agent, which is about to become a folder of files",
}

# Two classes of one name, of which one is about to have another.
NAMED_TWICE = {"Agent", "Check", "Difference", "Failure", "Questions", "Survey"}


def imports(tree: ast.AST) -> Iterator[str]:
    """Give the dotted names that are imported, at any depth; `from a import b` gives both."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import of {node.module}"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def run_time_imports(path: Path) -> set[str]:
    """Give what a module imports when it runs: what only type checkers see is left out."""
    tree = ast.parse(path.read_text("utf-8"))

    class Remover(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
            self.generic_visit(node)
            guarded = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
            return node.orelse if guarded else node

    return set(imports(Remover().visit(tree)))


def loaded_by(statement: str) -> set[str]:
    """Give the modules that a statement loads in a fresh interpreter."""
    code = (
        "import json, sys; before = set(sys.modules)\n"
        f"{statement}\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(PACKAGE.parent)},
    )
    return set(json.loads(done.stdout))


# Start-up


def test_importing_the_package_loads_nothing_else() -> None:
    found = loaded_by("import pytest_portable")

    assert {name for name in found if name.startswith("pytest_portable")} == {"pytest_portable"}
    assert not found & {"pytest", "packaging", "cloudpickle", "dill", "importlib.metadata"}


@pytest.mark.parametrize("name", pytest_portable.__all__)
def test_a_public_name_is_loaded_when_it_is_asked_for(name: str) -> None:
    home = pytest_portable._HOMES[name]

    assert home not in loaded_by("import pytest_portable")
    assert home in loaded_by(f"from pytest_portable import {name}")


def test_help_of_the_command_line_loads_no_engine() -> None:
    found = loaded_by(
        "import contextlib, io\nfrom pytest_portable.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main(['--help'])"
    )

    assert "pytest_portable.engine.session" not in found
    assert not found & {"cloudpickle", "dill", "packaging", "pytest"}


# The agent is alone


def test_the_agent_imports_the_standard_library_only() -> None:
    tops = {name.partition(".")[0] for name in imports(ast.parse(AGENT.read_text("utf-8")))}

    assert tops - {"typing"} <= set(sys.stdlib_module_names)
    assert "pytest_portable" not in tops


def test_the_agent_has_the_syntax_of_its_oldest_python() -> None:
    ast.parse(AGENT.read_text("utf-8"), feature_version=(3, 8))


def test_the_agent_looks_at_the_version_before_it_imports_anything_but_sys() -> None:
    body = ast.parse(AGENT.read_text("utf-8")).body
    gate = next(
        number
        for number, node in enumerate(body)
        if isinstance(node, ast.If) and "version_info" in ast.dump(node.test)
    )

    assert "exit" in ast.dump(body[gate])
    before = ast.Module(
        [node for node in body[:gate] if not isinstance(node, ast.If)], type_ignores=[]
    )
    assert set(imports(before)) == {"sys"}


# Modules


def test_only_the_plugin_knows_pytest() -> None:
    knowing = {
        module
        for module, path in MODULES.items()
        for name in imports(ast.parse(path.read_text("utf-8")))
        if name.partition(".")[0] in {"pytest", "_pytest", "pluggy"}
    }

    assert {module for module in knowing if not module.startswith("plugin/")} == set()


def test_a_file_is_one_concept() -> None:
    lines = {module: len(path.read_text("utf-8").splitlines()) for module, path in MODULES.items()}

    assert {name for name, count in lines.items() if count > MAX_LINES} == set(LONGER)


def test_no_two_classes_have_the_same_name() -> None:
    homes: dict[str, list[str]] = {}
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(module)

    assert {name for name, found in homes.items() if len(found) > 1} <= NAMED_TWICE


def test_every_module_says_what_it_is_and_what_is_public() -> None:
    silent = set()
    for module, path in MODULES.items():
        tree = ast.parse(path.read_text("utf-8"))
        assigned = {name.id for name in ast.walk(tree) if isinstance(name, ast.Name)}
        if not ast.get_docstring(tree) or "__all__" not in assigned:
            silent.add(module)

    # What is run as a script, or only holds the agent's files, offers no names.
    assert silent <= {"__main__", "judgement/__init__"} | {
        module for module in MODULES if module.startswith("agent/in_target/")
    }


# Tests


def test_no_two_test_files_have_the_same_name() -> None:
    # pytest imports them by their bare names; a framework's own suites run apart from ours.
    files = [path.name for path in TESTS.rglob("test_*.py") if "suites" not in path.parts]

    assert len(files) == len(set(files))
