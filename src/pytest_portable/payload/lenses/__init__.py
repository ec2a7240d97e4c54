"""Reducers of each serializer turned back into what a person writes."""

from __future__ import annotations

from pytest_portable.payload.lenses import definitions, labels, pandas, stdlib_numpy
from pytest_portable.payload.lenses.edges import edges
from pytest_portable.payload.lenses.from_hooks import check_lenses, register_lenses
from pytest_portable.payload.lenses.view import LENSES, SETTERS, STATES, Edge, View, lens

__all__ = [
    "LENSES",
    "SETTERS",
    "STATES",
    "Edge",
    "View",
    "check_lenses",
    "definitions",
    "edges",
    "labels",
    "lens",
    "pandas",
    "register_lenses",
    "stdlib_numpy",
]
