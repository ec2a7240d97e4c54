"""What a load adds, and what a class makes when it is asked, is no difference of the trip."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_portable.portable import Portable

MODULE = """
class memoized:
    def __init__(self, make): self.make, self.name = make, make.__name__
    def __get__(self, obj, owner):
        if obj is None: return self
        obj.__dict__[self.name] = value = self.make(obj)
        return value

class State:
    expired = False
    @memoized
    def parents(self): return {}
    def __setstate__(self, state):
        self.__dict__.update(state)
        self.expired = False
        self.parents
    def __init__(self): self.rows = [1]

class Other(State):
    def __setstate__(self, state):
        State.__setstate__(self, state)
        self.expired = True

class Asked:
    # Its own `==` fills a cache and changes what it knows of it.
    known = frozenset()
    def __init__(self): self.known = frozenset()
    def __eq__(self, other):
        self.cache = 1
        self.known = self.known | {"cache"}
        return self
    __hash__ = None

def make(text):
    class Proxy:
        def __init__(self): self.text = text
        def __reduce__(self): return make, (self.text,)
    return Proxy()
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("made")
    (folder / "made_here.py").write_text(MODULE, "utf-8")
    sys.path.insert(0, str(folder))
    yield importlib.import_module("made_here")
    sys.path.remove(str(folder))
    del sys.modules["made_here"]


@pytest.fixture
def shipped(on: Callable[..., Portable], made: Any) -> Portable:
    assert made.__file__
    return on(ship=("made_here",))


def test_what_the_original_gives_by_the_same_name_was_not_added(
    shipped: Portable, made: Any
) -> None:
    state = made.State()

    verdict = shipped.check([state])

    assert verdict.portable, str(verdict)
    assert not verdict.notes
    assert vars(state) == {"rows": [1]}  # what was made for the comparison is gone


def test_another_value_than_the_one_that_the_class_gives_counts(
    shipped: Portable, made: Any
) -> None:
    verdict = shipped.check([made.Other()])

    assert [one.path for one in verdict.problems] == ["obj[0].expired"]


def test_an_equality_that_changes_the_object_leaves_no_trace(shipped: Portable, made: Any) -> None:
    asked = made.Asked()

    assert shipped.check({"k": [asked]})
    assert vars(asked) == {"known": frozenset()}


def test_one_class_here_and_one_for_each_load_there(shipped: Portable, made: Any) -> None:
    first = made.make("a")
    second = type(first)()

    verdict = shipped.check([first, second])

    assert verdict.portable, str(verdict)
