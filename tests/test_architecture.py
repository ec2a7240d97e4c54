"""The folder is the architecture: what no linter checks about modules, imports and their tests."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import itertools
import json
import re
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

# Where code of the user's runs. Its objects are not asked in the plain way there: a property,
# a metaclass or a `__getattribute__` may raise anything. `agent/in_target/asking.py` and
# `equivalence/guard.py` ask instead.
ASKING = ("agent/in_target/", "diagnosis/dump/", "engine/", "equivalence/", "judgement/")
NOT_ASKED = {
    *("__module__", "__qualname__", "__mro__", "__bases__"),
    *("__traceback__", "__cause__", "__context__", "__suppress_context__"),
}
# What is read there is no object of the user's, or a function, which holds these itself.
ASKED_ALL_THE_SAME = {
    "agent/in_target/check": {"value.__qualname__", "function.__qualname__"},
    "agent/in_target/describe": {"value.__module__", "value.__qualname__"},
    "agent/in_target/loading": {"warning.category.__module__"},
    # What it draws is guarded node by node.
    "agent/in_target/portrait": {"value.__qualname__", "type(value).__module__"},
    "agent/in_target/watch": {"function.__qualname__"},
    "diagnosis/dump/owners": {"definition.__module__"},
    "diagnosis/dump/picklers": {"self.base.__module__"},
    "diagnosis/dump/words": {"named.__module__", "value.__module__", "value.__qualname__"},
    "equivalence/choose": {"io.IOBase.__mro__"},
    "equivalence/definitions": {"cast('FunctionType', right).__qualname__"},
    # An error of our own.
    "judgement/exceptions": {"trouble.__cause__"},
    "judgement/returned": {"each.__qualname__"},
}

# Who changes attributes of what others made. Everywhere else an object changes itself only.
PATCHING = {
    "agent/in_target/serve": "a script of the user's finds no arguments of ours in sys.argv",
    "agent/in_target/steps": "the loaders of a target note their steps while a payload loads",
    "agent/in_target/watch": "a load is watched where it asks the target's interpreter",
    "diagnosis/dump/picklers": "a tracing pickler takes what is set on the pickler it imitates",
    "diagnosis/dump/tracing": "a pickler without frames, so that a part can be taken back",
    "errors": "tracebacks show the name under which users import an exception",
    "judgement/exceptions": "an exception that came back gets its causes, and a note",
    "judgement/load_answer": "a module answers to newer names while an answer is loaded",
    "plugin/coloured": "pytest writes a failure that it made in our colours",
    "plugin/hooks": "a report of pytest carries our record between processes",
    "plugin/item_records": "a report of pytest carries our record between processes",
    "plugin/shown_failures": "pytest prints the representation of a failure that it made",
    "serializers/framework_import": "what an import changes in other modules is put back",
    "serializers/in_target/modal": "what the worker of Modal sets on its own context",
    "serializers/shipping/as_main": "definitions are of `__main__` while they are dumped",
    "serializers/shipping/dill_by_value": "dill has one unpickler, whose names are found here",
    "settings/probes": "the syntax tree that was just parsed loses its annotations",
}
# Rooms whose functions leave what they are given as it is.
CALM = ("bundle/", "diagnosis/", "engine/", "judgement/", "report/")
CHANGING = {
    "add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem",
    "popleft", "remove", "reverse", "setdefault", "sort", "update",
}  # fmt: skip
IMMUTABLE = {"bytes", "float", "int", "str"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


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


def without_types(path: Path) -> ast.Module:
    """Parse a file as it is run: without what only type checkers import, or only the host."""

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
    tops = {name.partition(".")[0] for name in imports(without_types(path))}

    assert tops - {"numpy"} <= set(sys.stdlib_module_names)
    assert ("numpy" in tops) == (path.stem == "portrait"), "it draws arrays where there are some"


@pytest.mark.parametrize("path", IN_TARGET, ids=lambda path: path.stem)
def test_a_file_of_the_agent_has_the_syntax_of_its_oldest_python(path: Path) -> None:
    ast.parse(path.read_text("utf-8"), feature_version=(3, 8))


def test_no_two_files_of_the_agent_define_one_name() -> None:
    found = Counter(
        name
        for path in IN_TARGET
        for name in defined_by(without_types(path))
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

    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


def test_every_module_says_what_it_is_and_what_is_public() -> None:
    silent = set()
    for module, path in MODULES.items():
        tree = ast.parse(path.read_text("utf-8"))
        assigned = {name.id for name in ast.walk(tree) if isinstance(name, ast.Name)}
        if not ast.get_docstring(tree) or "__all__" not in assigned:
            silent.add(module)

    # What is run as a script, or only holds the agent's files, offers no names.
    assert silent <= {"__main__", "judgement/__init__", "judgement/surroundings/__init__"} | {
        module for module in MODULES if module.startswith("agent/in_target/")
    }


# Tests


def test_no_two_test_files_have_the_same_name() -> None:
    # pytest imports them by their bare names; a framework's own suites run apart from ours.
    files = [path.name for path in TESTS.rglob("test_*.py") if "suites" not in path.parts]

    assert len(files) == len(set(files))


def test_unit_tests_mirror_the_rooms() -> None:
    folders = {path.parent.relative_to(TESTS / "unit") for path in TESTS.glob("unit/**/test_*.py")}

    assert [str(folder) for folder in folders if not (PACKAGE / folder).is_dir()] == []


# Nobody changes what is not his


def nodes_of(scope: ast.AST) -> Iterator[ast.AST]:
    """Return what a function or module does itself, without the functions inside it."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, FUNCTIONS):
            yield from nodes_of(child)


