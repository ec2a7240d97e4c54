"""The graph against CPython's own unpickler: the same globals, and paths that lead there."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import fractions
import functools
import itertools
import operator
import pathlib
import pickle
import re
import types
import typing
import uuid
import warnings
import weakref
from typing import TYPE_CHECKING, Any

import cloudpickle
import dill
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_portable.payload import opcodes as op
from pytest_portable.payload.graph import read
from pytest_portable.payload.paths import Paths
from unit.payload.truth import (
    Color,
    Loaded,
    Model,
    Node,
    Pair,
    Problem,
    Row,
    Slotted,
    Stack,
    State,
    Tagged,
    define,
    load,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PROTOCOLS = range(6)


def globals_of(payload: bytes) -> set[tuple[str, str]]:
    paths = Paths(read(payload))
    names = (paths.view.name(node) for node in range(len(paths.graph)))
    return {name for name in names if name}


def same(found: Any, made: Any) -> bool:
    """Whether a path leads to what the unpickler made there."""
    if found is made or isinstance(made, (classmethod, staticmethod)):
        return True
    if isinstance(made, dict) and isinstance(found, (dict, types.MappingProxyType)):
        return set(made) <= set(found)  # globals are joined from two dicts
    try:
        return type(found) is type(made) and bool(np.all(found == made))
    except RecursionError:
        return type(found) is type(made)  # functions in each other's globals
    except (ValueError, TypeError):
        return pickle.dumps(found) == pickle.dumps(made) or same_inside(found, made)


def same_inside(found: Any, made: Any) -> bool:
    """Whether containers hold the same, arrays among it: their pickles differ by what is shared."""
    try:
        np.testing.assert_equal(found, made)
    except (AssertionError, ValueError, TypeError):
        return False
    return True


def wrong_paths(payload: bytes, loaded: Loaded) -> list[str]:
    """Paths that do not lead to what the payload builds at their node."""
    paths = Paths(read(payload))
    wrong = []
    for node in range(len(paths.graph)):
        parent = paths.parents[node]
        if parent < 0 or not paths._label(parent, paths.slots[node]):
            continue  # plumbing: it has its owner's path, and names its owner
        path = paths.path(node)
        if "__reduce_ex__" in path or "__getnewargs_ex__" in path:
            continue  # arguments no attribute keeps: made anew at each look
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # co_lnotab is deprecated, and dill sends it
                found = eval(path, {"obj": loaded.root})
        except Exception as error:  # noqa: BLE001 (any failure is a wrong path)
            wrong.append(f"{path}: {error!r}")
            continue
        made = loaded.made[paths.graph.offsets[node]]
        if not same(found, made):
            wrong.append(f"{path}: {found!r} is not {made!r}")
    return wrong


def plain_objects() -> dict[str, object]:
    shared = [1, 2]
    cycle: list[object] = ["start"]
    cycle.append({"back": cycle})
    stack = Stack([1, [2]])
    stack.label = {"deep": shared}
    tagged = Tagged({"a": shared, (1, "b"): 2, Color.RED: 3})
    tagged.tag = shared
    return {
        "containers": {"a": [1, (2, {"b": {3}})], 1.5: b"x", None: frozenset("q"), (1, 2): "t"},
        "long-key": {"k" * 500: [collections.Counter()]},
        "not-a-number": {float("nan"): [1], float("inf"): [2]},
        "cycle": cycle,
        "shared": [shared, shared, {"again": shared}],
        "instance": Model({"w": shared}, [Model(1), Slotted(shared, Color.BLUE)]),
        "list-subclass": [stack],
        "dict-subclass": [tagged],
        "named-tuple": [Row("n", [shared]), Pair((1, [2]))],
        "own-state": State([shared]),
        "error": [Problem([shared]), ValueError("x", [1])],
        "enum": {Color.RED: Color.BLUE},
        "partial": functools.partial(sorted, shared, key=Model),
        "collections": [
            collections.OrderedDict(a=shared),
            collections.defaultdict(list, k=[1]),
            collections.deque([shared, [3]], maxlen=5),
            collections.Counter("aab"),
            collections.ChainMap({"a": shared}),
        ],
        "bound-method": [Model(1).score, "abc".upper],
        "generic": [list[int], dict[str, Model], int | str, Node(Node())],
        "standard": [
            dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc),
            decimal.Decimal("1.5"),
            fractions.Fraction(1, 3),
            pathlib.PurePosixPath("/a/b"),
            uuid.UUID(int=5),
            re.compile("a+"),
            slice(1, [2], None),
            range(3),
            operator.itemgetter(1),
            complex(1, 2),
            bytearray(b"ab"),
            types.SimpleNamespace(a=shared),
        ],
        "integers": [0, -1, 255, 256, 65536, -(2**31), 2**40, 2**2100, True, False],
        "text": ["", "é", "\ud800", "x" * 300, "line\nbreak", "quote'"],
        "weak-set": [weakref.WeakSet([_KEPT])],
        "random": {"state": np.random.RandomState(0)},
        "numpy": {
            "a": np.arange(6).reshape(2, 3),
            "o": np.array([[Model, 1], [shared, None]], dtype=object),
            "s": np.float64(1),
            "d": np.dtype([("x", "f8"), ("y", "i4")]),
            "r": np.random.default_rng(0),
        },
    }


CLASS = """
class Base:
    pass
