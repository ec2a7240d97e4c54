"""Reducers of each serializer turned back into what a person writes."""

from __future__ import annotations

from pytest_portable.payload.lenses import definitions, standard
from pytest_portable.payload.lenses.edges import edges
from pytest_portable.payload.lenses.view import LENSES, SETTERS, STATES, Edge, View, lens

__all__ = [
    "LENSES",
    "SETTERS",
    "STATES",
    "Edge",
    "View",
    "definitions",
    "edges",
    "lens",
    "standard",
]
