"""Every block of code in README and docs is run, and the reference names all there is."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_portable import cli
from pytest_portable.plugin import hookspecs
from pytest_portable.serializers import Registry
from pytest_portable.settings.mark_checks import KEYS
from pytest_portable.settings.option_table import CODES
from pytest_portable.settings.options import OPTIONS
from pytest_portable.verdict import Problem, Remedy, Target, Verdict
from support.documents import Block, Page, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {
    str(path.relative_to(ROOT)): path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")))
    if "_build" not in path.parts
}


@contextlib.contextmanager
def in_place(place: str) -> Iterator[None]:
    """Fail without traceback, naming the place in the page."""
    try:
        yield
    except AssertionError as error:
        pytest.fail(f"{place}: {error}", pytrace=False)


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_a_page(name: str, tmp_path: Path) -> None:
    page = Page(tmp_path)
    for block in blocks(PAGES[name].read_text("utf-8")):
        with in_place(f"{name}:{block.line}"):
            page.run(block)


def test_a_block_is_read_with_its_comment() -> None:
    text = (
        "<!-- example: fails missing-distribution\nimport a\n-->\n\n```python\nx = 1\n```\n"
        "<!-- example: output -->\ntext between\n```text\nfree\n```\n"
    )

    assert list(blocks(text)) == [
        Block(5, "python", "x = 1\n", "fails", "missing-distribution", "import a\n"),
        Block(10, "text", "free\n"),
    ]


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(Block(1, "python", "def test_x(): assert False\n"), id="fails"),
        pytest.param(Block(1, "python", "def test_x(): pass\n", "fails"), id="passes"),
        pytest.param(Block(1, "python", "def test_x(): 1 / 0\n", "fails", "KeyError"), id="words"),
        pytest.param(Block(1, "python", "1 / 0\n", "inside"), id="inside"),
        pytest.param(Block(1, "console", "exit 3\n"), id="status"),
        pytest.param(Block(1, "console", "echo a\n", "status", "0 b"), id="printed"),
        pytest.param(Block(1, "text", "not printed\n", "output"), id="output"),
        pytest.param(Block(1, "toml", "x = 1\n"), id="no comment"),
    ],
)
def test_a_block_that_is_not_true_is_found(block: Block, tmp_path: Path) -> None:
    page = Page(tmp_path)

    with pytest.raises(AssertionError):
        page.run(block)


def test_a_change_of_a_file_is_made_where_its_lines_stand(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\nthree\n", "utf-8")
    change = Block(1, "diff", " one\n-two\n+2\n", "change", "a.py")

    Page(tmp_path).run(change)

    assert (tmp_path / "a.py").read_text("utf-8") == "one\n2\nthree\n"
    with pytest.raises(AssertionError, match=r"a\.py does not have once"):
        Page(tmp_path).run(change)


# Pages for those who change the package

INSIDE = ROOT / "src" / "pytest_portable"
FOR_US = [
    ROOT / "CONTRIBUTING.md",
    *(DOCS / "explanation" / name for name in ("architecture.md", "trust.md")),
]
# Where the paths of these pages begin.
FOLDERS = [INSIDE, ROOT, INSIDE / "agent" / "in_target", ROOT / "constraints"]
# A folder or a file, and the name that stands in it where one follows.
NAMED = re.compile(r"`([\w./-]+(?:/|\.(?:py|md|svg|toml|txt)))`(?:: `(\w+)`)?")


def named_paths() -> list[tuple[str, str]]:
    found = {pair for page in FOR_US for pair in NAMED.findall(page.read_text("utf-8"))}
    return sorted(found - {("utils.py", "")})  # there is none


@pytest.mark.parametrize(("path", "name"), named_paths())
def test_what_a_page_names_is_there(path: str, name: str) -> None:
    found = [folder / path for folder in FOLDERS if (folder / path).exists()]

    assert found
    assert not name or re.search(rf"\b{name}\b", found[0].read_text("utf-8"))


def test_the_picture_of_the_rooms_is_what_the_imports_say() -> None:
    path = ROOT / "tasks" / "architecture_picture.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    task = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(task)

    assert task.PICTURE.read_text("utf-8") == task.picture(), "run tasks/architecture_picture.py"
    order = [room for layer in task.layers() for room in layer]
    assert [pair for pair in task.imports() if order.index(pair[0]) >= order.index(pair[1])] == []


def test_the_outline_of_the_pipeline_calls_what_the_pipeline_calls() -> None:
    page = (DOCS / "explanation" / "architecture.md").read_text("utf-8")
    outline = next(block.text for block in blocks(page) if block.word == "shown")
    source = (INSIDE / "engine" / "pipeline.py").read_text("utf-8")

    named = re.findall(r"(\w+)\(", outline)
    assert len(named) > 9
    assert [name for name in named if not re.search(rf"\b{name}\(", source)] == []


def page(name: str) -> str:
    return (DOCS / "reference" / name).read_text("utf-8")


@pytest.mark.parametrize("key", KEYS)
def test_the_reference_names_every_key_of_the_mark(key: str) -> None:
    assert f"`{key}`" in page("mark.md")


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_the_reference_names_every_option(option: object) -> None:
    flag, key = getattr(option, "flag_name", ""), getattr(option, "key", "")

    assert not getattr(option, "flag", False) or f"`{flag}" in page("options.md")
    assert not getattr(option, "ini", False) or f"`{key}`" in page("options.md")


@pytest.mark.parametrize("command", cli._COMMANDS)
def test_the_reference_names_every_command(command: str) -> None:
    assert f"`{command}`" in page("command-line.md") or f"-portable {command}" in page(
        "command-line.md"
    )


@pytest.mark.parametrize("name", Registry().names())
def test_the_reference_names_every_serializer(name: str) -> None:
    assert f"| `{name}` |" in page("serializer.md")


@pytest.mark.parametrize("hook", hookspecs.__all__)
def test_the_reference_names_every_hook(hook: str) -> None:
    assert f"`{hook}" in page("hooks.md")


@pytest.mark.parametrize(
    "key",
    sorted(
        {
            key
            for data in (
                Verdict.__dataclass_fields__,
                Problem.__dataclass_fields__,
                Remedy.__dataclass_fields__,
                Target.__dataclass_fields__,
            )
            for key in data
        }
    ),
)
def test_the_reference_names_every_key_of_a_verdict(key: str) -> None:
    assert f"`{key}`" in page("verdict.md")


def codes_given(node: ast.AST) -> list[ast.expr]:
    """Return the expressions by which a piece of source gives a code to a problem."""
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        first = {"Problem": node.args[:1], "_unpack": node.args[-1:]}.get(name, [])
        return first + [word.value for word in node.keywords if word.arg == "code"]
    if isinstance(node, ast.Assign):
        names = [one.id for one in node.targets if isinstance(one, ast.Name)]
        return [node.value] if "code" in names else []
    return []


def emitted() -> dict[str, Path]:
    """Find the codes that the source gives to problems, and one file each."""
    found: dict[str, Path] = {}
    for package in ("bundle", "diagnosis", "judgement"):
        for path in sorted((ROOT / "src" / "pytest_portable" / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                parts = [part for value in codes_given(node) for part in ast.walk(value)]
                words = [part.value for part in parts if isinstance(part, ast.Constant)]
                found |= {word: path for word in words if isinstance(word, str) and word}
    return found


def test_every_code_has_a_section_and_every_section_a_code() -> None:
    codes = emitted()
    page = (DOCS / "reference" / "problems.md").read_text("utf-8")
    sections = set(re.findall(r"^## (.*)$", page, re.MULTILINE))

    assert {"mismatch", "missing-distribution", "early-exit", "main-reference"} <= codes.keys()
    assert {code: path.name for code, path in codes.items() if code not in sections} == {}
    assert sections - codes.keys() == set()


def test_every_code_may_be_one_of_notes_that_fail() -> None:
    assert emitted().keys() - set(CODES) == set()


def test_a_problem_names_its_section() -> None:
    assert Problem("too-large", "inspect", "").to_dict()["docs"] == "problems.md#too-large"