class C(Base):
    z: int = 3
    def __init__(self):
        self.a = [1, {"k": number}]
        self._x = 1
    def m(self):
        return super().__init__, number
    @staticmethod
    def s():
        return number
    @classmethod
    def c(cls):
        return number
    @property
    def p(self):
        return number
    class Inner:
        deep = [1]
"""
FUNCTION = """
def make():
    kept = [1]
    def f(x, y=[1, Model], *, z={"q": Model}) -> Model:
        def g():
            return number(kept)
        return g() + math.sqrt(x)
    f.mark = {"m": Model}
    return f
f = make()
"""
ENUM = """
import enum
class Shade(enum.Enum):
    LIGHT = 1
    DARK = [2]
    def other(self):
        return Shade.DARK
"""
GENERIC = """
import typing
class Box(typing.Generic[typing.AnyStr]):
    item = [1]
    def get(self):
        return number
"""
HEIR = """
class Heir(Pair):
    mark = [1]
"""
RECURSIVE = """
def f(n):
    return f(n - 1) if n else g
def g():
    return f
"""
NAMED = """
import collections
P = collections.namedtuple("P", "x y", defaults=[1])
"""
DATACLASS = """
import dataclasses
@dataclasses.dataclass
class D:
    x: int
    y: list = dataclasses.field(default_factory=list)
