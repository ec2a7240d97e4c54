"""How a library's types are compared: the contract, and which types have a comparator here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, Protocol, TypeAlias, cast

from pytest_portable.equivalence.guard import attempt, bases
from pytest_portable.equivalence.leaves import Tolerance
from pytest_portable.equivalence.paths import SUFFIX, Path, suffix
from pytest_portable.equivalence.walk import Handler, Labels, Walk
from pytest_portable.errors import OptionError

__all__ = [
    "Comparator",
    "Elements",
    "Finding",
    "Part",
    "check_comparators",
    "handler_of",
    "library_handler",
]


@dataclass(frozen=True)
class Finding:
    """A difference that a comparator has found.

    Attributes:
        suffix: what to append to the path of the object: `[3]`, `.dtype`, or nothing.
        original: the value that was sent, in full; it is shortened when it is shown.
        returned: the value that came back.
        reason: one line.
    """

    suffix: str
    original: object
    returned: object
    reason: str = "values differ"


@dataclass(frozen=True)
class Part:
    """Two values inside the objects that are still to be compared, by the same rules.

    Attributes:
        suffix: what to append to the path of the object.
        original: the value that was sent.
        returned: the value that came back.
    """

    suffix: str
    original: object
    returned: object


@dataclass(frozen=True)
class Elements:
    """Two lists of one length to be compared element by element.

    Attributes:
        labels: the suffix of each element, made when it is needed.
        originals: the elements that were sent.
        returned: the elements that came back.
    """

    labels: Labels
    originals: Sequence[object]
    returned: Sequence[object]


Outcome: TypeAlias = Finding | Part | Elements


class Comparator(Protocol):
    """Compares the instances of some classes."""

    def handles(self, kind: type, /) -> bool:
        """Return whether instances of this class are compared here; called once per class."""

    def compare(
        self, original: object, returned: object, tolerance: Tolerance, /
    ) -> Iterable[Outcome]:
        """Return what differs and what is still to be compared; nothing when they are equal.

        Both are instances of one class, or of two that have the same name.
        """


def check_comparators(answers: Iterable[object]) -> tuple[Comparator, ...]:
    """Return the comparators in the answers to the hook, each of which has one or several.

    Raises:
        OptionError: an answer is no comparator; all mistakes at once.
    """
    found: list[Comparator] = []
    mistakes: list[str] = []
    for answer in answers:
        many = [answer] if not isinstance(answer, (list, tuple)) else answer
        for one in many:
            lacks = [
                f"{name}()"
                for name in ("handles", "compare")
                if not callable(getattr(one, name, None))
            ]
            if isinstance(one, type):
                mistakes.append(f"{one!r} is a class; return an instance of it")
            elif lacks:
                mistakes.append(f"{one!r} is no comparator: it has no {' and no '.join(lacks)}")
            else:
                found.append(cast("Comparator", one))
    if mistakes:
        raise OptionError([f"pytest_portable_comparators: {mistake}" for mistake in mistakes])
    return tuple(found)


def handler_of(comparator: Comparator) -> Handler:
    """Return a comparator in the form that the walk calls."""
    return _handler(comparator.compare)


def _handler(compare: Callable[[object, object, Tolerance], Iterable[Outcome]]) -> Handler:
    def handle(walk: Walk, left: object, right: object, path: Path) -> None:
        outcomes = list(compare(left, right, walk.tolerance))
        walk.keep(*outcomes)  # and the views and arrays that they were made from
        for outcome in reversed(outcomes):
            if isinstance(outcome, Part):
                walk.push(outcome.original, outcome.returned, suffix(path, outcome.suffix))
            elif isinstance(outcome, Elements):
                walk.sequence(
                    outcome.originals, outcome.returned, path, step=SUFFIX, labels=outcome.labels
                )
        for outcome in outcomes:
            if isinstance(outcome, Finding):
                place = suffix(path, outcome.suffix)
                walk.differ(place, outcome.original, outcome.returned, outcome.reason)

    return handle


HERE: Final = "pytest_portable.equivalence"
LIBRARY: Final = (
    ("numpy", "ma.MaskedArray", "arrays:masked_array"),
    ("numpy", "ndarray", "arrays:array"),
    ("numpy", "generic", "arrays:scalar"),
    ("numpy", "dtype", "arrays:data_type"),
    ("pandas", "DataFrame", "frames:data_frame"),
    ("pandas", "Series", "frames:series"),
    ("pandas", "Index", "frames:index"),
    ("pandas", "Interval", "frames:interval"),
    ("pandas", "api.extensions.ExtensionArray", "frames:extension_array"),
    ("polars", "DataFrame", "frames:polars_frame"),
    ("polars", "Series", "frames:polars_series"),
    ("scipy.sparse", "spmatrix", "tensors:sparse"),
    ("scipy.sparse", "sparray", "tensors:sparse"),
    ("scipy.spatial", "cKDTree", "tensors:neighbours"),
    ("sklearn.utils", "Bunch", "labelled:bunch"),
    ("torch", "Tensor", "tensors:tensor"),
    ("torch", "TypedStorage", "tensors:storage"),
    ("torch", "UntypedStorage", "tensors:storage"),
    ("xarray", "DataTree", "labelled:tree"),
    ("xarray", "Dataset", "labelled:dataset"),
    ("xarray", "DataArray", "labelled:data_array"),
    ("xarray", "Variable", "labelled:variable"),
    ("zoneinfo", "ZoneInfo", "labelled:zone"),
)
"""Library, class there, function here. Nothing of it is imported unless the host did already."""


def library_handler(kind: type) -> Handler | None:
    """Return the handler for the library of a class or of one of its bases."""
    for library, name, function in LIBRARY:
        module = sys.modules.get(library)
        if module is None:
            continue
        found: object = module
        for step in name.split("."):
            found = attempt(getattr, found, step)
        if isinstance(found, type) and found in bases(kind):
            where, _, what = function.partition(":")
            compare = getattr(import_module(f"{HERE}.{where}"), what)
            return _handler(
                cast("Callable[[object, object, Tolerance], Iterable[Outcome]]", compare)
            )
    return None
