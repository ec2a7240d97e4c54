"""Systems that send a call as a name and plain data: the function itself never travels."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.errors import PortabilityError
from pytest_portable.serializers import Serializer
from pytest_portable.serializers.task import Answer, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_portable.portable import Portable

THERE = """
import json

def loads(data):
    return json.loads(data)

def dumps(value):
    return json.dumps(value).encode()

def run(message):
    import importlib
    task = json.loads(message)
    module = importlib.import_module(task["module"])
    try:
        return dumps(getattr(module, task["name"])(*task["args"], **task["kwargs"])), None
    except LookupError as error:
        return dumps(str(error)), error
"""


def pack(function: Any, args: tuple[object, ...], kwargs: Mapping[str, object]) -> bytes:
    if args[:1] == ("unsendable",):
        raise ValueError("no queue has that name")
    named = {"module": function.__module__, "name": function.__name__}
    return json.dumps({**named, "args": args, "kwargs": kwargs}).encode()


def unpack(answer: bytes, *, raised: bool) -> Answer:
    value = json.loads(answer)
    return Answer(raised=LookupError(value)) if raised else Answer(value=value)


BY_NAME = Serializer(
    name="by-name",
    dumps=lambda value: json.dumps(value).encode(),
    loads=json.loads,
    loaders="there:loads",
    dumpers="there:dumps",
    pickles=lambda _: (),
    there=THERE,
    task=Task(pack=pack, runner="there:run", unpack=unpack),
)


@pytest.fixture
def portable(on: Callable[..., Portable]) -> Portable:
    return on(serializer="by-name", given_serializer=BY_NAME)


def test_a_call_goes_out_by_name(portable: Portable) -> None:
    assert portable.call(json.dumps, [1, None], indent=1) == "[\n 1,\n null\n]"


def test_what_the_system_reports_is_raised(portable: Portable) -> None:
    import codecs

    with pytest.raises(LookupError, match="unknown encoding: nothing"):
        portable.call(codecs.lookup, "nothing")


def test_an_argument_that_is_no_plain_data_is_the_only_problem(portable: Portable) -> None:
    with pytest.raises(PortabilityError) as caught:
        portable.call(Counter, [1, {2}])
    (problem,) = caught.value.verdict.problems
    assert (problem.code, problem.stage, problem.path) == ("unserializable", "dump", "args[0][1]")


def test_a_message_that_cannot_be_packed_is_told_in_its_own_words(portable: Portable) -> None:
    with pytest.raises(PortabilityError) as caught:
        portable.call(json.dumps, "unsendable")
    assert any("no queue has that name" in one.evidence for one in caught.value.verdict.problems)


def test_a_name_that_leads_nowhere_there_breaks_the_load(portable: Portable) -> None:
    with pytest.raises(PortabilityError) as caught:
        portable.call(unpack, 1)
    assert "No module named 'test_calls_by_name'" in str(caught.value)