def scopes(tree: ast.Module) -> Iterator[ast.AST]:
    yield tree
    yield from (node for node in ast.walk(tree) if isinstance(node, FUNCTIONS))


def owner_of_stored(node: ast.AST) -> ast.expr | None:
    """Return whose attribute a piece of source sets or deletes."""
    match node:
        case ast.Attribute(value=owner, ctx=ast.Store() | ast.Del()):
            return owner
        case (
            ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[owner, *_])
            | ast.Call(func=ast.Attribute(attr="__setattr__" | "__delattr__"), args=[owner, _, *_])
        ):
            return owner
        case _:
            return None


def makes(value: ast.expr) -> bool:
    """Return whether a value is a new instance, going by the name of what is called."""
    return isinstance(value, ast.Call) and bool(re.search(r"\b[A-Z]\w*$", ast.unparse(value.func)))


def made_by(scope: ast.AST) -> set[str]:
    """Return the names of what a scope has just made: instances of a class, functions."""
    made = {"self", "cls"}
    for node in nodes_of(scope):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            made.add(node.name)
        elif isinstance(node, ast.Assign) and makes(node.value):
            made |= {one.id for one in node.targets if isinstance(one, ast.Name)}
    return made


def changed_from_outside(tree: ast.Module) -> list[str]:
    return [
        ast.unparse(node)
        for scope in scopes(tree)
        for node in nodes_of(scope)
        if (owner := owner_of_stored(node)) and ast.unparse(owner) not in made_by(scope)
    ]


def changed_parameters(tree: ast.Module, classes: set[str]) -> list[str]:
    """Return the changes of lists, sets and dicts that a function was given."""
    found = []
    for scope in scopes(tree):
        if not isinstance(scope, FUNCTIONS):
            continue
        given = [*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs]
        kinds = {one.arg: ast.unparse(one.annotation) for one in given if one.annotation}
        names = {one.arg for one in given if kinds.get(one.arg) not in IMMUTABLE | classes}
        for node in nodes_of(scope):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=verb)):
                    is_changed = verb in CHANGING
                case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                    is_changed = True
                case ast.AugAssign(target=ast.Name(id=name)):
                    is_changed = True
                case _:
                    continue
            if is_changed and name in names - {"self", "cls"}:
                found.append(ast.unparse(node))
    return found


@functools.cache
def parsed() -> dict[str, ast.Module]:
    return {module: ast.parse(path.read_text("utf-8")) for module, path in MODULES.items()}


def test_objects_of_the_users_are_asked_in_the_guarded_way() -> None:
    found = {
        module: {
            ast.unparse(node)
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr in NOT_ASKED
            and isinstance(node.ctx, ast.Load)
        }
        for module, tree in parsed().items()
        if module.startswith(ASKING)
    }

    assert {module: texts for module, texts in found.items() if texts} == ASKED_ALL_THE_SAME


