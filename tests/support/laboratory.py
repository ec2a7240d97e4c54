"""A package that only the host has: everything in it must travel to be used elsewhere."""

from __future__ import annotations

import importlib
import sys
import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import ModuleType

__all__ = ["FILES", "SHOP", "importable"]

CORE = """
import abc, dataclasses, enum, functools, math
from lab import tools

CONST = 3

def helper(x):
    return x + CONST

def even(n):
    return True if n == 0 else odd(n - 1)

def odd(n):
    return False if n == 0 else even(n - 1)

def root(x):
    return math.sqrt(x)

def doubled(function):
    @functools.wraps(function)
    def inner(*args):
        return helper(function(*args)) * 2
    return inner

@doubled
def decorated(x):
    return x

def through_module(x):
    return tools.triple(x)

@functools.lru_cache
def cached(x):
    return helper(x)

def make_adder(n):
    def adder(x):
        return helper(x) + n
    return adder

class Color(enum.Enum):
    RED = 1
    BLUE = "blue"
    ALSO_RED = 1

    def low(self):
        return self.name.lower() + str(helper(0))

    @classmethod
    def first(cls):
        return cls.RED

class Level(enum.IntEnum):
    LOW = enum.auto()
    HIGH = enum.auto()

class Planet(enum.Enum):
    EARTH = (5.0, 6.0)

    def __init__(self, mass, radius):
        self.mass = mass
        self.radius = radius

class Flags(enum.Flag):
    A = 1
    B = 2

class Base:
    def __init__(self, a):
        self.a = a

    def go(self):
        return helper(self.a)

class Child(Base):
    registry = {}

    def go(self):
        return super().go() + 1

    @property
    def twice(self):
        return self.go() * 2

    @staticmethod
    def static():
        return helper(2)

    @classmethod
    def named(cls):
        return cls.__name__, helper(3)

    class Nested:
        def level(self):
            return CONST

@dataclasses.dataclass
class Point:
    x: int = 0
    tags: list = dataclasses.field(default_factory=list)

    def shifted(self, by):
        return Point(self.x + by, self.tags)

class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...

class Square(Shape):
    def area(self):
        return helper(4)

class LabError(Exception):
    def __init__(self, what, code):
        super().__init__(what, code)
        self.code = code

def fail(code):
    raise LabError("failed", code)

table = {"functions": [helper, even], "classes": (Child, Point)}
"""

FILES: Mapping[str, str] = {
    "lab/__init__.py": "from lab.core import *\nVERSION = 1\n",
    "lab/core.py": CORE,
    "lab/tools.py": "FACTOR = 3\n\ndef triple(x):\n    return x * FACTOR\n",
}

# A package with a module inside a function and a file of data, and a module beside it.
SHOP: Mapping[str, str] = {
    "shop/__init__.py": "from shop.core import Item\n",
    "shop/core.py": """
        from importlib import resources

        class Item:
            def __init__(self, n):
                self.n = n

            def price(self):
                from shop.deep.table import RATE
                return self.n * RATE

            def label(self):
                return resources.files("shop").joinpath("data/label.txt").read_text().strip()

            def where(self):
                import os
                return os.path.isfile(__file__)
        """,
    "shop/deep/__init__.py": "",
    "shop/deep/table.py": "RATE = 7\n",
    "shop/data/label.txt": "a label\n",
    "single.py": "def double(x):\n    return 2 * x\n",
}


@contextmanager
def importable(folder: Path, files: Mapping[str, str] = FILES) -> Iterator[ModuleType]:
    """Write modules into a folder, import the first one's package, forget all of it later."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(textwrap.dedent(text))
    tops = {path.partition("/")[0].removesuffix(".py") for path in files}
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module(next(iter(files)).partition("/")[0].removesuffix(".py"))
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
            del sys.modules[name]