"""


def by_value_objects() -> dict[str, Callable[[], object]]:
    import math

    return {
        "class": lambda: define(CLASS, "C", number=math.sin),
        "instance": lambda: [define(CLASS, "C", number=np.sin)()],
        "function": lambda: define(FUNCTION, "f", number=len, math=math, Model=Model),
        "partial": lambda: functools.partial(define(FUNCTION, "f", number=len, Model=Model), 1),
        "method": lambda: define(CLASS, "C", number=math.sin)().m,
        "generic": lambda: [define(GENERIC, "Box", number=math.sin)()],
        "heir-of-tuple": lambda: [define(HEIR, "Heir", Pair=Pair)([1, [2]])],
        "mixed-in-tuple": lambda: [define(HEIR, "Heir", Pair=tuple)([1, [2]])],
        "class-method": lambda: [define(CLASS, "C", number=math.sin).c],
        "type-variable": lambda: [define("T = typing.TypeVar('T', list, Row)", "T", **TYPING)],
        "array-subclass": lambda: {"a": Labelled.make([1.5, 2.5], [Row])},
        "recursive": lambda: {"f": define(RECURSIVE, "f")},
        "named-tuple": lambda: [define(NAMED, "P")([1], 2)],
        "lambda": lambda: [lambda x, k=(1, Row): (x, k)],
        "module": lambda: {"m": math, "n": np.linalg},
    }


class Labelled(np.ndarray):
    label: object = None

    @classmethod
    def make(cls, values: list[float], label: object) -> Labelled:
        made = np.array(values).view(cls)
        made.label = label
        return made


TYPING = {"typing": typing, "Row": Row}
_KEPT = State(1)

SERIALIZERS: dict[str, Callable[..., bytes]] = {
    "cloudpickle": cloudpickle.dumps,
    "dill": dill.dumps,
    "dill-recurse": functools.partial(dill.dumps, recurse=True),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", plain_objects())
def test_globals_and_paths_of_plain_payloads_are_true(name: str, protocol: int) -> None:
    try:
        payload = pickle.dumps(plain_objects()[name], protocol)
    except (TypeError, pickle.PicklingError):
        pytest.skip("this protocol cannot hold it")
    loaded = load(payload)

    assert globals_of(payload) == loaded.globals
    assert wrong_paths(payload, loaded) == []


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("serializer", SERIALIZERS)
@pytest.mark.parametrize("name", by_value_objects())
def test_globals_and_paths_of_code_sent_by_value_are_true(
    name: str, serializer: str, protocol: int
) -> None:
    try:
        payload = SERIALIZERS[serializer](by_value_objects()[name](), protocol=protocol)
    except (pickle.PicklingError, RecursionError):
        pytest.skip("this serializer cannot hold it")
    loaded = load(payload)

    assert globals_of(payload) == loaded.globals
    assert wrong_paths(payload, loaded) == []


def test_paths_of_an_enum_by_value_are_true() -> None:
    payload = cloudpickle.dumps([define(ENUM, "Shade").DARK])
    loaded = load(payload)

    assert globals_of(payload) == loaded.globals
    assert wrong_paths(payload, loaded) == []


def test_paths_of_a_dataclass_by_value_are_true() -> None:
    payload = cloudpickle.dumps([define(DATACLASS, "D")(1)])
    loaded = load(payload)

    assert globals_of(payload) == loaded.globals
    assert wrong_paths(payload, loaded) == []


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.sampled_from([Color.RED, Model, len, Row, dict, collections.Counter]),
)
KEYS = st.one_of(st.text(max_size=4), st.integers(), st.tuples(st.integers(), st.text(max_size=2)))


def grow(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    def keep(value: object) -> object:
        return [value, value, Model(value)]

    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, max_size=3),
        st.builds(Model, inner, st.lists(inner, max_size=2)),
        st.builds(Slotted, inner, inner),
        st.builds(Row, st.text(max_size=2), inner),
        st.lists(inner, max_size=3).map(Pair),
        st.builds(State, inner),
        st.builds(functools.partial, st.just(len), inner, k=inner),
        st.lists(inner, max_size=3).map(collections.deque),
        inner.map(keep),
    )


@settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(st.recursive(LEAVES, grow, max_leaves=12), st.sampled_from(PROTOCOLS))
def test_any_object_reads_as_it_loads(thing: object, protocol: int) -> None:
    try:
        payload = pickle.dumps(thing, protocol)
    except TypeError:  # slots need protocol 2
        return
    loaded = load(payload)
    graph = read(payload)

    assert graph.end == len(payload)
    assert globals_of(payload) == loaded.globals
    assert wrong_paths(payload, loaded) == []
    for node, kind in enumerate(graph.kinds):
        if op.ATOMS[kind]:
            assert graph.value(node) == loaded.made[graph.offsets[node]]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_globals_of_every_scikit_learn_estimator_are_true() -> None:
    discovery = pytest.importorskip("sklearn.utils.discovery")

    checked = 0
    for _, estimator in discovery.all_estimators():
        try:
            made = estimator()
        except TypeError:  # it takes other estimators
            continue
        payload = pickle.dumps(made)
        assert globals_of(payload) == load(payload).globals
        checked += 1

    assert checked > 100


def test_what_a_persistent_id_holds_has_the_path_of_what_it_stands_for() -> None:
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\nFloatStorage\ntQK\x00tR"
    payload = b"\x80\x02}X\x01\x00\x00\x00w" + tensor + b"s."
    paths = Paths(read(payload))

    found = {paths.view.name(node): paths.path(node) for node in range(len(paths.graph))}
    assert found["torch", "FloatStorage"] == "obj['w']"


def test_every_opcode_offset_leads_to_a_path() -> None:
    payload = pickle.dumps(list(itertools.islice(plain_objects().values(), 6)))
    paths = Paths(read(payload))

    found = {paths.path_at(offset) for offset in range(len(payload))}
    assert all(path.startswith(("obj", "list(obj", "type(obj")) for path in found)
