"""Compare two portraits: where what was drawn there differs from what was drawn then.

There are three answers: equal, different, or not compared. What neither side could draw, and what
lies beyond a limit, is no difference and is not equal either; what one side could draw and the
other could not is a difference.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from pytest_portable.equivalence.leaves import Tolerance, same_leaf
from pytest_portable.equivalence.portrait_nodes import CUT

Node = Sequence[Any]
Nodes = Sequence[Node]

__all__ = [
    "Comparison",
    "PortraitDifference",
    "Uncompared",
    "compare_portraits",
    "hold_against",
    "show_node",
    "unmet",
]

MAX_DIFFERENCES: Final = 10
MAX_KEY_DEPTH: Final = 6
MAX_KEY_TEXT: Final = 1_000
MAX_KEY_SHOWN: Final = 60
MAX_SHOWN_NAMES: Final = 8


@dataclass(frozen=True)
class PortraitDifference:
    """One place where two portraits differ.

    Attributes:
        path: expression that starts with the name that was given.
        then: what the first portrait has, shortened.
        now: what the second has.
        is_new: whether the second has something the first lacks: an attribute that a later
            release added is no loss.
        reason: what is known beside the two; empty where one is not the other, and no more.
        is_unread: whether only one side could be drawn.
        is_value: whether both sides have a leaf here, and not the same.
        is_minor: an attribute is lost that did not travel and whose name begins with an underscore:
            a cache, mostly.
        kind: type of what the path leads to, as the first portrait has it.
    """

    path: str
    then: str
    now: str
    is_new: bool = False
    reason: str = ""
    is_unread: bool = False
    is_value: bool = False
    is_minor: bool = False
    kind: str = ""


class Uncompared(NamedTuple):
    """A place that could not be compared, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Comparison:
    """What comes of holding one portrait against another.

    Attributes:
        differences: the first of them, in the order of the first portrait.
        uncompared: all places that could be drawn on neither side, or lie beyond a limit.
    """

    differences: list[PortraitDifference] = field(default_factory=list)
    uncompared: list[Uncompared] = field(default_factory=list)


def compare_portraits(  # noqa: PLR0913 - all but the two portraits are options
    then: Nodes,
    now: Nodes,
    *,
    root: str = "obj",
    rtol: float | None = None,
    atol: float | None = None,
    signed_zero: bool = False,
) -> list[PortraitDifference]:
    """Return the first differences of two portraits; see `hold_against`."""
    tolerance = Tolerance(rtol, atol, signed_zero)
    return hold_against(then, now, root=root, tolerance=tolerance).differences


def hold_against(
    then: Nodes,
    now: Nodes,
    *,
    root: str = "obj",
    tolerance: Tolerance | None = None,
    is_old: bool = False,
) -> Comparison:
    """Compare two portraits.

    Args:
        then: nodes of the first, see `agent.in_target.portrait`.
        now: nodes of the second.
        root: expression for the object itself.
        tolerance: for floating-point numbers.
        is_old: whether an older release drew the first, in fewer words: what it draws otherwise is
            not compared.
    """
    walk = _Pairs(then, now, tolerance or Tolerance(None, None, False), is_old=is_old)
    return Comparison(list(walk.walk(root)), walk.uncompared)


def unmet(today: Nodes, kept: Nodes, *, root: str = "obj") -> Iterator[PortraitDifference]:
    """Yield the public attributes that an object of today has and a kept one cannot give.

    Args:
        today: portrait of today's object.
        kept: portrait of the kept one, as today's code has loaded it; what `today` holds was asked
            of it.
        root: expression for the object itself.
    """
    walk = _Pairs(today, kept, Tolerance(None, None, False))
    for _ in walk.walk(root, limit=len(today)):
        pass
    for one, two, path in walk.same_kind:
        held, there = _held(one), _held(two)
        for name in _lacks(two):
            if name in held and not name.startswith("_"):
                reason = (
                    f"the object of today has it, and what was kept cannot give it{_has(there)}"
                )
                yield PortraitDifference(
                    f"{path}.{name}", "nothing", "an attribute", reason=reason, kind=one[0]
                )


class _Place(NamedTuple):
    """An expression; where it is fixed, it stands for all that lies below it too."""

    path: str
    fixed: bool = False

    def at(self, suffix: str) -> _Place:
        return self if self.fixed else _Place(self.path + suffix)

    def below(self) -> _Place:
        return _Place(self.path, fixed=True)


