"""Every regular expression of a package, and texts that are the worst for one."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

_NAMES = (
    ("re._parser", "re._constants")
    if sys.version_info >= (3, 11)
    else ("sre_parse", "sre_constants")
)
parser, constants = map(importlib.import_module, _NAMES)

__all__ = ["SIZE", "Pattern", "collect", "find_slow", "worst_texts"]

SIZE: Final = 256 * 1024
"""Characters of a worst text: four times what a target's message may have, so that time shows."""
CPU_SECONDS: Final = 1.0
"""Processor time that one question may take: a linear one takes some milliseconds."""

_FUNCTIONS: Final = {  # name -> place of the flags
    "compile": 1,
    "match": 2,
    "fullmatch": 2,
    "search": 2,
    "finditer": 2,
    "findall": 2,
    "split": 3,
    "sub": 4,
    "subn": 4,
}
_WAYS: Final = {"match": "match", "fullmatch": "fullmatch", "search": "search"}
_ANYWHERE: Final = ("finditer", "search")
_MAX_PIECES: Final = 10
_MAX_ROUTES: Final = 12
_ALPHABET: Final = [chr(code) for code in (*range(32, 127), 10, 9, 0xE9, 0x20AC)]
_ENDS: Final = ("", "\n\0")

# Asks in a process of its own; the kernel ends it where one question takes too long.
_CHILD: Final = """
import json, re, signal, sys
text, flags, is_bytes, ways, texts = json.load(sys.stdin)
pattern = re.compile(text.encode("latin-1") if is_bytes else text, flags)
for number, (prefix, unit, count, end) in enumerate(texts):
    subject = prefix + unit * count + end
    subject = subject.encode("latin-1", "replace") if is_bytes else subject
    for way in ways:
        print(number, way, flush=True)
        signal.setitimer(signal.ITIMER_VIRTUAL, {limit})
        found = getattr(pattern, way)(subject)
        for each in found if way == "finditer" else ():
            pass
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
print("done")
"""


@dataclass(frozen=True)
class Pattern:
    """One pattern: where it stands, what it is, and how it is used."""

    where: str
    text: str
    flags: int = 0
    is_bytes: bool = False
    ways: tuple[str, ...] = _ANYWHERE


def collect(package: ModuleType) -> Iterator[Pattern]:
    """Find every pattern in the sources of a package.

    Raises:
        ValueError: a pattern is made from what only a run knows: nobody can measure it.
    """
    assert package.__file__ is not None
    root = Path(package.__file__).parent
    for path in sorted(root.rglob("*.py")):
        source = path.read_text("utf-8")
        if "re." not in source or path.name == "__main__.py":
            continue
        tree = ast.parse(source)
        used = _uses(tree)
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and _is_of_re(node.func)):
                continue
            where = f"{path.relative_to(root.parent)}:{node.lineno}"
            name = ".".join(path.relative_to(root.parent).with_suffix("").parts)
            module = importlib.import_module(name.removesuffix(".__init__"))
            yield _read(node, where, vars(module), used)


def _is_of_re(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "re"
        and function.attr in _FUNCTIONS
    )


