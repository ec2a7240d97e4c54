"""What the marks ask for becomes legs: checked, merged key by key, multiplied.

Ids come from the text of the declaration alone, so that every process finds the same ones.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from itertools import product
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from pytest_portable.options import near

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pytest_portable.options import Checks, Settings

__all__ = ["KEYS", "Choice", "Element", "Leg", "Plan", "find_mistakes", "parse_size"]

_HIGHEST_PROTOCOL: Final = 5


@dataclass(frozen=True)
class Leg:
    """One combination that a test runs on: everything a check must know."""

    id: str = ""
    python: str | None = None
    deps: tuple[str, ...] | None = ()
    deps_id: str | None = None
    serializer: str = "pickle"
    protocol: int | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    install_serializer: bool = True
    timeout_seconds: float = 60.0
    env: Mapping[str, str] = field(default_factory=dict)
    round_trip: bool = True
    allow_bytecode: bool = False
    warnings: str = "report"
    rtol: float | None = None
    atol: float | None = None
    forbid: tuple[str, ...] = ()
    max_bytes: int | None = None
    test: str = ""


@dataclass(frozen=True)
class Element:
    """One element of a list or dict: its value, and what `pytest.param` said of it."""

    value: object
    id: str | None = None
    marks: tuple[object, ...] = ()


@dataclass(frozen=True)
class Choice:
    """The elements that make one leg of several; `None` where a key gives one only."""

    id: str
    python: str | None = None
    serializer: str | None = None
    deps_id: str | None = None
    marks: tuple[object, ...] = field(default=(), compare=False, repr=False)


class _Key(NamedTuple):
    valid: str
    check: Callable[[object, Checks], Iterator[str]]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _expect(test: Callable[[object], bool]) -> Callable[[object, Checks], Iterator[str]]:
    def check(value: object, checks: Checks) -> Iterator[str]:
        del checks
        if not test(value):
            yield f"{value!r} is not valid"

    return check


def _elements(value: object) -> list[object]:
    """Give the elements of a list without their `pytest.param`."""
    many = value if isinstance(value, list | tuple) and not hasattr(value, "marks") else [value]
    return [element.value if isinstance(element, Element) else element for element in many]


def _check_python(value: object, checks: Checks) -> Iterator[str]:
    if not (specs := _elements(value)):
        yield "the list is empty"
    for spec in specs:
        if not isinstance(spec, str):
            hint = f"; write it as a string: '{spec}'" if isinstance(spec, float | int) else ""
            yield f"{spec!r} is not a string{hint}"
        elif trouble := checks.python(spec):
            yield trouble


def _check_serializer(value: object, checks: Checks) -> Iterator[str]:
    if not (named := _elements(value)):
        yield "the list is empty"
    known = checks.serializers()
    for element in named:
        name = getattr(element, "name", element)
        if not isinstance(name, str):
            yield f"{element!r} is not a string"
        elif name not in known:
            yield f"unknown serializer {name!r}{near(name, known)} (known: {', '.join(known)})"


def _check_deps(value: object, checks: Checks) -> Iterator[str]:
    if isinstance(value, dict):
        if not value:
            yield "the dict is empty"
        for name, lines in value.items():
            if not isinstance(name, str) or not name:
                yield f"the id {name!r} is not a word"
            yield from _check_lines(lines, checks)
    elif value is not None:
        yield from _check_lines(value, checks)


def _check_lines(lines: object, checks: Checks) -> Iterator[str]:
    if isinstance(lines, Element):
        lines = lines.value
    if not isinstance(lines, list | tuple):
        hint = f"; write [{lines!r}]" if isinstance(lines, str) else ""
        yield f"{lines!r} is not a list{hint}"
        return
    for line in lines:
        if not isinstance(line, str):
            yield f"{line!r} is not a string"
        elif trouble := checks.requirement(line):
            yield trouble


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)


def _is_env(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(word, str) for pair in value.items() for word in pair
    )


def _is_protocol(value: object) -> bool:
    return value is None or (type(value) is int and 0 <= value <= _HIGHEST_PROTOCOL)


def parse_size(value: object) -> int | None:
    """Read a size in bytes: a number, or text such as `"10 MB"`; `None` where it is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value > 0 else None
    found = isinstance(value, str) and re.fullmatch(
        r"\s*(\d+(?:\.\d+)?)\s*(?:([kmg])(i)?)?b?\s*", value, re.IGNORECASE
    )
    if not found:
        return None
    power = " kmg".index((found[2] or " ").lower())
    return int(float(found[1]) * (1024 if found[3] else 1000) ** power) or None