def test_whatever_code_of_the_users_raises_is_caught_and_ctrl_c_passed_on() -> None:
    wide = {"Exception", "BaseException"}
    found = []
    for module, tree in parsed().items():
        if not module.startswith(ASKING) or module.startswith("agent/"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                names = {ast.unparse(part) for part in ast.walk(node.type or ast.Name("Exception"))}
                is_guarded = ast.unparse(node.body[0]).startswith("pass_on(")
                if names & wide and not is_guarded:
                    found.append(f"{module}:{node.lineno}")

    assert found == CAUGHT_FOR_OURSELVES


# In a thread or a process of ours that does nothing else.
CAUGHT_FOR_OURSELVES: list[str] = []


def test_no_attribute_is_set_from_outside() -> None:
    found = {module: changed_from_outside(tree) for module, tree in parsed().items()}

    assert {
        module: texts for module, texts in found.items() if texts and module not in PATCHING
    } == {}
    assert [module for module in PATCHING if not found[module]] == [], "patches nothing any more"


def test_no_function_changes_a_list_of_its_caller() -> None:
    trees = parsed()
    classes = {
        node.name
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {
        module: changed_parameters(tree, classes)
        for module, tree in trees.items()
        if module.startswith(CALM)
    }

    assert {module: texts for module, texts in found.items() if texts} == {}


def test_what_takes_a_check_returns_what_it_found() -> None:
    silent = [
        f"{module}: {node.name}"
        for module, tree in parsed().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if {"Context", "CheckRun"}
        & {
            word
            for one in node.args.args + node.args.kwonlyargs
            if one.annotation
            for word in re.findall(r"\w+", ast.unparse(one.annotation))
        }
        if node.returns is None or ast.unparse(node.returns) == "None"
    ]

    assert silent == []


@pytest.mark.parametrize(
    "module", [module for module in MODULES if module.startswith(("diagnosis/", "judgement/"))]
)
def test_judges_start_no_process(module: str) -> None:
    started = {
        "multiprocessing",
        "pytest_portable.agent.Agent",
        "pytest_portable.agent.process",
        "subprocess",
    }

    assert started & set(imports(without_types(MODULES[module]))) == set()


# Imports that wait


def test_an_import_inside_a_function_has_its_reason() -> None:
    lines = [
        f"{module}: {line.strip()}"
        for module, path in MODULES.items()
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"noqa:[A-Z0-9, ]*PLC0415(?! - \w)", line)
    ]
    settings = (TESTS.parent / "pyproject.toml").read_text("utf-8").splitlines()
    rooms = [
        line
        for before, line in itertools.pairwise(settings)
        if line.startswith('"src/') and "PLC0415" in line
        if not re.search(r"\] +# \S", line) and not before.startswith("# ")
    ]

    assert lines == []
    assert rooms == []


BROUGHT_BY = {
    "dask": "distributed",
    "globus_compute_sdk": "globus-compute-sdk",
    "groundhog_hpc": "groundhog-hpc",
    "modal_proto": "modal",
    "msgpack": "distributed",
    "orquestra": "orquestra-sdk",
}
"""Top-level module -> the requirement of `pyproject.toml` that brings it, where names differ."""
NEVER_NEEDED = {
    "numpy": "only where the object is of it, so that the host has it",
    "python_discovery": "newer releases of virtualenv bring it, and without it nothing is missing",
}


def _imported() -> Iterator[tuple[str, str]]:
    """Yield a file and a top-level module that it imports, wherever in it, here on the host."""
    for name, path in MODULES.items():
        if "/in_target/" in name:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            yield from ((name, each.partition(".")[0]) for each in names)


def test_every_imported_distribution_is_declared() -> None:
    lines = importlib.metadata.requires("pytest-portable") or []
    for_users = [line for line in lines if "extra == 'test'" not in line.replace('"', "'")]
    declared = {re.split(r"[^\w.-]", line)[0].lower() for line in for_users}
    known = {*sys.stdlib_module_names, "pytest_portable", "tomllib", *NEVER_NEEDED}
    found = {(name, module) for name, module in _imported() if module not in known}

    assert declared >= {"filelock", "platformdirs", "virtualenv"}
    assert not {one for one in found if BROUGHT_BY.get(one[1], one[1]) not in declared}
