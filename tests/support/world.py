"""A module of which much stays behind: state, registries, caches, things of its own process."""

from __future__ import annotations

__all__ = ["SOURCE"]

SOURCE = """
import abc, contextvars, enum, functools, os, threading, time

STARTED = time.time()
HOME = os.path.dirname(__file__)
LIMIT = 3
calls = 0
cache = {}
user = contextvars.ContextVar("user", default="nobody")
local = threading.local()


def now():
    return 1


@functools.singledispatch
def show(value):
    return "any"


@show.register
def _(value: str):
    return "text"


@functools.lru_cache
def cached(value):
    return now() + value


class Base(abc.ABC):
    pass


class Color(enum.Enum):
    RED = 1
    GREEN = 2
    BLUE = 3


class Settings:
    def __init__(self):
        self.level = 1


settings = Settings()


class Cfg:
    debug = False
    names = []
    _hidden = 0

    def tick(self):
        global calls
        calls += 1
        asked = user.get(), getattr(local, "user", None)
        return now() + LIMIT + settings.level + calls

    @property
    def where(self):
        return HOME, STARTED

    @classmethod
    def build(cls):
        return cls()


class Other(Cfg):
    pass


class Counted(Cfg):
    made = 0

    def __init__(self):
        Counted.made += 1
        cache[Counted.made] = "made"
"""
