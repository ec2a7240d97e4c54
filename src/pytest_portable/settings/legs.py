"""The legs of a test: its marks and the options, merged key by key, then multiplied.

Ids depend on the text of the declaration only, so that every process computes the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, cast

from pytest_portable.settings.mark_checks import Element, parse_size

if TYPE_CHECKING:
    from pytest_portable.serializers import Registry, Serializer
    from pytest_portable.settings.options import Settings

__all__ = ["Choice", "Leg", "Plan"]


@dataclass(frozen=True)
class Leg:
    """One combination that a test runs on: everything that a check needs.

    Attributes:
        deps_root: folder that relative lines of `deps` start from; `None` is the session's root.
        serializer: its name.
        given_serializer: the serializer itself, where the mark holds it instead of a name.
    """

    id: str = ""
    python: str | None = None
    deps: tuple[str, ...] | None = ()
    deps_id: str | None = None
    deps_root: Path | None = None
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
    signed_zero: bool = False
    seed: int | None = None
    by_value: tuple[str, ...] = ()
    ship: tuple[str, ...] = ()
    as_main: bool = False
    absent: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()
    via: tuple[Mapping[str, object], ...] = ()
    producer: Mapping[str, object] | None = None
    forbid: tuple[str, ...] = ()
    max_bytes: int | None = None
    test: str = ""
    given_serializer: Serializer | None = None


@dataclass(frozen=True)
class Choice:
    """The elements that make one leg of several; `None` where a key has one value only."""

    id: str
    python: str | None = None
    serializer: str | None = None
    deps_id: str | None = None
    marks: tuple[object, ...] = field(default=(), compare=False, repr=False)


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
            layers: the keys of every mark that was there at collection, nearest first.
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
        """Return the elements of a key; the command line wins over marks, marks over ini."""
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
        """Return whether a key is a list, so that ids name its elements."""
        above = self.settings.pythons if key == "python" else self.settings.serializers
        if key in self.declared and not above:
            return isinstance(self.declared[key], list | tuple | dict)
        return len(self._axis(key)) > 1

    def choices(self) -> list[Choice]:
        """Return what to parametrise over: product in the order Python, serializer, deps id.

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
        """Return mistakes in the combination of keys, each of which is valid by itself."""
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

    def find_serializer_mistakes(self, leg: Leg, registry: Registry) -> list[str]:
        """Return the values that the serializer of a leg does not accept.

        Raises:
            OptionError: the serializer is not available here.
        """
        serializer = leg.given_serializer or registry.get(leg.serializer)
        return serializer.find_mistakes(leg.options, leg.protocol)

    def _given_serializer(self, name: str) -> Serializer | None:
        for element in self._axis("serializer"):
            if not isinstance(element.value, str) and _name(element.value) == name:
                return cast("Serializer", element.value)
        return None

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
        return self._located(name) if key == "python" else name

    def _located(self, python: str) -> str:
        """Return an interpreter spec; a relative path in it starts at the root."""
        is_path = "/" in python and not python.startswith("~")
        return str(self.settings.root / python) if is_path else python

    def _end(self, end: object) -> dict[str, object]:
        """Return one environment of a route, or the producer's, with its Python located."""
        found = dict(cast("Mapping[str, object]", end))
        if isinstance(python := found.get("python"), str):
            found["python"] = self._located(python)
        return found

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
        """Return the leg of one item; `find_mistakes` was called before.

        Args:
            choice: what the item was parametrised with, if at all.
            test: its node id.
        """
        get = self.declared.get
        deps, deps_id = self._deps(choice)
        serializer = self._value("serializer", choice) or "pickle"
        limit = self.settings.timeout_seconds
        declared_limit = get("timeout", self.settings.default_timeout_seconds)
        return Leg(
            id=choice.id if choice else "",
            python=self._value("python", choice),
            deps=deps,
            deps_id=deps_id,
            deps_root=None if "deps" in self.declared else self.settings.ini_dir,
            serializer=serializer,
            given_serializer=self._given_serializer(serializer),
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
            signed_zero=bool(get("signed_zero", False)),
            seed=cast("int | None", get("seed")),
            as_main=bool(get("as_main", False)),
            via=tuple(map(self._end, cast("Iterable[object]", get("via", ())))),
            producer=self._end(producer) if (producer := get("producer")) is not None else None,
            **{
                key: tuple(cast("Iterable[str]", get(key, ())))
                for key in ("by_value", "ship", "absent", "preload", "forbid")
            },
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
