"""What a leg sends is the same, whatever our other legs did before it in the same process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_portable.serializers import Registry

pytestmark = pytest.mark.slow

MODULE = """\
import collections, dataclasses, enum, functools, re
import numpy as np

Point = collections.namedtuple("Point", "x y")
FACTOR = 3

class Colour(enum.Enum):
    RED = 1

@dataclasses.dataclass
class Record:
    name: str
    parts: list = dataclasses.field(default_factory=list)

class Node:
    def __init__(self, value):
        self.value, self.next = value, None
    def __reduce__(self):
        return Node, (self.value,), {"next": self.next}

def scaled(x, by=FACTOR):
    return helper(x) * by

def helper(x):
    return x + FACTOR

def outer(n):
    def inner(x):
        return x + n + FACTOR
    return inner

def values():
    cycle = Node(1)
    cycle.next = cycle
    return [
        Point(1, 2), range(3), int, {"a": {1, 2}}, Colour.RED, Record("r", [1.5]), Point, cycle,
        scaled, outer(2), functools.partial(scaled, by=2), re.compile("a+"), np.arange(5),
        np.float64(2), {"k": (Record, scaled)}, ValueError("v"), slice(1, 2), type(None), print,
    ]
"""
# A process for every pair: forked, so that what was imported before is the same for all.
SCRIPT = """\
import json, os, re, sys, warnings
sys.path.insert(0, {folder!r})
import legs_values
from pytest_portable.serializers import Registry
from pytest_portable.serializers.shipping import make_shipping

warnings.simplefilter("ignore")
legs = {legs!r}
values = legs_values.values()
registry = Registry()

def dump(name, options, by_value):
    serializer = registry.get(name)
    shipping = make_shipping(
        serializer=serializer.name, machinery=serializer.machinery, by_value=by_value,
        as_main=False, ship=(), options=options, test="", root=__import__("pathlib").Path.cwd(),
    )
    protocol = {{}} if serializer.find_mistakes({{}}, 4) else {{"protocol": 4}}
    found = []
    with shipping.dumping():
        for value in values:
            try:
                data = serializer.dumps(value, **protocol, **serializer.split(options)[0])
            except Exception as error:
                found.append(type(error).__name__)
            else:
                # cloudpickle gives a class that it sends by value a random name.
                found.append(re.sub(rb"[0-9a-f]{{32}}", b"ID", data).hex())
    return found

def forked(work):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            with open(writing, "w") as stream:
                json.dump(work(), stream)
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading) as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return json.loads(said)

def after(first):
    dump(*first)
    return [forked(lambda leg=leg: dump(*leg)) for leg in legs]

alone = [forked(lambda leg=leg: dump(*leg)) for leg in legs]
again = [forked(lambda leg=leg: dump(*leg)) for leg in legs]
print(json.dumps([alone, again, [forked(lambda leg=leg: after(leg)) for leg in legs]]))
"""
MIN_PAYLOAD = 100  # shorter texts are names of errors
Leg = tuple[str, dict[str, Any], tuple[str, ...]]


def legs_at_hand() -> list[Leg]:
    """Return every built-in serializer that is installed, and the options that change it."""
    registry = Registry()
    names = [name for name in registry.names() if registry.find_mistake(name) is None]
    assert {"cloudpickle", "dill", "joblib", "multiprocessing", "pickle"} <= set(names)
    return [
        *((name, {}, ()) for name in names),
        ("dill", {"recurse": True}, ()),
        ("dill", {"byref": True}, ()),
        ("dill", {}, ("legs_values",)),
        ("cloudpickle", {}, ("legs_values",)),
    ]


def test_no_leg_changes_what_another_sends(tmp_path: Path) -> None:
    (tmp_path / "legs_values.py").write_text(MODULE, encoding="utf-8")
    legs = legs_at_hand()

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(folder=str(tmp_path), legs=legs)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    assert done.returncode == 0, done.stderr
    alone, again, pairs = json.loads(done.stdout)
    assert alone == again  # else equal payloads would prove nothing
    assert all(any(len(one) > MIN_PAYLOAD for one in leg) for leg in alone)
    changed = [
        f"{legs[second]} after {legs[first]}: value {number}"
        for first, found in enumerate(pairs)
        for second, sent in enumerate(found)
        for number, (one, other) in enumerate(zip(sent, alone[second], strict=True))
        if one != other
    ]
    assert changed == []
