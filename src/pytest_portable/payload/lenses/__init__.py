"""Reducers of each serializer turned back into what a person writes."""

from __future__ import annotations

from pytest_portable.payload.lenses import definitions, standard, tables
from pytest_portable.payload.lenses.brought import check_lenses, register_lenses
from pytest_portable.payload.lenses.edges import edges
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
    "lens",
    "register_lenses",
    "standard",
    "tables",
]