_flag = _Key("True or False", _expect(lambda value: isinstance(value, bool)))
_tolerance = _Key(
    "a number of 0 or more",
    _expect(lambda value: value is None or (_is_number(value) and cast("float", value) >= 0)),
)

KEYS: Final[Mapping[str, _Key]] = {
    "deps": _Key(
        "a list of requirement lines, a dict of id to such a list, or None with a path as python",
        _check_deps,
    ),
    "python": _Key("'3.11', '>=3.10,<3.13', 'pypy3.10', a path, or a list of these", _check_python),
    "serializer": _Key("a known name, or a list of them", _check_serializer),
    "protocol": _Key(f"a number from 0 to {_HIGHEST_PROTOCOL}", _expect(_is_protocol)),
    "options": _Key(
        "a dict of keyword arguments of the serializer's dump",
        _expect(lambda value: isinstance(value, dict) and all(isinstance(k, str) for k in value)),
    ),
    "install_serializer": _flag,
    "timeout": _Key(
        "a number of seconds above 0",
        _expect(lambda value: _is_number(value) and cast("float", value) > 0),
    ),
    "env": _Key("a dict of str to str", _expect(_is_env)),
    "round_trip": _flag,
    "allow_bytecode": _flag,
    "warnings": _Key(
        "'report', 'error' or 'ignore'",
        _expect(lambda value: value in ("report", "error", "ignore")),
    ),
    "rtol": _tolerance,
    "atol": _tolerance,
    "forbid": _Key("a list of module names", _expect(_is_texts)),
    "max_size": _Key(
        "a number of bytes, or text such as '10 MB'",
        _expect(lambda value: value is None or parse_size(value) is not None),
    ),
}


def find_mistakes(declared: Mapping[str, object], checks: Checks) -> list[str]:
    """Find every mistake in the keys of one mark.

    Args:
        declared: the mark's keys, `pytest.param` elements as `Element`.
        checks: what says whether a spec, a line or a name can be used.

    Returns:
        One line each: the key, what was found, what is valid, the near spelling.
    """
    mistakes = []
    for key, value in declared.items():
        if key not in KEYS:
            mistakes.append(f"unknown key {key!r}{near(key, KEYS)} (valid: {', '.join(KEYS)})")
            continue
        mistakes += [
            f"{key}: {trouble} (valid: {KEYS[key].valid})"
            for trouble in KEYS[key].check(value, checks)
        ]
    return mistakes


def _python_id(spec: str) -> str:
    if "/" in spec or "\\" in spec:
        return PurePath(spec).name
    return f"py{spec}" if spec[:1] in "0123456789<>=!~" else spec


def _as_elements(value: object) -> list[Element]:
    many = value if isinstance(value, list | tuple) else [value]
    return [element if isinstance(element, Element) else Element(element) for element in many]


def _name(serializer: object) -> str:
    return str(getattr(serializer, "name", serializer))


