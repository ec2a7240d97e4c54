"""A package that exists on the submit side only."""

from __future__ import annotations


class Reading:
    def __init__(self, value):
        self.value = value


class LabError(Exception):
    pass


def double(value):
    return 2 * value


def read(value):
    return Reading(value)


def fail():
    raise LabError("no signal")


def with_helper(value):
    found = 0
    for _ in range(value):
        found += double(1)
    return found
