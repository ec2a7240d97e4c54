"""Whatever becomes of an object there is found, also where nothing of it comes back.

A class of a module that travels along changes what it loads, as an environment variable says.
"""

from __future__ import annotations

import importlib
import pickle
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.bundle.golden import as_bundle
from pytest_portable.bundle.verify import verify_bundle
from pytest_portable.portable import portable_on
from pytest_portable.settings.legs import Leg
from pytest_portable.settings.probes import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_portable.bundle.manifest import Bundle
    from pytest_portable.engine.session import Session
    from pytest_portable.portable import Portable
    from pytest_portable.verdict import Verdict

SHELVES = """
import array, dataclasses, os, threading, time

class Row:
    __slots__ = ("cell", "_note")
    def __init__(self, cell):
        self.cell = cell

@dataclasses.dataclass
class Size:
    wide: int = 1
    high: int = 2

class Shelf:
    colour = "grey"

    def __init__(self):
        self.rows = [1, 2.5, "x" * 300]
        self.named = {"k": Row(1), (1, 2): Row(2), (3, 4): Size()}
        self.members = {1, (2, 3)}
        self.raw = array.array("d", [1, 2])
        self.left_behind = "here"
        self._cache = "here"

    def __getstate__(self):
        return {k: v for k, v in self.__dict__.items() if k not in {"left_behind", "_cache"}}

    def __setstate__(self, state):
        self.__dict__.update(state, left_behind="anew")
        exec(os.environ.get("MUTATION", ""), {"self": self, "os": os, "time": time})

class Lazy:
    # Fills what is missing when somebody dumps it, behind what it dumps.
    def __init__(self):
        self.rows, self.made = [1], None
    def __reduce__(self):
        state = dict(self.__dict__)
        self.made = {}
        return Lazy, (), state

def lazy():
    return [Lazy()]

class Ticket:
    def __setstate__(self, state):
        self.number = (os.getpid(), time.time())
    def __init__(self):
        self.number = (0, 0.0)

class Spoiled:
    def __init__(self):
        self.rows = [1, 2]
    def __setstate__(self, state):
        self.rows = list(state)

class Locked:
    def __init__(self):
        self.lock = threading.Lock()
    def __getstate__(self):
        return {}
    def __setstate__(self, state):
        self.__init__()

class Forgetful:
    def __init__(self, **held):
        self.__dict__.update(held)
    def __getstate__(self):
        return {}

class Packed:
    # Reduces to bytes that are others in every process, because hashes of text are.
    def __init__(self, words):
        self.words = set(words)
    def __reduce__(self):
        words = sorted(self.words, key=hash)
        return unpacked, (len(words), ",".join(words).encode())

def unpacked(number, data):
    found = Packed(data.decode().split(","))
    exec(os.environ.get("MUTATION", ""), {"self": found})
    return found

def make():
    return {"shelf": [Shelf()], "locked": Locked()}

def forgetful():
    return [Forgetful(url="x", _cache=1)]
"""
# What happens there, and where it is found.
MUTATIONS = [
    ("self.rows.append(4)", "obj['shelf'][0].rows"),
    ("self.rows[0] = True", "obj['shelf'][0].rows[0]"),
    ("self.rows[1] = 2.50000001", "obj['shelf'][0].rows[1]"),
    ("self.rows[2] = 'x' * 299 + 'y'", "obj['shelf'][0].rows[2]"),
    ("self.rows = tuple(self.rows)", "obj['shelf'][0].rows"),
    ("del self.rows", "obj['shelf'][0].rows"),
    ("del self.left_behind", "obj['shelf'][0].left_behind"),
    ("self.named['k'].cell = 2", "obj['shelf'][0].named['k'].cell"),
    ("del self.named['k'].cell", "obj['shelf'][0].named['k'].cell"),
    ("self.named[1, 2].cell = 3", "obj['shelf'][0].named[(1, 2)].cell"),
    ("self.named[3, 4].high = 3", "obj['shelf'][0].named[(3, 4)].high"),
    ("del self.named[3, 4]", "obj['shelf'][0].named[(3, 4)]"),
    ("self.members.add(9)", "obj['shelf'][0].members"),
    ("self.members = {1, (2, 4)}", "obj['shelf'][0].members"),
    ("self.raw[0] = 7", "obj['shelf'][0].raw"),
    ("self.rows = self.rows.append", "obj['shelf'][0].rows"),
]
HARMLESS = ["", "self.__dict__ = dict(reversed(self.__dict__.items()))", "self.left_behind = 3"]


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("shelves")
    (folder / "shelves.py").write_text(SHELVES, "utf-8")
    sys.path.insert(0, str(folder))
    yield importlib.import_module("shelves")
    sys.path.remove(str(folder))
    del sys.modules["shelves"]