def _uses(tree: ast.Module) -> dict[int, set[str]]:
    """Find how each compiled constant of a module is used, by the line of its `re.compile`."""
    lines = {
        target.id: node.value.lineno
        for node in ast.walk(tree)
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    used: dict[int, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.setdefault(lines.get(node.value.id, 0), set()).add(node.attr)
    return used


def _read(node: ast.Call, where: str, names: dict[str, Any], used: dict[int, set[str]]) -> Pattern:
    assert isinstance(node.func, ast.Attribute)
    place = _FUNCTIONS[node.func.attr]
    given = [word.value for word in node.keywords if word.arg == "flags"] + node.args[place:]
    try:
        text, flags = _value(node.args[0], names), _value(given[0], names) if given else 0
    except NameError as error:
        raise ValueError(f"{where}: a pattern that only a run knows: {error}") from error
    ways = {node.func.attr} if node.func.attr != "compile" else used.get(node.lineno, set())
    asked = {_WAYS.get(way, "finditer") for way in ways if way in _FUNCTIONS}
    is_bytes = isinstance(text, bytes)
    text = text.decode("latin-1") if is_bytes else text
    return Pattern(where, text, int(flags), is_bytes, tuple(sorted(asked)) or _ANYWHERE)


def _value(expression: ast.expr, names: dict[str, Any]) -> Any:
    return eval(compile(ast.Expression(expression), "<pattern>", "eval"), names)  # our own source


def worst_texts(pattern: Pattern) -> Iterator[tuple[str, str, int, str]]:
    """Make the texts that cost most: a beginning that fits, a part again and again, a wrong end.

    Yields:
        Prefix, part, how often the part comes, and end: about `SIZE` characters.
    """
    text = pattern.text.encode("latin-1") if pattern.is_bytes else pattern.text
    parsed = parser.parse(text, pattern.flags)
    favourites = _favourites(parsed)
    seen = set()
    for route in _routes(parsed, favourites)[:_MAX_ROUTES]:
        pieces = route[:_MAX_PIECES]
        starts = ["".join(pieces[:stop]) for stop in range(len(pieces) + 1)]
        units = [
            (starts[start], "".join(pieces[start:stop]))
            for start in range(len(pieces))
            for stop in range(start + 1, len(pieces) + 1)
        ]
        units += [(start, letter) for start in starts for letter in favourites[:4]]
        for prefix, unit in units:
            if unit and (prefix, unit) not in seen:
                seen.add((prefix, unit))
                yield from ((prefix, unit, SIZE // len(unit), end) for end in _ENDS)


def _favourites(parsed: Any) -> list[str]:
    """Sort the alphabet: characters that fit most parts of a pattern first."""
    parts = list(_parts(parsed))
    fits = {letter: sum(_fits(part, letter) for part in parts) for letter in _ALPHABET}
    return sorted(_ALPHABET, key=lambda letter: -fits[letter])


def _parts(parsed: Any) -> Iterator[tuple[Any, Any]]:
    """Give every part of a pattern that takes one character."""
    for kind, value in parsed:
        if kind in {constants.LITERAL, constants.NOT_LITERAL, constants.IN, constants.ANY}:
            yield kind, value
        for inner in _inner(kind, value):
            yield from _parts(inner)


def _inner(kind: Any, value: Any) -> Iterable[Any]:
    if kind is constants.BRANCH:
        return list(value[1])
    is_group = kind is constants.SUBPATTERN or "REPEAT" in str(kind)
    return [value[-1]] if is_group else []


def _fits(part: tuple[Any, Any], letter: str) -> bool:
    kind, value = part
    if kind is constants.LITERAL:
        return bool(ord(letter) == value)
    if kind is constants.NOT_LITERAL:
        return bool(ord(letter) != value)
    if kind is constants.ANY:
        return letter != "\n"
    negated = value[0][0] is constants.NEGATE
    return negated != any(_is_member(entry, letter) for entry in value)


def _is_member(entry: tuple[Any, Any], letter: str) -> bool:
    kind, value = entry
    if kind is constants.LITERAL:
        return bool(ord(letter) == value)
    if kind is constants.RANGE:
        return bool(value[0] <= ord(letter) <= value[1])
    if kind is not constants.CATEGORY:
        return False
    word = str(value).rpartition("_")[2]
    wanted = {
        "WORD": letter.isalnum() or letter == "_",
        "DIGIT": letter.isdigit(),
        "SPACE": letter.isspace(),
    }
    return wanted[word] != ("NOT" in str(value))


def _routes(parsed: Any, favourites: list[str]) -> list[list[str]]:
    """Write texts that fit: one for every alternative, each as the list of its pieces."""
    routes: list[list[str]] = [[]]
    for kind, value in parsed:
        options = _options(kind, value, favourites)
        first = [[*route, *options[0]] for route in routes]
        routes = [*first, *([*routes[0], *option] for option in options[1:])]
    return [_joined(route) for route in routes]


def _options(kind: Any, value: Any, favourites: list[str]) -> list[list[str]]:
    if kind is constants.LITERAL:
        return [[chr(value)]]
    if kind in {constants.NOT_LITERAL, constants.IN, constants.ANY}:
        fitting = [letter for letter in favourites if _fits((kind, value), letter)]
        # Marks off what repeats from the letters of a word around it.
        return [["", fitting[0] if fitting else "", ""]]
    inner = _inner(kind, value)
    found = [route for each in inner for route in _routes(each, favourites)]
    if "REPEAT" in str(kind):
        times = min(max(int(value[0]), 1), 40)
        return [["", *route * times, ""] for route in found]
    return found or [[]]


def _joined(route: list[str]) -> list[str]:
    """Join letters that stand one after another; an empty piece parts them."""
    pieces: list[str] = []
    word = ""
    for piece in route:
        word += piece
        if not piece and word:
            pieces.append(word)
            word = ""
        elif not piece:
            continue
    return [*pieces, word] if word else pieces


def find_slow(pattern: Pattern) -> str:
    """Ask a pattern about its worst texts; say what took too long, or nothing."""
    texts = list(worst_texts(pattern))
    question = [pattern.text, pattern.flags, pattern.is_bytes, pattern.ways, texts]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _CHILD.replace("{limit}", str(CPU_SECONDS))],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.split("\n")
    if "done" in said:
        return ""
    number, _, way = said[-2].partition(" ")
    assert number, done.stderr
    prefix, unit, count, end = texts[int(number)]
    text = f"{prefix!r} + {unit!r} * {count} + {end!r}"
    return f"{pattern.where}: {way} with {pattern.text!r} takes over {CPU_SECONDS} s for {text}"