_More = list[tuple[int, int, _Place]]


class _Pairs:
    """Walks two portraits side by side; a pair of nodes is compared once."""

    def __init__(
        self, then: Nodes, now: Nodes, tolerance: Tolerance, *, is_old: bool = False
    ) -> None:
        self.then = then
        self.now = now
        self.tolerance = tolerance
        self.is_old = is_old
        self.uncompared: list[Uncompared] = []
        self.same_kind: list[tuple[Node, Node, str]] = []
        self._keys: dict[tuple[bool, int, int], str] = {}

    def walk(self, root: str, limit: int = MAX_DIFFERENCES) -> Iterator[PortraitDifference]:
        waiting: _More = [(0, 0, _Place(root))]
        seen = {(0, 0)}
        found = 0
        while waiting and found < limit:
            left, right, place = waiting.pop()
            if CUT in (left, right):
                self.skip(place, "it lies beyond the limit of a portrait")
                continue
            more: _More = []
            told = ""
            for item in self.pair(self.then[left], self.now[right], place, more):
                if item.path != told or item.reason:  # else its arguments and its content differ
                    found += 1
                    yield item
                told = item.path
            fresh = [pair for pair in more if pair[:2] not in seen or CUT in pair[:2]]
            seen.update(pair[:2] for pair in fresh)
            waiting += reversed(fresh)

    def skip(self, place: _Place, reason: str) -> None:
        self.uncompared.append(Uncompared(place.path, reason))

    def pair(
        self, one: Node, two: Node, place: _Place, more: _More
    ) -> Iterator[PortraitDifference]:
        """Yield where two nodes differ; parts to look at go to `more`."""
        kinds = {one[1], two[1]}
        if "cut" in kinds:
            self.skip(place, str((one if one[1] == "cut" else two)[2]))
        elif not _same_type(one[0], two[0]):
            yield _apart(one, two, place)
        elif kinds <= {"object", "opaque"}:
            yield from self.instances(one, two, place, more)
        elif len(kinds) > 1:
            yield from self.other_kind(one, two, place)
        elif one[1] in {"list", "set", "map"}:
            yield from self.containers(one, two, place, more)
        elif one[1] == "name":
            yield from self.named(one, two, place, more)
        elif one[1] != "raised" and not self.same_leaf(one, two):
            yield _apart(one, two, place, is_value=True)

    def containers(
        self, one: Node, two: Node, place: _Place, more: _More
    ) -> Iterator[PortraitDifference]:
        if one[1] == "set":
            yield from self.members(one[2], two[2], place, more)
        elif one[1] == "map":
            below: _More = []
            yield from self.keyed(one[2], two[2], place, below)
            is_plain = one[0].partition(".")[0] in {"builtins", "pandas"}
            more += below if is_plain else [(a, b, place.below()) for a, b, _ in below]
        elif one[0].startswith("builtins."):
            yield from self.parts(one[2], two[2], place, more, is_plain=True)
        else:
            yield from self.described(one, two, place, more)

    def described(
        self, one: Node, two: Node, place: _Place, more: _More
    ) -> Iterator[PortraitDifference]:
        """Compare what a library's object says of itself: its values, their type, its name."""
        # An older release knew less of it.
        parts = two[2][: len(one[2])] if self.is_old else two[2]
        below: _More = []
        yield from self.parts(one[2], parts, place, below, is_plain=False)
        names = _SAID.get(one[0].partition(".")[0], ())
        places = [place.at(name) for name in names] + [place.below()] * len(below)
        more += [(a, b, where) for (a, b, _), where in zip(below, places, strict=False)]

    def named(
        self, one: Node, two: Node, place: _Place, more: _More
    ) -> Iterator[PortraitDifference]:
        """Compare what is sent by name, and what functions by value carry."""
        if one[2] != two[2]:
            yield _apart(one, two, place)
        carried = [node[3] if len(node) > 3 else () for node in (one, two)]  # noqa: PLR2004
        cells = (f".__closure__[{n}].cell_contents" for n in itertools.count())
        suffixes = itertools.chain(_CARRIED, cells)
        if len(carried[0]) != len(carried[1]) and all(carried):
            yield PortraitDifference(place.path, show_node(one), "another closure", kind=one[0])
        more += [(a, b, place.at(suffix)) for suffix, a, b in zip(suffixes, *carried, strict=False)]

    def instances(
        self, one: Node, two: Node, place: _Place, more: _More
    ) -> Iterator[PortraitDifference]:
        self.same_kind.append((one, two, place.path))
        lost = list(self.lost(one, two, place))
        yield from lost
        if "opaque" in (one[1], two[1]):
            yield from self.opaque(
                one, two, place, more, is_told=not all(item.is_minor for item in lost)
            )
        else:
            yield from self.objects(one, two, place, more)

    def other_kind(self, one: Node, two: Node, place: _Place) -> Iterator[PortraitDifference]:
        """Judge two nodes of one type that were drawn in other ways."""
        if self.is_old:
            self.skip(place, "an older pytest-portable drew it in another way")
        elif "opaque" in (one[1], two[1]):
            yield self.unread(one, two, place)
        else:
            yield _apart(one, two, place)

    def unread(self, one: Node, two: Node, place: _Place) -> PortraitDifference:
        side, why = ("now", two[2]) if two[1] == "opaque" else ("then", one[2])
        return PortraitDifference(
            place.path,
            _read(one),
            _read(two),
            reason=f"it cannot be taken apart {side}: {why}",
            is_unread=True,
            kind=one[0],
        )

    def lost(self, one: Node, two: Node, place: _Place) -> Iterator[PortraitDifference]:
        """Yield what can be read by name on the one side and raises on the other.

        A field that the second side's class declares counts as well, unless the first side's class
        declared it and the first object lacked it too.
        """
        held, lacked, there = _held(one), _lacks(one), _held(two)
        told = {name: part for name, part in one[4] if name} if one[1] == "object" else {}
        for name in _lacks(two):
            if name in lacked or (self.is_old and name not in told):
                continue
            if name not in held and name not in _fields_lacking(two):
                continue  # another object of that class has it
            reason = "its class declares it, and the object that was loaded lacks it"
            if name in held:
                reason = "it could be read by this name, and raises AttributeError now"
            shown = self.shown(self.then, told[name]) if name in told else None
            yield PortraitDifference(
                place.at(f".{name}").path,
                shown or ("an attribute" if name in held else "no such field"),
                "nothing",
                reason=reason + _has(there),
                # What did not travel: a cache, mostly.
                is_minor=name.startswith("_") and name not in told,
                kind=one[0],
            )

    def opaque(
        self, one: Node, two: Node, place: _Place, more: _More, *, is_told: bool
    ) -> Iterator[PortraitDifference]:
        """Judge two nodes of which one or both could not be taken apart."""
        if one[1] == two[1]:
            self.skip(place, f"it cannot be taken apart on either side: {one[2]}")
            there = dict(two[3]) if len(two) > 3 else {}  # noqa: PLR2004 - what it holds
            for name, part in one[3] if len(one) > 3 else ():  # noqa: PLR2004 - the same
                if name in there:
                    more.append((part, there[name], place.at(f".{name}")))
        elif self.is_old:
            self.skip(place, "it cannot be taken apart on one side")
        elif not is_told:
            yield self.unread(one, two, place)

    def parts(
        self, one: list[int], two: list[int], place: _Place, more: _More, *, is_plain: bool
    ) -> Iterator[PortraitDifference]:
        if len(one) != len(two) and CUT not in (*one[-1:], *two[-1:]):
            yield PortraitDifference(place.path, f"{len(one)} elements", f"{len(two)} elements")
        more += [
            (a, b, place.at(f"[{n}]") if is_plain else place.below())
            for n, (a, b) in enumerate(zip(one, two, strict=False))
        ]

    def members(
        self, one: list[int], two: list[int], place: _Place, more: _More
    ) -> Iterator[PortraitDifference]:
        """Compare two sets by what their members are: these have no places."""
        sides = [
            (nodes, sorted((self.key(nodes, part), part) for part in parts))
            for nodes, parts in ((self.then, one), (self.now, two))
        ]
        keys = [[key for key, _ in side] for _, side in sides]
        if keys[0] != keys[1] and CUT not in (*one, *two):
            only = [sorted(set(keys[n]) - set(keys[1 - n])) for n in (0, 1)]
            if only[0] or only[1]:
                inexact = self.tolerance.rtol or self.tolerance.atol
                if len(only[0]) == len(only[1]) and inexact:
                    more += self.fixed(sides[0][1], sides[1][1], place)
                    return
                then, now = (", ".join(each[:3]) or "nothing" for each in only)
                yield PortraitDifference(
                    place.path, then, now, reason="other members", is_value=True
                )
                return
        more += self.fixed(sides[0][1], sides[1][1], place)

    @staticmethod
    def fixed(one: list[tuple[str, int]], two: list[tuple[str, int]], place: _Place) -> _More:
        below = place.below()
        return [(a, b, below) for (_, a), (_, b) in zip(one, two, strict=False)]

    def keyed(
        self, one: list[list[int]], two: list[list[int]], place: _Place, more: _More
    ) -> Iterator[PortraitDifference]:
        here, there = self.by_key(self.then, one), self.by_key(self.now, two)
        for key, parts in here.items():
            where = place.at(f"[{key}]")
            others = there.get(key, [])
            more += [(a, b, where) for a, b in zip(parts, others, strict=False)]
            for part in parts[len(others) :]:
                yield PortraitDifference(where.path, self.shown(self.then, part), "nothing")
        for key, parts in there.items():
            for part in parts[len(here.get(key, [])) :]:
                shown = self.shown(self.now, part)
                yield PortraitDifference(place.at(f"[{key}]").path, "nothing", shown, is_new=True)

    def by_key(self, nodes: Nodes, pairs: list[list[int]]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for key, part in pairs:
            found.setdefault(self.key(nodes, key), []).append(part)
        return found

    def objects(
        self, one: Node, two: Node, place: _Place, more: _More
    ) -> Iterator[PortraitDifference]:
        arguments, state, items, pairs = one[3:7]
        arguments2, state2, items2, pairs2 = two[3:7]
        yield from self.parts(arguments, arguments2, place, more, is_plain=False)
        there, held = dict(state2), _held(one) | _held(two)
        lost = {name for name in _lacks(two) if name not in _lacks(one)}
        for name, part in state:
            where = _attribute(place, name, held)
            if name in there:
                more.append((part, there[name], where))
            elif name not in lost:  # or it is told already
                yield PortraitDifference(where.path, self.shown(self.then, part), "nothing")
        known = {name for name, _ in state}
        for name, part in state2:
            if name not in known:
                where = _attribute(place, name, held)
                yield PortraitDifference(
                    where.path, "nothing", self.shown(self.now, part), is_new=True
                )
        if one[2] == "set":
            yield from self.members(items, items2, place, more)
        else:
            yield from self.parts(items, items2, place, more, is_plain=True)
        yield from self.keyed(pairs, pairs2, place, more)

    def key(self, nodes: Nodes, number: int, depth: int = MAX_KEY_DEPTH) -> str:
        """Return an expression for a key, or a member of a set: equal ones have the same.

        A long one ends in its digest, and each is written once: parts that hold each other many
        times would be written as often as there are ways to them.
        """
        if number == CUT:
            return "..."
        place = (nodes is self.now, number, depth)
        if place not in self._keys:
            text = self._written_key(nodes, number, depth)
            if len(text) > MAX_KEY_TEXT:
                digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
                text = f"{text[:MAX_KEY_SHOWN]}... {digest}"
            self._keys[place] = text
        return self._keys[place]

    def _written_key(self, nodes: Nodes, number: int, depth: int) -> str:
        node = nodes[number]
        if node[1] in {"text", "array"}:
            return f"{show_node(node)} {node[4] if node[1] == 'text' else node[4:6]}"
        if not depth or node[1] not in {"list", "set", "map", "object"}:
            return show_node(node)

        def keys(parts: Sequence[int]) -> list[str]:
            return [self.key(nodes, part, depth - 1) for part in parts]

        name = str(node[0]).removeprefix("builtins.")
        if node[1] == "map":
            found = [": ".join(keys(pair)) for pair in node[2]]
        elif node[1] == "object":
            named = [f"{key}={self.key(nodes, part, depth - 1)}" for key, part in node[4]]
            found = [*keys(node[3]), *named, *keys(node[5])]
        else:
            found = sorted(keys(node[2])) if node[1] == "set" else keys(node[2])
        inner = ", ".join(found)
        if name == "tuple":
            return f"({inner}{',' if len(found) == 1 else ''})"
        return f"{name}([{inner}])" if node[1] in {"list", "set"} else f"{name}({inner})"

    @staticmethod
    def shown(nodes: Nodes, number: int) -> str:
        return "..." if number == CUT else show_node(nodes[number])

    def same_leaf(self, one: Node, two: Node) -> bool:
        if list(one[1:]) == list(two[1:]):
            return True
        if one[1] == "name":
            return bool(one[2] == two[2])
        if one[1] == "array":
            kind = one[2].lstrip("<>=|")
            same = bool(kind == two[2].lstrip("<>=|") and one[3] == two[3])
            if one[5] is None or two[5] is None:
                return same and one[4] == two[4]
            is_inexact = kind[:1] in {"f", "c"}
            return same and (
                one[5] == two[5]
                or (
                    is_inexact
                    and len(one[5]) == len(two[5])
                    and all(map(self.close, one[5], two[5]))
                )
            )
        is_number = one[1] == "=" and one[0] in {"builtins.float", "builtins.complex"}
        return is_number and self.close(one[2], two[2])

    def close(self, one: str, two: str) -> bool:
        """Return whether two numbers, by their repr, are the same within the tolerance."""
        try:
            return same_leaf(complex(one), complex(two), self.tolerance)
        except ValueError:  # no agent of ours writes such a number
            return False


# What the parts of a list are that a library's object was drawn as.
_SAID: Final = {
    "numpy": (".shape", ".dtype", ".ravel()"),
    "pandas": (".to_list()", ".dtype", ".name", ".index"),
}
_CARRIED: Final = (".__defaults__", ".__kwdefaults__", ".__dict__")


def _apart(one: Node, two: Node, place: _Place, *, is_value: bool = False) -> PortraitDifference:
    shown = show_node(one), show_node(two)
    return PortraitDifference(place.path, shown[0], shown[1], is_value=is_value, kind=one[0])


def _read(node: Node) -> str:
    return f"unreadable ({node[2]})" if node[1] == "opaque" else show_node(node)


def _same_type(one: str, two: str) -> bool:
    """Tell whether two names are of one class: a script's own may be of `__main__` on one side."""
    if one == two:
        return True
    homes = [name.partition(".") for name in (one, two)]
    return homes[0][2] == homes[1][2] and "__main__" in (homes[0][0], homes[1][0])


def _rest(node: Node) -> Sequence[Any]:
    return node[7:] if node[1] == "object" else node[4:]


def _held(node: Node) -> set[str]:
    """Return the names that an instance holds itself."""
    rest = _rest(node)
    if rest and rest[0] is not None:
        return set(rest[0])
    told = node[4] if node[1] == "object" else (node[3] if len(node) > 3 else [])  # noqa: PLR2004
    return {name for name, _ in told if name}


def _fields_lacking(node: Node) -> list[str]:
    """Return the fields that the class of an instance declares, and that it lacks."""
    rest = _rest(node)
    return list(rest[1]) if len(rest) > 1 else []


def _lacks(node: Node) -> list[str]:
    """Return the names that were asked of an instance, and raised."""
    return sorted(name for names in _rest(node)[1:] for name in names)


def _has(names: set[str]) -> str:
    """Say which attributes an object has: a renamed one is among them."""
    shown = sorted(names)[:MAX_SHOWN_NAMES]
    return f" (it has {', '.join(shown)})" if shown else ""


def _attribute(place: _Place, name: str, held: set[str]) -> _Place:
    """Return the place of an entry of a state: an attribute, where the object has one."""
    if name in held:
        return place.at(f".{name}")
    return place.at(f".__getstate__()[{name!r}]" if name else ".__getstate__()")


def show_node(node: Node) -> str:
    """Return one line for a node."""
    name, kind = str(node[0]).removeprefix("builtins."), node[1]
    if kind == "=":
        return str(node[2])
    if kind == "text":
        return f"{node[2]}... ({node[3]} long)"
    if kind == "array":
        return f"{name} {node[2]} {tuple(node[3])}"
    if kind in {"list", "set", "map"}:
        return f"{name} of {len(node[2])}"
    between = {"name": " ", "opaque": " ", "raised": ": "}.get(kind)
    return name if between is None else f"{name}{between}{node[2]}"