@pytest.fixture
def leg(session: Session, shelves: Any) -> Callable[..., Portable]:
    """Give what checks in this interpreter, with a change that happens there only."""
    del shelves

    def make(mutation: str = "", **keys: Any) -> Portable:
        words = {"python": sys.executable, "deps": None, "timeout_seconds": 20.0, **keys}
        env = {"MUTATION": mutation} if mutation else {}
        return portable_on(session, Leg(ship=("shelves",), env=env, **words))

    return make


def by_description(leg: Callable[..., Portable], mutation: str, obj: object, _: str) -> Verdict:
    return leg(mutation, round_trip=False).check(obj)


def by_bundle(leg: Callable[..., Portable], mutation: str, obj: object, _: str) -> Verdict:
    done = leg()._checker.check(obj, (), {}, is_kept=True)
    return verify_bundle(as_bundle(done, done.context.root), leg(mutation)._checker)


def by_golden(leg: Callable[..., Portable], mutation: str, obj: object, _: str) -> Verdict:
    done = leg()._checker.check(obj, (), {}, is_kept=True)
    kept = as_bundle(done, done.context.root)
    return verify_bundle(
        kept, leg(mutation)._checker, is_note=lambda one: one.is_new, today=kept.portrait
    )


def by_producer(leg: Callable[..., Portable], mutation: str, _: object, make: str) -> Verdict:
    made = {"make": f"shelves:{make}"}
    return leg(mutation, deps=(), python=None, producer=made).check()


WAYS = [by_description, by_bundle, by_golden, by_producer]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("mutation", "path"), MUTATIONS, ids=[one for one, _ in MUTATIONS])
def test_a_change_of_what_the_target_holds_is_found(
    leg: Callable[..., Portable], shelves: Any, way: Any, mutation: str, path: str
) -> None:
    verdict = way(leg, mutation, shelves.make(), "make")

    assert path in [one.path for one in verdict.problems], str(verdict)
    assert verdict.stage == "compare"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mutation", HARMLESS)
def test_what_is_made_anew_is_no_change(
    leg: Callable[..., Portable], shelves: Any, way: Any, mutation: str
) -> None:
    verdict = way(leg, mutation, shelves.make(), "make")

    assert verdict.portable, str(verdict)
    # The cache did not travel, and nobody missed it there.
    assert [(one.code, one.path) for one in verdict.notes] == [
        ("mismatch", "obj['shelf'][0]._cache")
    ]


@pytest.mark.parametrize("way", WAYS)
def test_what_never_travelled_is_missed(
    leg: Callable[..., Portable], shelves: Any, way: Any
) -> None:
    verdict = way(leg, "", shelves.forgetful(), "forgetful")

    assert [one.path for one in verdict.problems] == ["obj[0].url"]
    assert [one.path for one in verdict.notes] == ["obj[0]._cache"]


def test_a_probe_of_what_never_travelled_fails_too(leg: Callable[..., Portable]) -> None:
    made = {"make": "shelves:forgetful"}
    portable = leg(deps=(), python=None, producer=made)

    verdict = portable.check(probe="obj[0].url")

    # It returned where the object was made: what is raised there alone belongs to the call.
    assert [(one.code, one.stage, one.path) for one in verdict.problems] == [
        ("call-error", "call", "probe"),
        ("mismatch", "compare", "obj[0].url"),
    ]
    assert portable.check(probe="len(obj)").problems[0].path == "obj[0].url"


def test_what_is_another_value_in_every_process_is_one_note(
    leg: Callable[..., Portable], shelves: Any
) -> None:
    verdict = leg(round_trip=False).check([shelves.Ticket(), shelves.Ticket()])

    assert verdict.portable, str(verdict)
    (note,) = verdict.notes
    assert (note.code, note.path) == ("not-compared", "obj[0].number[0]")
    assert "every process" in note.message


@pytest.mark.parametrize("way", WAYS)
def test_what_reading_itself_fills_is_no_difference(
    leg: Callable[..., Portable], shelves: Any, way: Any
) -> None:
    verdict = way(leg, "", shelves.lazy(), "lazy")

    assert verdict.portable, str(verdict)


