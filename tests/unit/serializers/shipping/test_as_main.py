from __future__ import annotations

import enum
import functools
import gc
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.serializers.shipping.as_main import rehomed
from support.laboratory import importable

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = """
import enum, functools

class Meta(type):
    def __getattribute__(cls, name):
        raise RuntimeError("no code of a class may run")

    def __setattr__(cls, name, value):
        raise RuntimeError("no code of a class may run")

class Guarded(metaclass=Meta):
    pass

class Proxy:
    @property
    def __class__(self):
        raise RuntimeError("no code of an instance may run")

class Plain:
    def method(self):
        def inner():
            pass
        return inner

class Color(enum.Enum):
    RED = 1

@functools.lru_cache
def cached():
    pass

proxy = Proxy()
inner = Plain().method()
kept = {"inside": [lambda: None]}
"""


@pytest.fixture
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with importable(tmp_path_factory.mktemp("rehomed"), {"guarded.py": SOURCE}) as found:
        yield found


def is_guarded(name: str) -> bool:
    return name == "guarded"


def homes(module: Any) -> dict[str, object]:
    kind = type.__dict__["__module__"].__get__
    return {
        "guarded": kind(module.Guarded),
        "plain": module.Plain.__module__,
        "method": module.Plain.method.__module__,
        "inner": module.inner.__module__,
        "color": module.Color.__module__,
        "cached": module.cached.__module__,
        "lambda": module.kept["inside"][0].__module__,
    }


def test_everything_of_a_module_moves_and_moves_back(module: Any) -> None:
    with rehomed(is_guarded) as definitions:
        moved = homes(module)

    assert set(moved.values()) == {"__main__"}
    assert set(homes(module).values()) == {"guarded"}
    assert module.Plain in definitions


def test_it_moves_back_after_an_error(module: Any) -> None:
    with pytest.raises(KeyboardInterrupt), rehomed(is_guarded):
        raise KeyboardInterrupt

    assert set(homes(module).values()) == {"guarded"}


def test_what_others_define_stays(module: Any) -> None:
    with rehomed(is_guarded):
        assert module.enum.Enum is enum.Enum
        assert enum.Enum.__module__ == "enum"
        assert functools.partial.__module__ == "functools"
        assert homes.__module__ == __name__.rpartition(".")[2]


def test_copies_come_after_what_the_name_leads_to(module: Any) -> None:
    copies: list[object] = [type("Plain", (), {"__module__": "guarded"}) for _ in range(3)]
    gc.collect()

    with rehomed(is_guarded) as definitions:
        named = [one for one in definitions if one is module.Plain or one in copies]

    assert named[0] is module.Plain
    assert len(named) == 1 + len(copies)