class Plan:
    """The merged declaration of one test, options included."""

    def __init__(
        self,
        layers: Sequence[Mapping[str, object]],
        settings: Settings,
        late: Sequence[Mapping[str, object]] = (),
    ) -> None:
        """Merge the layers.

        Args:
            layers: the keys of every mark that stood when tests were collected, nearest first.
            settings: the options.
            late: the keys of the marks that came later; nearer than any of `layers`.
        """
        self.settings = settings
        self.declared: dict[str, object] = {}
        for layer in (*late, *layers):
            for key, value in layer.items():
                self.declared.setdefault(key, value)
        self._late = frozenset(key for layer in late for key in layer)

    def _axis(self, key: str) -> list[Element]:
        """Give the elements of a key: command line over marks over ini."""
        at = self.settings
        above = at.pythons if key == "python" else at.serializers
        below = at.default_pythons if key == "python" else at.default_serializers
        value: object = above or self.declared.get(key, below)
        return _as_elements(value) if value != () else []

    def _deps_axis(self) -> list[Element]:
        deps = self.declared.get("deps")
        if not isinstance(deps, dict):
            return []
        found = []
        for name, lines in deps.items():
            marks = lines.marks if isinstance(lines, Element) else ()
            shown = lines.id if isinstance(lines, Element) else None
            found.append(Element(name, shown or name, marks))
        return found

    def _is_listed(self, key: str) -> bool:
        """Tell whether a key is given as a list, so that ids name it."""
        above = self.settings.pythons if key == "python" else self.settings.serializers
        if key in self.declared and not above:
            return isinstance(self.declared[key], list | tuple | dict)
        return len(self._axis(key)) > 1

    def choices(self) -> list[Choice]:
        """Give what to parametrise over: product in the order Python, serializer, deps id.

        Returns:
            One choice per leg; empty where there is one leg without marks of its own.
        """
        axes: list[list[tuple[str, Element]]] = [
            [(key, element) for element in self._axis(key)]
            for key in ("python", "serializer")
            if self._is_listed(key)
        ]
        if deps := self._deps_axis():
            axes.append([("deps", element) for element in deps])
        found = [_choice(combination) for combination in product(*axes)] if axes else []
        return found if len(found) > 1 or any(choice.marks for choice in found) else []

    def find_mistakes(self, choice: Choice | None) -> list[str]:
        """Find what is wrong with the merged keys, each of them being valid by itself."""
        mistakes = []
        for key in ("python", "serializer", "deps"):
            elements = self._deps_axis() if key == "deps" else self._axis(key)
            if len(elements) > 1 and self._chosen(key, choice) is None:
                mistakes.append(
                    f"{key}: gives {len(elements)} legs where only one can be had (a mark that "
                    "was added late, a unittest.TestCase, or `portable` asked for inside the "
                    "test); valid: one value"
                )
        if "deps" in self.declared and self.declared["deps"] is None:
            specs = [element.value for element in self._axis("python")]
            if not specs or not all("/" in str(spec) or "\\" in str(spec) for spec in specs):
                mistakes.append(
                    "deps: None takes an interpreter as it is, which python must name by its path"
                )
        return mistakes

    def _chosen(self, key: str, choice: Choice | None) -> str | None:
        above = {"python": self.settings.pythons, "serializer": self.settings.serializers}
        if choice is None or (key in self._late and not above.get(key)):
            return None
        return cast("str | None", getattr(choice, "deps_id" if key == "deps" else key))

    def _value(self, key: str, choice: Choice | None) -> str | None:
        if (chosen := self._chosen(key, choice)) is not None:
            name = chosen
        elif elements := self._axis(key):
            name = _name(elements[0].value)
        else:
            return None
        is_path = key == "python" and "/" in name and not name.startswith("~")
        return str(self.settings.root / name) if is_path else name

    def _deps(self, choice: Choice | None) -> tuple[tuple[str, ...] | None, str | None]:
        deps = self.declared.get("deps", self.settings.default_deps)
        if deps is None:
            return None, None
        name = None
        if isinstance(deps, dict):
            name = self._chosen("deps", choice) or next(iter(deps))
            deps = deps[name]
        if isinstance(deps, Element):
            deps = deps.value
        return tuple(cast("Iterable[str]", deps)), name

    def leg(self, choice: Choice | None, test: str) -> Leg:
        """Give the leg of one item, whose mistakes have been looked for before.

        Args:
            choice: what the item was parametrised with, if it was.
            test: its node id.
        """
        get = self.declared.get
        deps, deps_id = self._deps(choice)
        limit = self.settings.timeout_seconds
        declared_limit = get("timeout", self.settings.default_timeout_seconds)
        return Leg(
            id=choice.id if choice else "",
            python=self._value("python", choice),
            deps=deps,
            deps_id=deps_id,
            serializer=self._value("serializer", choice) or "pickle",
            protocol=cast("int | None", get("protocol")),
            options=dict(cast("Mapping[str, object]", get("options", {}))),
            install_serializer=bool(get("install_serializer", True)),
            timeout_seconds=float(cast("float", declared_limit)) if limit is None else limit,
            env=dict(cast("Mapping[str, str]", get("env", {}))),
            round_trip=bool(get("round_trip", True)),
            allow_bytecode=bool(get("allow_bytecode", False)),
            warnings=str(get("warnings", "report")),
            rtol=cast("float | None", get("rtol")),
            atol=cast("float | None", get("atol")),
            forbid=tuple(cast("Iterable[str]", get("forbid", ()))),
            max_bytes=parse_size(get("max_size")),
            test=test,
        )


def _choice(combination: tuple[tuple[str, Element], ...]) -> Choice:
    words, values, marks = [], dict[str, str](), list[object]()
    for key, element in combination:
        name = _name(element.value)
        values["deps_id" if key == "deps" else key] = name
        words.append(element.id or (_python_id(name) if key == "python" else name))
        marks += element.marks
    return Choice(id="-".join(words), marks=tuple(marks), **values)