def test_what_every_process_spoils_alike_is_a_difference(
    leg: Callable[..., Portable], shelves: Any
) -> None:
    verdict = leg(round_trip=False).check(shelves.Spoiled())

    assert [one.path for one in verdict.problems] == ["obj.rows", "obj.rows[0]"]


@pytest.mark.parametrize("mutation", ["", "self.words.remove('beech'); self.words.add('birch')"])
def test_bytes_that_a_reducer_makes_are_equal_where_a_copy_of_them_is(
    mutation: str, leg: Callable[..., Portable], shelves: Any
) -> None:
    """Both copies, of this Python and of the target's, have them in the order of their hashes."""
    obj = shelves.Packed(["oak", "elm", "ash", "beech", "maple", "larch", "alder", "rowan"])
    verdict = leg(mutation, round_trip=False).check([obj, shelves.Packed(["oak", "yew"])])
    assert bool(verdict) is not bool(mutation)


def test_the_description_has_seconds_of_its_own(leg: Callable[..., Portable], shelves: Any) -> None:
    assert leg(round_trip=False).check(shelves.make()).seconds["describe"] > 0
    assert "describe" not in leg().check([1]).seconds


def test_a_file_has_no_original_and_shows_what_was_loaded(
    leg: Callable[..., Portable], shelves: Any
) -> None:
    verdict = leg().check_payload(pickle.dumps(shelves.Size(3)))

    assert verdict.portable
    assert verdict.object == "shelves.Size"
    (note,) = verdict.notes
    assert (note.code, note.stage, note.path) == ("not-compared", "compare", "obj")
    assert "nothing could be compared" in note.message
    assert note.evidence == "loaded: shelves.Size, obj.high = 2, obj.wide = 3"
    assert leg().check_payload(b"cno_such_module\nx\n.").object == "payload"
    assert leg().check_payload(pickle.dumps(None)).object == "NoneType"


def test_a_lock_on_both_sides_is_one_note(leg: Callable[..., Portable]) -> None:
    """Nobody can look into it, and it is on both sides."""
    verdict = leg(round_trip=False, serializer="dill").check([threading.Lock(), threading.Lock()])

    assert verdict.portable, str(verdict)
    (note,) = verdict.notes
    assert (note.code, note.path) == ("not-compared", "obj[0]")
    assert note.message.startswith("2 parts were not compared: 2 x it cannot be taken apart")


def test_what_lies_beyond_the_limit_is_one_note(leg: Callable[..., Portable]) -> None:
    verdict = leg(round_trip=False).check(list(range(30_000)))

    assert verdict.portable
    (note,) = verdict.notes
    assert note.code == "not-compared"
    assert note.message.startswith("not compared") or "10,001 parts" in note.message


def of_schema_1(bundle: Bundle) -> Bundle:
    """Give a bundle as older releases kept it: nothing but the states of its objects."""
    drawn = {
        key: [node[:7] if node[1] == "object" else node for node in nodes]
        for key, nodes in bundle.portrait.items()
    }
    return replace(bundle, portrait=drawn, manifest=replace(bundle.manifest, schema=1))


@pytest.mark.parametrize(
    ("mutation", "paths"),
    [
        ("", []),
        ("del self.left_behind", []),
        ("del self.rows", ["obj.rows"]),
        ("self.named['k'].cell = 2", ["obj.named['k'].cell"]),
    ],
)
def test_a_bundle_of_an_older_schema_compares_what_it_holds_and_says_so(
    leg: Callable[..., Portable], shelves: Any, mutation: str, paths: list[str]
) -> None:
    done = leg()._checker.check(shelves.Shelf(), (), {}, is_kept=True)
    kept = of_schema_1(as_bundle(done, done.context.root))

    verdict = verify_bundle(kept, leg(mutation)._checker)

    assert [one.path for one in verdict.problems] == paths
    (note,) = verdict.notes
    assert note.code == "not-compared"
    assert "schema 1" in note.message


def test_the_probes_of_a_bundle_are_those_of_the_original(
    leg: Callable[..., Portable], shelves: Any
) -> None:
    probe = parse("obj[0].__dict__.setdefault('url', 3)", {})
    original = [shelves.Forgetful()]
    done = leg()._checker.check(original, probe, {}, is_kept=True)

    assert done.verdict.portable
    assert done.context.portraits is not None
    assert done.context.portraits["object"][-1][4] == []  # before the probe
    assert done.context.portraits["probe"] == [["builtins.int", "=", "3"]]
    assert leg()._checker.check(original, probe, {}).context.portraits is None
