from __future__ import annotations

import pickle

from pytest_portable.payload.same import are_same_pickles


def copy_of(text: str) -> str:
    """Return an equal text that is another object, so that pickle writes it again."""
    return str(text.encode(), "ascii")


def test_what_is_memoized_says_nothing() -> None:
    name = copy_of("name")
    shared, apart = pickle.dumps([name, {name: 1}]), pickle.dumps(["name", {copy_of("name"): 1}])

    assert shared != apart
    assert are_same_pickles(shared, apart)
    assert are_same_pickles(pickle.dumps({"inner": shared}), pickle.dumps({"inner": apart}))


def test_another_value_class_or_order_says_something() -> None:
    one = pickle.dumps([1, ["a"], len])
    for other in (
        [2, ["a"], len],
        [1, ["b"], len],
        [1, ["a"], max],
        [True, ["a"], len],
        [1, ["a"]],
    ):
        assert not are_same_pickles(one, pickle.dumps(other))
    part = ["a"]
    assert not are_same_pickles(pickle.dumps([part, part]), pickle.dumps([part, ["a"]]))
    assert not are_same_pickles(pickle.dumps([part, ["a"]]), pickle.dumps([part, part]))


def test_the_order_of_a_set_says_nothing_and_its_elements_do() -> None:
    def written(start: bytes, text: str, end: bytes) -> bytes:
        """Write a set of letters in this order, as one hash seed or another does."""
        letters = b"".join(b"\x8c\x01" + letter.encode() for letter in text)
        return b"\x80\x04" + start + letters + end + b"."

    for start, end in ((b"\x8f(", b"\x90"), (b"(", b"\x91")):  # a set, a frozenset
        one = written(start, "abc", end)
        assert pickle.loads(one) == {"a", "b", "c"}
        assert are_same_pickles(one, written(start, "cba", end))
        assert not are_same_pickles(one, written(start, "cbd", end))
        assert not are_same_pickles(one, written(start, "cb", end))
    assert not are_same_pickles(pickle.dumps([1, 2]), pickle.dumps([2, 1]))


def test_what_is_no_pickle_is_not_the_same() -> None:
    assert not are_same_pickles(b"\x80\x04", b"\x80\x04.")
    assert not are_same_pickles("text", "text")
    assert not are_same_pickles(b"plain", b"text")
