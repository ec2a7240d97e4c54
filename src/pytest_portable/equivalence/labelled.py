"""Labelled arrays and values: xarray, scikit-learn's Bunch, time zones by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from pytest_portable.equivalence.comparators import Finding, Outcome, Part
from pytest_portable.equivalence.leaves import Tolerance

__all__ = ["bunch", "data_array", "dataset", "tree", "variable", "zone"]

# Keys that `Bunch.__getitem__` warns about; `Bunch.__setstate__` ignores all state.
_DROPPED: Final = "_deprecated_key_to_warnings"

Anything: TypeAlias = Any
"""Neither library is a dependency, so their types are not there when this is checked."""


def bunch(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare the items, and all attributes but one that a Bunch drops when it is loaded.

    Stacking and voting estimators use a Bunch for their named parts.
    """
    yield Part("", dict(original), dict(returned))
    sides = [
        {name: value for name, value in vars(side).items() if name != _DROPPED}
        for side in (original, returned)
    ]
    yield Part(".__dict__", *sides)


def variable(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare dimensions, values and attributes, not the encoding, which is about storage."""
    if original.dims != returned.dims:
        yield Finding(".dims", original.dims, returned.dims)
        return
    yield Part(".values", original.values.view(), returned.values.view())
    yield Part(".attrs", dict(original.attrs), dict(returned.attrs))


def data_array(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare name, values and coordinates."""
    yield Part(".name", original.name, returned.name)
    yield Part(".variable", original.variable, returned.variable)
    yield from _variables(".coords", original.coords, returned.coords)


def dataset(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare variables, coordinates and attributes."""
    yield Part(".attrs", dict(original.attrs), dict(returned.attrs))
    yield from _variables(".data_vars", original.data_vars, returned.data_vars)
    yield from _variables(".coords", original.coords, returned.coords)


def tree(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare the name, the dataset and the children of one node of a tree."""
    yield Part(".name", original.name, returned.name)
    sides = [side.to_dataset(inherit=False) for side in (original, returned)]
    yield Part(".to_dataset(inherit=False)", *sides)
    yield Part(".children", dict(original.children), dict(returned.children))


def _variables(suffix: str, original: Anything, returned: Anything) -> Iterator[Outcome]:
    names = list(original), list(returned)
    if set(names[0]) != set(names[1]):
        yield Finding(suffix, *names, "names differ")
        return
    for name in names[0]:
        pair = original[name].variable, returned[name].variable
        yield Part(f"{suffix}[{name!r}].variable", *pair)


def zone(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare the key: the rules behind it depend on the environment."""
    yield Part(".key", original.key, returned.key)
