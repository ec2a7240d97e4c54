"""The way cloudpickle tests itself, with `portable.call` in the place of its helpers.

Its suite is made of `unittest.TestCase` classes whose helpers send something to another process:
one echoes an object, one runs a function in a worker, one runs a script and expects silence. Here
the process is a fresh one of a declared environment. What is tested follows cloudpickle's suite.
"""

from __future__ import annotations

import abc
import collections
import datetime as dt
import decimal
import enum
import functools
import itertools
import logging
import operator
import re
import sys
import threading
import types
import typing
import unittest
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable import PortabilityError, Portable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OTHER = next(minor for minor in ("3.12", "3.11") if minor != f"3.{sys.version_info[1]}")
CONSTANT_OF_THE_TEST_FILE = 42

pytestmark = pytest.mark.network


class Sends(unittest.TestCase):
    """What cloudpickle's helpers do, in the words of the fixture."""

    portable: Portable

    @pytest.fixture(autouse=True)
    def _portable(self, portable: Portable) -> None:
        self.portable = portable

    def echo(self, obj: Any) -> Any:
        return self.portable.call(operator.getitem, [obj], 0)

    def run_there(self, function: Callable[..., Any], *args: object, **kwargs: object) -> Any:
        return self.portable.call(function, *args, **kwargs)

    def run_script(self, source: str) -> None:
        self.portable.call(exec, source, {"__name__": "__main__"})
        said = self.portable.verdicts[-1]
        assert (said.stdout, said.stderr) == ("", "")


@pytest.mark.portable(serializer="cloudpickle")
class TestByValue(Sends):
    def test_a_local_class_its_instances_and_their_methods(self) -> None:
        unit = 42

        def ratio(x: int, y: int) -> float:
            sum(range(10))  # the builtins are still there
            return (x + y) / unit

        class Scale:
            def __init__(self, value: float) -> None:
                self.value = value

            def apply(self, x: int) -> float:
                return ratio(x, 1) + self.value

        assert self.echo(Scale)(5).apply(41) == 6
        assert self.echo(Scale(5)).apply(41) == 6
        assert self.echo(Scale(5).apply)(41) == 6
        assert self.run_there(lambda scale: scale.apply(41), Scale(5)) == 6

    def test_a_class_that_came_back_is_the_same_class(self) -> None:
        class Point:
            dimensions = 2

        def widen(point: Any) -> Any:
            type(point).dimensions = 3
            return point

        assert self.echo(Point) is Point
        assert type(self.echo(Point())) is Point
        assert type(self.run_there(widen, Point())) is Point
        assert Point.dimensions == 2

    def test_an_enum_that_came_back_is_the_same_member(self) -> None:
        class Color(enum.Enum):
            RED = 1
            BLUE = 2

            def is_warm(self) -> bool:
                return self is Color.RED

        assert self.echo(Color.BLUE) is Color.BLUE
        assert self.run_there(Color.RED.is_warm)
        assert self.run_there(lambda color: color is Color(1), Color.RED)

    def test_a_module_made_at_run_time(self) -> None:
        module = types.ModuleType("made")
        exec("x = 1\ndef add(y):\n    return x + y\n", vars(module))

        back = self.echo(module)

        assert (back.x, back.add(5)) == (1, 6)

    def test_functions_that_call_each_other(self) -> None:
        def is_even(n: int) -> bool:
            return n == 0 or is_odd(n - 1)

        def is_odd(n: int) -> bool:
            return n != 0 and is_even(n - 1)

        assert self.run_there(is_even, 10)
        assert not self.echo(is_odd)(10)

    def test_what_belongs_to_a_function(self) -> None:
        def scale(x: int, factor: int = 2, *, offset: int = 1) -> int:
            """Scale and shift."""
            return x * factor + offset

        scale.unit = "m"  # type: ignore[attr-defined]

        back = self.echo(scale)

        assert back(3) == 7
        assert back.__doc__ == "Scale and shift."
        assert (back.__defaults__, back.__kwdefaults__) == ((2,), {"offset": 1})
        assert (back.__annotations__, back.unit) == (scale.__annotations__, "m")

    def test_an_empty_cell_stays_empty(self) -> None:
        def make(*, late: bool) -> Callable[[], int]:
            def inner() -> int:
                return later

            if late:
                later = 1
            return inner

        with pytest.raises(NameError, match="later"):
            self.run_there(make(late=False))

    def test_a_generator_function_works_there_and_here(self) -> None:
        def count(n: int) -> Iterator[int]:
            yield from range(n)

        assert self.run_there(lambda: list(count(3))) == [0, 1, 2]
        assert list(self.echo(count)(3)) == [0, 1, 2]

    def test_super_properties_slots_and_the_other_kinds_of_methods(self) -> None:
        class Base:
            __slots__ = ("x",)

            def __init__(self, x: int) -> None:
                self.x = x

            def value(self) -> int:
                return self.x

        class Derived(Base):
            @property
            def twice(self) -> int:
                return 2 * self.value()

            @classmethod
            def make(cls) -> Derived:
                return cls(21)

            @staticmethod
            def zero() -> int:
                return 0

            def value(self) -> int:
                return super().value() + 1

        def look(kind: type[Derived]) -> tuple[int, int, bool]:
            made = kind.make()
            return made.twice, kind.zero(), hasattr(made, "__weakref__")

        assert self.run_there(look, Derived) == look(Derived)
        assert self.echo(Derived.make()).twice == 44

    def test_an_abstract_class_stays_abstract(self) -> None:
        class Shape(abc.ABC):
            @abc.abstractmethod
            def area(self) -> float: ...

        class Square(Shape):
            def area(self) -> float:
                return 4.0

        Shape.register(int)

        assert self.run_there(lambda: isinstance(3, Shape) and issubclass(Square, Shape))
        assert self.run_there(lambda: Square().area()) == 4.0
        with pytest.raises(TypeError, match="abstract"):
            self.run_there(Shape)

    def test_generic_types(self) -> None:
        item = typing.TypeVar("item")

        class Box(typing.Generic[item]):
            pass

        def origin(generic: Any) -> tuple[bool, bool]:
            return generic.__origin__ is Box, generic.__args__ == (int,)

        assert self.run_there(origin, Box[int]) == (True, True)
        assert self.echo(item) is item

    def test_what_is_imported_inside_a_function(self) -> None:
        def parse(text: str) -> object:
            import json

            return json.loads(text)

        assert self.run_there(parse, "[1]") == [1]

    def test_an_exception_of_a_local_class_is_caught_by_it(self) -> None:
        class Refused(Exception):  # noqa: N818 - a user's exception
            pass

        def refuse() -> None:
            raise Refused("not today")

        with pytest.raises(Refused, match="not today"):
            self.run_there(refuse)

    def test_what_cannot_be_dumped_is_refused_here(self) -> None:
        lock = threading.Lock()

        with pytest.raises(PortabilityError, match=r"__closure__\[0\].cell_contents"):
            self.run_there(lambda: lock)

    def test_the_test_file_is_not_on_the_targets_path(self) -> None:
        # cloudpickle's helpers put its tests there, and references to them pass.
        with pytest.raises(PortabilityError, match="test-module-reference"):
            self.run_there(TestByValue.constant)

    @staticmethod
    def constant() -> int:
        return CONSTANT_OF_THE_TEST_FILE

    def test_the_runs_do_not_see_each_other(self) -> None:
        def count() -> int:
            import builtins

            builtins.calls = getattr(builtins, "calls", 0) + 1  # type: ignore[attr-defined]
            return int(builtins.calls)  # type: ignore[attr-defined]

        assert [self.run_there(count), self.run_there(count)] == [1, 1]


