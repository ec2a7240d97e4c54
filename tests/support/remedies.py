"""Which code makes remedies that can be pasted, and how one is pasted into a test file."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_portable import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["apply", "producers"]

_ROOT = Path(verdict.__file__).parent
_KEYS = re.compile(r"^KEYS = (.*)$", re.MULTILINE)


def producers() -> set[str]:
    """Return every function that gives a remedy a `change`, as `path:function`."""
    return {
        f"{path.relative_to(_ROOT).as_posix()}:{name}"
        for path in _ROOT.rglob("*.py")
        for name in _functions(ast.parse(path.read_text("utf-8")))
    }


def _functions(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        for one in inside:
            if isinstance(one, ast.FunctionDef) and any(map(_gives_change, ast.walk(one))):
                yield one.name if one is node else f"{getattr(node, 'name', '')}.{one.name}"


def _gives_change(node: ast.AST) -> bool:
    """Return whether a call makes a remedy with a second argument, or names `change`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    is_named = any(word.arg == "change" for word in node.keywords)
    return is_named or (node.func.id == "Remedy" and len(node.args) > 1)


def apply(change: str, source: str) -> str:
    """Paste a change: code into the class that says `# here`, a key or requirement into `KEYS`.

    Args:
        change: of a remedy.
        source: a test file, whose mark takes what the line `KEYS = {...}` has.
    """
    if change.startswith("def "):
        before, mark, after = source.partition("# here\n")
        assert mark, "no place for code"
        return before + "\n" + textwrap.indent(change, "    ") + "\n" + after
    found = _KEYS.search(source)
    assert found, "no keys"
    keys = ast.literal_eval(found[1])
    if change.startswith('"'):
        line = ast.literal_eval(change)
        name = re.split(r"[^\w.-]", line)[0]
        kept = [one for one in keys.get("deps", ()) if re.split(r"[^\w.-]", one)[0] != name]
        keys["deps"] = [*kept, line]
    else:
        name, _, value = change.partition("=")
        keys[name] = ast.literal_eval(value)
    return source[: found.start()] + f"KEYS = {keys!r}" + source[found.end() :]
