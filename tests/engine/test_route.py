"""Routes through several environments, and the hop that broke."""

from __future__ import annotations

import itertools
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.engine.hop import hop_legs
from pytest_portable.engine.session import Session
from pytest_portable.errors import PortabilityError
from pytest_portable.portable import portable_on
from pytest_portable.report.progress import SilentProgress
from pytest_portable.serializers import Registry, Serializer
from pytest_portable.settings.legs import Leg
from target.test_agent import interpreter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_portable.portable import Portable

HERE = {"python": sys.executable}
PICKLE = Registry().get("pickle")
OLD = {"python": str(interpreter("3.9"))}


@pytest.fixture
def through(session: Session) -> Callable[..., Portable]:
    """Give what checks on a route; every environment of it is bare."""

    def make(*hops: Mapping[str, object], **keys: Any) -> Portable:
        leg = Leg(
            **{"python": sys.executable, "deps": None, "timeout_seconds": 20.0, "via": hops, **keys}
        )
        return portable_on(session, leg)

    return make


def test_an_object_takes_every_hop_and_comes_home(through: Callable[..., Portable]) -> None:
    shared = [1.5, {"k": (1, None)}]

    verdict = through(HERE, OLD, {**OLD, "opaque": True})(
        [shared, shared], probe="obj[0] is obj[1]"
    )

    via: Any = verdict.leg["via"]
    assert [hop["opaque"] for hop in via] == [False, False, True]
    assert via[2]["python"].startswith("3.9.")
    assert verdict.leg["hop"] is None
    assert {"hop 1", "hop 2", "hop 3"} <= verdict.seconds.keys()


def test_the_hop_that_broke_is_named(through: Callable[..., Portable]) -> None:
    verdict = through(HERE, OLD, HERE).check({"k": itertools.pairwise})

    (problem,) = verdict.problems
    assert (verdict.stage, verdict.leg["hop"]) == ("load", 2)
    assert problem.message.startswith("hop 2 (py3.9, bare): ")
    assert problem.path == "obj['k']"
    assert "hop 3" not in verdict.seconds


def test_an_opaque_hop_need_not_know_what_it_forwards(through: Callable[..., Portable]) -> None:
    assert through({**OLD, "opaque": True}).check(itertools.pairwise).problems == ()


class Lossy:
    """Is another number on an old Python."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return eval, ("3 if __import__('sys').version_info > (3, 10) else 2",)


def test_a_difference_is_blamed_on_the_hop_that_made_it(through: Callable[..., Portable]) -> None:
    def equal(_: object, back: object) -> bool:
        return back == {"k": 3}

    verdict = through({**HERE, "opaque": True}, OLD, HERE).check({"k": Lossy()}, equal=equal)

    assert verdict.leg["hop"] == 2
    assert "since hop 2 (py3.9, bare)" in verdict.problems[0].message
    assert through(HERE, HERE).check({"k": Lossy()}, equal=equal).portable


def test_a_call_goes_through_the_hops(through: Callable[..., Portable]) -> None:
    portable = through(OLD, {**HERE, "opaque": True})

    assert portable.call(divmod, 7, 2) == (3, 1)
    with pytest.raises(PortabilityError, match="hop 1") as caught:
        portable.call(repr, itertools.pairwise)
    assert caught.value.verdict.problems[0].path == "args[0]"


def test_a_large_payload_is_forwarded(through: Callable[..., Portable]) -> None:
    assert through({**OLD, "opaque": True}, OLD).check(b"x" * 5_000_000).portable


SERVER = """
import json


def loads(data):
    return json.loads(data)


def dumps(value):
    return json.dumps(value).encode()


def reads(data):
    assert json.loads(data)
    return data + b" "


def loads_pickle(data):
    import pickle
    pickle.Unpickler(__import__("io").BytesIO(pickle.dumps({}))).load()
    pickle.loads(pickle.dumps({}))
    return data


def imports_the_payload(data):
    try:
        import users_package
    except ImportError:
        pass
    return data


def changes(data):
    return b"[]"


def lacks(data):
    import surely_missing
    return data
"""


def enveloped(reader: str) -> Serializer:
    """Give a serializer whose server runs this function of `SERVER`; it sends lists as JSON."""
    return Serializer(
        name="enveloped",
        dumps=lambda value: json.dumps(value).encode(),
        loads=json.loads,
        loaders="there:loads",
        dumpers="there:dumps",
        pickles=lambda data: [b"cusers_package\nThing\n." if json.loads(data) else b""],
        there=SERVER,
        reader=f"there:{reader}",
    )


def test_a_server_on_the_way_reads_the_outside_and_hands_on_what_it_wrote(
    through: Callable[..., Portable],
) -> None:
    opaque = {**OLD, "opaque": True}

    verdict = through(opaque, given_serializer=enveloped("reads"), serializer="enveloped")([1, 2])

    assert verdict.portable
    assert verdict.payload_bytes == 6


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        pytest.param(
            "loads_pickle", "did more than read: pickle Unpickler.load, pickle loads", id="load"
        ),
        pytest.param(
            "imports_the_payload", "did more than read: import users_package", id="import"
        ),
        pytest.param("changes", "changed what lies inside of obj", id="change"),
    ],
)
def test_a_server_that_does_more_is_told(
    through: Callable[..., Portable], reader: str, message: str
) -> None:
    hop = {**OLD, "opaque": True}

    verdict = through(hop, given_serializer=enveloped(reader), serializer="enveloped").check([1, 2])

    (problem,) = verdict.problems
    assert (problem.code, problem.stage) == ("side-effect", "load")
    assert problem.message == f"hop 1 (py3.9, opaque): {message}"
    assert verdict.leg["hop"] == 1


def test_a_server_without_what_it_reads_with_is_told(through: Callable[..., Portable]) -> None:
    hop = {**OLD, "opaque": True}

    verdict = through(hop, given_serializer=enveloped("lacks"), serializer="enveloped").check([1])

    (problem,) = verdict.problems
    assert (problem.code, problem.module) == ("missing-module", "surely_missing")


def test_environments_of_hops_are_prepared_with_the_rest(tmp_path: Path) -> None:
    session = Session(root=tmp_path, cache_dir=tmp_path / "cache")
    leg = Leg(via=({"python": "3.9"}, {"python": "3.10", "opaque": True}))

    session.prepare([leg], SilentProgress())

    assert [session.find_environment(hop) is not None for hop, _ in hop_legs(leg, PICKLE)] == [
        True,
        True,
    ]
