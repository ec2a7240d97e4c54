from __future__ import annotations

import copyreg
import pickle
from itertools import count
from typing import TYPE_CHECKING, Any

from pytest_portable.judgement.findings import NOTHING, Findings
from pytest_portable.judgement.returned import judge_return
from support.judging import context, evidences, returned, sent, transcript

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


class Counting:
    """Counts its dumps, as a registry does that numbers what it hands out."""

    def __init__(self) -> None:
        self.name = "counting"
        self._next = count()

    def __getstate__(self) -> dict[str, object]:
        return {"name": self.name, "_next": next(self._next)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.name = state["name"]
        self._next = count(state["_next"])


class Forgetting:
    """Starts anew when it is loaded: a loss, every time the same."""

    def __init__(self) -> None:
        self.count = 5

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.count = 0


class Booking:
    """Remembers that it was loaded."""

    times = 0

    def __init__(self, name: str) -> None:
        self.kept = 1
        self.name = name

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        vars(self)[self.name] = 7


class Vocabulary:
    """What it reduces to is a pickle; its reducer is registered, as that of spaCy's is."""

    def __init__(self, pickled: bytes) -> None:
        self.held = [pickled]


def reduce_vocabulary(one: Vocabulary) -> tuple[object, ...]:
    return Vocabulary, (one.held[0],)


class Filling:
    """Fills a cache when it is looked at, after it was sent."""

    def __init__(self) -> None:
        self.kept = 1


def judged(
    obj: object, came: object, dump_again: Callable[[], bytes | None] | None = None
) -> Findings:
    """Judge an object that came back; the object can be dumped again."""
    known = context(obj)
    run = transcript(returned(came))
    again = dump_again or (lambda: pickle.dumps(obj))
    evidence = evidences(known, sent(known), run, dump_again=again)
    return judge_return(known, run, evidence, None, NOTHING)


def test_what_varies_between_two_dumps_is_one_note() -> None:
    obj = [Counting(), Counting()]

    found = judged(obj, pickle.loads(pickle.dumps([Counting(), Counting()])))

    assert found.problems == ()
    (note,) = found.notes
    assert note.code == "mismatch"
    assert note.path == "obj[0].__getstate__()['_next']"
    assert note.message.startswith("2 parts of it: each varies whenever the object is dumped")


def test_a_lost_value_is_none_of_that() -> None:
    found = judged([Forgetting()], pickle.loads(pickle.dumps([Forgetting()])))

    assert [one.path for one in found.problems] == ["obj[0].count"]
    assert found.notes == ()


def test_a_loss_beside_noise_is_found_behind_it() -> None:
    obj = [*(Counting() for _ in range(20)), 1]
    came = pickle.loads(pickle.dumps(obj))
    came[20] = 2

    found = judged(obj, came)

    assert [one.path for one in found.problems] == ["obj[20]"]
    assert len(found.notes) == 1


def test_another_class_fails_where_a_value_varies() -> None:
    came = pickle.loads(pickle.dumps([Counting()]))
    came[0]._next = count(1.5)

    (problem,) = judged([Counting()], came).problems

    assert problem.message.startswith("type differs")


def test_private_parts_that_a_load_adds_are_one_note() -> None:
    found = judged(Booking("_loaded"), pickle.loads(pickle.dumps(Booking("_loaded"))))

    assert found.problems == ()
    assert [one.path for one in found.notes] == ["obj._loaded"]
    assert "bookkeeping" in found.notes[0].message


def test_public_parts_and_those_that_hide_another_value_are_none_of_that() -> None:
    for name in ("loaded", "times"):
        found = judged(Booking(name), pickle.loads(pickle.dumps(Booking(name))))
        assert [one.path for one in found.problems] == [f"obj.{name}"]


def test_a_part_that_came_to_be_after_the_dump_is_none_that_is_lost() -> None:
    obj = Filling()
    known = context(obj)
    run = transcript(returned(Filling()))
    evidence = evidences(known, sent(known), run, dump_again=lambda: pickle.dumps(obj))
    obj.cache = 3  # type: ignore[attr-defined]

    found = judge_return(known, run, evidence, None, NOTHING)

    assert found.problems == ()
    assert [one.path for one in found.notes] == ["obj.cache"]


def test_what_cannot_be_dumped_or_loaded_again_is_compared_as_it_is() -> None:
    def refuse() -> bytes:
        raise ValueError("once is enough")

    found = judged([Counting()], [Counting()], refuse)
    assert [one.path for one in found.problems] == ["obj[0].__getstate__()['_next']"]

    known = context([1])
    run = transcript(returned([2]))
    evidence = evidences(known, sent(known, ("obj", b"no pickle")), run)
    assert judge_return(known, run, evidence, None, NOTHING).problems


def test_pickles_within_the_object_are_compared_by_what_they_say() -> None:
    name, copy = "name", str(b"name", "ascii")
    one, same = pickle.dumps([name, name]), pickle.dumps([name, copy])

    assert judged([one], [same]) == NOTHING
    assert judged([one], [pickle.dumps([name, "other"])]).problems


def test_a_path_through_a_registered_reducer_leads_to_pickles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(copyreg.dispatch_table, Vocabulary, reduce_vocabulary)
    before = "x" * 200
    # Equal sets, in the two orders that they may be written in.
    one, same = pickle.dumps([before, {0, 8}]), pickle.dumps([before, {8, 0}])

    assert one != same
    assert judged(Vocabulary(one), Vocabulary(same)).problems == ()
    (problem,) = judged(Vocabulary(one), Vocabulary(pickle.dumps([before, {0, 9}]))).problems
    assert problem.evidence.startswith("...b'")
    assert problem.path is not None
    assert problem.path.startswith("copyreg.dispatch_table[")
