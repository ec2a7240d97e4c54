"""The standard library, and small libraries of containers and tools."""

from __future__ import annotations

import array
import collections
import contextlib
import contextvars
import datetime as dt
import decimal
import email.message
import fractions
import functools
import inspect
import io
import ipaddress
import itertools
import logging
import operator
import os
import pathlib
import queue
import random
import re
import socket
import sqlite3
import string
import sys
import tempfile
import threading
import types
import uuid
import weakref
import xml.etree.ElementTree as ET
import zoneinfo
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "models"))

import attrs
import bidict
import boltons.dictutils
import boltons.iterutils
import boltons.setutils
import boltons.urlutils
import cachetools
import frozendict
import immutables
import more_itertools
import multidict
import packaging.markers
import packaging.requirements
import packaging.specifiers
import packaging.version
import pyrsistent
import semver
import shapes
import sortedcontainers
import toolz
import wrapt
import yarl
from rows import Row, judge, main

THREE = ("pickle", "dill", "cloudpickle")
OWN = ("shapes",)


REBUILT = (
    "compare mismatch",
    "dill makes the class once more: what was made here is no instance of what came back",
)


def every(what: str) -> dict[str, str]:
    return dict.fromkeys(THREE, what)


def called(one, two):
    return one() == two()


def texts(one, two):
    return str(one) == str(two) and type(one) is type(two)


FACTOR = 3


def scaled(x):
    return x * FACTOR


class Account:
    """A class of the script itself."""

    def __init__(self, owner, balance=0):
        self.owner, self.balance = owner, balance

    def __repr__(self):
        return f"Account({self.owner!r}, {self.balance})"


def generator():
    yield from range(3)


def connection():
    return sqlite3.connect(":memory:")


def cyclic():
    inner = [1]
    inner.append(inner)
    return inner


def shared():
    one = [1, 2]
    return {"a": one, "b": one}


def deep():
    found: list = []
    for _ in range(5000):
        found = [found]
    return found


def element():
    return ET.fromstring("<a b='1'><c>text</c>tail</a>")


def message():
    found = email.message.EmailMessage()
    found["Subject"] = "hello"
    found.set_content("text")
    return found


def elapsed():
    found = itertools.count(5)
    next(found)
    return found


@functools.lru_cache(maxsize=8)
def cached(x):
    return x + 1


@functools.singledispatch
def dispatched(x):
    return "any"


@dispatched.register
def _(x: int):
    return "int"