@pytest.mark.portable(serializer="cloudpickle", python=OTHER)
class TestByReferenceOnAnotherPython(Sends):
    def test_it_is_another_python(self) -> None:
        assert self.portable.target.python.startswith(OTHER)
        assert self.run_there(eval, "__import__('sys').version_info[:2]") == self.there()

    @staticmethod
    def there() -> tuple[int, ...]:
        return tuple(int(part) for part in OTHER.split("."))

    def test_functions_of_the_standard_library(self) -> None:
        assert self.run_there(functools.reduce, operator.mul, [2, 3, 4]) == 24
        assert self.run_there(functools.partial(int, base=2), "101") == 5
        assert self.run_there(operator.itemgetter(0, 3), "abcd") == ("a", "d")
        assert self.run_there(str.upper, "abc") == "ABC"

    def test_data_of_the_standard_library(self) -> None:
        for value in (
            collections.OrderedDict(b=1, a=2),
            collections.Counter("abba"),
            dt.datetime(2024, 2, 29, tzinfo=dt.timezone.utc),
            decimal.Decimal("0.10"),
            re.compile("a+", re.IGNORECASE),
            itertools.chain,
            logging.INFO,
            NotImplemented,
            ...,
            type(None),
        ):
            assert self.echo(value) == value

    def test_loggers_are_known_by_name(self) -> None:
        logger = logging.getLogger("a.logger.of.the.test")

        assert self.echo(logger) is logger
        assert self.run_there(operator.attrgetter("name"), logger) == logger.name

    def test_a_script_runs_there_in_silence(self) -> None:
        self.run_script("import sys\nassert sys.version_info[:2] == " + repr(self.there()))

    def test_a_script_that_prints_is_noticed(self) -> None:
        with pytest.raises(AssertionError, match="said there"):
            self.run_script("print('said there')")

    def test_a_script_that_fails_is_noticed(self) -> None:
        with pytest.raises(ZeroDivisionError, match="division"):
            self.run_script("1 / 0")

    def test_code_of_this_python_is_refused(self) -> None:
        with pytest.raises(PortabilityError, match="bytecode-version"):
            self.run_there(lambda: [n for n in range(3) if n])


@pytest.mark.portable(serializer="cloudpickle")
def test_the_fixture_can_be_asked_for_by_name(request: pytest.FixtureRequest) -> None:
    portable: Portable = request.getfixturevalue("portable")

    assert portable.call(lambda: 41 + 1) == 42
    assert request.getfixturevalue("portable") is portable
