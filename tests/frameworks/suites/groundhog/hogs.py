# /// script
# requires-python = ">=3.10"
# dependencies = ["six==1.16.0"]
#
# [tool.hog.anvil]
# endpoint = "00000000-0000-0000-0000-000000000000"
# ///
"""A script as Groundhog's users write them: its text is what travels."""

from __future__ import annotations

import dataclasses
import sys

import groundhog_hpc as hog

FACTOR = 3


@dataclasses.dataclass
class Reading:
    value: int


@hog.function(endpoint="anvil")
def scale(numbers):
    found = 0
    for number in numbers:
        found += FACTOR * number
    return found


@hog.function(endpoint="anvil")
def version():
    import six

    sys.stdout.write("what a function prints is not its result\n")
    return six.__version__


@hog.function(endpoint="anvil")
def undeclared():
    import inflection

    return inflection.pluralize("mole")


@hog.function(endpoint="anvil")
def divide(first, second):
    return first / second


@hog.function(endpoint="anvil")
def read(reading):
    return Reading(reading.value + 1)


@hog.function(endpoint="anvil")
def zeros(size):
    return bytes(size)


@hog.function(endpoint="anvil")
def size_of(data):
    return len(data)


@hog.function(endpoint="anvil")
def hold():
    import threading

    return threading.Lock()


@hog.function(endpoint="anvil")
def crash():
    import os
    import signal

    os.kill(os.getpid(), signal.SIGSEGV)


class Tools:
    @hog.method(endpoint="anvil")
    def double(value):  # noqa: N805 - Groundhog passes no self
        return 2 * value


def plain(value):
    return value + FACTOR


def outer():
    def inner():
        return 1

    return inner


if __name__ == "__main__":
    raise SystemExit("a harness is not run there")
