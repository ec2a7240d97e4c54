"""Reducers of each serializer turned back into what a person writes."""

from __future__ import annotations

from pytest_portable.payload.lenses import definitions, labels, pandas, stdlib_numpy
from pytest_portable.payload.lenses.from_hooks import check_lenses, register_lenses
from pytest_portable.payload.lenses.view import LENSES, STATES, Edge, View, lens

__all__ = [
    "LENSES",
    "STATES",
    "Edge",
    "View",
    "check_lenses",
    "definitions",
    "labels",
    "lens",
    "pandas",
    "register_lenses",
    "stdlib_numpy",
]
