"""The folder is the architecture: what no linter checks about modules, imports and their tests."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

import pytest_portable
from pytest_portable.agent.in_target import start
from pytest_portable.agent.program import script, sent_files

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parent
PACKAGE = Path(pytest_portable.__file__).parent
MODULES = {
    path.relative_to(PACKAGE).with_suffix("").as_posix(): path for path in PACKAGE.rglob("*.py")
}
PROGRAM = PACKAGE / "agent" / "in_target"
IN_TARGET = sorted(PROGRAM.glob("*.py"))
FOR_THE_HOST = {"__name__ != '__main__'", "TYPE_CHECKING"}
MAX_LINES = 600

# A file is one concept, however long that is. Longer than MAX_LINES needs a reason.
LONGER: dict[str, str] = {}

# Two classes of one name, of which one is about to have another.
NAMED_TWICE = {"Failure"}


def imports(tree: ast.AST) -> Iterator[str]:
    """Give the dotted names that are imported, at any depth; `from a import b` gives both."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import of {node.module}"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


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


def in_target(path: Path) -> ast.Module:
    """Parse a file of the agent as it is run there: what only the host imports is left out."""

    class Remover(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
            self.generic_visit(node)
            return [] if ast.unparse(node.test) in FOR_THE_HOST else node

    return cast("ast.Module", Remover().visit(ast.parse(path.read_text("utf-8"))))


def defined_by(tree: ast.Module) -> Iterator[str]:
    """Give the names that a file defines, beside those that Python knows."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (one.id for one in targets if isinstance(one, ast.Name))


@pytest.mark.parametrize("path", IN_TARGET, ids=lambda path: path.stem)
def test_a_file_of_the_agent_imports_the_standard_library_only(path: Path) -> None:
    tops = {name.partition(".")[0] for name in imports(in_target(path))}

    assert tops - {"numpy"} <= set(sys.stdlib_module_names)
    assert ("numpy" in tops) == (path.stem == "portrait"), "it draws arrays where there are some"


@pytest.mark.parametrize("path", IN_TARGET, ids=lambda path: path.stem)
def test_a_file_of_the_agent_has_the_syntax_of_its_oldest_python(path: Path) -> None:
    ast.parse(path.read_text("utf-8"), feature_version=(3, 8))


def test_no_two_files_of_the_agent_define_one_name() -> None:
    found = Counter(
        name
        for path in IN_TARGET
        for name in defined_by(in_target(path))
        if name not in {"__all__", "TYPE_CHECKING"}
    )

    assert [name for name, count in found.items() if count > 1] == []


def test_the_agent_runs_all_its_files_each_after_those_that_it_needs() -> None:
    run: set[str] = set()
    for name in start.FILES:
        tree = ast.parse((PROGRAM / f"{name}.py").read_text("utf-8"))
        prefix = "pytest_portable.agent.in_target."
        needed = {one[len(prefix) :].split(".")[0] for one in imports(tree) if prefix in one}
        assert needed <= run | {"start"}, name
        run.add(name)

    # What starts it; what is sent as the source of a probe.
    assert {path.stem for path in IN_TARGET} - run == {"__init__", "start", "bootstrap", "portrait"}


def test_the_agent_looks_at_the_version_before_it_imports_anything_but_sys() -> None:
    body = ast.parse((PROGRAM / "start.py").read_text("utf-8")).body
    gate = next(
        number
        for number, node in enumerate(body)
        if isinstance(node, ast.If) and "version_info" in ast.dump(node.test)
    )

    assert "exit" in ast.dump(body[gate])
    assert set(imports(ast.Module(body[:gate], type_ignores=[]))) == {"sys"}
    # It comes first, whichever way the files come.
    assert Path(script()[0]) == PROGRAM / "start.py"
    assert sent_files()[0] == (
        "pytest_portable/agent/in_target/start.py",
        (PROGRAM / "start.py").read_text("utf-8"),
    )


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
