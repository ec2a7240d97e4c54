"""Hashes of text that travel in the arguments of a call: the attribute is told, not the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.laboratory import importable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_portable.portable import Portable

SYMBOLS = """
class Symbol:
    def __init__(self, name):
        self.name = name
        self._id = hash(("S", name))
    def __hash__(self):
        return self._id
    def __eq__(self, other):
        return self._id == other._id

class Fresh(Symbol):
    def __setstate__(self, state):
        self.__init__(state["name"])

def find(table, kind):
    return table[globals()[kind]("a")]

def is_in(table, kind):
    return globals()[kind]("a") in table
"""


@pytest.fixture
def symbols(tmp_path: Path) -> Iterator[Any]:
    with importable(tmp_path, {"symbols.py": SYMBOLS}) as found:
        yield found


def test_a_lookup_that_fails_there_tells_the_attribute(
    symbols: Any, on: Callable[..., Portable]
) -> None:
    portable = on(ship=("symbols",))

    with pytest.raises(KeyError) as caught:
        portable.call(symbols.find, {symbols.Symbol("a"): 1}, "Symbol")

    (note,) = portable.verdicts[-1].notes
    assert (note.code, note.path) == ("environment-dependency", "list(args[0])[0]._id")
    assert any("Symbol._id holds a hash" in one for one in caught.value.__notes__)


@pytest.mark.parametrize("by_name", [True, False])
def test_a_wrong_answer_is_told_too(
    by_name: bool, symbols: Any, on: Callable[..., Portable]
) -> None:
    portable, table = on(ship=("symbols",)), {symbols.Symbol("a"): 1}

    if by_name:
        answer = portable.call(symbols.is_in, table=table, kind="Symbol")
    else:
        answer = portable.call(symbols.is_in, table, "Symbol")

    root = "kwargs['table']" if by_name else "args[0]"
    assert answer is False
    assert [one.path for one in portable.verdicts[-1].notes] == [f"list({root})[0]._id"]


def test_a_hash_that_is_taken_anew_there_is_none(symbols: Any, on: Callable[..., Portable]) -> None:
    portable = on(ship=("symbols",))

    assert portable.call(symbols.is_in, {symbols.Fresh("a"): 1}, "Fresh") is True
    assert portable.verdicts[-1].notes == ()
