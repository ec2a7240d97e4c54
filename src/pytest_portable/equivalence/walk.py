"""Walk through two objects side by side, without recursion, whatever their depth and cycles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeAlias, cast

from pytest_portable.equivalence.differences import (
    COUNT_LIMIT,
    ELEMENTS,
    LOST,
    MAX_SHOWN,
    Difference,
    Differences,
    Shared,
)
from pytest_portable.equivalence.guard import attempt
from pytest_portable.equivalence.holes import Holes
from pytest_portable.equivalence.identity import has_identity, is_made_anew
from pytest_portable.equivalence.leaves import LEAVES, Tolerance, are_flat_and_equal, same_leaf
from pytest_portable.equivalence.lookups import is_answered, may_be_looked_up
from pytest_portable.equivalence.lost import lost_attributes, lost_elements
from pytest_portable.equivalence.paths import ATTRIBUTE, CALL, INDEX, Path, render, root
from pytest_portable.equivalence.streams import Memo
from pytest_portable.equivalence.text import first_difference, kind_name, shorten, window
from pytest_portable.interrupts import pass_on

__all__ = ["MISSING", "Handler", "Labels", "Walk"]

Handler: TypeAlias = Callable[["Walk", object, object, Path], None]
MISSING: Final = "<missing>"
CHUNK: Final = 512
"""Elements of a long sequence that may wait at once; the rest is remembered as one entry."""
LONG_TEXT: Final = 60
MAX_SHARED: Final = 20
NOWHERE: Final = root("")
NO_ID: Final = 0
MAX_TRIALS_DEPTH: Final = 20
"""Dry runs within dry runs (sets within sets of instances): the only recursion there is."""


class Labels(Protocol):
    """Labels of the elements of a sequence."""

    def __getitem__(self, index: int, /) -> object:
        """Return the label of one element."""


class _Rest:
    """The rest of a long sequence."""

    __slots__ = ("labels", "lefts", "path", "rights", "start", "step")

    def __init__(  # noqa: PLR0913, PLR0917 - one value per slot
        self,
        lefts: Sequence[object],
        rights: Sequence[object],
        path: Path,
        step: int,
        labels: Labels | None,
        start: int,
    ) -> None:
        self.lefts, self.rights, self.path = lefts, rights, path
        self.step, self.labels, self.start = step, labels, start


def _texts(left: object, right: object) -> tuple[str, str]:
    """Shorten two values; two long texts around their first difference."""
    texts = shorten(left), shorten(right)
    for kind in (str, bytes):
        if texts[0] == texts[1] and isinstance(left, kind) and isinstance(right, kind):
            at = first_difference(left, right)
            return window(left, at), window(right, at)
    return texts


class Walk:
    """One comparison: what is still to be compared, which objects are pairs, what was found.

    `pairs` maps the id of every object of the original that was met to the id of its
    counterpart, `back` is the inverse; together they end cycles and detect lost identity.

    Attributes:
        tolerance: how far numbers may be apart.
        raw: compare the attributes of instances, not what they reduce to.
        class_identity: report classes that are equal but not the same class.
        sharing: report references that are shared on one side only.
        defaults: for `instances`: which classes reduce to what their instances hold.
        constants: for `instances`: the names of constants by id, per class.
        remade: for `instances`: classes, here and there, that a function of a library makes when
            it rebuilds an instance.
        truthless: for `instances`: classes whose `==` gives no truth value.
        has_dropped: whether something was dropped, in a dry run too.
        rebuilt: for `instances`: globals, here and there, that travel with the functions that
            read them.
    """

    def __init__(  # noqa: PLR0913 - all but the first two are options
        self,
        choose: Callable[[type], Handler],
        tolerance: Tolerance,
        *,
        class_identity: bool = True,
        raw: bool = False,
        sharing: bool = True,
        shown: int = MAX_SHOWN,
    ) -> None:
        """Start with nothing to compare; `choose` returns the handler of a class."""
        self.tolerance = tolerance
        self.class_identity = class_identity
        self.raw = raw
        self.sharing = sharing
        self._shown = shown
        self._looked_up: dict[type, bool] = {}
        self._shared: dict[int, tuple[object, Path]] = {}
        self._choose = choose
        self._handlers: dict[type, Handler] = {}
        self.defaults: dict[type, bool] = {}
        self.constants: dict[type, dict[int, str]] = {}
        self.rebuilt: set[tuple[int, int]] = set()
        self.remade: set[tuple[int, int]] = set()
        self.truthless: set[type] = set()
        self._significant: dict[type, bool] = {}
        self._stack: list[tuple[object, object, Path]] = []
        self._pairs: dict[int, int] = {}
        self._back: dict[int, int] = {}
        self._seen: set[tuple[int, int]] = set()
        self._written: set[int] = set()
        self._failed: set[tuple[int, int]] = set()
        self._journal: list[tuple[int, int]] | None = None
        self._kept: list[object] = []
        self._items: list[Difference] = []
        self._dropped: list[Difference] = []
        self.has_dropped = False
        self._count = 0
        self._depth = self._ground = 0
        self._known: tuple[Memo, Memo] | None = None

    # Called by handlers.

    def report(self, path: Path, original: str, returned: str, reason: str) -> None:
        """Record a difference; the texts are already short."""
        self._count += 1
        if self._depth == 0 and len(self._items) < self._shown:
            self._items.append(Difference(render(path), original, returned, reason))

    def differ(self, path: Path, left: object, right: object, reason: str) -> None:
        """Record a difference between two objects."""
        if self._depth == 0 and len(self._items) < self._shown:
            self.report(path, *_texts(left, right), reason)
        else:
            self._count += 1

    def lose(self, path: Path, left: object, right: object) -> None:
        """Report what the right lacks: attributes by name, and elements that only `len` sees.

        Where a name begins with an underscore, a dropped cache is meant: no difference. The same
        holds for the elements: what has them asks for no more than a note.
        """
        for name, value in lost_attributes(left, right):
            place = (path, ATTRIBUTE, name)
            if not name.startswith("_"):
                self.report(place, shorten(value), MISSING, LOST)
                continue
            self.drop(place, shorten(value), MISSING, LOST)
        lengths = lost_elements(left, right)
        if lengths is not None:
            place = (path, CALL, "len")
            here, there = map(str, lengths)
            self.drop(place, here, there, f"{ELEMENTS}: {here}, then {there}")

    def drop(self, path: Path, original: str, returned: str, reason: str) -> None:
        """Record what did not travel and is no difference by itself; a person is told."""
        self.has_dropped = True
        if self._depth == 0 and len(self._dropped) < self._shown:
            self._dropped.append(Difference(render(path), original, returned, reason))

    @property
    def count(self) -> int:
        """Return how many differences were found so far."""
        return self._count

    def push(self, left: object, right: object, path: Path) -> None:
        """Add two objects to be compared later; the last pair that was pushed comes first."""
        if left is not right:
            self._stack.append((left, right, path))
        elif type(left) not in LEAVES:
            self._meet(left, path)

    def _meet(self, shared: object, path: Path) -> None:
        """Remember an object that both sides share, where another process may have another."""
        kind = type(shared)
        found = self._looked_up.get(kind)
        if found is None:
            found = self._looked_up[kind] = may_be_looked_up(kind)
        if not found or id(shared) in self._shared or len(self._shared) == MAX_SHARED:
            return
        if is_answered(shared):
            self._shared[id(shared)] = shared, path

    def keep(self, *temporaries: object) -> None:
        """Keep an object made for the comparison alive, so that its id is not used again."""
        self._kept.extend(temporaries)

    def differences(self) -> Differences:
        """Return what was found."""
        shared = tuple(Shared(render(path), one) for one, path in self._shared.values())
        return Differences(tuple(self._items), self._count, shared, tuple(self._dropped))

    @property
    def has_shared(self) -> bool:
        """Return whether both sides share an object that was looked up."""
        return bool(self._shared)

    def sequence(  # noqa: PLR0913 - the last three have defaults
        self,
        lefts: Sequence[object],
        rights: Sequence[object],
        path: Path,
        *,
        step: int = INDEX,
        labels: Labels | None = None,
        start: int = 0,
    ) -> None:
        """Compare the elements of two sequences of one length: leaves at once, others later."""
        if not start and are_flat_and_equal(lefts, rights, self.tolerance):
            return
        waiting: list[tuple[object, object, Path]] = []
        for index in range(start, len(lefts)):
            left, right = lefts[index], rights[index]
            kind = type(left)
            if left is right:
                if kind not in LEAVES:
                    self._meet(left, (path, step, labels[index] if labels else index))
                continue
            if kind in LEAVES and kind is type(right):
                if left == right and kind is not float and kind is not complex:
                    continue
                if same_leaf(left, right, self.tolerance):
                    continue
            waiting.append((left, right, (path, step, labels[index] if labels else index)))
            if len(waiting) == CHUNK:
                rest = _Rest(lefts, rights, path, step, labels, index + 1)
                self._stack.append((rest, None, path))
                break
        self._stack.extend(reversed(waiting))

    def tie_variable(self, left: object, right: object, *, is_written: bool) -> bool:
        """Pair two variables of closures; false where a shared one is written by a function."""
        left_id, right_id = id(left), id(right)
        if is_written:
            self._written.add(left_id)
        known = self._pairs.get(left_id)
        if known is None:
            self._tie(left_id, right_id)
        return not self.sharing or known in {None, right_id} or left_id not in self._written

    # The loop.

    def run(self) -> None:
        """Compare until nothing is left to do or the limit is reached."""
        stack = self._stack
        while stack and self._count < COUNT_LIMIT:
            left, right, path = stack.pop()
            try:
                self._visit(left, right, path)
            except BaseException as error:  # noqa: BLE001 - a class may raise anything
                pass_on(error)
                text = f"{type(error).__name__}: {shorten(attempt(str, error))}"
                self.differ(path, left, right, f"cannot be compared: {text}")

    def _visit(self, left: object, right: object, path: Path) -> None:
        kind = type(left)
        if kind is _Rest:
            rest = cast("_Rest", left)
            self.sequence(
                rest.lefts,
                rest.rights,
                path,
                step=rest.step,
                labels=rest.labels,
                start=rest.start,
            )
            return
        if left is right:
            return
        if kind is not type(right) and not self._same_class(left, right, path):
            return
        if kind in LEAVES:
            self._leaf(left, right, path)
        elif self._enter(left, right, kind, path):
            handler = self._handlers.get(kind)
            if handler is None:
                handler = self._handlers[kind] = self._choose(kind)
            handler(self, left, right, path)

    def _same_class(self, left: object, right: object, path: Path) -> bool:
        """Accept a class that was rebuilt under its own name; the class itself is compared too."""
        kinds = type(left), type(right)
        names = kind_name(kinds[0]), kind_name(kinds[1])
        if names[0] != names[1] or kinds[0] in LEAVES:
            reason = f"type differs: {names[0]}, then {names[1]}"
            self.differ(path, left, right, reason)
            return False
        self.push(*kinds, (path, CALL, "type"))
        return True

    def _leaf(self, left: object, right: object, path: Path) -> None:
        if same_leaf(left, right, self.tolerance):
            return
        kind = type(left)
        if kind in {str, bytes}:
            texts = cast("tuple[str, str]", (left, right))
            if max(map(len, texts)) > LONG_TEXT:
                at = first_difference(*texts)
                shown = [window(text, at) for text in texts]
                self.report(path, *shown, f"values differ from position {at} on")  # type: ignore[call-arg]
                return
        self.differ(path, left, right, "values differ")

    def _enter(self, left: object, right: object, kind: type, path: Path) -> bool:
        """Pair two objects and return whether they have to be compared."""
        left_id, right_id = id(left), id(right)
        known = self._pairs.get(left_id)
        if known is None and self._known is not None:
            known = self._place_in_streams(left_id, right_id)
        if known is None:
            owner = self._back.get(right_id)
            if owner is not None and self._has_identity(kind) and is_made_anew(kind):
                self.differ(path, left, right, "became a shared reference")
                return False
            self._tie(left_id, right_id)
            return True
        if known == right_id or (left_id, right_id) in self.remade:
            return False
        if self._has_identity(kind):
            self.differ(path, left, right, "shared reference lost")
            return False
        if (left_id, right_id) in self._seen:
            return False
        self._seen.add((left_id, right_id))
        return True

    def _tie(self, left_id: int, right_id: int) -> None:
        self._pairs[left_id] = right_id
        self._back[right_id] = left_id
        if self._journal is not None:
            self._journal.append((left_id, right_id))

    def _has_identity(self, kind: type) -> bool:
        found = self._significant.get(kind)
        if found is None:
            found = self._significant[kind] = self.sharing and has_identity(kind)
        return found

    # Trying.

    def fills(self, holes: Holes) -> bool:
        """Return whether what two equal streams left out is equal too."""
        if not holes.pairs:
            return True
        self._known, self._ground = holes.memos, 1
        is_same = self.dry_run(lambda: self._stack.extend((*pair, NOWHERE) for pair in holes.pairs))
        self._known, self._ground = None, 0
        if not is_same:
            self._failed.clear()
        return is_same

    def _place_in_streams(self, left_id: int, right_id: int) -> int | None:
        """Return the counterpart of an object in two equal streams, if they hold it."""
        assert self._known is not None
        places = [memo.get(one) for memo, one in zip(self._known, (left_id, right_id), strict=True)]
        if places[0] is None and places[1] is None:
            return None
        if places[0] is not None and places[1] is not None and places[0][0] == places[1][0]:
            return right_id
        return NO_ID

    @property
    def is_trying(self) -> bool:
        """Return whether this is a dry run within a comparison."""
        return self._depth > self._ground

    @property
    def may_try(self) -> bool:
        """Return whether there is stack left for one more dry run within the present ones."""
        return self._depth < MAX_TRIALS_DEPTH

    def trial(self, left: object, right: object) -> bool:
        """Return whether two objects are equal, given the pairs so far.

        Beyond the depth for dry runs the answer is true: the walk compares the two later. False
        is remembered, because sets within sets would double the work with every level.
        """
        pair = id(left), id(right)
        if pair in self._failed:
            return False
        equal = not self.may_try or self.dry_run(lambda: self.push(left, right, NOWHERE))
        if not equal:
            self._failed.add(pair)
        return equal

    def dry_run(self, begin: Callable[[], object]) -> bool:
        """Return whether what `begin` compares and pushes is equal, without reporting anything.

        Pairs that were made on the way stay where it is equal and are dropped where it is not.
        """
        outer = self._stack, self._count, self._journal
        self._stack, self._count, self._journal = [], 0, []
        self._depth += 1
        try:
            begin()
            while self._stack and not self._count:
                self._visit(*self._stack.pop())
            equal = not self._count
        except BaseException as error:  # noqa: BLE001 - as in `run`
            pass_on(error)
            equal = False
        finally:
            tied = self._journal
            self._stack, self._count, self._journal = outer
            self._depth -= 1
        self._settle(tied, equal=equal)
        return equal

    def _settle(self, tied: list[tuple[int, int]], *, equal: bool) -> None:
        if equal:
            if self._journal is not None:
                self._journal.extend(tied)
            return
        for left_id, right_id in tied:
            self._pairs.pop(left_id, None)
            if self._back.get(right_id) == left_id:
                del self._back[right_id]
        self._seen.clear()  # pairs of the failed trial may be among them; others cost a second look
