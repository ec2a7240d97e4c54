"""Classes as people keep them in a package of their own, which is installed on both sides."""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import threading


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0
    tags: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Frozen:
    name: str
    _: dataclasses.KW_ONLY
    weight: float = 1.0


@dataclasses.dataclass(slots=True)
class Slotted:
    left: object
    right: object


Pair = collections.namedtuple("Pair", "one two", defaults=(2,))


class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"


class Access(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()


class Forgets:
    """Drops a part of its state."""

    def __init__(self, kept, dropped):
        self.kept, self.dropped = kept, dropped

    def __eq__(self, other):
        return vars(self) == vars(other)

    __hash__ = None

    def __getstate__(self):
        return {"kept": self.kept}


class Guarded:
    """Makes its lock again."""

    def __init__(self, value):
        self.value, self.lock = value, threading.Lock()

    def __eq__(self, other):
        return self.value == other.value

    __hash__ = None

    def __getstate__(self):
        return {"value": self.value}

    def __setstate__(self, state):
        self.__init__(state["value"])


class NeedsTwo(Exception):
    """Takes more arguments than it hands to its base."""

    def __init__(self, code, text):
        super().__init__(f"{code}: {text}")
        self.code, self.text = code, text


class Clear(Exception):
    def __init__(self, code, text):
        super().__init__(code, text)
        self.code, self.text = code, text


class Lazy:
    """Computes once, and keeps what it computed."""

    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return self.n == other.n

    __hash__ = None

    @functools.cached_property
    def squares(self):
        return [i * i for i in range(self.n)]


class Refuses:
    def __reduce__(self):
        raise TypeError("stays where it is")


class BrokenLoad:
    def __init__(self, value):
        self.value = value

    def __setstate__(self, state):
        raise RuntimeError("cannot be restored")


def double(x):
    return 2 * x


class Outer:
    class Inner:
        def __init__(self, value):
            self.value = value

        def __eq__(self, other):
            return self.value == other.value

        __hash__ = None

    def method(self):
        return self
