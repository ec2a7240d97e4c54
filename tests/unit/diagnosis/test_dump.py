from __future__ import annotations

import collections
import contextvars
import copyreg
import ctypes
import dataclasses
import decimal
import enum
import functools
import io
import json
import logging
import os
import pickle
import queue
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import types
import warnings
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import cloudpickle
import dill
import pytest

from pytest_portable.diagnosis import explain_dump
from pytest_portable.diagnosis.dump.picklers import Flavour
from pytest_portable.diagnosis.dump.tracing import MAX_LEAVES, trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_portable.verdict import Problem


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine take its time; tests of the limit set their own."""
    from pytest_portable.diagnosis import dump

    monkeypatch.setattr(dump, "trace", functools.partial(trace, seconds=120))


_connections: list[sqlite3.Connection] = []


def connection() -> sqlite3.Connection:
    """Open a database; Python 3.13 warns where nobody closes it."""
    _connections.append(sqlite3.connect(":memory:"))
    return _connections[-1]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _connections:
        _connections.pop().close()


DUMPS: dict[str, Callable[..., bytes]] = {
    "pickle": pickle.dumps,
    "dill": dill.dumps,
    "cloudpickle": cloudpickle.dumps,
}
ALL = ("pickle", "dill", "cloudpickle")
NOT_DILL = ("pickle", "cloudpickle")


class Thing:
    """Holds what it is given."""

    def __init__(self, **held: object) -> None:
        self.__dict__.update(held)

    def method(self) -> None:
        """Do nothing."""


class Slots:
    __slots__ = ("held", "other")

    def __init__(self, held: object) -> None:
        self.held = held
        self.other = 1


class GetstateRaises:
    def __getstate__(self) -> object:
        raise ValueError("no state today")


class GetstateHolds:
    lock = "another one for every state"

    def __getstate__(self) -> object:
        return {"lock": threading.Lock(), "number": 1}


class ReduceRaises:
    def __reduce__(self) -> Any:
        raise RuntimeError("not today")


class ReducesToNumber:
    def __reduce__(self) -> Any:
        return 5


class ReducesToOne:
    def __reduce__(self) -> Any:
        return (Thing,)


class ReducesToNoName:
    def __reduce__(self) -> str:
        return "nothing_has_this_name"


class Lies:
    pass


Lies.__module__ = "no.such.module"


class Renamed:
    pass


Renamed.__qualname__ = "Other"


class Replaced:
    pass


OldReplaced = Replaced


class Replaced:  # type: ignore[no-redef]
    pass


def _decorated() -> str:
    return "decorated"


undecorated = _decorated
_decorated = functools.partial(_decorated)


@dataclasses.dataclass
class Rows:
    rows: object


def make_lambda() -> Any:
    return lambda x: x


def make_closure(held: object) -> Any:
    def function() -> object:
        return held

    return function


def make_class() -> type:
    class Local:
        pass

    return Local


def make_named_tuple() -> Any:
    class Odd(NamedTuple):
        a: object
        b: object

    return Odd


def make_enum() -> type[enum.Enum]:
    class Color(enum.Enum):
        RED = 1

    return Color


async def coroutine_function() -> None:
    """Do nothing."""


def explain(obj: object, serializer: str, **options: Any) -> list[Problem]:
    def dumps(value: object) -> bytes:
        return DUMPS[serializer](value, **options)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dumps(obj)
        except Exception as error:  # noqa: BLE001 - whatever a reducer raises
            return explain_dump(obj, error, dumps, serializer=serializer)
    pytest.fail(f"{serializer} dumps it")


def lock() -> Any:
    return threading.Lock()


CASES = [
    pytest.param(
        lambda: {"a": [1, Thing(x=Thing(_lock=lock()))]},
        "obj['a'][1].x._lock",
        "_thread.lock",
        NOT_DILL,
        id="lock",
    ),
    pytest.param(lambda: Slots(lock()), "obj.held", "_thread.lock", NOT_DILL, id="slot"),
    pytest.param(
        lambda: {("k", make_lambda()): 1},
        "list(obj)[0][1]",
        "<lambda>",
        ("pickle",),
        id="tuple-key",
    ),
    pytest.param(lambda: {make_lambda()}, "list(obj)[0]", "<lambda>", ("pickle",), id="set"),
    pytest.param(
        lambda: {"d": collections.defaultdict(make_lambda())},
        "obj['d'].default_factory",
        "<lambda>",
        ("pickle",),
        id="default-factory",
    ),
    pytest.param(
        lambda: collections.OrderedDict(a=lock()),
        "obj['a']",
        "_thread.lock",
        NOT_DILL,
        id="ordered-dict",
    ),
    pytest.param(
        lambda: collections.deque([1, lock()]), "obj[1]", "_thread.lock", NOT_DILL, id="deque"
    ),
    pytest.param(
        lambda: functools.partial(print, key=make_lambda()),
        "obj.keywords['key']",
        "<lambda>",
        ("pickle",),
        id="partial-keywords",
    ),
    pytest.param(
        lambda: functools.partial(make_closure(1)),
        "obj.func",
        "function",
        ("pickle",),
        id="partial-function",
    ),
    pytest.param(
        lambda: make_closure(lock()),
        "obj.__closure__[0].cell_contents",
        "_thread.lock",
        ("cloudpickle",),
        id="closure",
    ),
    pytest.param(
        lambda: make_closure(connection()),
        "obj.__closure__[0].cell_contents",
        "Connection",
        ("dill", "cloudpickle"),
        id="closure-connection",
    ),
    pytest.param(
        lambda: Thing(_lock=lock()).method,
        "obj.__self__._lock",
        "_thread.lock",
        NOT_DILL,
        id="bound-method",
    ),
    pytest.param(lambda: [weakref.ref(Thing)], "obj[0]", "weak reference", NOT_DILL, id="weakref"),
    pytest.param(
        lambda: Thing(log=logging.StreamHandler(io.StringIO())),
        "obj.log.lock",
        "logging.StreamHandler",
        NOT_DILL,
        id="log-handler",
    ),
    pytest.param(
        lambda: Thing(q=queue.Queue()), "obj.q.mutex", "queue.Queue", NOT_DILL, id="queue"
    ),
    pytest.param(lambda: Thing(db=connection()), "obj.db", "Connection", ALL, id="connection"),
    pytest.param(lambda: Rows(i for i in range(3)), "obj.rows", "generator", ALL, id="generator"),
    pytest.param(
        lambda: {"p": ctypes.pointer(ctypes.c_int(3))}, "obj['p']", "ctypes", ALL, id="ctypes"
    ),
    pytest.param(
        lambda: Thing(m=types.MappingProxyType({})),
        "obj.m",
        "mappingproxy",
        ("pickle",),
        id="mappingproxy",
    ),
    pytest.param(
        lambda: Thing(m=types.MappingProxyType({"a": lock()})),
        "obj.m['a']",
        "_thread.lock",
        ("cloudpickle",),
        id="in-mappingproxy",
    ),
    pytest.param(
        lambda: [GetstateRaises()],
        "obj[0]",
        "GetstateRaises.__getstate__",
        ALL,
        id="getstate-raises",
    ),
    pytest.param(
        lambda: [GetstateHolds()], "obj[0].lock", "_thread.lock", NOT_DILL, id="getstate-holds"
    ),
    pytest.param(
        lambda: [ReduceRaises()], "obj[0]", "ReduceRaises.__reduce__", ALL, id="reduce-raises"
    ),
    pytest.param(
        lambda: [ReducesToNumber()], "obj[0]", "ReducesToNumber.__reduce__", ALL, id="reduce-number"
    ),
    pytest.param(
        lambda: [ReducesToOne()], "obj[0]", "ReducesToOne.__reduce__", ALL, id="reduce-short"
    ),
    pytest.param(
        lambda: [ReducesToNoName()],
        "obj[0]",
        "ReducesToNoName.__reduce__",
        ALL,
        id="reduce-no-name",
    ),
    pytest.param(lambda: [Lies()], "obj[0]", "no.such.module", ("pickle",), id="module-lies"),
    pytest.param(lambda: [Renamed()], "obj[0]", "has no Other", ("pickle",), id="qualname-lies"),
    pytest.param(lambda: [OldReplaced()], "obj[0]", "a reload?", ("pickle",), id="class-replaced"),
    pytest.param(
        lambda: {"f": undecorated},
        "obj['f']",
        "functools.partial",
        ("pickle",),
        id="function-replaced",
    ),
    pytest.param(
        lambda: [make_class()()],
        "obj[0]",
        "make_class.<locals>.Local",
        ("pickle",),
        id="local-class",
    ),
    pytest.param(
        lambda: [make_enum()(1)],
        "obj[0]",
        "make_enum.<locals>.Color",
        ("pickle", "dill"),
        id="local-enum",
    ),
    pytest.param(
        lambda: [make_named_tuple()(1, lock())], "obj[0]", "Odd", ("pickle",), id="namedtuple"
    ),
    pytest.param(
        lambda: functools.lru_cache(make_lambda()),
        "obj",
        "_lru_cache_wrapper",
        NOT_DILL,
        id="lru-cache",
    ),
    pytest.param(lambda: contextvars.ContextVar("v"), "obj", "ContextVar", ALL, id="contextvar"),
    pytest.param(
        lambda: {"b": memoryview(b"abc")},
        "obj['b']",
        "memoryview",
        ("pickle", "dill"),
        id="memoryview",
    ),
    pytest.param(lambda: {"v": {}.keys()}, "obj['v']", "dict_keys", ("pickle",), id="dict-view"),
    pytest.param(lambda: {"m": types}, "obj['m']", "the module types", ("pickle",), id="module"),
    pytest.param(lambda: [sys._getframe()], "obj[0]", "frame", ALL, id="frame"),
    pytest.param(
        lambda: ValueError("x", lock()), "obj.args[1]", "_thread.lock", NOT_DILL, id="exception"
    ),
    pytest.param(
        lambda: Thing(t=threading.local()), "obj.t", "_thread._local", ALL, id="thread-local"
    ),
    pytest.param(
        lambda: Thing(e=threading.Event()),
        "obj.e._cond._lock",
        "threading.Event",
        NOT_DILL,
        id="event",
    ),
    pytest.param(
        lambda: iter([lock()]),
        "obj.__reduce_ex__(4)[1][0][0]",
        "_thread.lock",
        NOT_DILL,
        id="iterator",
    ),
    pytest.param(
        lambda: types.SimpleNamespace(a=lock()), "obj.a", "_thread.lock", NOT_DILL, id="namespace"
    ),
]


@pytest.mark.parametrize(("make", "path", "words", "serializers"), CASES)
def test_a_part_is_found_and_named(
    make: Callable[[], object], path: str, words: str, serializers: tuple[str, ...]
) -> None:
    for serializer in serializers:
        obj = make()

        problem = explain(obj, serializer)[0]

        assert (problem.code, problem.stage) == ("unserializable", "dump")
        assert problem.path == path
        assert words in problem.message
        assert eval(path, {"obj": obj}) is not None  # a path can be followed


def test_what_a_persistent_id_refuses_is_named_and_not_its_parts() -> None:
    class Remote:
        def __init__(self) -> None:
            self.lock = lock()

    class Asking(pickle.Pickler):
        def persistent_id(self, obj: object) -> None:
            if type(obj) is Remote:
                raise ValueError("has no id yet")

    def dumps(value: object) -> bytes:
        stream = io.BytesIO()
        Asking(stream).dump(value)
        return stream.getvalue()

    obj = {"a": 1, "r": [Remote()]}
    with pytest.raises(ValueError, match="no id") as caught:
        dumps(obj)
    (problem,) = explain_dump(obj, caught.value, dumps)

    assert problem.path == "obj['r'][0]"
    assert "Remote" in problem.message
    assert "has no id yet" in problem.evidence


def test_files_and_sockets_are_named_before_their_reducers() -> None:
    with socket.socket() as connection, Path(__file__).open("rb") as file:
        for serializer in ALL:
            held = explain({"s": connection, "f": file}, serializer)

            assert held[0].path == "obj['s']"
            assert "connection" in held[0].message
        assert [found.path for found in explain([file, connection], "pickle")] == [
            "obj[0]",
            "obj[1]",
        ]


def test_a_coroutine_is_named() -> None:
    job = coroutine_function()
    try:
        problem = explain({"job": job}, "cloudpickle")[0]
    finally:
        job.close()

    assert problem.path == "obj['job']"
    assert "coroutine" in problem.message


def test_what_a_function_sent_by_value_refers_to_is_found() -> None:
    source = "import threading\nheld = threading.Lock()\ndef f():\n    return held\n"
    scope: dict[str, Any] = {"__name__": "nowhere"}
    exec(source, scope)

    problem = explain([scope["f"]], "cloudpickle")[0]

    assert problem.path == "obj[0].__globals__['held']"


def test_what_a_class_sent_by_value_holds_is_found() -> None:
    kind = make_class()
    kind.held = connection()  # type: ignore[attr-defined]
    for serializer in ("dill", "cloudpickle"):
        assert explain(kind(), serializer)[0].path == "type(obj).held"


def test_all_parts_are_found_at_once_and_a_shared_one_once() -> None:
    shared, text = lock(), {"text": "x" * 5000}
    problems = explain({"a": shared, "b": make_lambda(), "c": [shared], "d": text}, "pickle")

    assert [problem.path for problem in problems] == ["obj['a']", "obj['b']"]
    assert problems[0].message.endswith("also at obj['c'][0]")


def test_the_number_of_parts_is_limited() -> None:
    problems = explain([lock() for _ in range(1000)], "pickle")

    assert len(problems) == MAX_LEAVES
    assert problems[-1].path == f"obj[{MAX_LEAVES - 1}]"


def test_a_member_of_a_named_tuple_whose_class_fails_too() -> None:
    problems = explain([make_named_tuple()(1, lock())], "pickle")

    assert [problem.path for problem in problems] == ["obj[0]", "obj[0][1]"]


def test_streams_of_pytest_are_a_leak() -> None:
    stream = types.new_class("EncodedFile", (io.TextIOWrapper,))(io.BytesIO())
    type(stream).__module__ = "_pytest.capture"

    problem = explain({"out": stream}, "cloudpickle")[0]

    assert (problem.code, problem.path) == ("pytest-leak", "obj['out']")


class Counts:
    count = 0

    def __reduce__(self) -> Any:
        Counts.count += 1
        return Counts, ()


@pytest.mark.parametrize("serializer", NOT_DILL)
def test_every_reducer_runs_once_more_and_no_oftener(serializer: str) -> None:
    Counts.count = 0

    problem = explain([Counts() for _ in range(500)] + [lock()], serializer)[0]

    assert problem.path == "obj[500]"
    assert Counts.count == 1000


class Talks:
    def __reduce__(self) -> Any:
        sys.stdout.write("reduced")
        warnings.warn("reduced", stacklevel=1)
        return Talks, ()


def test_the_second_pass_is_silent_and_leaves_no_trace(capsys: pytest.CaptureFixture[str]) -> None:
    obj, limit, size = [Talks(), lock()], sys.getrecursionlimit(), threading.stack_size()
    error = TypeError("cannot pickle '_thread.lock' object")
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        problem = explain_dump(obj, error, pickle.dumps)[0]

    assert problem.path == "obj[1]"
    assert capsys.readouterr() == ("", "")
    assert (sys.getrecursionlimit(), threading.stack_size()) == (limit, size)


class Sleeps:
    def __reduce__(self) -> Any:
        time.sleep(0.05)
        return Sleeps, ()


class Hangs:
    def __reduce__(self) -> Any:
        time.sleep(3)
        return Hangs, ()


def test_a_pass_that_takes_too_long_says_how_far_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_portable.diagnosis import dump

    monkeypatch.setattr(dump, "trace", functools.partial(trace, seconds=0.2))
    obj = {"slow": [Sleeps() for _ in range(100)], "lock": lock()}

    problem = explain_dump(obj, TypeError("cannot pickle"), pickle.dumps)[0]

    assert problem.path is not None
    assert problem.path.startswith("obj['slow'][")
    assert "given up in Sleeps" in problem.message
    assert problem.evidence == "TypeError: cannot pickle"


class HangsDeepDown:
    """Calls on, deeper down than a process usually may."""

    def __reduce__(self) -> Any:
        return self.down(3000)

    def down(self, levels: int) -> Any:
        while levels == 0:
            self.rest()
        return self.down(levels - 1)

    def rest(self) -> None:
        time.sleep(0.001)


def test_a_thread_left_behind_deep_down_does_not_end_the_process() -> None:
    code = (
        "import sys, time\n"
        "from pytest_portable.diagnosis.dump.picklers import Flavour\n"
        "from pytest_portable.diagnosis.dump.tracing import trace\n"
        "from test_dump import HangsDeepDown\n"
        "before = sys.getrecursionlimit()\n"
        "assert trace([HangsDeepDown()], Flavour(), seconds=0.2).ended == 'time'\n"
        "time.sleep(0.2)\n"
        "assert sys.getrecursionlimit() > before\n"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_a_reducer_that_hangs_is_left_behind() -> None:
    begun = time.monotonic()
    found = trace([Hangs(), lock()], Flavour(), seconds=0.1)

    assert time.monotonic() - begun < 2.5
    assert (found.ended, found.ended_in) == ("time", "Hangs")


# Recursion


class Node:
    next: Any = None


class Endless:
    def __init__(self, number: int = 0) -> None:
        self.number = number

    def __reduce__(self) -> Any:
        return Endless, (Endless(self.number + 1),)


class Forwards:
    """Forwards what it has not to what it has not."""

    def __reduce__(self) -> Any:
        return self.reduced

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@pytest.mark.parametrize("serializer", ALL)
def test_a_long_chain_is_placed_and_measured(serializer: str) -> None:
    first = node = Node()
    for _ in range(12_000):
        node.next = node = Node()
    # The chain is taken apart by hand: freeing it recurses too.
    problem = explain({"config": first}, serializer)[0]

    assert (problem.code, problem.stage, problem.path) == ("recursion", "dump", "obj['config']")
    assert "levels deep along .next" in problem.message
    assert "Node" in problem.remedies[0].text


@pytest.mark.parametrize("serializer", ALL)
def test_nested_lists_are_placed_and_measured(serializer: str) -> None:
    nested: list[Any] = []
    for _ in range(11_000):
        nested = [nested]

    problem = explain(Thing(tree=nested), serializer)[0]

    assert (problem.code, problem.path) == ("recursion", "obj.tree")
    assert "11,0" in problem.message or "10,9" in problem.message


@pytest.mark.parametrize("serializer", ALL)
def test_a_reducer_without_end_is_no_long_chain(serializer: str) -> None:
    problem = explain([Endless()], serializer)[0]

    assert (problem.code, problem.path) == ("recursion", "obj[0]")
    assert "endless recursion" in problem.message
    assert "Endless" in problem.message


@pytest.mark.parametrize("serializer", ALL)
def test_an_attribute_that_asks_for_itself_is_named(serializer: str) -> None:
    problem = explain([Forwards()], serializer)[0]

    assert (problem.code, problem.path) == ("recursion", "obj[0]")
    assert "Forwards.__getattr__" in problem.message or "__getattr__" in problem.message


def test_a_lock_deep_down_is_found_where_only_the_pickler_in_c_goes() -> None:
    nested: list[Any] = [lock()]
    for _ in range(400):
        nested = [nested]

    problem = explain(nested, "pickle")[0]

    assert problem.code == "unserializable"
    assert "_thread.lock" in problem.message


# Picklers


def test_importing_dill_does_not_change_what_plain_pickle_is_said_to_do() -> None:
    problem = explain({"f": make_lambda(), "t": types.MappingProxyType({})}, "pickle")

    assert [found.path for found in problem] == ["obj['f']", "obj['t']"]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("serializer", ALL)
def test_every_protocol_is_understood(serializer: str, protocol: int) -> None:
    obj = Thing(a={"k": [(i for i in range(3))]})

    assert explain(obj, serializer, protocol=protocol)[0].path == "obj.a['k'][0]"


class Special:
    pass


class OwnPickler(pickle.Pickler):
    """Sends a `Special` as its attributes; nobody knows this pickler by name."""

    dispatch_table = copyreg.dispatch_table.copy()  # type: ignore[mutable-override]

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Special):
            return Thing, (), {"inner": obj.hidden}  # type: ignore[attr-defined]
        return NotImplemented


def test_a_pickler_of_somebody_else_is_asked_for_its_reducers() -> None:
    def dumps(value: object) -> bytes:
        stream = io.BytesIO()
        pickler = OwnPickler(stream)
        return _dump_with(pickler, value)

    special = Special()
    special.hidden = [lock()]  # type: ignore[attr-defined]
    with pytest.raises(TypeError) as caught:
        dumps({"s": special})

    problem = explain_dump({"s": special}, caught.value, dumps)[0]

    assert problem.path == "obj['s'].inner[0]"


def _dump_with(self: pickle.Pickler, value: object) -> bytes:
    self.dump(value)
    return b""


def test_a_serializer_that_is_no_pickler_is_walked() -> None:
    def dumps(value: object) -> bytes:
        if isinstance(value, Special):
            raise TypeError("cannot pack Special")
        for part in value.values() if isinstance(value, dict) else ():
            dumps(part)
        return b""

    obj = {"a": {"b": Special()}}
    with pytest.raises(TypeError) as caught:
        dumps(obj)

    problem = explain_dump(obj, caught.value, dumps)[0]

    assert problem.path == "obj['a']['b']"
    assert "Special" in problem.message


class Colour(enum.Enum):
    RED = 1


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def test_a_format_of_its_own_is_quoted_for_every_part_that_it_refuses() -> None:
    obj = {"a": [1, Colour.RED], "b": {"c": lock(), "d": decimal.Decimal}, "e": 2}
    with pytest.raises(TypeError) as info:
        _json(obj)

    problems = explain_dump(obj, info.value, _json, serializer="json")

    assert [one.path for one in problems] == ["obj['a'][1]", "obj['b']['c']", "obj['b']['d']"]
    assert all("JSON serializable" in one.message for one in problems)
    assert "reload" not in str(problems)


def test_of_many_parts_that_a_format_refuses_every_kind_is_told() -> None:
    obj = {"a": [decimal.Decimal(number) for number in range(100)], "b": Colour.RED}
    with pytest.raises(TypeError) as info:
        _json(obj)

    many, other = explain_dump(obj, info.value, _json, serializer="json")

    assert (many.path, other.path) == ("obj['a'][0]", "obj['b']")
    assert "also at obj['a'][1], obj['a'][2] and 97 more" in many.message


@pytest.mark.parametrize("recurse", [False, True])
def test_settings_of_dill_are_kept(recurse: bool) -> None:
    scope: dict[str, Any] = {"__name__": "nowhere", "held": connection()}
    exec("def f():\n    return 1\n", scope)

    if recurse:
        assert dill.dumps(scope["f"], recurse=True)
    else:
        assert explain(scope["f"], "dill", recurse=False)[0].path == "obj.__globals__['held']"


# Remedies


def remedies(obj: object, serializer: str) -> list[str]:
    return [remedy.text for remedy in explain(obj, serializer)[0].remedies]


def test_what_an_error_says_beyond_the_class_is_told() -> None:
    kind = type("Held", (ctypes.Structure,), {"_fields_": [("p", ctypes.c_void_p)]})
    kind.__module__ = __name__
    globals()["Held"] = kind
    try:
        (problem,) = explain([kind()], "pickle")
    finally:
        del globals()["Held"]

    assert problem.message.endswith(
        "Held cannot be dumped: ctypes objects containing pointers cannot be pickled"
    )


def test_a_remedy_names_the_class_that_can_leave_the_part_out() -> None:
    problem = explain(Thing(q=queue.Queue()), "pickle")[0]

    assert problem.remedies[0].text.startswith("drop q in Thing.__getstate__")
    scope: dict[str, Any] = {}
    exec(problem.remedies[0].change.replace("...", "None"), scope)
    kind = type("Mended", (Thing,), scope)
    globals()["Mended"] = kind
    kind.__module__, kind.__qualname__ = __name__, "Mended"
    assert pickle.loads(pickle.dumps(kind(q=queue.Queue(), x=1))).x == 1


def test_cloudpickle_is_recommended_only_where_it_dumps_the_part() -> None:
    held = lock()

    assert any("cloudpickle" in text for text in remedies([make_lambda()], "pickle"))
    assert not any("cloudpickle" in text for text in remedies([make_closure(held)], "pickle"))
    assert not any("cloudpickle" in text for text in remedies([held], "pickle"))


def test_a_class_defined_again_asks_for_a_new_object() -> None:
    assert remedies([OldReplaced()], "pickle") == ["make the object anew after the reload"]


def test_what_another_class_decides_is_said() -> None:
    assert remedies([GetstateHolds()], "pickle") == [
        "leave it out of what GetstateHolds.__getstate__ returns"
    ]
    assert remedies(Slots(lock()), "pickle") == ["leave held out in Slots.__getstate__"]


def test_a_chain_is_known_even_where_its_end_is_not_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pytest_portable.diagnosis import dump

    nested: list[Any] = []
    for _ in range(20_000):
        nested = [nested]
    first = {"slow": nested, "later": [Sleeps() for _ in range(100)]}
    monkeypatch.setattr(dump, "trace", functools.partial(trace, seconds=2.0))

    problem = explain_dump(first, RecursionError("too deep"), pickle.dumps)[0]

    assert (problem.code, problem.path) == ("recursion", "obj['slow']")
