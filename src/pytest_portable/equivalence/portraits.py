"""Compare two portraits: one drawn when the object was dumped, one where it was loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pytest_portable.equivalence.leaves import Tolerance, same_leaf

__all__ = ["PortraitDifference", "compare_portraits"]

MAX_DIFFERENCES: Final = 10
CUT: Final = -1


@dataclass(frozen=True)
class PortraitDifference:
    """One place where two portraits differ.

    Attributes:
        path: expression that starts with the name that was given.
        then: what the first portrait has, shortened.
        now: what the second has.
        is_new: whether only the second has it, as an attribute that a later release added: that
            is no loss.
    """

    path: str
    then: str
    now: str
    is_new: bool = False


def compare_portraits(  # noqa: PLR0913 - all but three are options
    then: Sequence[Sequence[Any]],
    now: Sequence[Sequence[Any]],
    *,
    root: str = "obj",
    rtol: float | None = None,
    atol: float | None = None,
    signed_zero: bool = False,
) -> list[PortraitDifference]:
    """Return the first differences of two portraits, in the order of the first.

    Args:
        then: nodes of the first, see `agent.in_target.portrait`.
        now: nodes of the second.
        root: expression for the object itself.
        rtol: relative tolerance for floating-point numbers.
        atol: absolute tolerance.
        signed_zero: whether `-0.0` and `0.0` differ.
    """
    return list(_Pairs(then, now, Tolerance(rtol, atol, signed_zero)).walk(root))


class _Pairs:
    """Walks two portraits side by side; a pair of nodes is compared once."""

    def __init__(
        self,
        then: Sequence[Sequence[Any]],
        now: Sequence[Sequence[Any]],
        tolerance: Tolerance,
    ) -> None:
        self.then = then
        self.now = now
        self.tolerance = tolerance

    def walk(self, root: str) -> Iterator[PortraitDifference]:
        waiting = [(0, 0, root)]
        seen = {(0, 0)}
        found = 0
        while waiting and found < MAX_DIFFERENCES:
            left, right, path = waiting.pop()
            if CUT in (left, right):
                continue
            more: list[tuple[int, int, str]] = []
            for item in self.pair(self.then[left], self.now[right], path, more):
                found += 1
                yield item
            fresh = [pair for pair in more if pair[:2] not in seen]
            seen.update(pair[:2] for pair in fresh)
            waiting += reversed(fresh)

    def pair(
        self, one: Sequence[Any], two: Sequence[Any], path: str, more: list[tuple[int, int, str]]
    ) -> Iterator[PortraitDifference]:
        """Yield where two nodes differ; parts to be compared are added to `more`."""
        if "opaque" in (one[1], two[1]):
            return
        if list(one[:2]) != list(two[:2]):
            yield PortraitDifference(path, _show(one), _show(two))
            return
        kind = one[1]
        if kind in {"list", "set"}:
            yield from self.parts(one[2], two[2], path, more)
        elif kind == "map":
            yield from self.keyed(one[2], two[2], path, more)
        elif kind == "object":
            yield from self.objects(one, two, path, more)
        elif kind != "raised" and not self.same_leaf(one, two):
            yield PortraitDifference(path, _show(one), _show(two))

    def parts(
        self, one: list[int], two: list[int], path: str, more: list[tuple[int, int, str]]
    ) -> Iterator[PortraitDifference]:
        if len(one) != len(two):
            yield PortraitDifference(path, f"{len(one)} elements", f"{len(two)} elements")
        more += [(a, b, f"{path}[{n}]") for n, (a, b) in enumerate(zip(one, two, strict=False))]

    def keyed(
        self,
        one: list[list[int]],
        two: list[list[int]],
        path: str,
        more: list[tuple[int, int, str]],
    ) -> Iterator[PortraitDifference]:
        there = {self.key(self.now, key): part for key, part in two}
        here = {self.key(self.then, key): part for key, part in one}
        for key, part in here.items():
            where = f"{path}[{key}]"
            if key in there:
                more.append((part, there[key], where))
            else:
                yield PortraitDifference(where, self.shown(self.then, part), "nothing")
        for key, part in there.items():
            if key not in here:
                shown = self.shown(self.now, part)
                yield PortraitDifference(f"{path}[{key}]", "nothing", shown, is_new=True)

    def objects(
        self, one: Sequence[Any], two: Sequence[Any], path: str, more: list[tuple[int, int, str]]
    ) -> Iterator[PortraitDifference]:
        _, _, _, arguments, state, items, pairs = one
        _, _, _, arguments2, state2, items2, pairs2 = two
        yield from self.parts(arguments, arguments2, path, more)
        there = dict(state2)
        for name, part in state:
            where = f"{path}.{name}" if name else path
            if name in there:
                more.append((part, there[name], where))
            else:
                yield PortraitDifference(where, self.shown(self.then, part), "nothing")
        known = {name for name, _ in state}
        for name, part in state2:
            if name not in known:
                where = f"{path}.{name}" if name else path
                yield PortraitDifference(where, "nothing", self.shown(self.now, part), is_new=True)
        yield from self.parts(items, items2, path, more)
        yield from self.keyed(pairs, pairs2, path, more)

    def key(self, nodes: Sequence[Sequence[Any]], number: int) -> str:
        return self.shown(nodes, number)

    @staticmethod
    def shown(nodes: Sequence[Sequence[Any]], number: int) -> str:
        return "..." if number == CUT else _show(nodes[number])

    def same_leaf(self, one: Sequence[Any], two: Sequence[Any]) -> bool:
        if list(one) == list(two):
            return True
        if one[1] == "array":
            kind = one[2].lstrip("<>=|")
            same = bool(kind == two[2].lstrip("<>=|") and one[3] == two[3])
            if one[5] is None or two[5] is None:
                return same and one[4] == two[4]
            is_inexact = kind[:1] in {"f", "c"}
            return same and (
                one[5] == two[5] or (is_inexact and all(map(self.close, one[5], two[5])))
            )
        is_number = one[1] == "=" and one[0] in {"builtins.float", "builtins.complex"}
        return is_number and self.close(one[2], two[2])

    def close(self, one: str, two: str) -> bool:
        """Return whether two numbers, by their repr, are the same within the tolerance."""
        return same_leaf(complex(one), complex(two), self.tolerance)


def _show(node: Sequence[Any]) -> str:
    """Return a node as one line of text."""
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