ROWS = [
    # What every program has.
    Row("stdlib", "nested data", lambda: {"a": [1, 2.5, None, True, b"x"], "b": ({1, 2}, "é")}),
    Row("stdlib", "list that holds itself", cyclic, lambda a, b: b[1] is b and b[0] == 1),
    Row("stdlib", "list held twice", shared, lambda a, b: a == b and b["a"] is b["b"]),
    Row("stdlib", "list 5,000 deep", deep, fails=every("dump recursion")),
    Row("stdlib", "nan", lambda: float("nan"), lambda a, b: b != b),
    Row("stdlib", "large integer", lambda: 7**400),
    Row("stdlib", "bytearray", lambda: bytearray(b"abc")),
    Row("stdlib", "Ellipsis", lambda: ..., operator.is_),
    Row("stdlib", "range", lambda: range(1, 20, 3)),
    Row("stdlib", "slice", lambda: slice(1, None, 2)),
    Row("stdlib", "complex", lambda: 1 - 2j),
    Row("stdlib", "Fraction", lambda: fractions.Fraction(1, 3)),
    Row("stdlib", "Decimal", lambda: decimal.Decimal("1.50"), texts),
    Row("stdlib", "decimal context", lambda: decimal.Context(prec=5), texts),
    Row("stdlib", "date", lambda: dt.date(2024, 2, 29)),
    Row("stdlib", "datetime", lambda: dt.datetime(2024, 2, 29, 12, fold=1)),
    Row(
        "stdlib",
        "datetime with offset",
        lambda: dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2), "X")),
    ),
    Row(
        "stdlib",
        "datetime in a zone",
        lambda: dt.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
    ),
    Row("stdlib", "ZoneInfo", lambda: zoneinfo.ZoneInfo("Asia/Tokyo"), texts),
    Row("stdlib", "timedelta", lambda: dt.timedelta(days=-1, microseconds=3)),
    Row("stdlib", "UUID", lambda: uuid.UUID(int=5)),
    Row("stdlib", "PurePosixPath", lambda: pathlib.PurePosixPath("/a/b")),
    Row("stdlib", "PosixPath", lambda: pathlib.Path("/a/b"), notes={"all": "platform"}),
    Row("stdlib", "pattern", lambda: re.compile(r"(?i)a+(?P<n>b)")),
    Row("stdlib", "match", lambda: re.match("a", "ab"), fails=every("dump unserializable")),
    Row("stdlib", "OrderedDict", lambda: collections.OrderedDict(b=1, a=2)),
    Row("stdlib", "Counter", lambda: collections.Counter("abracadabra")),
    Row("stdlib", "defaultdict", lambda: collections.defaultdict(list, a=[1])),
    Row(
        "stdlib",
        "deque",
        lambda: collections.deque([1, 2], maxlen=3),
        lambda a, b: a == b and a.maxlen == b.maxlen,
    ),
    Row("stdlib", "ChainMap", lambda: collections.ChainMap({"a": 1}, {"b": 2})),
    Row("stdlib", "UserDict", lambda: collections.UserDict(a=1)),
    Row("stdlib", "array", lambda: array.array("d", [1, 2])),
    Row("stdlib", "IPv4Network", lambda: ipaddress.ip_network("10.0.0.0/8")),
    Row("stdlib", "IPv6Address", lambda: ipaddress.ip_address("::1")),
    Row("stdlib", "SimpleNamespace", lambda: types.SimpleNamespace(a=1, b=[2])),
    Row(
        "stdlib",
        "mappingproxy",
        lambda: types.MappingProxyType({"a": 1}),
        fails={"pickle": "dump unserializable"},
    ),
    Row(
        "stdlib",
        "partial",
        lambda: functools.partial(int, base=2),
        lambda a, b: b("101") == 5 and a.func is b.func,
    ),
    Row(
        "stdlib",
        "itemgetter",
        lambda: operator.itemgetter(1, 2),
        lambda a, b: b([1, 2, 3]) == (2, 3),
    ),
    Row("stdlib", "attrgetter", lambda: operator.attrgetter("real"), lambda a, b: b(3) == 3),
    Row(
        "stdlib", "methodcaller", lambda: operator.methodcaller("upper"), lambda a, b: b("a") == "A"
    ),
    Row("stdlib", "Random", lambda: random.Random(3), lambda a, b: a.random() == b.random()),
    Row(
        "stdlib", "StringIO", lambda: io.StringIO("a\nb"), lambda a, b: a.getvalue() == b.getvalue()
    ),
    Row("stdlib", "BytesIO", lambda: io.BytesIO(b"ab"), lambda a, b: a.getvalue() == b.getvalue()),
    Row("stdlib", "count", elapsed, lambda a, b: next(b) == 6),
    Row("stdlib", "list iterator", lambda: iter([1, 2, 3]), lambda a, b: list(b) == [1, 2, 3]),
    Row("stdlib", "Element", element, lambda a, b: ET.tostring(a) == ET.tostring(b)),
    Row("stdlib", "EmailMessage", message, texts),
    Row(
        "stdlib",
        "LogRecord",
        lambda: logging.LogRecord("n", 20, "p", 1, "%s", ("a",), None),
        lambda a, b: vars(a) == vars(b),
    ),
    Row(
        "stdlib",
        "Logger by name",
        lambda: logging.getLogger("zoo.a"),
        lambda a, b: a.name == b.name,
    ),
    Row("stdlib", "Template", lambda: string.Template("$a"), lambda a, b: a.template == b.template),
    Row("stdlib", "class", lambda: collections.OrderedDict, operator.is_),
    Row("stdlib", "built-in function", lambda: len, operator.is_),
    Row("stdlib", "function of a module", lambda: os.path.join, operator.is_),
    Row("stdlib", "bound method", lambda: "a,b".split, lambda a, b: b(",") == ["a", "b"]),
    Row("stdlib", "module", lambda: string, operator.is_, fails={"pickle": "dump unserializable"}),
    Row(
        "stdlib",
        "code",
        lambda: compile("1+1", "x", "eval"),
        lambda a, b: eval(b) == 2,
        fails={"pickle": "dump unserializable"},
    ),
    Row("stdlib", "exception", lambda: ValueError("a", 1), lambda a, b: a.args == b.args),
    Row(
        "stdlib", "KeyError in a list", lambda: [KeyError("k")], lambda a, b: a[0].args == b[0].args
    ),
    Row(
        "stdlib",
        "OSError",
        lambda: FileNotFoundError(2, "No such file", "/x"),
        lambda a, b: (a.errno, a.filename) == (b.errno, b.filename),
    ),
    Row(
        "stdlib",
        "UnicodeDecodeError",
        lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        lambda a, b: a.args == b.args,
    ),
    Row(
        "stdlib",
        "ExceptionGroup",
        lambda: ExceptionGroup("g", [ValueError(1), TypeError("x")]),
        lambda a, b: str(a) == str(b) and len(b.exceptions) == 2,
    ),
    Row("stdlib", "Signature", lambda: inspect.signature(os.path.join)),
    Row("stdlib", "generic alias", lambda: list[int]),
    Row("stdlib", "union", lambda: int | None),
    # What does not travel.
    Row(
        "stdlib",
        "lock",
        threading.Lock,
        lambda a, b: b.acquire(blocking=False),
        fails={"pickle": "dump unserializable", "cloudpickle": "dump unserializable"},
    ),
    Row(
        "stdlib",
        "event",
        threading.Event,
        lambda a, b: b.is_set() == a.is_set(),
        fails={"pickle": "dump unserializable", "cloudpickle": "dump unserializable"},
    ),
    Row(
        "stdlib",
        "thread",
        lambda: threading.Thread(target=print),
        fails={"pickle": "dump unserializable", "cloudpickle": "dump unserializable"},
        serializers=("pickle", "cloudpickle"),
    ),
    Row("stdlib", "generator", generator, fails=every("dump unserializable")),
    Row("stdlib", "connection", connection, fails=every("dump unserializable")),
    Row("stdlib", "socket", socket.socket, fails=every("dump unserializable")),
    Row(
        "stdlib",
        "open file",
        lambda: open(os.devnull),
        fails={"pickle": "dump unserializable", "cloudpickle": "dump unserializable"},
        serializers=("pickle",),
    ),
    Row(
        "stdlib",
        "temporary file",
        tempfile.TemporaryFile,
        fails=every("dump unserializable"),
        serializers=("pickle", "cloudpickle"),
    ),
    Row(
        "stdlib",
        "queue",
        queue.Queue,
        fails={"pickle": "dump unserializable", "cloudpickle": "dump unserializable"},
        serializers=("pickle", "cloudpickle"),
    ),
    Row(
        "stdlib",
        "context variable",
        lambda: contextvars.ContextVar("v"),
        fails=every("dump unserializable"),
    ),
    Row(
        "stdlib",
        "weak reference",
        lambda: weakref.ref(shapes.Point(1)),
        fails={"pickle": "dump unserializable", "cloudpickle": "dump unserializable"},
        ships=OWN,
        serializers=("pickle", "cloudpickle"),
    ),
    Row("stdlib", "ExitStack", contextlib.ExitStack, lambda a, b: True),
    # What a script defines.
    Row(
        "script",
        "lambda",
        lambda: lambda x: x + 1,
        lambda a, b: b(1) == 2,
        as_script=True,
        fails={"pickle": "dump unserializable"},
    ),
    Row(
        "script",
        "function with a global",
        lambda: scaled,
        lambda a, b: b(2) == 6,
        as_script=True,
        fails={"pickle": "load main-reference"},
    ),
    Row(
        "script",
        "closure",
        lambda: (lambda n: lambda x: x + n)(5),
        lambda a, b: b(1) == 6,
        as_script=True,
        fails={"pickle": "dump unserializable"},
    ),
    Row(
        "script",
        "instance",
        lambda: Account("ann", 5),
        texts,
        as_script=True,
        fails={"pickle": "load main-reference"},
    ),
    Row(
        "script",
        "class",
        lambda: Account,
        lambda a, b: repr(b("x")) == repr(a("x")),
        as_script=True,
        fails={"pickle": "load main-reference"},
        strict={"dill": REBUILT},
    ),
    Row(
        "script",
        "cached function",
        lambda: cached,
        lambda a, b: b(1) == 2,
        as_script=True,
        fails={"pickle": "load main-reference", "cloudpickle": "load main-reference"},
    ),
    Row(
        "script",
        "partial of a lambda",
        lambda: functools.partial(lambda a, b: a - b, 5),
        lambda a, b: b(3) == 2,
        as_script=True,
        fails={"pickle": "dump unserializable"},
    ),
    # What an installed package defines.
    Row("package", "dataclass", lambda: shapes.Point(1, tags=["a"]), ships=OWN),
    Row("package", "frozen dataclass", lambda: shapes.Frozen("n", weight=2.0), ships=OWN),
    Row("package", "slotted dataclass", lambda: shapes.Slotted(1, [2]), ships=OWN),
    Row("package", "named tuple", lambda: shapes.Pair(1), ships=OWN),
    Row("package", "enum member", lambda: shapes.Colour.RED, operator.is_, ships=OWN),
    Row("package", "flags", lambda: shapes.Access.READ | shapes.Access.WRITE, ships=OWN),
    Row("package", "function", lambda: shapes.double, operator.is_, ships=OWN),
    Row("package", "nested class", lambda: shapes.Outer.Inner([1]), ships=OWN),
    Row("package", "bound method", lambda: shapes.Point(1).__repr__, called, ships=OWN),
    Row(
        "package",
        "clear exception",
        lambda: shapes.Clear(3, "x"),
        lambda a, b: vars(a) == vars(b) and a.args == b.args,
        ships=OWN,
    ),
    Row(
        "package",
        "exception of two arguments",
        lambda: shapes.NeedsTwo(3, "x"),
        ships=OWN,
        fails=every("load load-hook"),
    ),
    Row(
        "package",
        "state that is dropped",
        lambda: shapes.Forgets(1, 2),
        lambda a, b: hasattr(b, "dropped"),
        ships=OWN,
        fails=every("compare mismatch"),
    ),
    Row("package", "lock made again", lambda: shapes.Guarded(5), ships=OWN),
    Row("package", "cached property", lambda: _read(shapes.Lazy(4)), ships=OWN),
    Row("package", "refuses", shapes.Refuses, ships=OWN, fails=every("dump unserializable")),
    Row(
        "package",
        "broken load",
        lambda: shapes.BrokenLoad(5),
        ships=OWN,
        fails=every("load load-hook"),
    ),
    # Containers.
    Row(
        "attrs",
        "factory and validators",
        lambda: attrs.make_class("P", ["x"])(1),
        fails={"pickle": "dump unserializable"},
        serializers=("pickle",),
    ),
    Row(
        "attrs",
        "Attribute",
        lambda: attrs.fields(semver_like())[0],
        as_script=True,
        fails={"pickle": "load main-reference"},
        serializers=("cloudpickle",),
    ),
    Row("attrs", "validator", lambda: attrs.validators.in_([1, 2])),
    Row("attrs", "Factory", lambda: attrs.Factory(list)),
    Row("sortedcontainers", "SortedDict", lambda: sortedcontainers.SortedDict(b=1, a=2)),
    Row("sortedcontainers", "SortedList", lambda: sortedcontainers.SortedList([3, 1, 2])),
    Row("sortedcontainers", "SortedSet", lambda: sortedcontainers.SortedSet([3, 1])),
    Row(
        "sortedcontainers",
        "SortedKeyList",
        lambda: sortedcontainers.SortedKeyList([3, -4], key=operator.neg),
    ),
    Row("frozendict", "frozendict", lambda: frozendict.frozendict(a=1, b=[2])),
    Row("frozendict", "nested", lambda: frozendict.deepfreeze({"a": {"b": [1, {2}]}})),
    Row("immutables", "Map", lambda: immutables.Map(a=1, b=2)),
    Row("pyrsistent", "pmap", lambda: pyrsistent.m(a=1, b=pyrsistent.v(1, 2))),
    Row("pyrsistent", "pvector", lambda: pyrsistent.v(1, 2, 3)),
    Row("pyrsistent", "pset", lambda: pyrsistent.s(1, 2)),
    Row("pyrsistent", "pdeque", lambda: pyrsistent.pdeque([1, 2], maxlen=4)),
    Row("pyrsistent", "pbag", lambda: pyrsistent.b(1, 1, 2)),
    Row(
        "bidict",
        "bidict",
        lambda: bidict.bidict(a=1, b=2),
        lambda a, b: a == b and a.inverse == b.inverse,
    ),
    Row("bidict", "frozenbidict", lambda: bidict.frozenbidict(a=1)),
    Row("bidict", "OrderedBidict", lambda: bidict.OrderedBidict([("b", 1), ("a", 2)])),
    Row("multidict", "MultiDict", lambda: multidict.MultiDict([("a", 1), ("a", 2)])),
    Row("multidict", "CIMultiDict", lambda: multidict.CIMultiDict([("A", 1), ("a", 2)])),
    Row(
        "multidict",
        "proxy",
        lambda: multidict.MultiDictProxy(multidict.MultiDict(a=1)),
        fails=every("dump unserializable"),
    ),
    Row("multidict", "istr", lambda: multidict.istr("Content-Type")),
    Row("yarl", "URL", lambda: yarl.URL("http://user@example.org:81/a%20b?c=d#e")),
    Row("yarl", "used URL", lambda: _read_url(yarl.URL("http://example.org/a?b=c"))),
    Row("boltons", "OrderedMultiDict", lambda: boltons.dictutils.OMD([("a", 1), ("a", 2)])),
    Row("boltons", "FrozenDict", lambda: boltons.dictutils.FrozenDict(a=1)),
    Row("boltons", "IndexedSet", lambda: boltons.setutils.IndexedSet([3, 1, 2])),
    Row("boltons", "URL", lambda: boltons.urlutils.URL("http://example.org/a?b=c")),
    Row("toolz", "curry", lambda: toolz.curry(operator.add)(1), lambda a, b: b(2) == 3),
    Row("toolz", "compose", lambda: toolz.compose(abs, int), lambda a, b: b("-3") == 3),
    Row("toolz", "juxt", lambda: toolz.juxt(min, max), lambda a, b: b([1, 2]) == (1, 2)),
    Row(
        "more-itertools",
        "peekable",
        lambda: more_itertools.peekable([1, 2]),
        lambda a, b: list(b) == [1, 2],
    ),
    Row(
        "more-itertools",
        "chunked",
        lambda: more_itertools.chunked([1, 2, 3], 2),
        lambda a, b: list(b) == [[1, 2], [3]],
    ),
    Row(
        "cachetools",
        "LRUCache",
        lambda: _filled(cachetools.LRUCache(2)),
        lambda a, b: list(a.items()) == list(b.items()) and a.maxsize == b.maxsize,
    ),
    Row(
        "cachetools",
        "TTLCache",
        lambda: _filled(cachetools.TTLCache(2, ttl=600)),
        lambda a, b: list(a.items()) == list(b.items()) and a.ttl == b.ttl,
        # Its timer leaves behind the moment that it stood still at.
        notes={"all": "mismatch"},
    ),
    Row(
        "cachetools",
        "LFUCache",
        lambda: _filled(cachetools.LFUCache(2)),
        lambda a, b: dict(a) == dict(b),
    ),
    Row(
        "wrapt",
        "ObjectProxy",
        lambda: wrapt.ObjectProxy([1, 2]),
        fails=every("dump unserializable"),
    ),
    Row("packaging", "Version", lambda: packaging.version.Version("1.2.3rc1+local")),
    Row("packaging", "SpecifierSet", lambda: packaging.specifiers.SpecifierSet(">=1,<2,!=1.5")),
    Row(
        "packaging",
        "Requirement",
        lambda: packaging.requirements.Requirement('a[b]>=1; python_version < "3.9"'),
    ),
    Row("packaging", "Marker", lambda: packaging.markers.Marker('os_name == "posix"')),
    Row("semver", "Version", lambda: semver.Version.parse("1.2.3-rc.1+b2")),
]


def semver_like():
    @attrs.define
    class Local:
        x: int = 3

    return Local


def _read(lazy):
    lazy.squares
    return lazy


def _read_url(url):
    str(url), url.host, url.query, hash(url)
    return url


def _filled(cache):
    cache["a"], cache["b"], cache["c"] = 1, 2, 3
    return cache


def test_verdict(row, serializer, portable):
    judge(row, serializer, portable)


if __name__ == "__main__":
    main(ROWS)
