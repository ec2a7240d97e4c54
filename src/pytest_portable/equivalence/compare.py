"""The function of this room: compare two objects and return their differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_portable.equivalence.choose import chooser
from pytest_portable.equivalence.comparators import Comparator
from pytest_portable.equivalence.differences import MAX_SHOWN, Difference, Differences
from pytest_portable.equivalence.leaves import Tolerance
from pytest_portable.equivalence.paths import root as root_path
from pytest_portable.equivalence.plain import same_but_for_holes
from pytest_portable.equivalence.text import shorten
from pytest_portable.equivalence.walk import Walk

__all__ = ["compare"]


def compare(  # noqa: PLR0913 - all but the two objects are options
    original: object,
    returned: object,
    *,
    root: str = "obj",
    equal: Callable[[object, object], object] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    comparators: Sequence[Comparator] = (),
    class_identity: bool = True,
    sharing: bool = True,
    signed_zero: bool = False,
    shown: int = MAX_SHOWN,
) -> Differences:
    """Return where the object that came back differs from the one that was sent.

    The caller's `equal` decides first; where it returns false, structure shows the places. Values
    are compared strictly by type, part by part, whatever the depth, with cycles and shared
    references. NaN equals NaN. The order of sets and dicts is no part of the value, that of an
    `OrderedDict` is. `==` decides values without parts, and instances whose class defines it
    where it returns true. No class is instantiated and no reconstructor called. Nothing is raised,
    whatever the objects do.

    Args:
        original: what was sent.
        returned: what came back.
        root: the name at the root of the paths.
        equal: replaces the comparison; what it raises is the caller's to handle.
        rtol: relative tolerance of floating-point numbers, in arrays too; not negative.
        atol: absolute tolerance, likewise.
        comparators: for more classes; they are asked before our own.
        class_identity: a class that came back as another class of the same name and body is a
            difference, once per class.
        sharing: one object in two places that came back as two (or the reverse) is a difference;
            joblib, for one, splits what an array of objects and its surroundings share.
        signed_zero: `-0.0` and `0.0` differ.
        shown: how many differences are kept with their texts.

    Returns:
        The differences; false where there are none. Beside them, what both sides share.
    """
    if equal is not None and equal(original, returned):
        return Differences()
    tolerance = Tolerance(rtol, atol, signed_zero)
    found = Differences()
    for raw in (False, True) if equal is not None else (False,):  # `equal` may see past reducers

        def begin(*, raw: bool = raw) -> Walk:
            return Walk(
                chooser(comparators),
                tolerance,
                class_identity=class_identity,
                raw=raw,
                sharing=sharing,
                shown=shown,
            )

        walk = begin()
        is_custom = bool(comparators)
        holes = None if raw else same_but_for_holes(original, returned, builtin_only=is_custom)
        is_same = holes is not None and walk.fills(holes)
        if holes is not None and is_same:
            if not (holes.has_shared or walk.has_shared or walk.has_dropped):
                continue
            walk = begin()  # only a walk knows the places of what both sides share, or one drops
        walk.push(original, returned, root_path(root))
        walk.run()
        found = walk.differences()
        if found:
            break
    if equal is not None and not found:
        texts = shorten(original), shorten(returned)
        found = Differences((Difference(root, *texts, "`equal` says no"),), 1)
    return found
