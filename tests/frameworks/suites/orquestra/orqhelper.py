"""A second local module: only the task's own one goes with it."""

from __future__ import annotations


def triple(value):
    return 3 * value
