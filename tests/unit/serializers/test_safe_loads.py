"""Loading an answer must not change what the test itself defined."""

from __future__ import annotations

import enum
import pickle
import sys
import types
from typing import TYPE_CHECKING, Any

import cloudpickle
import dill
import pytest

from pytest_portable.serializers.safe_loads import loads, loads_dill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHANGED = "changed since the dump"


def test_plain_pickles_load() -> None:
    assert loads(pickle.dumps({"a": [1, 2.5]})) == {"a": [1, 2.5]}


def test_a_class_the_host_has_keeps_what_it_became() -> None:
    class Counter:
        total = 1

        def step(self) -> int:
            return 1

    data = cloudpickle.dumps(Counter())
    Counter.total = 9
    changed: Any = Counter
    changed.step = lambda _: 2

    back = loads(data)

    assert type(back) is Counter
    assert (Counter.total, back.step()) == (9, 2)


def test_a_plain_load_would_overwrite_that_class() -> None:
    class Counter:
        total = 1

    data = cloudpickle.dumps(Counter())
    Counter.total = 9

    pickle.loads(data)

    assert Counter.total == 1


def test_an_enum_the_host_has_keeps_what_it_became() -> None:
    class Size(enum.Enum):
        SMALL = 1
        LARGE = 2

        def label(self) -> str:
            return self.name

    data = cloudpickle.dumps(Size.SMALL)
    changed: Any = Size
    changed.label = lambda _: CHANGED

    back = loads(data)

    assert back is Size.SMALL
    assert back.label() == CHANGED


def test_a_class_that_only_the_target_made_is_made_whole() -> None:
    code = (
        "import cloudpickle, enum, sys\n"
        "class Made:\n    total = 3\n    def twice(self): return 2 * self.total\n"
        "class Size(enum.Enum):\n    SMALL = 1\n    def label(self): return self.name.lower()\n"
        "sys.stdout.buffer.write(cloudpickle.dumps((Made(), Size.SMALL)))"
    )
    answer: Any = loads(run_python(code))
    made, size = answer

    assert made.twice() == 6
    assert size.label() == "small"


def test_a_class_that_came_before_keeps_what_it_became() -> None:
    code = (
        "import cloudpickle, sys\nclass Made: total = 3\n"
        "sys.stdout.buffer.write(cloudpickle.dumps(Made()))"
    )
    data = run_python(code)
    first: Any = loads(data)
    type(first).total = 9

    second: Any = loads(data)

    assert type(second) is type(first)
    assert second.total == 9


def run_python(code: str) -> bytes:
    import subprocess

    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout


SOURCE = """\
setting = "dumped"
def read():
    return setting
def remember():
    global setting
    setting = "set by a function that came back"
read.note = "dumped"
class Local:
    setting = "dumped"
"""


@pytest.fixture
def module() -> Iterator[types.ModuleType]:
    """Make a module that can be imported here, as a test file is."""
    made = types.ModuleType("module_of_a_test")
    exec(SOURCE, vars(made))
    sys.modules[made.__name__] = made
    yield made
    del sys.modules[made.__name__]


@pytest.mark.parametrize("recurse", [False, True])
def test_dill_leaves_functions_and_classes_of_the_host_alone(module: Any, *, recurse: bool) -> None:
    def read() -> object:
        return module.read(), module.setting

    data = dill.dumps((read, module.read, module.Local), recurse=recurse)
    module.setting = CHANGED
    module.read.note = CHANGED
    module.Local.setting = CHANGED

    answer: Any = loads_dill(data)
    _, back, local = answer

    assert (module.setting, module.read.note, module.Local.setting) == (CHANGED,) * 3
    assert local is module.Local
    assert back() in (CHANGED, "dumped")


@pytest.mark.parametrize(
    ("dumps", "load"),
    [
        pytest.param(cloudpickle.dumps, loads, id="cloudpickle"),
        pytest.param(dill.dumps, loads_dill, id="dill"),
    ],
)
def test_a_function_sent_by_value_comes_back_beside_the_hosts_own(
    module: Any, dumps: Callable[[object], bytes], load: Callable[[bytes], Any]
) -> None:
    functions = dumps_by_value(module, dumps)
    module.setting = CHANGED

    remember, read = load(functions)
    remember()

    assert module.setting == CHANGED
    assert read is not module.read
    assert read() != CHANGED


def dumps_by_value(module: Any, dumps: Callable[[object], bytes]) -> bytes:
    """Dump functions of a module that pickling does not know for a moment."""
    del sys.modules[module.__name__]
    try:
        return dumps((module.remember, module.read))
    finally:
        sys.modules[module.__name__] = module


def test_the_dumpers_own_class_is_not_changed_by_a_dill_answer() -> None:
    class Counter:
        total = 1

    data = dill.dumps(Counter())
    Counter.total = 9

    loads_dill(data)

    assert Counter.total == 9


@pytest.fixture
def settings() -> Iterator[Any]:
    made = types.ModuleType("settings_of_a_user")
    made.__dict__.update(debug=True, names=["a"], __file__="/nowhere/settings_of_a_user.py")
    sys.modules[made.__name__] = made
    yield made
    del sys.modules[made.__name__]


def test_a_module_that_dill_sends_whole_does_not_overwrite_the_hosts(settings: Any) -> None:
    settings.debug, settings.added = False, 1
    data = dill.dumps([settings])
    settings.debug = True
    del settings.added
    names = settings.names

    assert loads_dill(data) == [settings]

    assert settings.debug is True
    assert settings.names is names
    assert not hasattr(module, "added")
    dill.loads(data)  # the near miss: this is what dill itself does
    assert settings.debug is False


def test_main_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "kept_here", 1, raising=False)
    # What dill writes for the namespace of `__main__`, and an item set in it.
    data = b"\x80\x04c__builtin__\n__main__\n(\x8c\tkept_hereK\x02\x8c\x09set_thereK\x03u0N."

    loads_dill(data)

    assert vars(main)["kept_here"] == 1
    assert "set_there" not in vars(main)


def test_a_class_of_main_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    main = sys.modules["__main__"]
    kind = type("OfMain", (), {"__module__": "__main__", "total": 1})
    monkeypatch.setattr(main, "OfMain", kind, raising=False)

    back: Any = loads_dill(dill.dumps(kind()))

    assert type(back) is kind
    assert kind.total == 1
